//! Tokens that were verified before, remembered by their SHA-256 so that a repeated one needs no second RSA check.
//!
//! Sound, because what is remembered is exactly what the signature said: whoever presents the same bytes has presented a
//! token that this service verified. What can change is asked again each time: the time, the policy, and whether the tenant
//! still publishes the key. The key is held weakly: when the tenant withdraws it, what it signed is forgotten with it.
//! It never holds a token's text, and never takes in one that was not verified.

use super::{LEEWAY, Subject, VerifiedToken};
use crate::keys::SigningKey;
use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::{Weighter, sync::Cache};
use std::sync::{Arc, Weak};

/// SHA-256 of a token's text.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(crate) fn of(text: &str) -> Self {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What was verified, within a number of bytes.
pub(crate) struct Memory {
    known: Cache<TokenHash, Remembered, Weight>,
}

#[derive(Clone)]
struct Remembered {
    subject: Arc<Subject>,
    key: Weak<SigningKey>,
}

/// What one remembered token takes, its share of the tables included.
const WEIGHT: u64 = 320;

#[derive(Clone)]
struct Weight;

impl Weighter<TokenHash, Remembered> for Weight {
    fn weight(&self, _: &TokenHash, _: &Remembered) -> u64 {
        WEIGHT
    }
}

impl Memory {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / WEIGHT).unwrap_or(usize::MAX);
        Self { known: Cache::with_weighter(items, bytes, Weight) }
    }

    /// The token with this text, if it was verified before and would still be believed.
    pub(crate) fn recall<'a>(&self, text: &'a str, hash: TokenHash, now: u64) -> Option<VerifiedToken<'a>> {
        let Remembered { subject, key } = self.known.get(&hash)?;
        if key.strong_count() == 0 || now >= subject.expires.saturating_add(LEEWAY) || subject.hash != hash {
            self.known.remove(&hash);
            return None;
        }
        Some(VerifiedToken { text, subject })
    }

    pub(crate) fn remember(&self, token: &VerifiedToken<'_>, key: &Arc<SigningKey>) {
        let remembered = Remembered { subject: Arc::clone(&token.subject), key: Arc::downgrade(key) };
        self.known.insert(token.subject.hash, remembered);
    }

    /// Forgets what would no longer be believed.
    pub(crate) fn sweep(&self, now: u64) {
        self.known
            .retain(|_, one| one.key.strong_count() > 0 && now < one.subject.expires.saturating_add(LEEWAY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BROKER, CLIENT, KEY, NOW, claims, signing_key};

    fn remembered() -> (Memory, Arc<SigningKey>, String) {
        let (memory, key) = (Memory::new(1 << 20), signing_key(&KEY));
        let text = KEY.sign(&claims("https://login.example"));
        let token = crate::testing::verified(&text, &key);
        memory.remember(&token, &key);
        (memory, key, text)
    }

    #[test]
    fn a_remembered_token_is_what_it_was_when_it_was_verified() {
        let (memory, _key, text) = remembered();
        let token = memory.recall(&text, TokenHash::of(&text), NOW).unwrap();
        assert_eq!(token.text(), text);
        let ids = [token.subject().client().to_string(), token.subject().broker().to_string()];
        assert_eq!(ids, [CLIENT, BROKER]);
        assert!(memory.recall(&text, TokenHash::of("another"), NOW).is_none());
    }

    #[test]
    fn a_remembered_token_is_forgotten_when_it_ends_and_not_a_second_earlier() {
        let (memory, _key, text) = remembered();
        let recalled = |now| memory.recall(&text, TokenHash::of(&text), now).is_some();
        assert!(recalled(NOW + 3600 + LEEWAY - 1));
        assert!(!recalled(NOW + 3600 + LEEWAY));
        assert!(!recalled(NOW), "it does not come back");
    }

    #[test]
    fn a_remembered_token_is_forgotten_with_the_key_that_signed_it() {
        let (memory, key, text) = remembered();
        drop(key);
        assert!(memory.recall(&text, TokenHash::of(&text), NOW).is_none());
    }

    #[test]
    fn sweeping_forgets_what_has_ended_and_keeps_the_rest() {
        let (memory, _key, _) = remembered();
        memory.sweep(NOW);
        assert_eq!(memory.known.len(), 1);
        memory.sweep(NOW + 3600 + LEEWAY);
        assert_eq!(memory.known.len(), 0);
    }
}
