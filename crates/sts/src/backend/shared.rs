//! The second level: backend tokens in a Redis that several processes of this service share.
//!
//! Redis learns nothing and is believed nothing. A value is sealed (AES-256-GCM) with the whole cache key as associated data,
//! so that one moved to another place does not open there and is a miss; a name is an HMAC of the cache key under a secret of
//! its own, so that it does not say whose it is. All that Redis may cost is a fixed share of a request's time; when it is
//! down or slow, it is left alone for a while and done without.

use super::{Key, store::BackendToken};
use crate::{clock::Clock, config::RedisConfig, secret::Secret};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hmac,
};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use redis::{
    Client, Cmd, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// The first byte of a value: how the rest is made.
const VERSION: u8 = 1;
const NONCE: usize = 12;
/// How long Redis is left alone after it failed, in seconds.
const REST: u64 = 2;

/// The shared cache. Clones are the same.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

struct Inner {
    redis: ConnectionManager,
    seal: RandomizedNonceKey,
    index: hmac::Key,
    budget: Duration,
    clock: Clock,
    resting_until: AtomicU64,
}

/// Why the shared cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SharedCacheError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file holds no address of a Redis.
    #[error("{0} must hold the address of a Redis, such as redis://user:password@host:6379/0")]
    Url(PathBuf),
    /// The file holds no key.
    #[error("{0} must hold 32 random bytes in base64: openssl rand -base64 32")]
    Key(PathBuf),
    /// Both files hold the same key.
    #[error("encryption_key_file and index_key_file must hold different keys")]
    SameKey,
}

impl Shared {
    /// Reads the keys; Redis itself is looked for when it is first needed.
    pub(crate) fn new(config: &RedisConfig, clock: &Clock) -> Result<Self, SharedCacheError> {
        let url = line(&config.url_file)?;
        let wrong = || SharedCacheError::Url(config.url_file.clone());
        let client = Client::open(url.expose()).map_err(|_| wrong())?;
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(config.budget * 4))
            .set_response_timeout(Some(config.budget));
        let redis = ConnectionManager::new_lazy_with_config(client, settings).map_err(|_| wrong())?;
        let (encryption, index) = (key(&config.encryption_key_file)?, key(&config.index_key_file)?);
        if encryption == index {
            return Err(SharedCacheError::SameKey);
        }
        let seal = RandomizedNonceKey::new(&AES_256_GCM, &encryption);
        let seal = seal.map_err(|_| SharedCacheError::Key(config.encryption_key_file.clone()))?;
        Ok(Self(Arc::new(Inner {
            redis,
            seal,
            index: hmac::Key::new(hmac::HMAC_SHA256, &index),
            budget: config.budget,
            clock: clock.clone(),
            resting_until: AtomicU64::new(0),
        })))
    }

    /// The token of this key, if another process left one. Whether it is still good, the caller asks.
    pub(crate) async fn find(&self, key: &Key) -> Option<BackendToken> {
        let mut get = redis::cmd("GET");
        get.arg(self.name(key));
        let sealed: Option<Vec<u8>> = self.ask(&get).await?;
        self.open(key, sealed?)
    }

    /// Leaves a token for the others, without making anybody wait.
    pub(crate) fn leave(&self, key: &Key, token: &BackendToken, seconds: u64) {
        let Some(sealed) = self.close(key, token) else { return };
        let mut set = redis::cmd("SET");
        set.arg(self.name(key)).arg(sealed).arg("EX").arg(seconds);
        let shared = self.clone();
        tokio::spawn(async move { shared.ask::<()>(&set).await });
    }

    /// Takes away what a caller's challenge says is no good.
    pub(crate) fn forget(&self, key: &Key) {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.name(key));
        let shared = self.clone();
        tokio::spawn(async move { shared.ask::<()>(&delete).await });
    }

    /// Asks Redis, for no longer than the budget and not at all while it rests.
    async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let now = self.0.clock.now();
        if now < self.0.resting_until.load(Ordering::Relaxed) {
            return None;
        }
        let mut redis = self.0.redis.clone();
        let answer: Option<RedisResult<T>> =
            timeout(self.0.budget, command.query_async(&mut redis)).await.ok();
        match answer {
            Some(Ok(value)) => Some(value),
            Some(Err(_)) | None => {
                self.0.resting_until.store(now + REST, Ordering::Relaxed);
                tracing::warn!("The shared cache did not answer in time; it is done without for a moment.");
                None
            }
        }
    }

    fn name(&self, key: &Key) -> String {
        let tag = hmac::sign(&self.0.index, &key.to_bytes());
        format!("talxis-sts:{VERSION}:{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    fn close(&self, key: &Key, token: &BackendToken) -> Option<Vec<u8>> {
        let plain = Plain {
            token: token.access_token.expose().into(),
            scope: (*token.scope).into(),
            expires: token.expires,
            asked_at: token.asked_at,
        };
        let mut sealed = serde_json::to_vec(&plain).ok()?;
        let nonce = self.0.seal.seal_in_place_append_tag(Aad::from(key.to_bytes()), &mut sealed).ok()?;
        Some([[VERSION].as_slice(), nonce.as_ref(), &sealed].concat())
    }

    fn open(&self, key: &Key, mut sealed: Vec<u8>) -> Option<BackendToken> {
        let mut body = sealed.split_off_checked(1 + NONCE)?;
        let (version, nonce) = sealed.split_first()?;
        if *version != VERSION {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.seal.open_in_place(nonce, Aad::from(key.to_bytes()), &mut body).ok()?;
        let plain: Plain = serde_json::from_slice(plain).ok()?;
        let token = Secret::new(plain.token);
        Some(BackendToken::known(token, plain.scope.into(), plain.expires, plain.asked_at))
    }
}

/// What is sealed.
#[derive(Deserialize, Serialize)]
struct Plain {
    token: Box<str>,
    scope: Box<str>,
    expires: u64,
    asked_at: u64,
}

/// [`Vec::split_off`] for texts that somebody else may have cut short.
trait SplitOff: Sized {
    fn split_off_checked(&mut self, at: usize) -> Option<Self>;
}

impl SplitOff for Vec<u8> {
    fn split_off_checked(&mut self, at: usize) -> Option<Self> {
        (at <= self.len()).then(|| self.split_off(at))
    }
}

fn line(path: &Path) -> Result<Secret, SharedCacheError> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|source| SharedCacheError::Read { path: path.to_owned(), source })?;
    Ok(Secret::new(text.trim()))
}

