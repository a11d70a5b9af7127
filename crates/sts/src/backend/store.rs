//! Backend tokens in this process's memory, and refusals for a short while, within a number of bytes.
//!
//! An entry ends before its token does, and never after the client token that earned it. Whether it has ended is asked at
//! each look, of the injected clock; sweeping only gives the memory back.

use super::key::Key;
use crate::{error::ApiError, judge::Granted, scope::Scopes, secret::Secret};
use quick_cache::{Weighter, sync::Cache};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use sts_wire::ErrorCode;

/// A token with less life than this is not handed out from the cache, in seconds: the broker keeps tokens until five minutes
/// before their end, and would ask again at once.
const LEAST_LIFE: u64 = 360;
/// From this much life on a token is replaced ahead of its end, in seconds.
const AHEAD: u64 = 720;
/// How long after a try to replace it the next one may follow, in seconds.
const RETRY_AHEAD: u64 = 60;
/// What an entry takes beside its texts, its share of the tables included.
const OVERHEAD: usize = 512;
/// Tokens for everything, whatever Entra says, end after this long, in seconds.
const MAX_LIFE: u64 = 28 * 3600;
/// The longest for which a refusal is repeated without asking Entra, in seconds.
const MAX_REFUSAL: u64 = 60;

/// A backend token with what its answer says.
pub(crate) struct BackendToken {
    pub(crate) access_token: Secret,
    /// Granted scopes.
    pub(crate) scope: Arc<str>,
    /// When it ends, in seconds since the epoch.
    pub(crate) expires: u64,
    /// When it was asked for.
    pub(crate) asked_at: u64,
    /// Not replaced ahead of its end before this time.
    tried_until: AtomicU64,
}

impl BackendToken {
    /// A token as it was once granted.
    pub(crate) fn known(access_token: Secret, scope: Arc<str>, expires: u64, asked_at: u64) -> Self {
        Self { access_token, scope, expires, asked_at, tried_until: AtomicU64::new(0) }
    }

    /// What was granted to whoever asked at `asked_at` for these scopes.
    pub(crate) fn new(granted: Granted, wanted: &Scopes, asked_at: u64) -> Self {
        let other = granted.scope.filter(|scope| scope != wanted.as_str());
        let scope = other.map_or_else(|| wanted.shared(), Arc::from);
        let expires = asked_at.saturating_add(granted.expires_in.min(MAX_LIFE));
        Self::known(granted.access_token, scope, expires, asked_at)
    }
}

/// What is known about a key.
#[derive(Clone)]
enum Entry {
    Token(Arc<BackendToken>),
    Refused { error: Arc<ApiError>, until: u64 },
}

/// What was found.
pub(crate) enum Found {
    /// A token, and whether it is time to replace it.
    Token(Arc<BackendToken>, bool),
    /// The answer that Entra gave a moment ago.
    Refused(Arc<ApiError>),
}

/// The cache of this process.
pub(crate) struct Store {
    entries: Cache<Key, Entry, Bytes>,
}

