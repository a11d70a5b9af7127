//! JSON Web Signatures: keys, signing, verifying (RFC 7515, 7517, 7518). Knows no claim and no policy.
//!
//! A key is generated once per process and parsed once: making one takes longer than starting a server, and parsing one
//! for each signature would halve the exchanges per second.

use aws_lc_rs::{
    digest,
    encoding::{AsDer, PublicKeyX509Der},
    error::Unspecified,
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{self, KeyPair, RsaEncoding, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A signing key of a tenant.
pub(crate) struct SigningKey {
    kid: String,
    pair: RsaKeyPair,
}

impl SigningKey {
    /// The process's key with this number, generated when it is first asked for.
    pub(crate) fn pooled(number: usize) -> Result<Arc<Self>, Unspecified> {
        static POOL: Mutex<BTreeMap<usize, Arc<SigningKey>>> = Mutex::new(BTreeMap::new());
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = pool.get(&number) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(Self::generate()?);
        pool.insert(number, Arc::clone(&key));
        Ok(key)
    }

    /// A key that no tenant ever publishes.
    pub(crate) fn nobodys() -> Result<Arc<Self>, Unspecified> {
        Self::pooled(usize::MAX)
    }

    fn generate() -> Result<Self, Unspecified> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let kid = URL_SAFE_NO_PAD.encode(sha1(pair.public_key().as_ref()));
        Ok(Self { kid, pair })
    }

    /// The key's id, which looks like a thumbprint as Entra's do.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK, without an issuer.
    pub(crate) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "x5t": self.kid,
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// The public key as PEM text: what a careless verifier takes for an HMAC secret.
    pub(crate) fn public_pem(&self) -> String {
        let der: Result<PublicKeyX509Der<'_>, _> = self.pair.public_key().as_der();
        let der: Vec<u8> = der.map(|der| (*der).as_ref().to_vec()).unwrap_or_default();
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<String> =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// Signs with RS256. The header is the caller's, so that a forged one can be signed too.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> Result<String, Unspecified> {
        self.sign_with(&signature::RSA_PKCS1_SHA256, header, claims)
    }

    fn sign_with(
        &self,
        encoding: &'static dyn RsaEncoding,
        header: &Value,
        claims: &Value,
    ) -> Result<String, Unspecified> {
        let input = signing_input(header, claims);
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut bytes)?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Whether this key signed it, with RS256.
    pub(crate) fn verifies(&self, jws: &Jws<'_>) -> bool {
        jws.verifies(Algorithm::Rs256, self.pair.public_key().as_ref())
    }
}

/// Header and claims as the first two parts of a compact JWS.
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// A JWS whose authentication code is an HMAC with this text.
pub(crate) fn hs256(secret: &str, header: &Value, claims: &Value) -> String {
    let input = signing_input(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A parsed, unverified JWS.
pub(crate) struct Jws<'a> {
    /// The protected header.
    pub(crate) header: Value,
    /// The claims.
    pub(crate) claims: Value,
    input: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// None if the text is not three parts of base64url with JSON objects in the first two.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (input, signature) = text.rsplit_once('.')?;
        let (header, claims) = input.split_once('.')?;
        let object = |part: &str| {
            let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
            value.is_object().then_some(value)
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header: object(header)?, claims: object(claims)?, input, signature })
    }

    /// A header member that is a text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// A claim that is a text.
    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// Whether `now` lies between `nbf`, if there is one, and `exp`, give or take `skew` seconds.
    pub(crate) fn is_live(&self, now: u64, skew: u64) -> bool {
        // Some libraries write fractions of a second.
        let time = |name: &str| self.claims.get(name).and_then(Value::as_f64);
        let ends = time("exp").is_some_and(|exp| exp > now.saturating_sub(skew) as f64);
        ends && time("nbf").is_none_or(|nbf| nbf <= (now + skew) as f64)
    }

    /// Whether the holder of this RSA public key (PKCS#1 DER) signed it.
    pub(crate) fn verifies(&self, algorithm: Algorithm, public_key: &[u8]) -> bool {
        let parameters = match algorithm {
            Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(parameters, public_key).verify(self.input.as_bytes(), &self.signature).is_ok()
    }
}

/// The algorithms that Entra takes in client assertions (entra.md §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ps256,
    Rs256,
}

impl Algorithm {
    pub(crate) fn read(alg: &str) -> Option<Self> {
        match alg {
            "PS256" => Some(Self::Ps256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

/// base64url of the SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}

/// SHA-1, only because thumbprints are made of it.
pub(crate) fn sha1(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
}
