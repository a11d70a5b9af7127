//! The client assertion: how a control client proves to Entra that it is itself (RFC 7523 §2.2, entra.md §2.2).
//!
//! PS256 with the certificate's `x5t#S256`, for one token endpoint, valid for ten minutes and used for four: Entra takes
//! one as often as it is shown, and signing costs more than all the rest of an exchange. The key is parsed once and belongs
//! to one control client; there is no way to sign in the name of another with it.

use super::CredentialError;
use crate::{ids::ClientId, secret::Secret};
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p12_keystore::Pkcs12Archive;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;
use x509_parser::parse_x509_certificate;

/// How long an assertion is good for, in seconds: as long as it is used, however far the clocks are apart.
const LIFETIME: u64 = 600;
/// How long one is used again.
const REUSED: u64 = 240;
/// How far back `nbf` lies, for an Entra whose clock is behind ours, in seconds: as far as ours may be off.
const BACKDATED: u64 = 300;
/// The shortest modulus, in bytes.
const LEAST_KEY: usize = 256;

/// A control client's key, with the thumbprint under which Entra knows its certificate.
pub(crate) struct Certificate {
    key: RsaKeyPair,
    thumbprint: String,
    /// The end of its validity, in seconds since the epoch.
    expires: u64,
    /// Assertions that are still good, with the time until which they are used, by client and endpoint.
    made: Mutex<HashMap<(ClientId, String), (Secret, u64)>>,
}

impl Certificate {
    /// From PEM texts.
    pub(crate) fn from_pem(certificate: &[u8], private_key: &[u8]) -> Result<Self, CredentialError> {
        let certificate =
            CertificateDer::from_pem_slice(certificate).map_err(|_| CredentialError::Certificate)?;
        let key = key_pair(private_key).ok_or(CredentialError::PrivateKey)?;
        if !holds(&certificate, &key) {
            return Err(CredentialError::Mismatch);
        }
        Self::new(&certificate, key)
    }

    /// From a PKCS#12 file, modern or legacy.
    pub(crate) fn from_pfx(file: &[u8], password: &str) -> Result<Self, CredentialError> {
        let archive = Pkcs12Archive::from_pkcs12(file, password).map_err(|_| CredentialError::Pfx)?;
        let keys = archive.keys.iter().filter_map(|bag| RsaKeyPair::from_pkcs8(bag.key.as_der()).ok());
        let mut keys = keys.filter(|key| key.public_modulus_len() >= LEAST_KEY).peekable();
        if keys.peek().is_none() {
            return Err(CredentialError::PfxKey);
        }
        let mut pairs = keys.filter_map(|key| {
            let mut own = archive.certs.iter().map(|bag| bag.cert.as_der());
            own.find(|der| holds(der, &key)).map(|der| (der, key))
        });
        let (certificate, key) = pairs.next().ok_or(CredentialError::Mismatch)?;
        Self::new(certificate, key)
    }

