//! What unit tests share: a tenant's signing key and tokens made with it.

use crate::{
    backend::Backend,
    clock::Clock,
    credential::{CredentialFiles, Credentials},
    entra::Entra,
    exchange::Exchange,
    http,
    keys::{KeyStore, SigningKey},
    lane::Lanes,
    limits::{Limits, PerMinute},
    looping::Loops,
    newcomers::Newcomers,
    policy::{ControlClient, Policy, Rules, Tenants},
    proxy::Proxies,
    scope::AllowList,
    service::Service,
    token::Presented,
    verify::{Memory, TokenHash, VerifiedToken, verify},
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

pub(crate) const TENANT: &str = "70000000-0000-4000-8000-000000000001";
pub(crate) const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const USER: &str = "d0000000-0000-4000-8000-000000000001";
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
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 3600, "oid": USER,
        "azp": BROKER, "azpacr": "0", "scp": "access_as_user",
    })
}

/// What the broker may do for the control client.
pub(crate) fn rules() -> Rules {
    Rules {
        brokers: HashSet::from([BROKER.parse().unwrap()]),
        tenants: Tenants::Listed(HashSet::from([TENANT.parse().unwrap()])),
        scopes: AllowList::new(["https://graph.microsoft.com/User.Read"]).unwrap(),
        cp1: false,
    }
}

/// The control client with these rules and a certificate.
pub(crate) fn control_client(rules: Rules) -> ControlClient {
    static FILES: LazyLock<(PathBuf, PathBuf)> = LazyLock::new(|| certificate_files("control"));
    let (certificate, private_key) = FILES.clone();
    let files = CredentialFiles::Pem { certificate, private_key };
    let credentials = Credentials::load(vec![files]).unwrap();
    ControlClient { id: CLIENT.parse().unwrap(), name: "control".to_owned(), rules, credentials }
}

/// A fresh certificate and its key as PEM files of this name.
pub(crate) fn certificate_files(name: &str) -> (PathBuf, PathBuf) {
    let folder = std::env::temp_dir().join(format!("talxis-sts-unit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let paths = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
    write_certificate(&paths.0, &paths.1);
    paths
}

/// Writes a fresh certificate and its key.
pub(crate) fn write_certificate(certificate: &Path, private_key: &Path) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let made = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    std::fs::write(certificate, made.pem()).unwrap();
    std::fs::write(private_key, key.serialize_pem()).unwrap();
}

/// A tenant's key as the store holds it.
pub(crate) fn signing_key(key: &Key) -> Arc<SigningKey> {
    let issuer = "https://login.example/v2.0";
    let set = json!({ "keys": [key.jwk("k", issuer)] }).to_string();
    crate::keys::read_for_test(set.as_bytes(), "k", issuer)
}

/// A good token, believed.
pub(crate) fn verified<'a>(text: &'a str, key: &SigningKey) -> VerifiedToken<'a> {
    let presented = Presented::read(text).unwrap();
    verify(presented, TokenHash::of(text), key, &control_client(rules()), NOW).ok().unwrap()
}

/// A service for one tenant and one control client, at whose authority nobody answers.
pub(crate) fn service(clock: &Clock) -> Service {
    Service::new(exchange_at("http://127.0.0.1:1", clock), Proxies::default(), None)
}

/// An exchange for one tenant and one control client at this authority.
pub(crate) fn exchange_at(authority: &str, clock: &Clock) -> Exchange {
    let tenants = HashMap::from([(TENANT.parse().unwrap(), HashSet::from([APP.parse().unwrap()]))]);
    let policy = Policy::new(tenants, None, vec![control_client(rules())]);
    let authority = authority.parse().unwrap();
    let http = http::client(&authority, None).unwrap();
    let keys = KeyStore::new(&authority, policy.tenants(), false, &http, clock);
    let entra = Entra {
        authority: authority.clone(),
        http,
        lanes: Lanes::default(),
        loops: Loops::default(),
        clock: clock.clone(),
    };
    let limit = NonZeroU32::MAX;
    let limits = Limits::new(PerMinute { user: limit, tenant: limit, client: limit }, clock);
    Exchange {
        authority,
        policy,
        keys,
        verified: Memory::new(1 << 20),
        newcomers: Newcomers::new(limit, clock),
        limits,
        backend: Backend::new(1 << 20, None, entra),
        clock: clock.clone(),
    }
}
