//! A control's own harness, `pcf-start`, with a broker in its page: what it answers is passed on, its pages get the packed broker and its
//! configuration in front of everything else, and web resources are answered as Dataverse would, the redirect page among them.
//!
//! The harness is not changed and does not know. Its page has the origin of this door, because a redirect page must have the page's own.

use super::{Host, answer, lock, web_resources::BROKER};
use crate::{StartError, serve::forward};
use axum::{
    Router,
    body::Body,
    extract::{Path, Query, RawQuery, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use reqwest::{Client, redirect::Policy};

#[derive(Clone)]
struct Harness {
    http: Client,
    origin: String,
    /// What its pages get.
    broker: String,
}

/// The door before the harness at `origin`.
pub(crate) fn router(host: &Host, origin: &str, config: &str) -> Result<Router, StartError> {
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().map_err(StartError::Client)?;
    // Without Power Apps nothing else says the tenant.
    let tenant = lock(&host.0.environment).tenant_id.clone();
    let configure = format!("talxisBroker.configure({{...{config},tenant:{tenant:?}}})");
    let broker = format!("<script src=\"/WebResources/{BROKER}\"></script><script>{configure}</script>");
    let harness = Harness { http, origin: origin.trim_end_matches('/').to_owned(), broker };
    Ok(Router::new()
        .route("/WebResources/{*name}", any(web_resource))
        .with_state(host.clone())
        .merge(Router::new().fallback(pass_on).with_state(harness)))
}

async fn web_resource(
    host: State<Host>,
    method: Method,
    Path(name): Path<String>,
    raw: RawQuery,
    query: Query<Vec<(String, String)>>,
) -> Response {
    answer(host, method, Path(format!("WebResources/{name}")), raw, query).await
}

async fn pass_on(State(harness): State<Harness>, mut request: Request) -> Response {
    if request.headers().contains_key(header::UPGRADE) {
        return StatusCode::NOT_IMPLEMENTED.into_response(); // Live reload has another way.
    }
    request.headers_mut().remove(header::ACCEPT_ENCODING); // Text is easier to add to.
    match harness.ask(request).await {
        Ok(answer) => answer,
        Err(why) => {
            let advice =
                format!("{} does not answer ({why}): is `pcf-scripts start` running?", harness.origin);
            (StatusCode::BAD_GATEWAY, advice).into_response()
        }
    }
}

impl Harness {
    async fn ask(&self, request: Request) -> reqwest::Result<Response> {
        let answer = forward(&self.http, &self.origin, request).await?;
        let media_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media_type.is_some_and(|media_type| media_type.starts_with("text/html")) {
            return Ok(axum::http::Response::from(answer).map(Body::new));
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let page = answer.text().await?.replacen("<head>", &["<head>", &self.broker].concat(), 1);
        let mut response = (status, page).into_response();
        for (name, value) in headers.iter().filter(|(name, _)| **name != header::CONTENT_LENGTH) {
            response.headers_mut().insert(name, value.clone());
        }
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        Ok(response)
    }
}
