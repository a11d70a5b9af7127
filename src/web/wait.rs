//! Waiting for the page: an answer that comes once, and an end of the waiting that takes back what was done for it.

use crate::json::Value;
use js_sys::Promise;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `{ answer: Promise, close() }`, as page.js and prompt.js give it.
    pub(crate) type Wait;

    #[wasm_bindgen(method, getter)]
    fn answer(this: &Wait) -> Promise;

    #[wasm_bindgen(method)]
    fn close(this: &Wait);
}

/// A wait that ends when this is dropped. It resolves to the answer; undefined if there is none.
pub struct Waiting {
    wait: Wait,
    answer: JsFuture,
}

impl Waiting {
    pub(crate) fn new(wait: Wait) -> Self {
        Self { answer: wait.answer().into(), wait }
    }
}

impl Future for Waiting {
    type Output = Value;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Value> {
        Pin::new(&mut self.answer).poll(context).map(|answer| Value::new(answer.unwrap_or_default()))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.wait.close();
    }
}
