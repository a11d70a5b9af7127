//! Who may ask from a browser, and who may read the answer (Fetch §3.3, contract §4).
//!
//! An exchange must name, in `Origin`, an origin of the configuration; the browser's own check is not relied upon. That
//! origin may then read every answer, those of limits and timeouts included. Any other origin gets one fixed refusal
//! before its body is read, and may read that refusal (`*`): it tells nothing, and its reader learns what to configure.
//! Everything else is closed to other origins. No preflight is needed or answered, and credentials are never allowed.

use crate::{error::ApiError, refusal::Refusal, service::Service};
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONNECTION, ORIGIN,
            VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Lets allowed origins through, with their [`crate::origin::Origin`] as an extension, and marks every answer.
pub(crate) async fn guard(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let named = only_origin(request.headers()).cloned();
    let allowed =
        named.as_ref().and_then(|named| service.exchange.policy.origin(named.to_str().ok()?)).cloned();
    let (mut response, reader) = match allowed {
        Some(_) if head_is_too_large(request.headers()) => {
            (ApiError::from(Refusal::HeadTooLarge).into_response(), named)
        }
        Some(origin) => {
            request.extensions_mut().insert(origin);
            (next.run(request).await, named)
        }
        None if request.uri().path() == sts_wire::PATH => {
            (ApiError::from(Refusal::Origin).into_response(), Some(HeaderValue::from_static("*")))
        }
        None => (next.run(request).await, None),
    };
    let headers = response.headers_mut();
    if let Some(reader) = reader {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, reader);
    }
    if service.draining() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The longest head, in bytes: browsers and proxies send a tenth of it.
const MAX_HEAD: usize = 16 * 1024;

fn head_is_too_large(headers: &HeaderMap) -> bool {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > MAX_HEAD
}

/// The `Origin` header, if it is there exactly once.
fn only_origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    origins.next().filter(|_| origins.next().is_none())
}
