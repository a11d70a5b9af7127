//! Codes, refresh tokens, login flows and the `aio` claim are values sealed with AES-256-GCM, not rows in a table.
//!
//! So nothing has to be remembered for a grant to be honoured, an old refresh token stays valid after its use as at Entra
//! (entra.md §1.4), and deciding needs no lock. A value sealed for one purpose never opens for another.

use crate::errors::{Refusal, TRY_AGAIN};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

/// What a sealed value is for; bound into the seal.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Code,
    Refresh,
    Flow,
    Session,
}

impl Purpose {
    /// Entra's opaque values begin alike too, so that a person can tell them apart.
    fn prefix(self) -> &'static str {
        match self {
            Self::Code => "1.A",
            Self::Refresh => "1.R",
            Self::Flow => "1.F",
            Self::Session => "1.S",
        }
    }
}

/// The key of this process. Nothing that is sealed outlives it.
pub(crate) struct Seal(RandomizedNonceKey);

impl Seal {
    pub(crate) fn new() -> Result<Self, Unspecified> {
        let mut key = [0; 32];
        rand::fill(&mut key)?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map(Self)
    }

    pub(crate) fn close(&self, purpose: Purpose, value: &impl Serialize) -> Result<String, Refusal> {
        let mut text = serde_json::to_vec(value).map_err(|_| &TRY_AGAIN)?;
        let aad = Aad::from(purpose.prefix());
        let nonce = self.0.seal_in_place_append_tag(aad, &mut text).map_err(|_| &TRY_AGAIN)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(format!("{}{}", purpose.prefix(), URL_SAFE_NO_PAD.encode(sealed)))
    }

    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: Purpose, text: &str) -> Option<T> {
        let mut sealed = URL_SAFE_NO_PAD.decode(text.strip_prefix(purpose.prefix())?).ok()?;
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.0.open_in_place(nonce, Aad::from(purpose.prefix()), text).ok()?;
        serde_json::from_slice(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_for_its_purpose_and_only_unchanged() {
        let seal = Seal::new().unwrap();
        let code = seal.close(Purpose::Code, &"value").unwrap();
        assert_eq!(seal.open::<String>(Purpose::Code, &code).as_deref(), Some("value"));
        let relabelled = code.replacen("1.A", "1.R", 1);
        assert_eq!(seal.open::<String>(Purpose::Refresh, &relabelled), None);
        assert_eq!(Seal::new().unwrap().open::<String>(Purpose::Code, &code), None);
    }
}
