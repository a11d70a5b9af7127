//! The keys that tenants sign with (entra.md §3.1), fetched from the authority's JWKS and kept.
//!
//! A listed tenant has a key set of its own; the others share `common`, whose keys say for whom they sign. Sets are fetched
//! again in the background; a request waits only for a key that nobody knows yet, and strangers cannot make it fetch often:
//! one fetch at a time per set, one in five minutes for an unknown `kid`, and a budget for all sets together. A fetch that
//! fails leaves the last good keys in place. Nothing is fetched for a tenant that the policy does not know.

mod jwks;

use crate::{
    clock::Clock,
    http::{self, Unreachable},
    ids::TenantId,
    origin::Origin,
    refusal::{Refusal, TokenFault},
    verify,
};
use jwks::KeySet;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

pub(crate) use jwks::SigningKey;

/// How long keys are used before they are fetched again, in seconds.
const MAX_AGE: u64 = 3600;
/// The least time between two fetches of one set, in seconds.
const REFETCH_INTERVAL: u64 = 300;
/// The least time after a fetch that failed, in seconds.
const RETRY_INTERVAL: u64 = 10;
/// How many fetches requests may cause within [`RETRY_INTERVAL`], over all sets.
const BUDGET: u32 = 20;

/// The keys of all tenants.
pub(crate) struct KeyStore {
    authority: Origin,
    tenants: HashMap<TenantId, Arc<Source>>,
    /// For tenants that are not listed, where they exist.
    common: Option<Arc<Source>>,
    budget: Arc<Mutex<Budget>>,
}

impl KeyStore {
    /// A store that knows no key yet. `others`: whether there are tenants beside the listed ones.
    pub(crate) fn new(
        authority: &Origin,
        tenants: impl Iterator<Item = TenantId>,
        others: bool,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Self {
        let empty = |of: &str| {
            Arc::new(Source {
                of: of.to_owned(),
                url: format!("{authority}/{of}/discovery/v2.0/keys"),
                http: http.clone(),
                clock: clock.clone(),
                known: RwLock::default(),
                fetches: tokio::sync::Mutex::default(),
            })
        };
        Self {
            authority: authority.clone(),
            tenants: tenants.map(|id| (id, empty(&id.to_string()))).collect(),
            common: others.then(|| empty("common")),
            budget: Arc::default(),
        }
    }

    /// The key with this `kid` that signs for a tenant.
    pub(crate) async fn find(&self, tenant: TenantId, kid: &str) -> Result<Arc<SigningKey>, Refusal> {
        let source = Arc::clone(self.tenants.get(&tenant).or(self.common.as_ref()).ok_or(Refusal::Tenant)?);
        let (issuer, tenant) = (verify::issuer(&self.authority, tenant), tenant.to_string());
        if let Some(key) = source.known().find(kid, &issuer, &tenant) {
            return Ok(key);
        }
        let refresh = tokio::spawn({
            // Of its own, so that a caller who hangs up does not end the fetch that others wait for.
            let (source, budget) = (Arc::clone(&source), Arc::clone(&self.budget));
            async move { source.refresh(0, |now| may_fetch(&budget, now)).await }
        });
        let fetched = refresh.await.unwrap_or(false);
        let missing = if fetched { TokenFault::Key.into() } else { Refusal::KeysUnavailable };
        source.known().find(kid, &issuer, &tenant).ok_or(missing)
    }

    /// Fetches the sets that are old or missing, one after the other.
    pub(crate) async fn refresh_old(&self) {
        for source in self.tenants.values().chain(&self.common) {
            source.refresh(MAX_AGE, |_| true).await;
        }
    }

    /// How many sets there are.
    pub(crate) fn len(&self) -> usize {
        self.tenants.len() + usize::from(self.common.is_some())
    }

    /// The sets of which no key is known, by the name of their tenant: who signs in there cannot be believed yet.
    pub(crate) fn missing(&self) -> Vec<&str> {
        let sources = self.tenants.values().chain(&self.common);
        sources.filter(|source| source.known().is_empty()).map(|source| source.of.as_str()).collect()
    }
}

#[derive(Default)]
struct Budget {
    until: u64,
    spent: u32,
}

fn may_fetch(budget: &Mutex<Budget>, now: u64) -> bool {
    let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
    if now >= budget.until {
        *budget = Budget { until: now + RETRY_INTERVAL, spent: 0 };
    }
    budget.spent = budget.spent.saturating_add(1);
    budget.spent <= BUDGET
}

/// One key set and where it comes from.
struct Source {
    of: String,
    url: String,
    http: reqwest::Client,
    clock: Clock,
    known: RwLock<Arc<KeySet>>,
    fetches: tokio::sync::Mutex<Fetches>,
}

#[derive(Default)]
struct Fetches {
    /// No fetch before this time.
    not_before: u64,
    /// When the last good one was.
    succeeded_at: Option<u64>,
    /// Whether the last one succeeded.
    succeeded: bool,
}

impl Source {
    fn known(&self) -> Arc<KeySet> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fetches the keys if they are of this age, unless that was just done, by whoever held the lock before; says whether
    /// the last fetch succeeded.
    async fn refresh(&self, age: u64, may_fetch: impl FnOnce(u64) -> bool + Send) -> bool {
        let mut fetches = self.fetches.lock().await;
        let now = self.clock.now();
        let young = fetches.succeeded_at.is_some_and(|at| now < at.saturating_add(age));
        if young || now < fetches.not_before {
            return fetches.succeeded;
        }
        if !may_fetch(now) {
            return false;
        }
        let published = self.fetch().await;
        fetches.succeeded = published.is_ok();
        fetches.not_before = now + if fetches.succeeded { REFETCH_INTERVAL } else { RETRY_INTERVAL };
        match published {
            Ok(keys) => {
                fetches.succeeded_at = Some(now);
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            }
            Err(Unreachable { .. }) => {
                tracing::warn!(tenant = self.of, "The tenant's signing keys could not be fetched.")
            }
        }
        fetches.succeeded
    }

