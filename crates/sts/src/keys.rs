//! The keys that tenants sign with (entra.md §3.1), fetched from the tenant's JWKS and kept.
//!
//! A key counts only if its own `issuer` member is the tenant's, so that a key of one tenant cannot vouch for another.
//! One fetch at a time per tenant; an unknown `kid` cannot cause more than one in five minutes; when a fetch fails, the
//! last good keys stay. Only tenants of the configuration are ever asked about.

use crate::{
    clock::Clock,
    http::{self, Unreachable},
    ids::TenantId,
    origin::Origin,
    refusal::{Refusal, TokenFault},
    verify,
};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// How long keys are used before they are fetched again, in seconds.
const MAX_AGE: u64 = 3600;
/// The least time between two fetches for one tenant, in seconds.
const REFETCH_INTERVAL: u64 = 300;
/// The least time after a fetch that failed, in seconds.
const RETRY_INTERVAL: u64 = 10;

/// A public key that verifies RS256 signatures.
pub(crate) struct SigningKey(ParsedPublicKey);

impl SigningKey {
    /// Whether this key made the signature (RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits at least).
    pub(crate) fn signed(&self, text: &str, signature: &[u8]) -> bool {
        self.0.verify_sig(text.as_bytes(), signature).is_ok()
    }
}

/// The keys of all configured tenants.
pub(crate) struct KeyStore {
    tenants: HashMap<TenantId, Arc<TenantKeys>>,
}

impl KeyStore {
    /// A store that knows no key yet.
    pub(crate) fn new(
        authority: &Origin,
        tenants: impl Iterator<Item = TenantId>,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Self {
        let empty = |id| {
            Arc::new(TenantKeys {
                id,
                url: format!("{authority}/{id}/discovery/v2.0/keys"),
                issuer: verify::issuer(authority, id),
                http: http.clone(),
                clock: clock.clone(),
                known: RwLock::default(),
                fetches: tokio::sync::Mutex::default(),
            })
        };
        Self { tenants: tenants.map(|id| (id, empty(id))).collect() }
    }

    /// The key of a tenant with this `kid`.
    pub(crate) async fn find(&self, tenant: TenantId, kid: &str) -> Result<Arc<SigningKey>, Refusal> {
        let tenant = Arc::clone(self.tenants.get(&tenant).ok_or(Refusal::Tenant)?);
        if let Some(key) = tenant.fresh(kid) {
            return Ok(key);
        }
        let refresh = tokio::spawn({
            // Of its own, so that a caller who hangs up does not end the fetch that others wait for.
            let tenant = Arc::clone(&tenant);
            async move { tenant.refresh().await }
        });
        let fetched = refresh.await.unwrap_or(false);
        let missing = if fetched { TokenFault::Key.into() } else { Refusal::KeysUnavailable };
        tenant.known(kid).ok_or(missing)
    }
}

struct TenantKeys {
    id: TenantId,
    url: String,
    issuer: String,
    http: reqwest::Client,
    clock: Clock,
    known: RwLock<Known>,
    fetches: tokio::sync::Mutex<Fetches>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<SigningKey>>,
    fetched: u64,
}

#[derive(Default)]
struct Fetches {
    /// No fetch before this time.
    not_before: u64,
    /// Whether the last one succeeded.
    succeeded: bool,
}

impl TenantKeys {
    fn known(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.get(kid).cloned()
    }

    fn fresh(&self, kid: &str) -> Option<Arc<SigningKey>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.clock.now() < known.fetched.saturating_add(MAX_AGE);
        known.keys.get(kid).filter(|_| fresh).cloned()
    }

