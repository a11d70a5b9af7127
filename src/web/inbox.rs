//! The mailbox for one redirect response, which inbox.js fills.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/web/inbox.js")]
extern "C" {
    type Mailbox;

    #[wasm_bindgen(js_name = openInbox)]
    fn open_inbox(id: &str) -> Mailbox;

    #[wasm_bindgen(method, getter)]
    fn response(this: &Mailbox) -> Promise;

    #[wasm_bindgen(method)]
    fn close(this: &Mailbox);
}

/// A mailbox; dropping it stops listening and forgets the pending record.
pub struct Inbox(Mailbox);

impl Inbox {
    /// Starts listening for the response of one sign-in.
    #[must_use]
    pub fn open(id: &str) -> Self {
        Self(open_inbox(id))
    }
}

impl broker_core::Inbox for Inbox {
    async fn response(&mut self) -> String {
        let response = JsFuture::from(self.0.response()).await;
        response.ok().and_then(|text| text.as_string()).unwrap_or_default()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.close();
    }
}
