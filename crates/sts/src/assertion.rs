//! The client assertion: how a control client proves to Entra that it is itself (RFC 7523 §2.2, entra.md §2.2).
//!
//! PS256 with the certificate's `x5t#S256`, for one token endpoint, valid for five minutes. The key is parsed once at the
//! start and belongs to one control client; there is no way to sign in the name of another with it.

use crate::{ids::ClientId, secret::Secret};
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::json;
use std::{fs, path::Path};
use uuid::Uuid;

/// How long an assertion is good for, in seconds. Entra sets no limit; short is enough for one request.
const LIFETIME: u64 = 300;
/// How far back `nbf` lies, for an Entra whose clock is behind ours, in seconds.
const BACKDATED: u64 = 30;

/// A control client's key, with the thumbprint under which Entra knows its certificate.
pub(crate) struct Credential {
    key: RsaKeyPair,
    thumbprint: String,
}

/// Why a credential cannot be used. The texts never repeat what is in a file.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There is no certificate.
    #[error("its certificate file holds no PEM certificate")]
    Certificate,
    /// There is no private key that could sign.
    #[error(
        "its private_key file holds no RSA key of at least 2048 bits as PEM (PKCS#8 or PKCS#1, not encrypted)"
    )]
    PrivateKey,
    /// Certificate and key do not belong together.
    #[error("its private key does not belong to its certificate")]
    Mismatch,
}

impl Credential {
    /// Reads a certificate and its private key from PEM files.
    pub(crate) fn load(certificate: &Path, private_key: &Path) -> Result<Self, CredentialError> {
        let file = |path: &Path| {
            fs::read(path)
                .map_err(|source| CredentialError::Read { path: path.display().to_string(), source })
        };
        Self::read(&file(certificate)?, &file(private_key)?)
    }

    pub(crate) fn read(certificate: &[u8], private_key: &[u8]) -> Result<Self, CredentialError> {
        let certificate =
            CertificateDer::from_pem_slice(certificate).map_err(|_| CredentialError::Certificate)?;
        let key = key_pair(private_key).ok_or(CredentialError::PrivateKey)?;
        if !holds(&certificate, &key) {
            return Err(CredentialError::Mismatch);
        }
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
        Ok(Self { key, thumbprint })
    }

    /// An assertion by `client` for the token endpoint `audience`; none if signing fails.
    pub(crate) fn assertion(&self, client: ClientId, audience: &str, now: u64) -> Option<Secret> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": audience,
            "iss": client.to_string(),
            "sub": client.to_string(),
            "jti": Uuid::new_v4().to_string(),
            "iat": now,
            "nbf": now.saturating_sub(BACKDATED),
            "exp": now.saturating_add(LIFETIME),
        });
        let encode = |part: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(Secret::new(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }
}

fn key_pair(pem: &[u8]) -> Option<RsaKeyPair> {
    let key = match PrivateKeyDer::from_pem_slice(pem).ok()? {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
        _ => None,
    };
    key.filter(|key| key.public_modulus_len() >= 256)
}

/// Whether the certificate is for this key: it contains the RSAPublicKey (RFC 8017 §A.1.1) byte for byte.
fn holds(certificate: &[u8], key: &RsaKeyPair) -> bool {
    let public = key.public_key().as_ref();
    certificate.windows(public.len()).any(|part| part == public)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use rcgen::PKCS_RSA_SHA256;
    use serde_json::Value;

    const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
    const ENDPOINT: &str = "https://login.example/70000000-0000-4000-8000-000000000001/oauth2/v2.0/token";

    fn certified() -> (String, String) {
        let key = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn part(assertion: &str, at: usize) -> Value {
        let segment = assertion.split('.').nth(at).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
    }

    #[test]
    fn an_assertion_says_who_for_whom_and_how_long_and_is_signed_with_pss() {
        let (certificate, key) = certified();
        let credential = Credential::read(certificate.as_bytes(), key.as_bytes()).unwrap();
        let assertion = credential.assertion(CLIENT.parse().unwrap(), ENDPOINT, 1_000_000).unwrap();
        let (header, claims) = (part(assertion.expose(), 0), part(assertion.expose(), 1));

        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &der));
        assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));
        assert_eq!([&claims["iss"], &claims["sub"], &claims["aud"]], [CLIENT, CLIENT, ENDPOINT]);
        assert_eq!([&claims["nbf"], &claims["iat"], &claims["exp"]], [999_970, 1_000_000, 1_000_300]);
        assert!(claims["jti"].as_str().unwrap().parse::<Uuid>().is_ok());

        let (signed, signature) = assertion.expose().rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, credential.key.public_key());
        assert!(public.verify(signed.as_bytes(), &signature).is_ok());
    }

    #[test]
    fn two_assertions_never_have_the_same_jti() {
        let (certificate, key) = certified();
        let credential = Credential::read(certificate.as_bytes(), key.as_bytes()).unwrap();
        let jti = || {
            part(credential.assertion(CLIENT.parse().unwrap(), ENDPOINT, 1).unwrap().expose(), 1)["jti"]
                .clone()
        };
        assert_ne!(jti(), jti());
    }

    #[test]
    fn a_key_that_is_not_the_certificates_is_refused() {
        let ((certificate, _), (_, key)) = (certified(), certified());
        let refused = Credential::read(certificate.as_bytes(), key.as_bytes()).err();
        assert!(matches!(refused, Some(CredentialError::Mismatch)));
    }

    #[test]
    fn files_that_hold_something_else_are_refused() {
        let (certificate, key) = certified();
        let swapped = Credential::read(key.as_bytes(), certificate.as_bytes()).err();
        assert!(matches!(swapped, Some(CredentialError::Certificate)));
        let keyless = Credential::read(certificate.as_bytes(), certificate.as_bytes()).err();
        assert!(matches!(keyless, Some(CredentialError::PrivateKey)));
    }
}