    /// Fetches the keys unless that was just done, by whoever held the lock before; says whether the last fetch succeeded.
    async fn refresh(&self) -> bool {
        let mut fetches = self.fetches.lock().await;
        let now = self.clock.now();
        if now < fetches.not_before {
            return fetches.succeeded;
        }
        let published = self.fetch().await;
        fetches.succeeded = published.is_ok();
        fetches.not_before = now + if fetches.succeeded { REFETCH_INTERVAL } else { RETRY_INTERVAL };
        match published {
            Ok(keys) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { keys, fetched: now }
            }
            Err(Unreachable) => {
                tracing::warn!(tid = %self.id, "The tenant's signing keys could not be fetched.")
            }
        }
        fetches.succeeded
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<SigningKey>>, Unreachable> {
        let answer = http::send(self.http.get(&self.url)).await?;
        let keys =
            if answer.status == 200 { read(&answer.body, &self.issuer, self.id) } else { HashMap::new() };
        if keys.is_empty() { Err(Unreachable) } else { Ok(keys) }
    }
}

#[derive(Deserialize)]
struct KeySet {
    // Each by itself: one odd key must not take the others along.
    keys: Vec<serde_json::Value>,
}

/// A key as Entra publishes it: RFC 7517 with an `issuer` of its own, which library types drop.
#[derive(Default, Deserialize)]
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

/// The keys in a JWKS that may sign for this tenant; others are left out.
pub(crate) fn read(body: &[u8], issuer: &str, tenant: TenantId) -> HashMap<String, Arc<SigningKey>> {
    let Ok(set) = serde_json::from_slice::<KeySet>(body) else { return HashMap::new() };
    let tenant = tenant.to_string();
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<EntraJwk>(key).ok());
    let usable = keys.filter(|jwk| {
        let own = jwk.issuer.replace("{tenantid}", &tenant) == issuer;
        own && jwk.kty == "RSA" && jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
    });
    usable.filter_map(|jwk| Some((jwk.kid.clone(), Arc::new(parse(&jwk)?)))).collect()
}

