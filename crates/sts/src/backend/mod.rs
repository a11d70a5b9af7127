//! Where a backend token comes from: this process's cache, the flight that is under way, the shared cache, Entra.
//!
//! Every way in takes a [`VerifiedToken`], so nothing is looked up for a token that nobody verified. A request with claims
//! skips the look-ups, and its result replaces the entry; its claims are part of the flight's key only. A token that nears
//! its end is replaced ahead by the request that notices, with that request's own verified token: none is stored.

mod flight;
mod key;
mod shared;
mod store;

use crate::{
    clock::Clock,
    entra::{Entra, OnBehalfOf},
    error::ApiError,
    policy::ControlClient,
    refusal::Refusal,
    scope::Scopes,
    secret::Secret,
    verify::VerifiedToken,
};
use flight::Flights;
use std::sync::Arc;
use store::{Found, Store};
use sts_wire::ErrorCode;
use tracing::{Instrument, field};

pub(crate) use key::Key;
pub(crate) use shared::Shared;
pub use shared::SharedCacheError;
pub(crate) use store::BackendToken;

/// What a verified request asks for.
pub(crate) struct Ask<'a> {
    pub(crate) client: &'a Arc<ControlClient>,
    pub(crate) token: &'a VerifiedToken<'a>,
    pub(crate) scopes: Scopes,
    /// A claims challenge to be met.
    pub(crate) claims: Option<String>,
    pub(crate) correlation_id: &'a str,
}

/// Whence an answer came, for log and metrics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    Cache,
    Entra,
}

type Answer = Result<Arc<BackendToken>, Arc<ApiError>>;

/// Backend tokens, from wherever they come.
pub(crate) struct Backend {
    inner: Arc<Inner>,
    flights: Flights<(Key, Option<String>), Answer>,
}

struct Inner {
    store: Store,
    shared: Option<Shared>,
    entra: Entra,
    clock: Clock,
}

impl Backend {
    /// A cache of so many bytes, what other processes know, and Entra.
    pub(crate) fn new(bytes: u64, shared: Option<Shared>, entra: Entra) -> Self {
        let clock = entra.clock.clone();
        let inner = Arc::new(Inner { store: Store::new(bytes), shared, entra, clock });
        Self { inner, flights: Flights::default() }
    }

    /// The token that was asked for.
    pub(crate) async fn token(&self, ask: Ask<'_>) -> Result<(Arc<BackendToken>, Source), Arc<ApiError>> {
        let key = Key::new(ask.token.subject(), &ask.scopes);
        if ask.claims.is_none() {
            match self.inner.store.find(&key, self.inner.clock.now()) {
                Some(Found::Token(token, ahead)) => {
                    if ahead {
                        let work = self.work(&key, &ask, Look::Past);
                        self.flights.launch((key, None), work);
                    }
                    return Ok((token, Source::Cache));
                }
                Some(Found::Refused(error)) => return Err(error),
                None => {}
            }
        }
        let look = if ask.claims.is_none() { Look::First } else { Look::Past };
        let work = self.work(&key, &ask, look);
        let answer = self.flights.join((key, ask.claims), work).await;
        let answer = answer.unwrap_or_else(|| Err(Arc::new(Refusal::Panicked.into())));
        answer.map(|token| (token, Source::Entra))
    }

    /// Gives back the memory of what has ended.
    pub(crate) fn sweep(&self) {
        self.inner.store.sweep(self.inner.clock.now());
    }

    /// How many entries the cache has, and how many bytes they count.
    pub(crate) fn size(&self) -> (usize, u64) {
        self.inner.store.size()
    }

    /// How many pairs of tenant and control client are closed after failures.
    pub(crate) fn lanes_closed(&self) -> usize {
        self.inner.entra.lanes.closed(self.inner.clock.now())
    }

    /// Fetches a token on its own, whoever asked for it.
    fn work(&self, key: &Key, ask: &Ask<'_>, look: Look) -> impl FnOnce() -> Fetch + use<> {
        let inner = Arc::clone(&self.inner);
        let asked = OnBehalfOf {
            client: Arc::clone(ask.client),
            subject: Arc::clone(ask.token.subject()),
            assertion: Secret::new(ask.token.text()),
            scopes: ask.scopes.clone(),
            claims: ask.claims.clone(),
            correlation_id: ask.correlation_id.to_owned(),
        };
        let key = key.clone();
        let (correlation_id, aud) = (asked.correlation_id.as_str(), field::display(asked.client.id));
        let tid = field::display(asked.subject.tenant());
        let span = tracing::info_span!("fetch", correlation_id, aud, tid);
        move || Box::pin(async move { inner.fetch(key, asked, look).await }.instrument(span))
    }
}

type Fetch = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Whether a fetch looks into the caches.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Look {
    First,
    Past,
}

impl Inner {
    async fn fetch(&self, key: Key, asked: OnBehalfOf, look: Look) -> Answer {
        // Somebody's flight may have landed between this one's look and its start.
        if look == Look::First
            && let Some(Found::Token(token, _)) = self.store.find(&key, self.clock.now())
        {
            return Ok(token);
        }
        if look == Look::First
            && let Some(shared) = &self.shared
            && let Some(token) = shared.find(&key).await
        {
            let token = Arc::new(token);
            // As everywhere, what has ended is not found.
            self.store.keep(key.clone(), Arc::clone(&token), self.clock.now());
            if let Some(Found::Token(token, _)) = self.store.find(&key, self.clock.now()) {
                return Ok(token);
            }
        }
        let asked_at = self.clock.now();
        match self.entra.on_behalf_of(&asked).await {
            Ok(granted) => {
                let token = Arc::new(BackendToken::new(granted, &asked.scopes, asked_at));
                let seconds = store::lasts(&key, &token, self.clock.now());
                if let (Some(shared), Some(seconds)) = (&self.shared, seconds) {
                    shared.leave(&key, &token, seconds);
                }
                self.store.keep(key, Arc::clone(&token), self.clock.now());
                Ok(token)
            }
            Err(error) => {
                let error = Arc::new(error);
                if asked.claims.is_none() {
                    self.store.refuse(key, &error, self.clock.now());
                } else if error.code() != ErrorCode::TemporarilyUnavailable {
                    self.store.forget(&key);
                    if let Some(shared) = &self.shared {
                        shared.forget(&key);
                    }
                }
                Err(error)
            }
        }
    }
}
