//! The service as a whole: the exchange, what is counted of it, whether it is ready, and what it does by itself in between.

use crate::{
    arrivals::Arrivals,
    exchange::Exchange,
    log::Strangers,
    metrics::{Credential, Metrics},
    proxy::Proxies,
    tls::Tls,
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Everything that a request meets.
pub(crate) struct Service {
    pub(crate) exchange: Exchange,
    pub(crate) metrics: Metrics,
    pub(crate) proxies: Proxies,
    pub(crate) arrivals: Arrivals,
    pub(crate) strangers: Strangers,
    tls: Option<Arc<Tls>>,
    /// Told to stop: still answering, and no longer to be chosen.
    draining: AtomicBool,
}

impl Service {
    pub(crate) fn new(exchange: Exchange, proxies: Proxies, tls: Option<Arc<Tls>>) -> Self {
        let (metrics, draining) = (Metrics::new(), AtomicBool::new(false));
        let (arrivals, strangers) = (Arrivals::default(), Strangers::default());
        Self { exchange, metrics, proxies, arrivals, strangers, tls, draining }
    }

    /// Whether new requests should come here: the keys of at least one tenant are known, and nobody said stop.
    pub(crate) fn ready(&self) -> bool {
        let keys = &self.exchange.keys;
        !self.draining() && keys.missing().len() < keys.len()
    }

    /// Whether it was told to stop.
    pub(crate) fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// From now on it is not ready.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// What an operator wants to know: no secrets, but names; for the private port.
    pub(crate) fn details(&self) -> Value {
        let now = self.exchange.clock.now();
        let credentials: Vec<Value> = self
            .credentials()
            .map(|(Credential { client, credential }, end)| {
                let left = end.map(|end| end.saturating_sub(now) / 86_400);
                json!({ "client": client, "credential": credential, "days_left": left })
            })
            .collect();
        json!({
            "ready": self.ready(),
            "draining": self.draining(),
            "keys_missing": self.exchange.keys.missing(),
            "credentials": credentials,
        })
    }

    /// The metrics' text, with the state as it is now.
    pub(crate) fn metrics_text(&self) -> String {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.metrics.text(|state| {
            let (entries, bytes) = self.exchange.backend.size();
            state.cache_entries.set(whole(entries));
            state.cache_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
            state.lanes_closed.set(whole(self.exchange.backend.lanes_closed()));
            state.keys_missing.set(whole(self.exchange.keys.missing().len()));
            state.certificates.clear();
            for (label, end) in self.credentials() {
                if let Some(end) = end {
                    state.certificates.get_or_create(&label).set(end as f64);
                }
            }
        })
    }

    /// What this service proves itself with, to Entra and to its callers, and when that ends.
    fn credentials(&self) -> impl Iterator<Item = (Credential, Option<u64>)> {
        let own = self.tls.iter().map(|tls| {
            let label = Credential { client: "this service".to_owned(), credential: "tls".to_owned() };
            (label, Some(tls.expires()))
        });
        let clients = self.exchange.policy.clients().flat_map(|client| {
            let each = client.credentials.in_order();
            each.map(|(_, one)| {
                (Credential { client: client.name.clone(), credential: one.label() }, one.expires())
            })
        });
        own.chain(clients)
    }

    /// What is done every half minute: credentials that changed are read, the ended is forgotten, keys that are old are fetched.
    /// The keys come last: an authority that is slow must not hold up a new certificate.
    pub(crate) async fn housekeep(&self) {
        self.reload();
        self.exchange.sweep();
        self.exchange.keys.refresh_old().await;
    }

    /// Reads credentials and this service's own certificate, where they changed.
    fn reload(&self) {
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            tracing::error!(%error, "This service's own certificate cannot be read any more; the one before stays in use.");
        }
        for client in self.exchange.policy.clients() {
            let outcome = client.credentials.reload();
            self.metrics.reloaded(outcome.changed, outcome.failed);
            let name = client.name.as_str();
            if outcome.changed > 0 {
                tracing::info!(client = name, "Credentials that changed are in use now.");
            }
            if outcome.failed > 0 {
                tracing::error!(
                    client = name,
                    "A credential cannot be read any more; the one before stays in use."
                );
            }
        }
    }
}