fn parse(jwk: &EntraJwk) -> Option<SigningKey> {
    let number = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let components = RsaPublicKeyComponents { n: number(&jwk.n)?, e: number(&jwk.e)? };
    components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok().map(SigningKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY, Key, TENANT};
    use axum::{Router, extract::State, http::StatusCode, routing::get};
    use serde_json::{Value, json};
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    /// An authority that serves a JWKS which tests replace, and counts who asks for it.
    #[derive(Clone, Default)]
    struct Authority {
        origin: String,
        published: Arc<RwLock<Option<Value>>>,
        asked: Arc<AtomicU64>,
        time: Arc<AtomicU64>,
    }

    impl Authority {
        async fn start() -> (Self, KeyStore) {
            let mut authority = Self::default();
            authority.time.store(1_000_000, SeqCst);
            let router = Router::new()
                .route("/{tenant}/discovery/v2.0/keys", get(Self::keys))
                .with_state(authority.clone());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let origin: Origin =
                format!("http://login.localhost:{}", listener.local_addr().unwrap().port()).parse().unwrap();
            tokio::spawn(async { axum::serve(listener, router).await });
            authority.origin = origin.to_string();
            let time = Arc::clone(&authority.time);
            let clock = Clock::from_fn(move || time.load(SeqCst));
            let store = KeyStore::new(
                &origin,
                std::iter::once(tenant()),
                &http::client(&origin, None).unwrap(),
                &clock,
            );
            (authority, store)
        }

        async fn keys(State(authority): State<Self>) -> Result<String, StatusCode> {
            authority.asked.fetch_add(1, SeqCst);
            let published = authority.published.read().unwrap().clone();
            published.map(|keys| keys.to_string()).ok_or(StatusCode::SERVICE_UNAVAILABLE)
        }

        /// From now on it publishes the shared key under these names, or fails.
        fn publish(&self, kids: Option<&[&str]>) {
            let issuer = format!("{}/{{tenantid}}/v2.0", self.origin);
            let keys = kids.map(|kids| kids.iter().map(|kid| KEY.jwk(kid, &issuer)).collect::<Vec<_>>());
            *self.published.write().unwrap() = keys.map(|keys| json!({ "keys": keys }));
        }

        fn asked(&self) -> u64 {
            self.asked.load(SeqCst)
        }

        fn later(&self, seconds: u64) {
            self.time.fetch_add(seconds, SeqCst);
        }
    }

    fn tenant() -> TenantId {
        TENANT.parse().unwrap()
    }

    async fn found(store: &KeyStore, kid: &str) -> Result<(), Refusal> {
        store.find(tenant(), kid).await.map(|_| ())
    }

    #[tokio::test]
    async fn twenty_first_requests_cause_one_fetch() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        let store = Arc::new(store);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { found(&store, "a").await })
            })
            .collect();
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok(()));
        }
        assert_eq!(authority.asked(), 1);
    }

    #[tokio::test]
    async fn an_unknown_kid_causes_one_fetch_in_five_minutes() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        assert_eq!(found(&store, "a").await, Ok(()));
        for _ in 0..5 {
            assert_eq!(found(&store, "b").await, Err(TokenFault::Key.into()));
        }
        assert_eq!(authority.asked(), 1);

        authority.publish(Some(&["b"]));
        authority.later(REFETCH_INTERVAL);
        assert_eq!(found(&store, "b").await, Ok(()));
        assert_eq!(found(&store, "a").await, Err(TokenFault::Key.into()));
        assert_eq!(authority.asked(), 2);
    }

    #[tokio::test]
    async fn known_keys_are_fetched_again_when_they_are_old() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        assert_eq!(found(&store, "a").await, Ok(()));
        authority.later(MAX_AGE - 1);
        assert_eq!(found(&store, "a").await, Ok(()));
        assert_eq!(authority.asked(), 1);
        authority.publish(Some(&["b"]));
        authority.later(1);
        assert_eq!(found(&store, "a").await, Err(TokenFault::Key.into()));
        assert_eq!(authority.asked(), 2);
    }

    #[tokio::test]
    async fn the_last_good_keys_outlive_a_failing_authority() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        assert_eq!(found(&store, "a").await, Ok(()));
        for failing in [None, Some([].as_slice())] {
            authority.publish(failing);
            authority.later(MAX_AGE);
            assert_eq!(found(&store, "a").await, Ok(()));
            assert_eq!(found(&store, "b").await, Err(Refusal::KeysUnavailable));
        }
        assert_eq!(authority.asked(), 3);
    }

    #[tokio::test]
    async fn without_any_key_the_authority_is_asked_again_soon_but_not_at_once() {
        let (authority, store) = Authority::start().await;
        assert_eq!(found(&store, "a").await, Err(Refusal::KeysUnavailable));
        authority.publish(Some(&["a"]));
        assert_eq!(found(&store, "a").await, Err(Refusal::KeysUnavailable));
        authority.later(RETRY_INTERVAL);
        assert_eq!(found(&store, "a").await, Ok(()));
        assert_eq!(authority.asked(), 2);
    }

    #[tokio::test]
    async fn a_tenant_that_is_not_configured_is_never_asked_about() {
        let (authority, store) = Authority::start().await;
        let stranger = "70000000-0000-4000-8000-00000000ffff".parse().unwrap();
        assert_eq!(store.find(stranger, "a").await.map(|_| ()), Err(Refusal::Tenant));
        assert_eq!(authority.asked(), 0);
    }

    #[test]
    fn a_key_counts_only_for_its_own_issuer_and_purpose() {
        let issuer = format!("https://login.example/{TENANT}/v2.0");
        let taken = |change: fn(&mut Value)| {
            let mut jwk = KEY.jwk("a", &issuer);
            change(&mut jwk);
            read(json!({ "keys": [jwk] }).to_string().as_bytes(), &issuer, tenant()).len() == 1
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
        let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256" }, { "kid": 5 }, 7, Key::generate().jwk("a", &issuer)] })
            .to_string();
        assert_eq!(read(set.as_bytes(), &issuer, tenant()).len(), 1);
    }
}
