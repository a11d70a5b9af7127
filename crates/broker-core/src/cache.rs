//! Tokens in memory (design, invariant 8): found by control client, tenant, account and sorted scopes, and only while they
//! are good for another five minutes. Never decides whether a token may be had; it only remembers.

use crate::{Account, CachedToken, Secret, snapshot::StoredToken};
use std::{cell::Cell, rc::Rc};

/// What a token is remembered by. Claims are not part of it: a challenge that was met replaces what was there.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    pub(crate) client: &'a str,
    /// Its tenant and the user's home tell accounts apart.
    pub(crate) account: &'a Rc<Account>,
    /// Empty for the client token itself.
    pub(crate) scopes: &'a str,
}

/// A token as it was granted.
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// In milliseconds since the epoch.
    pub(crate) expires_on: u64,
    /// From when on the next one may be fetched behind a call.
    pub(crate) refresh_on: Cell<u64>,
    /// As granted, space separated.
    pub(crate) scopes: String,
}

/// The tokens of one signed-in user.
#[derive(Default)]
pub(crate) struct Cache(Vec<Entry>);

/// A token under its key.
struct Entry {
    client: String,
    account: Rc<Account>,
    scopes: String,
    stored_on: u64,
    token: Rc<Token>,
}

/// Contract §1: a token that is handed out is good for so long, in milliseconds.
const LEEWAY: u64 = 5 * 60 * 1000;
/// Far above what a form needs; a page that asks for ever new scopes cannot fill the memory.
const MOST: usize = 128;

impl Cache {
    /// A token that is good for a while. One from the future, stored before the clock was turned back, is not.
    pub(crate) fn find(&self, key: Key<'_>, now: u64) -> Option<Rc<Token>> {
        let good =
            |entry: &&Entry| entry.stored_on <= now && entry.token.expires_on >= now.saturating_add(LEEWAY);
        self.entry(key).filter(good).map(|entry| entry.token.clone())
    }

    /// A token that a flight has just brought, however short its life.
    pub(crate) fn fresh(&self, key: Key<'_>) -> Option<Rc<Token>> {
        self.entry(key).map(|entry| entry.token.clone())
    }

    /// Remembers a token in place of the one before. A full cache loses the token that ends first.
    pub(crate) fn put(&mut self, key: Key<'_>, token: Rc<Token>, now: u64) {
        let first = self.0.iter().map(|entry| entry.token.expires_on).min().filter(|_| self.0.len() >= MOST);
        self.keep(&|entry| {
            !entry.is_under(key) && entry.token.expires_on > now && Some(entry.token.expires_on) != first
        });
        self.0.push(Entry {
            client: key.client.to_owned(),
            account: key.account.clone(),
            scopes: key.scopes.to_owned(),
            stored_on: now,
            token,
        });
    }

    /// Forgets exactly this token; a newer one under the same key stays.
    pub(crate) fn discard(&mut self, token: &Rc<Token>) {
        self.keep(&|entry| !Rc::ptr_eq(&entry.token, token));
    }

    /// What is remembered, for diagnostics.
    pub(crate) fn tokens(&self) -> Vec<CachedToken> {
        let mut tokens = Vec::new();
        for entry in &self.0 {
            tokens.push(CachedToken {
                client: entry.client.clone(),
                scopes: entry.scopes.clone(),
                expires_on: entry.token.expires_on,
            });
        }
        tokens
    }

    /// What is remembered, for storing.
    pub(crate) fn stored(&self) -> Vec<StoredToken> {
        let mut tokens = Vec::new();
        for entry in &self.0 {
            tokens.push(StoredToken {
                client: entry.client.clone(),
                scopes: entry.scopes.clone(),
                granted: entry.token.scopes.clone(),
                secret: entry.token.secret.clone(),
                expires_on: entry.token.expires_on,
                refresh_on: entry.token.refresh_on.get(),
                stored_on: entry.stored_on,
            });
        }
        tokens
    }

    fn entry(&self, key: Key<'_>) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.is_under(key))
    }

    fn keep(&mut self, good: &dyn Fn(&Entry) -> bool) {
        self.0.retain(good);
    }
}