    fn new(certificate: &[u8], key: RsaKeyPair) -> Result<Self, CredentialError> {
        let (_, parsed) = parse_x509_certificate(certificate).map_err(|_| CredentialError::Certificate)?;
        let expires = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate));
        Ok(Self { key, thumbprint, expires, made: Mutex::default() })
    }

    /// The end of the certificate's validity, in seconds since the epoch.
    pub(crate) fn expires(&self) -> u64 {
        self.expires
    }

    /// `x5t#S256`, under which the registration lists it.
    pub(crate) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// An assertion by `client` for the token endpoint `audience`; none if signing fails.
    pub(crate) fn assertion(&self, client: ClientId, audience: &str, now: u64) -> Option<Secret> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (client, audience.to_owned());
        // Not used before it was made either: a clock that was set back must not meet assertions of the future.
        let good = |until: u64| now < until && until <= now.saturating_add(REUSED);
        if let Some((assertion, _)) = made.get(&place).filter(|(_, until)| good(*until)) {
            return Some(assertion.clone());
        }
        let assertion = self.sign(client, audience, now)?;
        made.retain(|_, (_, until)| good(*until));
        made.insert(place, (assertion.clone(), now + REUSED));
        Some(assertion)
    }

    fn sign(&self, client: ClientId, audience: &str, now: u64) -> Option<Secret> {
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
    key.filter(|key| key.public_modulus_len() >= LEAST_KEY)
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
    use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKeyChain};
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
        let credential = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let assertion = credential.assertion(CLIENT.parse().unwrap(), ENDPOINT, 1_000_000).unwrap();
        let (header, claims) = (part(assertion.expose(), 0), part(assertion.expose(), 1));

        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &der));
        assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));
        assert_eq!([&claims["iss"], &claims["sub"], &claims["aud"]], [CLIENT, CLIENT, ENDPOINT]);
        assert_eq!([&claims["nbf"], &claims["iat"], &claims["exp"]], [999_700, 1_000_000, 1_000_600]);
        assert!(claims["jti"].as_str().unwrap().parse::<Uuid>().is_ok());

        let (signed, signature) = assertion.expose().rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, credential.key.public_key());
        assert!(public.verify(signed.as_bytes(), &signature).is_ok());
    }

    #[test]
    fn an_assertion_is_used_again_for_its_client_and_endpoint_and_only_while_it_is_young() {
        let (certificate, key) = certified();
        let credential = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let jti = |client: &str, endpoint: &str, now| {
            let assertion = credential.assertion(client.parse().unwrap(), endpoint, now).unwrap();
            part(assertion.expose(), 1)["jti"].as_str().unwrap().to_owned()
        };
        let first = jti(CLIENT, ENDPOINT, 1000);
        assert_eq!(jti(CLIENT, ENDPOINT, 1000 + REUSED - 1), first);
        assert_ne!(jti(CLIENT, "https://login.example/other", 1000), first);
        assert_ne!(jti("c0000000-0000-4000-8000-000000000002", ENDPOINT, 1000), first);
        assert_ne!(jti(CLIENT, ENDPOINT, 999), first, "made in the future");
        assert_ne!(jti(CLIENT, ENDPOINT, 1000 + REUSED), first);
    }

    /// A PKCS#12 file with a key and its certificate, encrypted in this way, and the certificate's thumbprint.
    fn pfx(password: &str, algorithm: EncryptionAlgorithm) -> (Vec<u8>, String) {
        let (certificate, key) = certified();
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let chain = PrivateKeyChain::new(
            "1",
            p12_keystore::PrivateKey::from_der(key.secret_der()).unwrap(),
            [p12_keystore::Certificate::from_der(&der).unwrap()],
        );
        let mut store = KeyStore::new();
        store.add_entry("key", KeyStoreEntry::PrivateKeyChain(chain));
        let file = store.writer(password).encryption_algorithm(algorithm).write().unwrap();
        (file, BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)))
    }

    #[test]
    fn a_modern_and_a_legacy_pfx_are_opened_with_their_password_only() {
        for algorithm in [
            EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
            EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
        ] {
            let (file, thumbprint) = pfx("hunter2", algorithm);
            let opened = Certificate::from_pfx(&file, "hunter2").ok().unwrap();
            assert_eq!(opened.thumbprint(), thumbprint);
            for wrong in ["hunter3", ""] {
                let refused = Certificate::from_pfx(&file, wrong).err();
                assert!(matches!(refused, Some(CredentialError::Pfx)));
            }
        }
        assert!(matches!(Certificate::from_pfx(b"no pfx", "").err(), Some(CredentialError::Pfx)));
    }

    #[test]
    fn a_key_that_is_not_the_certificates_is_refused() {
        let ((certificate, _), (_, key)) = (certified(), certified());
        let refused = Certificate::from_pem(certificate.as_bytes(), key.as_bytes()).err();
        assert!(matches!(refused, Some(CredentialError::Mismatch)));
    }

    #[test]
    fn files_that_hold_something_else_are_refused() {
        let (certificate, key) = certified();
        let swapped = Certificate::from_pem(key.as_bytes(), certificate.as_bytes()).err();
        assert!(matches!(swapped, Some(CredentialError::Certificate)));
        let keyless = Certificate::from_pem(certificate.as_bytes(), certificate.as_bytes()).err();
        assert!(matches!(keyless, Some(CredentialError::PrivateKey)));
    }
}
