//! Client tokens of many users, signed before anything is measured, and the requests that carry them.

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
pub(crate) const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const APP: &str = "http://app.localhost:1";
pub(crate) const SCOPE: &str = "https://graph.microsoft.com/User.Read";

/// Client tokens, one for each user.
pub(crate) struct Tokens {
    authority: String,
    key: Arc<RsaKeyPair>,
    signed: Vec<String>,
}

/// A request as it goes over the wire, and the user whose token must come back.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) user: String,
}

impl Tokens {
    /// Signs as many, as this authority would.
    pub(crate) fn sign(users: usize, authority: &str) -> Result<Self, Unspecified> {
        let key = Arc::new(RsaKeyPair::generate(KeySize::Rsa2048)?);
        let threads = thread::available_parallelism().map_or(1, usize::from).max(2);
        let share = users.div_ceil(threads);
        let workers: Vec<_> = (0..threads)
            .map(|at| {
                let (key, issuer) = (Arc::clone(&key), issuer(authority));
                let range = (at * share).min(users)..((at + 1) * share).min(users);
                thread::spawn(move || {
                    range.map(|user| token(&key, &issuer, user)).collect::<Result<Vec<_>, _>>()
                })
            })
            .collect();
        let mut signed = Vec::with_capacity(users);
        for worker in workers {
            signed.extend(worker.join().unwrap_or(Err(Unspecified))?);
        }
        Ok(Self { authority: authority.to_owned(), key, signed })
    }

    /// The key set of the tenant.
    pub(crate) fn key_set(&self) -> Value {
        let public = self.key.public_key();
        let (n, e) = (
            public.modulus().big_endian_without_leading_zero(),
            public.exponent().big_endian_without_leading_zero(),
        );
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "kid": "bench", "issuer": issuer(&self.authority),
            "n": BASE64.encode(n), "e": BASE64.encode(e),
        }] })
    }

    /// The exchange requests of the first users.
    pub(crate) fn requests(&self, users: usize) -> Vec<Request> {
        let first = self.signed.iter().take(users).enumerate();
        first.map(|(user, token)| Request { bytes: request(token), user: oid(user) }).collect()
    }
}

/// A user's object id.
fn oid(user: usize) -> String {
    format!("d0000000-0000-4000-8000-{user:012}")
}

fn issuer(authority: &str) -> String {
    format!("{authority}/{TENANT}/v2.0")
}

fn token(key: &RsaKeyPair, issuer: &str, user: usize) -> Result<String, Unspecified> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let claims = json!({
        "aud": CLIENT, "iss": issuer, "tid": TENANT, "ver": "2.0", "iat": now - 60, "nbf": now - 60,
        "exp": now + 7_200, "oid": oid(user), "azp": BROKER, "azpacr": "0", "scp": "access_as_user",
        "name": "A person whose name is as long as names are", "preferred_username": format!("user{user}@contoso.example"),
        "aio": "A".repeat(300), "rh": "B".repeat(60), "sub": "C".repeat(43), "uti": "D".repeat(22),
    });
    let part = |value: &Value| BASE64.encode(value.to_string());
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "bench" });
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)?;
    Ok(format!("{signed}.{}", BASE64.encode(signature)))
}

fn request(token: &str) -> Vec<u8> {
    let fields = [
        ("grant_type", GRANT_TYPE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN_TYPE),
        ("scope", SCOPE),
        ("client_id", BROKER),
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
