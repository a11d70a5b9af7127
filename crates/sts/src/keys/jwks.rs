//! Key sets as Entra publishes them (RFC 7517), read without a library type: those drop the `issuer` of each key.
//!
//! A key counts only for its own issuer, so that a key of one tenant cannot vouch for another.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::sync::Arc;

/// A public key that verifies RS256 signatures.
pub(crate) struct SigningKey(ParsedPublicKey);

impl SigningKey {
    /// Whether this key made the signature (RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits at least).
    pub(crate) fn signed(&self, text: &str, signature: &[u8]) -> bool {
        self.0.verify_sig(text.as_bytes(), signature).is_ok()
    }
}

/// A key set as it was published.
#[derive(Default)]
pub(crate) struct KeySet(Vec<Published>);

/// A key with what its publisher says about it.
struct Published {
    jwk: EntraJwk,
    key: Arc<SigningKey>,
}

impl KeySet {
    /// Reads a key set. Keys that could not verify anything are left out, one by one.
    ///
    /// A key that was in `before` stays the same key: whoever holds it weakly sees that it is still published.
    pub(crate) fn read(body: &[u8], before: &Self) -> Self {
        let Ok(set) = serde_json::from_slice::<Body>(body) else { return Self::default() };
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<EntraJwk>(key).ok());
        let usable = keys.filter(|jwk| {
            jwk.kty == "RSA"
                && !jwk.issuer.is_empty()
                && jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        });
        let kept = |jwk: &EntraJwk| Some(Arc::clone(&before.0.iter().find(|one| one.jwk == *jwk)?.key));
        Self(
            usable
                .filter_map(|jwk| Some(Published { key: kept(&jwk).or_else(|| parse(&jwk))?, jwk }))
                .collect(),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(feature = "fuzzing")]
    pub(super) fn only(&self) -> Option<Arc<SigningKey>> {
        self.0.first().map(|one| Arc::clone(&one.key))
    }

    /// The key with this `kid` that may sign for this issuer, which is that of `tenant`.
    pub(crate) fn find(&self, kid: &str, issuer: &str, tenant: &str) -> Option<Arc<SigningKey>> {
        let named = self.0.iter().filter(|one| one.jwk.kid == kid);
        let mut own = named.filter(|one| one.jwk.issuer.replace("{tenantid}", tenant) == issuer);
        own.next().map(|one| Arc::clone(&one.key))
    }
}

#[derive(Deserialize)]
struct Body {
    // Each by itself: one odd key must not take the others along.
    keys: Vec<serde_json::Value>,
}

/// A key as Entra publishes it: RFC 7517 with an `issuer` of its own.
#[derive(Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
struct EntraJwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: String,
    e: String,
    issuer: String,
}

fn parse(jwk: &EntraJwk) -> Option<Arc<SigningKey>> {
    let number = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let components = RsaPublicKeyComponents { n: number(&jwk.n)?, e: number(&jwk.e)? };
    let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
    Some(Arc::new(SigningKey(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY, Key, TENANT};
    use serde_json::{Value, json};

    fn set(keys: Value) -> KeySet {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), &KeySet::default())
    }

    #[test]
    fn a_key_counts_only_for_its_own_issuer_and_purpose() {
        let issuer = format!("https://login.example/{TENANT}/v2.0");
        let taken = |change: fn(&mut Value)| {
            let mut jwk = KEY.jwk("a", &issuer);
            change(&mut jwk);
            set(json!([jwk])).find("a", &issuer, TENANT).is_some()
        };
        assert!(taken(|_| {}));
        assert!(taken(|jwk| jwk["issuer"] = json!("https://login.example/{tenantid}/v2.0")));
        assert!(!taken(
            |jwk| jwk["issuer"] = json!("https://login.example/70000000-0000-4000-8000-000000000002/v2.0")
        ));
        assert!(!taken(|jwk| drop(jwk.as_object_mut().unwrap().remove("issuer"))));
        assert!(!taken(|jwk| jwk["use"] = json!("enc")));
        assert!(!taken(|jwk| jwk["kty"] = json!("EC")));
        assert!(!taken(|jwk| jwk["n"] = json!("")));
    }

    #[test]
    fn one_odd_key_does_not_spoil_the_set() {
        let issuer = format!("https://login.example/{TENANT}/v2.0");
        let good = Key::generate().jwk("a", &issuer);
        let set = set(json!([{ "kty": "EC", "crv": "P-256" }, { "kid": 5 }, 7, good]));
        assert!(set.find("a", &issuer, TENANT).is_some());
    }

    #[test]
    fn a_key_that_is_published_again_is_the_same_key_and_a_changed_one_is_not() {
        let issuer = format!("https://login.example/{TENANT}/v2.0");
        let body = |key: &Key| json!({ "keys": [key.jwk("a", &issuer)] }).to_string();
        let first = KeySet::read(body(&KEY).as_bytes(), &KeySet::default());
        let found = |set: &KeySet| set.find("a", &issuer, TENANT).unwrap();
        assert!(Arc::ptr_eq(&found(&first), &found(&KeySet::read(body(&KEY).as_bytes(), &first))));
        let changed = KeySet::read(body(&Key::generate()).as_bytes(), &first);
        assert!(!Arc::ptr_eq(&found(&first), &found(&changed)));
    }
}
