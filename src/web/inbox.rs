//! The mailbox for one redirect response, which page.js fills.

use super::wait::{Wait, Waiting};
use crate::hooks::Hooks;
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
    async fn response(&mut self) -> String {
        self.0.answer().await.as_string().unwrap_or_default()
    }
}
