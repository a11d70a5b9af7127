//! Client tokens of many people, signed before anything is measured, and the requests that carry them.

use aws_lc_rs::{
    error::Unspecified,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};
use sts_wire::{ACCESS_TOKEN_TYPE, GRANT_TYPE, PATH};

pub(crate) const TENANT: &str = "70000000-0000-4000-8000-000000000001";
pub(crate) const OTHER_TENANT: &str = "70000000-0000-4000-8000-000000000002";
pub(crate) const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
pub(crate) const OTHER_CLIENT: &str = "c0000000-0000-4000-8000-000000000002";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const OTHER_BROKER: &str = "b0000000-0000-4000-8000-000000000002";
pub(crate) const APP: &str = "http://app.localhost:1";
pub(crate) const SCOPE: &str = "https://graph.microsoft.com/User.Read";
pub(crate) const OTHER_SCOPE: &str = "https://feed.example/Feed.Read";

/// Who holds a client token, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) tenant: &'static str,
    pub(crate) client: &'static str,
    pub(crate) broker: &'static str,
    pub(crate) user: usize,
    /// One sign-in of that user.
    pub(crate) session: usize,
}

impl Holder {
    /// A user with one session, as the measurements have them.
    pub(crate) fn user(user: usize) -> Self {
        Self { tenant: TENANT, client: CLIENT, broker: BROKER, user, session: 0 }
    }

    fn oid(&self) -> String {
        format!("d0000000-0000-4000-8000-{:012}", self.user)
    }

    fn uti(&self) -> String {
        format!("{:022}", self.session)
    }
}

/// How a backend token begins: the client token's `aud`, `tid`, `oid`, `azp` and `uti`, and the scope.
pub(crate) fn earned(parts: [&str; 6]) -> String {
    format!("for.{}.", parts.join("."))
}

/// Client tokens, one for each holder.
pub(crate) struct Tokens {
    authority: String,
    key: Arc<RsaKeyPair>,
    signed: Vec<(Holder, String)>,
}

/// A request as it goes over the wire, and what its answer must have.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: String,
}

impl Request {
    /// The backend token that comes back must begin in this way.
    pub(crate) fn new(bytes: Vec<u8>, earned: &str) -> Self {
        Self { bytes, expected: format!("\"{earned}") }
    }
}

impl Tokens {
    /// Signs them, as this authority would.
    pub(crate) fn sign(holders: &[Holder], authority: &str) -> Result<Self, Unspecified> {
        let key = Arc::new(RsaKeyPair::generate(KeySize::Rsa2048)?);
        let threads = thread::available_parallelism().map_or(1, usize::from).max(2);
        let workers: Vec<_> = holders
            .chunks(holders.len().div_ceil(threads).max(1))
            .map(|share| {
                let (key, share, authority) = (Arc::clone(&key), share.to_vec(), authority.to_owned());
                thread::spawn(move || {
                    let sign = |holder: Holder| Ok((holder, token(&key, &authority, &holder)?));
                    share.into_iter().map(sign).collect::<Result<Vec<_>, Unspecified>>()
                })
            })
            .collect();
        let mut signed = Vec::with_capacity(holders.len());
        for worker in workers {
            signed.extend(worker.join().unwrap_or(Err(Unspecified))?);
        }
        Ok(Self { authority: authority.to_owned(), key, signed })
    }

    /// The key set of both tenants.
    pub(crate) fn key_set(&self) -> Value {
        let public = self.key.public_key();
        let (n, e) = (
            public.modulus().big_endian_without_leading_zero(),
            public.exponent().big_endian_without_leading_zero(),
        );
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "kid": "bench", "issuer": issuer(&self.authority, "{tenantid}"),
            "n": BASE64.encode(n), "e": BASE64.encode(e),
        }] })
    }

    /// The exchange requests of the first holders, for this scope.
    pub(crate) fn requests(&self, number: usize, scope: &str) -> Vec<Request> {
        let first = self.signed.iter().take(number);
        first.map(|(holder, token)| request(holder, token, scope)).collect()
    }
}

fn issuer(authority: &str, tenant: &str) -> String {
    format!("{authority}/{tenant}/v2.0")
}

fn token(key: &RsaKeyPair, authority: &str, holder: &Holder) -> Result<String, Unspecified> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let claims = json!({
        "aud": holder.client, "iss": issuer(authority, holder.tenant), "tid": holder.tenant, "ver": "2.0",
        "iat": now - 60, "nbf": now - 60, "exp": now + 7_200, "oid": holder.oid(), "azp": holder.broker, "azpacr": "0",
        "scp": "access_as_user", "name": "A person whose name is as long as names are",
        "preferred_username": format!("user{}@contoso.example", holder.user), "aio": "A".repeat(300), "rh": "B".repeat(60),
        "sub": "C".repeat(43), "uti": holder.uti(),
    });
    let part = |value: &Value| BASE64.encode(value.to_string());
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "bench" });
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)?;
    Ok(format!("{signed}.{}", BASE64.encode(signature)))
}

fn request(holder: &Holder, token: &str, scope: &str) -> Request {
    let (oid, uti) = (holder.oid(), holder.uti());
    let expected = earned([holder.client, holder.tenant, &oid, holder.broker, &uti, scope]);
    Request::new(bytes(holder.broker, token, scope), &expected)
}

fn bytes(broker: &str, token: &str, scope: &str) -> Vec<u8> {
    let fields = [
        ("grant_type", GRANT_TYPE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN_TYPE),
        ("scope", scope),
        ("client_id", broker),
        ("client-request-id", "11111111-2222-4333-8444-555555555555"),
    ];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: sts.localhost\r\nOrigin: {APP}\r\nAccept: */*\r\n\
         Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}
