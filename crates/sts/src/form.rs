//! Reading the form of a request: its media type, its size, its fields in order and with their repetitions; and how many are
//! read at once, because nothing is known yet of who sends them.

use crate::{
    refusal::Refusal,
    share::{Share, Shares},
};
use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use std::{borrow::Cow, future::poll_fn, net::IpAddr, pin::Pin, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest body that is looked at, in bytes: the longest token and the longest claims, percent-encoded, and scopes.
const MAX_BODY: usize = 32 * 1024;
/// Bodies that are read at once: no more than 32 MB of them. An honest one is there with its head, or a moment later.
pub(crate) const MOST: usize = 1024;
/// The same from one address, so that a stranger who sends halves leaves room for others.
pub(crate) const MOST_PER_ADDRESS: usize = 256;
/// How much more is read and thrown away, so that the sender is still there to hear why it was refused.
const MAX_DISCARDED: usize = 4 * 1024 * 1024;

/// The bodies that are being read.
#[derive(Debug)]
pub(crate) struct Arrivals {
    places: Arc<Semaphore>,
    shares: Arc<Shares>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST)), shares: Arc::default() }
    }
}

impl Arrivals {
    fn enter(&self, caller: IpAddr) -> Result<(Share, OwnedSemaphorePermit), Refusal> {
        let share = self.shares.take(caller, MOST_PER_ADDRESS).ok_or(Refusal::Arriving)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::Arriving)?;
        Ok((share, place))
    }
}

/// A request's body, read and small enough.
pub(crate) struct Form(Vec<u8>);

impl Form {
    /// The fields, in order.
    pub(crate) fn fields(&self) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        fields(&self.0)
    }
}

/// The fields of a body, in order.
pub(crate) fn fields(body: &[u8]) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(body).collect()
}

/// Reads an `application/x-www-form-urlencoded` request of this caller.
pub(crate) async fn read(request: Request, caller: IpAddr, arrivals: &Arrivals) -> Result<Form, Refusal> {
    if !is_form(request.headers()) {
        return Err(Refusal::MediaType);
    }
    let _place = arrivals.enter(caller)?;
    limited(request.into_body()).await.map(Form)
}

fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn limited(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut kept = Vec::new();
    let mut seen = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(chunk) = frame.map_err(|_| Refusal::BodyUnreadable)?.into_data() else { continue };
        seen += chunk.len();
        if seen <= MAX_BODY {
            kept.extend_from_slice(&chunk);
        } else if seen > MAX_DISCARDED {
            break;
        }
    }
    if seen <= MAX_BODY { Ok(kept) } else { Err(Refusal::BodyTooLarge) }
}