fn key(path: &Path) -> Result<[u8; 32], SharedCacheError> {
    let bytes = BASE64_STANDARD.decode(line(path)?.expose()).unwrap_or_default();
    bytes.try_into().map_err(|_| SharedCacheError::Key(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scope::Scopes,
        testing::{BROKER, CLIENT, NOW, TENANT, USER},
        verify::Subject,
    };

    const OTHER: &str = "00000000-0000-4000-8000-000000000009";

    fn files(encryption: &[u8], index: &[u8]) -> RedisConfig {
        let folder = std::env::temp_dir().join(format!("talxis-sts-shared-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.join(format!("{name}-{}", uuid::Uuid::new_v4()));
            fs::write(&path, format!("{text}\n")).unwrap();
            path
        };
        RedisConfig {
            url_file: file("url", "redis://127.0.0.1:1".to_owned()),
            encryption_key_file: file("encryption", BASE64_STANDARD.encode(encryption)),
            index_key_file: file("index", BASE64_STANDARD.encode(index)),
            budget: Duration::from_millis(50),
        }
    }

    fn shared(encryption: u8) -> Shared {
        Shared::new(&files(&[encryption; 32], &[9; 32]), &Clock::from_fn(|| NOW)).unwrap()
    }

    fn key_of(user: &str) -> Key {
        Key::new(&Subject::for_test(CLIENT, TENANT, user, BROKER, "t"), &Scopes::for_test("s"))
    }

    fn token() -> BackendToken {
        BackendToken::known(Secret::new("b"), "s".into(), NOW + 9, NOW)
    }

    #[tokio::test]
    async fn a_value_opens_only_in_its_own_place_and_under_its_own_key() {
        let (shared, key) = (shared(1), key_of(USER));
        let sealed = shared.close(&key, &token()).unwrap();
        let opened = shared.open(&key, sealed.clone()).unwrap();
        assert_eq!((opened.access_token.expose(), opened.expires), ("b", NOW + 9));
        assert!(shared.open(&key_of(OTHER), sealed.clone()).is_none(), "somebody else's place");
        assert!(self::shared(2).open(&key, sealed).is_none(), "another key");
    }

    #[tokio::test]
    async fn a_value_that_was_touched_or_cut_short_is_a_miss() {
        let (shared, key) = (shared(1), key_of(USER));
        let sealed = shared.close(&key, &token()).unwrap();
        for at in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[at] ^= 1;
            assert!(shared.open(&key, touched).is_none(), "byte {at}");
            assert!(shared.open(&key, sealed[..at].to_vec()).is_none(), "cut at {at}");
        }
    }

    #[tokio::test]
    async fn names_differ_and_tell_nothing() {
        let shared = shared(1);
        let (one, other) = (shared.name(&key_of(USER)), shared.name(&key_of(OTHER)));
        assert_ne!(one, other);
        for part in [CLIENT, TENANT, USER] {
            assert!(!one.contains(part.split('-').next().unwrap()));
        }
    }

    #[tokio::test]
    async fn a_redis_that_is_not_there_is_asked_once_in_a_while() {
        let time = Arc::new(AtomicU64::new(NOW));
        let clock = Clock::from_fn({
            let time = Arc::clone(&time);
            move || time.load(Ordering::Relaxed)
        });
        let shared = Shared::new(&files(&[1; 32], &[2; 32]), &clock).unwrap();
        assert!(shared.find(&key_of(USER)).await.is_none());
        assert_eq!(shared.0.resting_until.load(Ordering::Relaxed), NOW + REST);
        time.store(NOW + REST, Ordering::Relaxed);
        assert!(shared.find(&key_of(USER)).await.is_none());
        assert_eq!(shared.0.resting_until.load(Ordering::Relaxed), NOW + 2 * REST);
    }

    #[tokio::test]
    async fn keys_that_are_short_or_the_same_are_refused() {
        let refused = |config| Shared::new(&config, &Clock::system()).err();
        assert!(matches!(refused(files(&[1; 31], &[2; 32])), Some(SharedCacheError::Key(_))));
        assert!(matches!(refused(files(&[1; 32], &[1; 32])), Some(SharedCacheError::SameKey)));
    }
}
