//! `fetch`, held to what needs no CORS preflight and leaves no trace (contract §4): no credentials, no custom headers, no
//! redirect, no cache, no referrer.

use crate::json::Value;
use broker_core::{Reply, Unreachable};
use gloo_net::http::{Headers, Response};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReferrerPolicy, RequestCache, RequestCredentials, RequestInit, RequestRedirect, Window};

/// POSTs a form.
///
/// # Errors
/// When no answer arrived: offline, refused, cut off, redirected, or not readable for this origin.
pub async fn post_form(window: &Window, url: &str, body: String) -> Result<Reply<Value>, Unreachable> {
    // Not gloo-net's request builder and its `send`: 1 kB, and a panic where a page has replaced `fetch` and answers with a
    // `Response` of another realm.
    let answer = JsFuture::from(window.fetch_with_str_and_init(url, &form(body))).await;
    let answer = answer.map_err(|_| Unreachable { offline: !window.navigator().on_line() })?;
    let response = Response::from(answer.unchecked_into::<web_sys::Response>());
    let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    Ok(Reply { status: response.status(), retry_after, body: json(&response.into()).await })
}

fn form(body: String) -> RequestInit {
    let headers = Headers::new();
    headers.set("content-type", "application/x-www-form-urlencoded");
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers.into_raw());
    init.set_body(&body.into());
    init.set_credentials(RequestCredentials::Omit);
    init.set_redirect(RequestRedirect::Error);
    init.set_cache(RequestCache::NoStore);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    init
}

async fn json(response: &web_sys::Response) -> Option<Value> {
    JsFuture::from(response.json().ok()?).await.ok().map(Value::new)
}