impl Store {
    /// A cache of so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 2500).unwrap_or(usize::MAX);
        Self { entries: Cache::with_weighter(items, bytes, Bytes) }
    }

    /// What is known about this key at this time.
    pub(crate) fn find(&self, key: &Key, now: u64) -> Option<Found> {
        let entry = self.entries.get(key)?;
        if now >= ends(key, &entry) {
            self.entries.remove(key);
            return None;
        }
        Some(match entry {
            Entry::Token(token) => {
                let due = replace_at(key, &token).is_some_and(|at| now >= at);
                let ahead = due && now >= token.tried_until.load(Ordering::Relaxed);
                if ahead {
                    // Whoever hears this tries, and nobody else for a while, however it ends.
                    token.tried_until.store(now + RETRY_AHEAD, Ordering::Relaxed);
                }
                Found::Token(token, ahead)
            }
            Entry::Refused { error, .. } => Found::Refused(error),
        })
    }

    /// Keeps a token, in place of whatever was there.
    /// A token that was asked for later stays.
    pub(crate) fn keep(&self, key: Key, token: Arc<BackendToken>, now: u64) {
        if let Some(Found::Token(other, _)) = self.find(&key, now)
            && other.asked_at > token.asked_at
        {
            return;
        }
        if lasts(&key, &token, now).is_some() {
            self.entries.insert(key, Entry::Token(token));
        } else {
            self.entries.remove(&key);
        }
    }

    /// Keeps a refusal for as long as it is likely to be repeated, if that is any time. A good token stays where it is.
    pub(crate) fn refuse(&self, key: Key, error: &Arc<ApiError>, now: u64) {
        let seconds = repeated_for(error);
        if seconds > 0 && !matches!(self.find(&key, now), Some(Found::Token(..))) {
            self.entries.insert(key, Entry::Refused { error: Arc::clone(error), until: now + seconds });
        }
    }

    /// Forgets an entry that a caller's challenge says is no good.
    pub(crate) fn forget(&self, key: &Key) {
        self.entries.remove(key);
    }

    /// Gives back the memory of what has ended.
    pub(crate) fn sweep(&self, now: u64) {
        self.entries.retain(|key, entry| now < ends(key, entry));
    }

    /// How many entries there are, and how many bytes they count.
    pub(crate) fn size(&self) -> (usize, u64) {
        (self.entries.len(), self.entries.weight())
    }
}

/// For how many seconds a token may be handed out from a cache, if it may at all.
pub(super) fn lasts(key: &Key, token: &BackendToken, now: u64) -> Option<u64> {
    token_ends(key, token).checked_sub(now).filter(|seconds| *seconds > 0)
}

fn ends(key: &Key, entry: &Entry) -> u64 {
    match entry {
        Entry::Token(token) => token_ends(key, token),
        Entry::Refused { until, .. } => *until.min(&key.subject().expires()),
    }
}

/// Before the token ends, and with the client token at the latest.
fn token_ends(key: &Key, token: &BackendToken) -> u64 {
    token.expires.saturating_sub(LEAST_LIFE).min(key.subject().expires())
}

/// When to ask for the next token ahead of this one's end: not at all if the client token ends first. Spread over a minute
/// by the key, because tokens that were fetched together would be replaced together.
fn replace_at(key: &Key, token: &BackendToken) -> Option<u64> {
    let spread = key.subject().hash().as_bytes().first().map_or(0, |byte| u64::from(*byte) / 4);
    let at = token.expires.saturating_sub(AHEAD + spread);
    (token.expires.saturating_sub(LEAST_LIFE) < key.subject().expires()).then_some(at)
}

