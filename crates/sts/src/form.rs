//! Reading the form of a request: its media type, its size, its fields in order and with their repetitions.

use crate::{
    arrivals::{Arrival, Arrivals, PAGE},
    refusal::Refusal,
};
use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use std::{borrow::Cow, future::poll_fn, net::IpAddr, pin::Pin};

/// The longest body that is looked at, in bytes: the longest token and the longest claims, percent-encoded, and scopes.
const MAX_BODY: usize = 32 * 1024;
/// How much more is read and thrown away, so that the sender is still there to hear why it was refused.
const MAX_DISCARDED: usize = 4 * 1024 * 1024;

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
    limited(request.into_body(), arrivals.enter(caller)).await.map(Form)
}

fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn limited(mut body: Body, mut arrival: Arrival) -> Result<Vec<u8>, Refusal> {
    let mut kept = Vec::new();
    let (mut seen, mut pages) = (0_usize, 0);
    loop {
        let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = tokio::select! {
            biased;
            () = arrival.given_up() => return Err(Refusal::Arriving),
            frame = next => frame,
        };
        let Some(frame) = frame else { break };
        let Ok(chunk) = frame.map_err(|_| Refusal::BodyUnreadable)?.into_data() else { continue };
        seen += chunk.len();
        if seen <= MAX_BODY {
            let needed = seen.div_ceil(PAGE);
            if needed > pages {
                arrival.take(needed - pages);
                pages = needed;
                kept.reserve_exact(needed * PAGE - kept.len());
            }
            kept.extend_from_slice(&chunk);
        } else if seen > MAX_DISCARDED {
            break;
        }
    }
    if seen <= MAX_BODY { Ok(kept) } else { Err(Refusal::BodyTooLarge) }
}
