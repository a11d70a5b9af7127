//! A registered certificate (`keyCredential`): what Entra knows of it is the public part.

use crate::jws::{sha1, sha256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem};

/// A certificate that proves a confidential client.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// `x5t#S256`.
    pub(crate) sha256: String,
    /// `x5t`.
    pub(crate) sha1: String,
    /// The RSA public key, PKCS#1 DER.
    pub(crate) public_key: Vec<u8>,
    /// What it was read from.
    pub(crate) der: Vec<u8>,
    not_before: i64,
    not_after: i64,
}

/// Why a certificate cannot be registered.
#[derive(Debug, thiserror::Error)]
#[error("a certificate of the estate cannot be read")]
pub struct UnreadableCertificate;

impl Certificate {
    /// Reads PEM text.
    pub(crate) fn read(pem: &str) -> Result<Self, UnreadableCertificate> {
        let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|_| UnreadableCertificate)?;
        Self::read_der(&pem.contents)
    }

    /// Reads what PEM text wraps, the content of a `keyCredential`.
    pub(crate) fn read_der(der: &[u8]) -> Result<Self, UnreadableCertificate> {
        let (_, certificate) = parse_x509_certificate(der).map_err(|_| UnreadableCertificate)?;
        let validity = certificate.validity();
        Ok(Self {
            sha256: sha256(der),
            sha1: URL_SAFE_NO_PAD.encode(sha1(der)),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            der: der.to_vec(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    /// Whether it is inside its own validity.
    pub(crate) fn valid_at(&self, now: u64) -> bool {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        (self.not_before..=self.not_after).contains(&now)
    }
}
