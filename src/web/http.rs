//! One request and its answer: a form goes out (page.js), status, `Retry-After` and JSON come back.

use crate::json::Value;
use broker_core::{Reply, Unreachable};
use gloo_net::http::Response;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    fn post(url: &str, body: &str) -> Promise;

    // Caught, although it does not throw: otherwise the module would import it directly, past the glue that is packed.
    #[wasm_bindgen(catch)]
    fn json(response: &web_sys::Response) -> Result<Promise, JsValue>;
}

/// POSTs a form.
///
/// # Errors
/// When no answer arrived: offline, refused, cut off, redirected, or not readable for this origin.
pub async fn post_form(url: &str, body: &str) -> Result<Reply<Value>, Unreachable> {
    let answer = JsFuture::from(post(url, body)).await;
    let answer = answer.map_err(|offline| Unreachable { offline: offline == JsValue::TRUE })?;
    // Unchecked: page.js looked, and knows that the answer may be a `Response` of another realm.
    let response = Response::from(answer.unchecked_into::<web_sys::Response>());
    let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    Ok(Reply { status: response.status(), retry_after, body: read(&response.into()).await })
}

async fn read(response: &web_sys::Response) -> Option<Value> {
    let body = JsFuture::from(json(response).ok()?).await.ok()?;
    (!body.is_undefined()).then(|| Value::new(body))
}
