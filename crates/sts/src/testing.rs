//! What unit tests share: a tenant's signing key and tokens made with it.

use crate::{
    assertion::Credential,
    clock::Clock,
    exchange::Exchange,
    http,
    keys::KeyStore,
    policy::{ControlClient, Policy, Rules},
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::LazyLock,
};

pub(crate) const TENANT: &str = "70000000-0000-4000-8000-000000000001";
pub(crate) const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const APP: &str = "https://contoso.crm4.dynamics.com";
pub(crate) const NOW: u64 = 1_000_000;

/// A key that a tenant signs with.
pub(crate) struct Key(RsaKeyPair);

pub(crate) static KEY: LazyLock<Key> = LazyLock::new(Key::generate);

impl Key {
    pub(crate) fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// As a JWKS has it.
    pub(crate) fn jwk(&self, kid: &str, issuer: &str) -> Value {
        let encode = |number: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(number);
        let (n, e) = (self.0.public_key().modulus(), self.0.public_key().exponent());
        json!({ "kty": "RSA", "use": "sig", "kid": kid, "issuer": issuer,
                "n": encode(n.big_endian_without_leading_zero()), "e": encode(e.big_endian_without_leading_zero()) })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed =
            format!("{}.{}", encode(&json!({ "typ": "JWT", "alg": "RS256", "kid": "k" })), encode(claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The claims of a good client token at [`NOW`].
pub(crate) fn claims(authority: &str) -> Value {
    json!({
        "aud": CLIENT, "iss": format!("{authority}/{TENANT}/v2.0"), "tid": TENANT, "ver": "2.0",
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 3600, "oid": "d0000000-0000-4000-8000-000000000001",
        "azp": BROKER, "azpacr": "0", "scp": "access_as_user",
    })
}

/// What the broker may do for the control client.
pub(crate) fn rules() -> Rules {
    Rules {
        brokers: HashSet::from([BROKER.parse().unwrap()]),
        tenants: HashSet::from([TENANT.parse().unwrap()]),
        scopes: BTreeSet::from(["https://graph.microsoft.com/User.Read".to_owned()]),
    }
}

/// An exchange for one tenant and one control client, at whose authority nobody answers.
pub(crate) fn exchange(clock: &Clock) -> Exchange {
    exchange_at("http://127.0.0.1:1", clock)
}

/// An exchange for one tenant and one control client at this authority.
pub(crate) fn exchange_at(authority: &str, clock: &Clock) -> Exchange {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
    let credential = Credential::read(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let client = ControlClient { id: CLIENT.parse().unwrap(), rules: rules(), credential };
    let tenants = HashMap::from([(TENANT.parse().unwrap(), HashSet::from([APP.parse().unwrap()]))]);
    let policy = Policy::new(tenants, vec![client]);
    let authority = authority.parse().unwrap();
    let http = http::client(&authority, None).unwrap();
    let keys = KeyStore::new(&authority, policy.tenants(), &http, clock);
    Exchange { authority, policy, keys, http, clock: clock.clone() }
}
