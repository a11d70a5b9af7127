//! What is written down: one JSON line for an exchange, with ids, codes and a duration.
//!
//! Never a token, code, assertion, e-mail or description. The fields are GUIDs that were parsed as such, the contract's
//! codes and this crate's own sentences; nothing else of a request or an answer has a way in here, and neither have libraries.

use crate::{
    backend::Source,
    error::ApiError,
    ids::{ClientId, TenantId},
    service::Service,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use std::{
    mem,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};
use sts_wire::ErrorCode;
use tracing::{Subscriber, field, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt};

/// Lines per second for strangers: for those whose token was not verified.
const STRANGERS: u32 = 50;

/// A subscriber that writes this service's lines as JSON, and no library's.
pub fn subscriber<W>(writer: W, level: LevelFilter) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_max_level(level)
        .with_writer(writer)
        .finish()
        .with(Targets::new().with_target(env!("CARGO_CRATE_NAME"), level))
}

/// How a request ended, left on its response for [`request`] to write down.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    error: ErrorCode,
    aadsts: Option<u64>,
    reason: String,
}

impl Outcome {
    pub(crate) fn of(error: &ApiError) -> Self {
        Self { error: error.code(), aadsts: error.aadsts(), reason: error.to_string() }
    }
}

/// What is known about an exchange while it runs: ids that were read as such.
#[derive(Default)]
pub(crate) struct Story {
    correlation_id: OnceLock<String>,
    aud: OnceLock<ClientId>,
    tid: OnceLock<TenantId>,
    believed: OnceLock<()>,
}

impl Story {
    /// Which call it belongs to. The text is a GUID: the wire's rules saw to that.
    pub(crate) fn correlation(&self, id: &str) {
        self.correlation_id.set(id.to_owned()).ok();
    }

    /// What it is about: the control client and the tenant, as the token names them. An `aud` that is no GUID is a text
    /// that a stranger chose, and is left out.
    pub(crate) fn about(&self, aud: Option<ClientId>, tid: TenantId) {
        aud.map(|aud| self.aud.set(aud));
        self.tid.set(tid).ok();
    }

    /// Whoever asks is no stranger.
    pub(crate) fn believed(&self) {
        self.believed.set(()).ok();
    }
}

/// The lines that strangers have had in this second, so that they cannot fill a disk.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<Second>);

#[derive(Default)]
struct Second {
    at: u64,
    written: u32,
    left_out: u64,
}

impl Strangers {
    /// How many lines were left out before this one, unless it is left out too.
    fn line(&self, now: u64) -> Option<u64> {
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if second.at != now {
            (second.at, second.written) = (now, 0);
        }
        if second.written >= STRANGERS {
            second.left_out += 1;
            return None;
        }
        second.written += 1;
        Some(mem::take(&mut second.left_out))
    }
}

/// Counts an exchange that has been answered, and writes one line: where Entra was asked or somebody was refused at the
/// level of every day, where a cache had the answer at a finer one.
pub(crate) async fn request(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.uri().path() != sts_wire::PATH {
        return next.run(request).await;
    }
    let started = Instant::now();
    let story = Arc::new(Story::default());
    request.extensions_mut().insert(Arc::clone(&story));
    let response = next.run(request).await;
    let took = started.elapsed();
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    let source = response.extensions().get::<Source>().copied();
    let outcome = response.extensions().get::<Outcome>();
    service.metrics.exchanged(outcome.map(|outcome| outcome.error), source, took);
    let correlation_id = story.correlation_id.get();
    let (aud, tid) = (story.aud.get().map(field::display), story.tid.get().map(field::display));
    match (outcome, source) {
        (None, Some(Source::Cache)) => {
            tracing::debug!(correlation_id, aud, tid, status, ms, outcome = "ok", source = "cache");
        }
        (None, _) => {
            tracing::info!(correlation_id, aud, tid, status, ms, outcome = "ok", source = "entra");
        }
        (Some(Outcome { error, aadsts, reason }), _) => {
            let outcome = error.as_str();
            let left_out = match story.believed.get() {
                Some(()) => Some(0),
                None => service.strangers.line(service.exchange.clock.now()),
            };
            if let Some(left_out) = left_out {
                let left_out = (left_out > 0).then_some(left_out);
                tracing::warn!(correlation_id, aud, tid, status, ms, outcome, aadsts, reason, left_out);
            }
        }
    }
    response
}
