//! What is counted, for Prometheus: exchanges by outcome and source, times, and the state of caches, lanes and credentials.
//!
//! Labels are words of ours and names of the configuration: nothing of a request, so that a stranger cannot make them many.

use crate::backend::Source;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::{sync::atomic::AtomicU64, time::Duration};
use sts_wire::ErrorCode;

/// All metrics of this service.
pub(crate) struct Metrics {
    registry: Registry,
    exchanges: Family<Exchanged, Counter>,
    seconds: Family<From, Histogram, fn() -> Histogram>,
    pub(crate) connections: Gauge,
    reloads: Family<Reload, Counter>,
    state: State,
}

/// What is looked up when somebody asks.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) cache_entries: Gauge,
    pub(crate) cache_bytes: Gauge,
    pub(crate) lanes_closed: Gauge,
    pub(crate) keys_missing: Gauge,
    pub(crate) certificates: Family<Credential, Gauge<f64, AtomicU64>>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Exchanged {
    outcome: &'static str,
    source: Whence,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct From {
    source: Whence,
}

#[derive(Clone, Copy, Debug, EncodeLabelValue, Eq, Hash, PartialEq)]
enum Whence {
    Cache,
    Entra,
    None,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reload {
    outcome: &'static str,
}

/// A credential, by the names that an operator gave.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub(crate) struct Credential {
    pub(crate) client: String,
    pub(crate) credential: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("talxis_sts");
        let exchanges = Family::default();
        let seconds = Family::new_with_constructor(buckets as fn() -> Histogram);
        let (connections, reloads, state) = (Gauge::default(), Family::default(), State::default());
        registry.register("exchanges", "Exchanges answered, by outcome and source", exchanges.clone());
        registry.register_with_unit("exchange", "Time to an answer", Unit::Seconds, seconds.clone());
        registry.register("connections", "Connections open now", connections.clone());
        registry.register("credential_reloads", "Credentials read again after a change", reloads.clone());
        registry.register("cache_entries", "Entries of the cache in memory", state.cache_entries.clone());
        registry.register_with_unit(
            "cache",
            "Bytes that these entries count",
            Unit::Bytes,
            state.cache_bytes.clone(),
        );
        registry.register(
            "lanes_closed",
            "Pairs of tenant and control client that are closed after failures",
            state.lanes_closed.clone(),
        );
        registry.register(
            "keys_missing",
            "Tenants whose signing keys were never fetched",
            state.keys_missing.clone(),
        );
        registry.register_with_unit(
            "certificate_expiry",
            "End of a certificate's validity, since the epoch",
            Unit::Seconds,
            state.certificates.clone(),
        );
        Self { registry, exchanges, seconds, connections, reloads, state }
    }

    /// Counts an answered exchange.
    pub(crate) fn exchanged(&self, outcome: Option<ErrorCode>, source: Option<Source>, took: Duration) {
        let source = match source {
            Some(Source::Cache) => Whence::Cache,
            Some(Source::Entra) => Whence::Entra,
            None => Whence::None,
        };
        let outcome = outcome.map_or("ok", ErrorCode::as_str);
        self.exchanges.get_or_create(&Exchanged { outcome, source }).inc();
        self.seconds.get_or_create(&From { source }).observe(took.as_secs_f64());
    }

    /// Counts credentials that were read again.
    pub(crate) fn reloaded(&self, changed: usize, failed: usize) {
        for (outcome, number) in [("changed", changed), ("failed", failed)] {
            self.reloads.get_or_create(&Reload { outcome }).inc_by(number as u64);
        }
    }

    /// The text of all metrics, after the state was looked up.
    pub(crate) fn text(&self, look: impl FnOnce(&State)) -> String {
        look(&self.state);
        let mut text = String::new();
        // Writing to a string does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}

/// From a hit in memory to the longest that a request may take.
fn buckets() -> Histogram {
    Histogram::new([0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 12.0])
}
