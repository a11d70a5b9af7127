//! One request and its answer: a form goes out (page.js), status, `Retry-After` and JSON come back.

use crate::json::Value;
use broker_core::{Json, Reply, Unreachable};
use gloo_net::http::Response;
use js_sys::Promise;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    fn post(url: &str, body: &str) -> Promise;

    type Answer;

    #[wasm_bindgen(method, getter)]
    fn response(this: &Answer) -> web_sys::Response;
}

/// The wait for an answer.
///
/// It fails when none arrives: offline, refused, cut off, redirected, or not readable for this origin.
pub struct Sent(JsFuture);

/// POSTs a form.
#[must_use]
pub fn post_form(url: &str, body: &str) -> Sent {
    Sent(post(url, body).into())
}

impl Future for Sent {
    type Output = Result<Reply<Value>, Unreachable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| {
            let answer = answer.map_err(|why| match why.as_f64() {
                Some(1.0) => Unreachable::Offline,
                Some(2.0) => Unreachable::Refused,
                _ => Unreachable::Failed,
            })?;
            let status = Response::from(answer.unchecked_ref::<Answer>().response()).status();
            let answer = Value::new(answer);
            Ok(Reply { status, retry_after: answer.number("retryAfter"), body: answer.member("body") })
        })
    }
}
