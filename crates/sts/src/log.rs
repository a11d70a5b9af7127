//! What is written down: one JSON line for each exchange, with ids, codes and a duration.
//!
//! Never a token, code, assertion, e-mail or description. The fields are GUIDs that were parsed as such, the contract's
//! codes and this crate's own sentences; nothing else of a request or an answer has a way in here.

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
use std::{sync::Arc, time::Instant};
use sts_wire::ErrorCode;
use tracing::{Instrument, Span, Subscriber, field, level_filters::LevelFilter};
use tracing_subscriber::fmt::MakeWriter;

/// A subscriber that writes this service's lines as JSON.
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

/// Counts an exchange that has been answered, and writes one line.
pub(crate) async fn request(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if request.uri().path() != sts_wire::PATH {
        return next.run(request).await;
    }
    let started = Instant::now();
    let span = tracing::info_span!(
        "exchange",
        correlation_id = field::Empty,
        aud = field::Empty,
        tid = field::Empty
    );
    async {
        let response = next.run(request).await;
        let took = started.elapsed();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        let source = response.extensions().get::<Source>().copied();
        match response.extensions().get::<Outcome>() {
            None => {
                service.metrics.exchanged(None, source, took);
                tracing::info!(status, ms, outcome = "ok", source = source.map(Source::as_str));
            }
            Some(Outcome { error, aadsts, reason }) => {
                service.metrics.exchanged(Some(*error), source, took);
                tracing::warn!(status, ms, outcome = error.as_str(), aadsts, reason);
            }
        }
        response
    }
    .instrument(span)
    .await
}

/// Says which call the current exchange belongs to. The text is a GUID: the wire's rules saw to that.
pub(crate) fn correlation(id: &str) {
    Span::current().record("correlation_id", id);
}

/// Says what the current exchange is about: the control client and the tenant, as the token names them.
pub(crate) fn about(aud: Option<ClientId>, tid: TenantId) {
    // An `aud` that is no GUID is a text that a stranger chose.
    if let Some(aud) = aud {
        Span::current().record("aud", field::display(aud));
    }
    Span::current().record("tid", field::display(tid));
}
