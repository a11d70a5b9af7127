//! Looking into tokens and certificates, to compare what is in them. Nothing here verifies: the STS and the sample APIs do.

use crate::{Failure, Result};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The claims of an access token that say for whom it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Claims {
    /// The audience: whom it is for.
    pub aud: String,
    /// The authorized party: who asked for it.
    pub azp: String,
    /// The user.
    pub oid: String,
    /// The tenant.
    pub tid: String,
}

impl Claims {
    /// Reads the claims of a JWT without verifying it.
    ///
    /// # Errors
    /// When it is no JWT with these claims.
    pub fn of(token: &str) -> Result<Self> {
        let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        claims
            .and_then(|claims| serde_json::from_slice(&claims).ok())
            .ok_or_else(|| Failure::wrong("A token has no readable claims."))
    }
}

/// `x5t#S256` of a certificate in PEM (RFC 7515 §4.1.8).
///
/// # Errors
/// When the text is no PEM.
pub fn thumbprint(pem: &str) -> Result<String> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).map_err(|_| Failure::wrong("A certificate is no PEM."))?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(der)))
}