impl Entry {
    fn is_under(&self, key: Key<'_>) -> bool {
        self.client == key.client
            && self.scopes == key.scopes
            && self.account.tenant_id == key.account.tenant_id
            && self.account.home_account_id == key.account.home_account_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OwnKey(&'static str, Rc<Account>, &'static str);

    impl OwnKey {
        fn get(&self) -> Key<'_> {
            Key { client: self.0, account: &self.1, scopes: self.2 }
        }
    }

    fn key(client: &'static str, tenant: &str, home: &str, scopes: &'static str) -> OwnKey {
        let account = Account {
            username: String::new(),
            name: None,
            tenant_id: tenant.to_owned(),
            object_id: "o".to_owned(),
            home_account_id: home.to_owned(),
            guest: false,
            login_hint: String::new(),
        };
        OwnKey(client, Rc::new(account), scopes)
    }

    fn token(text: &str, expires_on: u64) -> Rc<Token> {
        Rc::new(Token {
            secret: Secret::new(text.to_owned()),
            expires_on,
            refresh_on: Cell::default(),
            scopes: String::new(),
        })
    }

    fn find(cache: &Cache, key: &OwnKey, now: u64) -> Option<String> {
        cache.find(key.get(), now).map(|token| token.secret.expose().to_owned())
    }

    #[test]
    fn each_part_of_the_key_tells_tokens_apart() {
        let mut cache = Cache::default();
        let keys = [
            key("c", "t", "h", "s/1"),
            key("C", "t", "h", "s/1"),
            key("c", "T", "h", "s/1"),
            key("c", "t", "H", "s/1"),
            key("c", "t", "h", "s/2"),
        ];
        for (at, key) in keys.iter().enumerate() {
            cache.put(key.get(), token(&at.to_string(), LEEWAY), 0);
        }
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(find(&cache, key, 0), Some(at.to_string()));
        }
    }

    #[test]
    fn a_token_is_found_until_five_minutes_before_its_end() {
        let (mut cache, key) = (Cache::default(), key("c", "t", "h", "s/1"));
        cache.put(key.get(), token("x", 10 * LEEWAY), 1_000);
        assert!(find(&cache, &key, 9 * LEEWAY).is_some());
        assert!(find(&cache, &key, 9 * LEEWAY + 1).is_none());
    }

    #[test]
    fn a_clock_that_was_turned_back_finds_nothing() {
        let (mut cache, key) = (Cache::default(), key("c", "t", "h", "s/1"));
        cache.put(key.get(), token("x", 10 * LEEWAY), 1_000);
        assert!(find(&cache, &key, 999).is_none());
    }

    #[test]
    fn a_newer_token_replaces_the_older_and_outlives_its_discarding() {
        let (mut cache, key) = (Cache::default(), key("c", "t", "h", "s/1"));
        let (old, new) = (token("old", LEEWAY), token("new", LEEWAY));
        cache.put(key.get(), old.clone(), 0);
        cache.put(key.get(), new.clone(), 0);
        cache.discard(&old);
        assert_eq!(find(&cache, &key, 0).as_deref(), Some("new"));
        cache.discard(&new);
        assert!(cache.tokens().is_empty());
    }

    #[test]
    fn a_token_of_a_short_life_is_there_for_those_who_waited_for_it() {
        let (mut cache, key, other) =
            (Cache::default(), key("c", "t", "h", "s/1"), key("c", "t", "h", "s/2"));
        cache.put(key.get(), token("x", 1_000), 0);
        cache.put(other.get(), token("y", LEEWAY), 0);
        assert!(cache.fresh(key.get()).is_some());
        assert!(find(&cache, &key, 0).is_none());
    }

    #[test]
    fn a_full_cache_loses_what_ends_first() {
        let mut cache = Cache::default();
        for at in 0..=MOST {
            let ends = if at == 7 { LEEWAY } else { 2 * LEEWAY };
            let account = key("c", &at.to_string(), "h", "s/1");
            cache.put(account.get(), token("x", ends), 0);
        }
        assert_eq!(cache.tokens().len(), MOST);
        assert!(find(&cache, &key("c", "7", "h", "s/1"), 0).is_none());
    }
}
