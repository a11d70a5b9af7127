//! The addresses of this service and what every request meets on its way: a log line, the origin, a panic, a time limit.

use crate::{
    cors,
    error::ApiError,
    exchange::Caller,
    form,
    log::{self, Story},
    origin::Origin,
    refusal::Refusal,
    serve::Peer,
    service::Service,
};
use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{any::Any, net::IpAddr, sync::Arc, time::Duration};
use sts_wire::{ACCESS_TOKEN_TYPE, GRANT_TYPE, PATH};
use tower_http::catch_panic::CatchPanicLayer;

/// The longest that a request may take, its body included: more than the keys and the token of a slow Entra need.
const TIMEOUT: Duration = Duration::from_secs(12);

/// Everything this service answers. `issuer` is its own address.
pub(crate) fn router(service: Arc<Service>, issuer: &str) -> Router {
    Router::new()
        .route(PATH, post(token))
        .route("/.well-known/oauth-authorization-server", get(Json(metadata(issuer))))
        .route("/livez", get("alive"))
        .route("/readyz", get(ready))
        .fallback(async || ApiError::from(Refusal::NotFound))
        .method_not_allowed_fallback(async || ApiError::from(Refusal::Method))
        .with_state(Arc::clone(&service))
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| {
            ApiError::from(Refusal::Panicked).into_response()
        }))
        .layer(from_fn_with_state(Arc::clone(&service), cors::guard))
        .layer(from_fn_with_state(service, log::request))
}

async fn token(
    State(service): State<Arc<Service>>,
    Extension(origin): Extension<Origin>,
    Extension(story): Extension<Arc<Story>>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Response, ApiError> {
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |Extension(Peer(address))| address);
    let address = service.proxies.caller(peer, request.headers());
    let caller = Caller { origin, address, story };
    let form = form::read(request, address, &service.arrivals).await?;
    let (granted, source) = match service.exchange.run(&caller, &form.fields()).await {
        Ok(granted) => granted,
        Err(error) => return Ok(error.to_response()),
    };
    let body = Body {
        access_token: granted.access_token.expose(),
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: "Bearer",
        expires_in: granted.expires.saturating_sub(service.exchange.clock.now()),
        scope: &granted.scope,
    };
    Ok((Extension(source), Json(body)).into_response())
}

async fn ready(State(service): State<Arc<Service>>) -> Response {
    if service.ready() {
        "ready".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response()
    }
}

/// The private port: for the operator's machines, and for nobody's browser.
pub(crate) fn private(service: Arc<Service>) -> Router {
    Router::new()
        .route("/livez", get("alive"))
        .route("/readyz", get(details))
        .route("/metrics", get(metrics))
        .with_state(service)
}

async fn details(State(service): State<Arc<Service>>) -> Response {
    let status = if service.ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(service.details())).into_response()
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], service.metrics_text()).into_response()
}

/// RFC 8693 §2.2.1.
#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    issued_token_type: &'static str,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
}

/// RFC 8414 §2, as much of it as applies to a token endpoint without clients that authenticate.
fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}{PATH}"),
        "grant_types_supported": [GRANT_TYPE],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
    })
}

