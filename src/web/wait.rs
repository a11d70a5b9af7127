//! Waiting for the page: an answer that comes once, and an end of the waiting that takes back what was done for it.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `{ answer: Promise, close() }`, as each script beside these files gives it.
    pub(crate) type Wait;

    #[wasm_bindgen(method, getter)]
    fn answer(this: &Wait) -> Promise;

    #[wasm_bindgen(method)]
    fn close(this: &Wait);
}

/// A wait that ends when this is dropped.
pub(crate) struct Waiting(Wait);

impl Waiting {
    pub(crate) fn new(wait: Wait) -> Self {
        Self(wait)
    }

    /// The answer; undefined if there is none.
    pub(crate) async fn answer(&self) -> JsValue {
        JsFuture::from(self.0.answer()).await.unwrap_or_default()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.close();
    }
}
