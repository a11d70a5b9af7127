//! The mailbox for one redirect response, which page.js fills.

use super::wait::{Wait, Waiting};
use crate::{hooks::Hooks, json::Value};
use std::future::Future;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = openInbox)]
    fn open_inbox(hooks: &Hooks, id: &str) -> Wait;
}

/// A mailbox; dropping it stops listening and forgets the pending record.
pub struct Inbox(Waiting);

impl Inbox {
    /// Starts listening for the response of one sign-in.
    #[must_use]
    pub fn open(hooks: &Hooks, id: &str) -> Self {
        Self(Waiting::new(open_inbox(hooks, id)))
    }
}

impl broker_core::Inbox for Inbox {
    type Json = Value;

    fn response(&mut self) -> impl Future<Output = Value> + Unpin {
        &mut self.0
    }
}