async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(TIMEOUT, next.run(request)).await;
    answer.unwrap_or_else(|_| ApiError::from(Refusal::TimedOut).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        testing::{APP, BROKER, KEY, claims, service},
    };
    use axum::{
        body::{Body, Bytes, HttpBody},
        http::{HeaderMap, Method, header},
    };
    use http_body::Frame;
    use std::{
        convert::Infallible,
        pin::Pin,
        sync::atomic::{AtomicU32, Ordering::SeqCst},
        task::{Context, Poll},
    };
    use tower::ServiceExt;

    struct Answered {
        status: StatusCode,
        headers: HeaderMap,
        body: Value,
    }

    impl Answered {
        /// Whether it is this error, readable by the allowed origin and kept by nobody.
        fn is(&self, status: u16, error: &str) {
            assert_eq!(
                (self.status.as_u16(), self.body["error"].as_str()),
                (status, Some(error)),
                "{}",
                self.body
            );
            assert_eq!(self.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], APP);
            self.is_marked();
        }

        fn is_marked(&self) {
            assert_eq!(self.headers[header::VARY], "Origin");
            assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
            assert_eq!(self.headers[header::ACCESS_CONTROL_EXPOSE_HEADERS], "Retry-After");
            assert!(!self.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        }
    }

    fn post_form(origins: &[&str], body: impl Into<Body>) -> Request {
        let mut request = Request::post(PATH)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
        for origin in origins {
            request = request.header(header::ORIGIN, *origin);
        }
        request.body(body.into()).unwrap()
    }

    async fn ask(clock: Clock, request: Request) -> Answered {
        let router = router(Arc::new(service(&clock)), "https://sts.example");
        let response = router.oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answered { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    /// A body that never says anything.
    struct Silence;

    impl HttpBody for Silence {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn an_unknown_address_or_method_is_answered_like_any_error() {
        let get = |path| Request::get(path).header(header::ORIGIN, APP).body(Body::empty()).unwrap();
        ask(Clock::system(), get("/oauth2/authorize")).await.is(404, "invalid_request");
        let answer = ask(Clock::system(), get(PATH)).await;
        answer.is(405, "invalid_request");
        assert_eq!(answer.headers[header::ALLOW], "POST");
    }

    #[tokio::test]
    async fn a_preflight_is_not_granted() {
        let mut preflight = post_form(&[APP], Body::empty());
        *preflight.method_mut() = Method::OPTIONS;
        let answer = ask(Clock::system(), preflight).await;
        answer.is(405, "invalid_request");
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_METHODS));
    }

    #[tokio::test(start_paused = true)]
    async fn any_other_origin_than_one_allowed_is_refused_before_its_body_is_read() {
        for origins in [
            [].as_slice(),
            &["https://evil.example"],
            &["null"],
            &[APP, APP],
            &["https://contoso.crm4.dynamics.com.evil.example"],
        ] {
            let answer = ask(Clock::system(), post_form(origins, Body::new(Silence))).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["error"]),
                (403, &json!("unauthorized_client")),
                "{origins:?}"
            );
            assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            answer.is_marked();
        }
    }

    #[tokio::test]
    async fn other_addresses_are_open_to_probes_and_closed_to_foreign_origins() {
        // Not ready: nobody answers where this service's keys come from.
        for (path, status) in
            [("/livez", 200), ("/readyz", 503), ("/.well-known/oauth-authorization-server", 200)]
        {
            let probe = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(ask(Clock::system(), probe).await.status, status, "{path}");
            let foreign = Request::get(path)
                .header(header::ORIGIN, "https://evil.example")
                .body(Body::empty())
                .unwrap();
            let answer = ask(Clock::system(), foreign).await;
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        }
    }

    #[tokio::test]
    async fn the_metadata_names_the_one_endpoint_and_the_one_grant() {
        let request = Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap();
        let metadata = ask(Clock::system(), request).await.body;
        assert_eq!(metadata["issuer"], "https://sts.example");
        assert_eq!(metadata["token_endpoint"], "https://sts.example/oauth2/token");
        assert_eq!(metadata["grant_types_supported"], json!([GRANT_TYPE]));
    }

    #[tokio::test]
    async fn another_media_type_is_refused() {
        for media_type in ["application/json", "text/plain", "application/x-www-form-urlencoded-not", ""] {
            let mut request = post_form(&[APP], Body::empty());
            request.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
            let answer = ask(Clock::system(), request).await;
            answer.is(400, "invalid_request");
            assert_eq!(answer.body["error_description"], Refusal::MediaType.to_string(), "{media_type}");
        }
    }

    #[tokio::test]
    async fn a_body_over_32_kib_is_refused_and_one_of_32_kib_is_read() {
        for (length, reason) in
            [(32 * 1024, "The parameter grant_type is missing."), (32 * 1024 + 1, "The body is too large.")]
        {
            let answer = ask(Clock::system(), post_form(&[APP], "x".repeat(length))).await;
            answer.is(400, "invalid_request");
            assert_eq!(answer.body["error_description"], reason);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_waited_for_only_so_long() {
        let asked = ask(Clock::system(), post_form(&[APP], Body::new(Silence)));
        let answer = tokio::time::timeout(Duration::from_secs(60), asked).await.unwrap();
        answer.is(503, "temporarily_unavailable");
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_never_come_shut_nobody_out() {
        let router = router(Arc::new(service(&Clock::system())), "https://sts.example");
        let ask = |address: u8, body: Body| {
            let mut request = post_form(&[APP], body);
            request.extensions_mut().insert(Peer([127, 0, 0, address].into()));
            let response = router.clone().oneshot(request);
            async {
                let body =
                    axum::body::to_bytes(response.await.unwrap().into_body(), usize::MAX).await.unwrap();
                let body: Value = serde_json::from_slice(&body).unwrap();
                body["error_description"].as_str().unwrap().to_owned()
            }
        };
        let read = "The parameter grant_type is missing.";
        let mut silent = Vec::new();
        for number in 0..4 * 3_000 {
            silent.push(tokio::spawn(ask(u8::try_from(number % 4).unwrap(), Body::new(Silence))));
            tokio::task::yield_now().await;
        }
        assert_eq!(ask(200, Body::empty()).await, read, "somebody else");
        assert_eq!(ask(0, Body::empty()).await, read, "somebody else behind the same address");
        let mut dropped = 0;
        for (number, one) in silent.into_iter().enumerate() {
            match one.await.unwrap() {
                text if text == Refusal::Arriving.to_string() => {
                    assert_eq!(number / 4, dropped / 4, "the oldest go first");
                    dropped += 1;
                }
                text => assert_eq!(text, Refusal::TimedOut.to_string()),
            }
        }
        assert!((4_000..8_000).contains(&dropped), "{dropped}");
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let token = KEY.sign(&claims("http://127.0.0.1:1"));
        let body = format!(
            "grant_type={GRANT_TYPE}&subject_token_type={ACCESS_TOKEN_TYPE}&subject_token={token}&client_id={BROKER}&scope=x"
        );
        let looks = AtomicU32::new(0);
        // The limits look at it when they are made.
        let clock = Clock::from_fn(move || match looks.fetch_add(1, SeqCst) {
            3 => panic!("this test's clock"),
            _ => 0,
        });
        ask(clock, post_form(&[APP], body)).await.is(500, "server_error");
    }
}
