//! `fetch`, held to what needs no CORS preflight and leaves no trace (contract §4): no credentials, no custom headers, no
//! redirect, no cache, no referrer.

use crate::json::Value;
use broker_core::{Reply, Unreachable};
use gloo_net::http::{Request, RequestBuilder};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect, Response, Window};

/// POSTs a form.
///
/// # Errors
/// When no answer arrived: offline, refused, cut off, redirected, or not readable for this origin.
pub async fn post_form(window: &Window, url: &str, body: String) -> Result<Reply<Value>, Unreachable> {
    let unreachable = |()| Unreachable { offline: !window.navigator().on_line() };
    let request = plain(Request::post(url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .map_err(|_| unreachable(()))?;
    // Not gloo-net's `send`: it panics on an answer that is no `Response` of this realm, and pages do replace `fetch`.
    let answer =
        JsFuture::from(window.fetch_with_request(&request.into())).await.map_err(|_| unreachable(()))?;
    let response: Response = answer.unchecked_into();
    Ok(Reply { status: response.status(), retry_after: retry_after(&response), body: json(&response).await })
}

fn plain(request: RequestBuilder) -> RequestBuilder {
    request
        .credentials(RequestCredentials::Omit)
        .redirect(RequestRedirect::Error)
        .cache(RequestCache::NoStore)
        .referrer_policy(ReferrerPolicy::NoReferrer)
}

fn retry_after(response: &Response) -> Option<u64> {
    response.headers().get("retry-after").ok()??.trim().parse().ok()
}

async fn json(response: &Response) -> Option<Value> {
    JsFuture::from(response.json().ok()?).await.ok().map(Value::new)
}
