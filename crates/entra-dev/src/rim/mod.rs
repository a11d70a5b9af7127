//! HTTP: reading requests, handing them to the deciding functions, writing answers, keeping the log.
//!
//! Decides nothing itself, and logs nothing that `log` would not hold.

mod admin_consent;
mod authorize;
mod logout;
mod metadata;
mod token;
mod turn;

use crate::{
    errors::{Ids, Refusal},
    page,
    params::Params,
    shared::Shared,
    weather::Trouble,
    wire::Switch,
};
use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_request,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;
use uuid::Uuid;

/// All endpoints.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/common/discovery/instance", get(metadata::instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(metadata::configuration_v2))
        .route("/{tenant}/.well-known/openid-configuration", get(metadata::configuration_v1))
        .route("/{tenant}/discovery/v2.0/keys", get(metadata::keys_v2))
        .route("/{tenant}/discovery/keys", get(metadata::keys_v1))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::by_query).post(authorize::by_form))
        .route("/{tenant}/login", post(authorize::login))
        .route(
            "/{tenant}/oauth2/v2.0/token",
            post(token::token).options(token::preflight).get(token::wrong_verb),
        )
        .route("/{tenant}/oauth2/v2.0/logout", get(logout::logout))
        .route("/{tenant}/v2.0/adminconsent", get(admin_consent::ask))
        .route("/{tenant}/adminconsent", get(admin_consent::ask).post(admin_consent::decide))
        .layer(map_request(with_host))
        .with_state(shared)
}

/// In HTTP/2 the host stands in the address (RFC 9113 §8.3.1).
async fn with_host(mut request: Request) -> Request {
    let authority = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = authority {
        request.headers_mut().insert(header::HOST, host);
    }
    request
}

/// Trace and correlation ids of one request. The client's id is honoured wherever clients put it.
fn ids(shared: &Shared, params: &[&Params], headers: &HeaderMap) -> Ids {
    let named = params.iter().find_map(|params| params.get("client-request-id"));
    let named = named.or_else(|| headers.get("client-request-id")?.to_str().ok());
    let correlation_id = named.and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_else(Uuid::new_v4);
    Ids {
        trace_id: Uuid::new_v4().to_string(),
        correlation_id: correlation_id.to_string(),
        now: shared.clock.now(),
    }
}

/// A header as text.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The origin under which the client called.
fn called<'a>(shared: &'a Shared, headers: &HeaderMap) -> &'a str {
    shared.site.called(text(headers, "host"))
}

/// A page. It may not be framed, and nothing but its own style loads.
fn show(status: StatusCode, html: String, coop: bool) -> Response {
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    // No form-action: browsers apply it to the redirect that follows the post, which leads to the application.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if coop {
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    }
    response
}

/// A page that shows a refusal which must not be redirected.
fn show_problem(refusal: &Refusal, ids: &Ids) -> Response {
    show(StatusCode::BAD_REQUEST, page::problem(refusal, ids), false)
}

/// Behind the head of every answer, and before the end of one with tokens or keys, in bytes.
const MIDDLE: usize = 1_000;

/// The answers that are not of the protocol, and what ends a connection.
fn storm(trouble: Trouble, switch: &Switch) -> Option<Response> {
    let html = |status: u16| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let text = "<html><head><title>Service unavailable</title></head><body><h2>Our services are not available right now</h2></body></html>";
        (status, Html(text)).into_response()
    };
    match trouble {
        Trouble::Html { status } => Some(html(status)),
        Trouble::Drop => {
            switch.cut_after(0);
            Some(html(503))
        }
        Trouble::Cut => {
            switch.cut_after(MIDDLE);
            None
        }
        Trouble::Throttle { .. } | Trouble::Refuse { .. } | Trouble::Delay { .. } => None,
    }
}