    async fn fetch(&self) -> Result<KeySet, Unreachable> {
        let answer = http::send(self.http.get(&self.url)).await?;
        let keys =
            if answer.status == 200 { KeySet::read(&answer.body, &self.known()) } else { KeySet::default() };
        if keys.is_empty() { Err(Unreachable { retryable: false }) } else { Ok(keys) }
    }
}

/// The key of a set that has one, whatever it is called.
#[cfg(feature = "fuzzing")]
pub(crate) fn only_key(body: &[u8]) -> Option<Arc<SigningKey>> {
    KeySet::read(body, &KeySet::default()).only()
}

#[cfg(test)]
pub(crate) fn read_for_test(body: &[u8], kid: &str, issuer: &str) -> Arc<SigningKey> {
    KeySet::read(body, &KeySet::default()).find(kid, issuer, "").unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY, TENANT};
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
            let clock = authority.clock();
            let http = http::client(&origin, None).unwrap();
            (authority, KeyStore::new(&origin, std::iter::once(tenant()), true, &http, &clock))
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

        fn clock(&self) -> Clock {
            let time = Arc::clone(&self.time);
            Clock::from_fn(move || time.load(SeqCst))
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
    async fn known_keys_are_fetched_again_in_the_background_when_they_are_old() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        store.refresh_old().await;
        assert_eq!((store.missing(), authority.asked()), (vec![], 2));
        authority.publish(Some(&["b"]));
        authority.later(MAX_AGE - 1);
        store.refresh_old().await;
        assert_eq!(found(&store, "a").await, Ok(()));
        assert_eq!(authority.asked(), 2);
        authority.later(1);
        store.refresh_old().await;
        assert_eq!(found(&store, "a").await, Err(TokenFault::Key.into()));
        assert_eq!(authority.asked(), 4);
    }

    #[tokio::test]
    async fn the_last_good_keys_outlive_a_failing_authority() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        store.refresh_old().await;
        for failing in [None, Some([].as_slice())] {
            authority.publish(failing);
            authority.later(MAX_AGE);
            store.refresh_old().await;
            assert_eq!(found(&store, "a").await, Ok(()));
            assert_eq!(found(&store, "b").await, Err(Refusal::KeysUnavailable));
        }
        assert_eq!(authority.asked(), 6);
    }

    #[tokio::test]
    async fn a_key_that_is_withdrawn_is_nobodys_any_more() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        let held = Arc::downgrade(&store.find(tenant(), "a").await.ok().unwrap());
        authority.later(MAX_AGE);
        store.refresh_old().await;
        assert!(held.upgrade().is_some(), "it is still published");
        authority.publish(Some(&["b"]));
        authority.later(MAX_AGE);
        store.refresh_old().await;
        assert!(held.upgrade().is_none());
    }

    #[tokio::test]
    async fn strangers_cannot_cause_more_fetches_than_the_budget_of_all_sets_allows() {
        let (authority, store) = Authority::start().await;
        authority.publish(Some(&["a"]));
        let tenants: Vec<TenantId> =
            (0..=BUDGET).map(|at| format!("70000000-0000-4000-8000-{at:012}").parse().unwrap()).collect();
        let (http, clock) = (http::client(&store.authority, None).unwrap(), authority.clock());
        let store = KeyStore::new(&store.authority, tenants.iter().copied(), true, &http, &clock);
        let (last, others) = tenants.split_last().unwrap();
        for tenant in others {
            // However many wait for it, a set is fetched once.
            assert!(store.find(*tenant, "a").await.is_ok());
            assert!(store.find(*tenant, "b").await.is_err());
        }
        assert_eq!(store.find(*last, "a").await.map(|_| ()), Err(Refusal::KeysUnavailable));
        assert_eq!(authority.asked(), u64::from(BUDGET));
        authority.later(RETRY_INTERVAL);
        assert!(store.find(*last, "a").await.is_ok());
        let unlisted = "70000000-0000-4000-8000-00000000ffff".parse().unwrap();
        assert!(store.find(unlisted, "a").await.is_ok(), "from common");
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
    async fn without_other_tenants_nobody_else_is_ever_asked_about() {
        let (authority, store) = Authority::start().await;
        let store = KeyStore { common: None, ..store };
        let stranger = "70000000-0000-4000-8000-00000000ffff".parse().unwrap();
        assert_eq!(store.find(stranger, "a").await.map(|_| ()), Err(Refusal::Tenant));
        assert_eq!(authority.asked(), 0);
    }
}
