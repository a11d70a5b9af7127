//! Tokens in memory (design, invariant 8): found by control client, tenant, account and sorted scopes, and only while they
//! are good for another five minutes. Never decides whether a token may be had; it only remembers.

use crate::{Account, Secret, scope::Scopes};

/// What a token is remembered by. Claims are not part of it: a challenge that was met replaces what was there.
#[derive(PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) client: String,
    /// The tenant and the user's home.
    account: String,
    /// Empty for the client token itself.
    pub(crate) scopes: Scopes,
}

/// A token as it was granted.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// In milliseconds since the epoch.
    pub(crate) expires_on: u64,
    /// As granted, space separated.
    pub(crate) scopes: String,
}

/// The tokens of one signed-in user.
#[derive(Default)]
pub(crate) struct Cache(Vec<Entry>);

struct Entry {
    key: Key,
    stored_on: u64,
    token: Token,
}

/// Contract §1: a token that is handed out is good for so long, in milliseconds.
const LEEWAY: u64 = 5 * 60 * 1000;
/// Far above what a form needs; a page that asks for ever new scopes cannot fill the memory.
const MOST: usize = 128;

impl Key {
    /// The key for an account.
    pub(crate) fn new(client: &str, account: &Account, scopes: Scopes) -> Self {
        let account = [account.tenant_id.as_str(), "/", &account.home_account_id].concat();
        Self { client: client.to_owned(), account, scopes }
    }
}

impl Cache {
    /// A token that is good for a while. One from the future, stored before the clock was turned back, is not.
    pub(crate) fn find(&self, key: &Key, now: u64) -> Option<Token> {
        let good =
            |entry: &&Entry| entry.stored_on <= now && entry.token.expires_on >= now.saturating_add(LEEWAY);
        self.entry(key).filter(good).map(|entry| entry.token.clone())
    }

    /// A token that a flight has just brought, however short its life.
    pub(crate) fn fresh(&self, key: &Key) -> Option<Token> {
        self.entry(key).map(|entry| entry.token.clone())
    }

    /// Remembers a token in place of the one before. A full cache loses the token that ends first.
    pub(crate) fn put(&mut self, key: Key, token: Token, now: u64) {
        let first = self.0.iter().map(|entry| entry.token.expires_on).min().filter(|_| self.0.len() >= MOST);
        self.keep(&|entry| {
            entry.key != key && entry.token.expires_on > now && Some(entry.token.expires_on) != first
        });
        self.0.push(Entry { key, stored_on: now, token });
    }

    /// Forgets exactly this token; a newer one under the same key stays.
    pub(crate) fn discard(&mut self, token: &Token) {
        self.keep(&|entry| !entry.token.secret.is(&token.secret));
    }

    /// Every key with its token, for diagnostics.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Key, &Token)> {
        self.0.iter().map(|entry| (&entry.key, &entry.token))
    }

    fn entry(&self, key: &Key) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == *key)
    }

    fn keep(&mut self, good: &dyn Fn(&Entry) -> bool) {
        self.0.retain(good);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(client: &str, tenant: &str, home: &str, scope: &str) -> Key {
        let account = Account {
            username: String::new(),
            name: None,
            tenant_id: tenant.to_owned(),
            object_id: "o".to_owned(),
            home_account_id: home.to_owned(),
            guest: false,
        };
        Key::new(client, &account, Scopes::parse(&[scope.to_owned()]).unwrap_or_default())
    }

    fn same(key: &Key) -> Key {
        Key { client: key.client.clone(), account: key.account.clone(), scopes: key.scopes.clone() }
    }

    fn token(text: &str, expires_on: u64) -> Token {
        Token { secret: Secret::new(text.to_owned()), expires_on, scopes: String::new() }
    }

    fn find(cache: &Cache, key: &Key, now: u64) -> Option<String> {
        cache.find(key, now).map(|token| token.secret.expose().to_owned())
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
            cache.put(same(key), token(&at.to_string(), LEEWAY), 0);
        }
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(find(&cache, key, 0), Some(at.to_string()));
        }
    }

    #[test]
    fn a_token_is_found_until_five_minutes_before_its_end() {
        let (mut cache, key) = (Cache::default(), key("c", "t", "h", "s/1"));
        cache.put(same(&key), token("x", 10 * LEEWAY), 1_000);
        assert!(find(&cache, &key, 9 * LEEWAY).is_some());
        assert!(find(&cache, &key, 9 * LEEWAY + 1).is_none());
    }

    #[test]
    fn a_clock_that_was_turned_back_finds_nothing() {
        let (mut cache, key) = (Cache::default(), key("c", "t", "h", "s/1"));
        cache.put(same(&key), token("x", 10 * LEEWAY), 1_000);
        assert!(find(&cache, &key, 999).is_none());
    }

    #[test]
    fn a_newer_token_replaces_the_older_and_outlives_its_discarding() {
        let (mut cache, key) = (Cache::default(), key("c", "t", "h", "s/1"));
        let (old, new) = (token("old", LEEWAY), token("new", LEEWAY));
        cache.put(same(&key), old.clone(), 0);
        cache.put(same(&key), new.clone(), 0);
        cache.discard(&old);
        assert_eq!(find(&cache, &key, 0).as_deref(), Some("new"));
        cache.discard(&new);
        assert!(cache.entries().next().is_none());
    }

    #[test]
    fn a_token_of_a_short_life_is_there_for_those_who_waited_for_it() {
        let (mut cache, key, other) =
            (Cache::default(), key("c", "t", "h", "s/1"), key("c", "t", "h", "s/2"));
        cache.put(same(&key), token("x", 1_000), 0);
        cache.put(other, token("y", LEEWAY), 0);
        assert!(cache.fresh(&key).is_some());
        assert!(find(&cache, &key, 0).is_none());
    }

    #[test]
    fn a_full_cache_loses_what_ends_first() {
        let mut cache = Cache::default();
        for at in 0..=MOST {
            let ends = if at == 7 { LEEWAY } else { 2 * LEEWAY };
            cache.put(key(&at.to_string(), "t", "h", "s/1"), token("x", ends), 0);
        }
        assert_eq!(cache.entries().count(), MOST);
        assert!(find(&cache, &key("7", "t", "h", "s/1"), 0).is_none());
    }
}