/// How long a refusal is repeated without asking: long enough to stop a loop, too short to be noticed by whoever repairs it.
fn repeated_for(error: &ApiError) -> u64 {
    let ApiError::Entra(error) = error else { return 0 };
    match error.code {
        ErrorCode::TemporarilyUnavailable if error.throttled => {
            error.retry_after.unwrap_or(1).min(MAX_REFUSAL)
        }
        ErrorCode::AccessDenied
        | ErrorCode::ConsentRequired
        | ErrorCode::InteractionRequired
        | ErrorCode::InvalidTarget
        | ErrorCode::LoginRequired => 5,
        _ => 0,
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Entry> for Bytes {
    fn weight(&self, key: &Key, entry: &Entry) -> u64 {
        let texts = match entry {
            Entry::Token(token) => token.access_token.expose().len() + token.scope.len(),
            Entry::Refused { error: _, .. } => 1024,
        };
        (OVERHEAD + key.scopes().as_str().len() + texts) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http::Answer,
        judge::judge,
        testing::{BROKER, CLIENT, NOW, TENANT, USER},
        verify::Subject,
    };
    use serde_json::{Value, json};

    fn key(token: &str) -> Key {
        Key::new(&Subject::for_test(CLIENT, TENANT, USER, BROKER, token), &Scopes::for_test("s"))
    }

    fn lasting(seconds: u64) -> Arc<BackendToken> {
        let granted = Granted { access_token: Secret::new("b"), expires_in: seconds, scope: None };
        Arc::new(BackendToken::new(granted, &Scopes::for_test("s"), NOW))
    }

    fn refusal(body: &Value, retry_after: Option<u64>) -> Arc<ApiError> {
        let answer = Answer { status: 400, retry_after, body: body.to_string().into_bytes() };
        Arc::new(ApiError::Entra(judge(&answer).err().unwrap()))
    }

    fn found(store: &Store, now: u64) -> &'static str {
        match store.find(&key("t"), now) {
            None => "nothing",
            Some(Found::Token(_, false)) => "token",
            Some(Found::Token(_, true)) => "token to be replaced",
            Some(Found::Refused(_)) => "refusal",
        }
    }

    #[test]
    fn an_entry_ends_before_its_token_does() {
        let store = Store::new(1 << 20);
        store.keep(key("t"), lasting(2000), NOW);
        assert_eq!(found(&store, NOW), "token");
        assert_eq!(found(&store, NOW + 2000 - LEAST_LIFE - 1), "token to be replaced");
        assert_eq!(found(&store, NOW + 2000 - LEAST_LIFE), "nothing");
        assert_eq!(found(&store, NOW), "nothing", "what has ended does not come back");
    }

    #[test]
    fn an_entry_ends_with_the_client_token_that_earned_it() {
        let store = Store::new(1 << 20);
        store.keep(key("t"), lasting(MAX_LIFE), NOW);
        assert_eq!(found(&store, NOW + 3599), "token", "a new one would end no later, so none is asked for");
        assert_eq!(found(&store, NOW + 3600), "nothing");
    }

    #[test]
    fn a_token_too_short_to_hand_out_is_not_kept_and_displaces_the_one_before() {
        let store = Store::new(1 << 20);
        store.keep(key("t"), lasting(2000), NOW);
        store.keep(key("t"), lasting(LEAST_LIFE), NOW);
        assert_eq!(found(&store, NOW), "nothing");
    }

    #[test]
    fn a_refusal_is_repeated_for_a_short_while_and_a_throttle_as_long_as_it_says() {
        let store = Store::new(1 << 20);
        store.refuse(
            key("t"),
            &refusal(&json!({"error": "invalid_grant", "error_codes": [65001]}), None),
            NOW,
        );
        assert_eq!(found(&store, NOW + 4), "refusal");
        assert_eq!(found(&store, NOW + 5), "nothing");
        let throttle = json!({"error": "invalid_grant", "error_codes": [50196]});
        store.refuse(key("t"), &refusal(&throttle, Some(17)), NOW);
        assert_eq!(found(&store, NOW + 16), "refusal");
        assert_eq!(found(&store, NOW + 17), "nothing");
        store.refuse(key("t"), &refusal(&throttle, Some(9999)), NOW);
        assert_eq!(found(&store, NOW + MAX_REFUSAL), "nothing");
        store.refuse(key("t"), &refusal(&json!({"error": "x", "error_codes": [700027]}), None), NOW);
        assert_eq!(found(&store, NOW), "nothing", "what an operator repairs is asked again at once");
    }

    #[test]
    fn a_refusal_does_not_displace_a_token_that_is_still_good() {
        let store = Store::new(1 << 20);
        store.keep(key("t"), lasting(2000), NOW);
        store.refuse(key("t"), &refusal(&json!({"error": "x", "error_codes": [50196]}), Some(9)), NOW);
        assert_eq!(found(&store, NOW), "token");
    }

    #[test]
    fn the_bytes_are_a_bound() {
        let store = Store::new(64 * 1024);
        for at in 0..1000 {
            store.keep(key(&at.to_string()), lasting(3600), NOW);
        }
        let (entries, bytes) = store.size();
        assert!((20..=128).contains(&entries) && bytes <= 64 * 1024, "{entries} entries, {bytes} bytes");
    }

    #[test]
    fn sweeping_gives_back_what_has_ended() {
        let store = Store::new(1 << 20);
        store.keep(key("a"), lasting(1000), NOW);
        store.keep(key("b"), lasting(2000), NOW);
        store.sweep(NOW + 700);
        assert_eq!(store.size().0, 1);
    }
}
