//! The browser for [`broker_core`]: one file per capability, each undoing on drop what it did. No file here knows a protocol.

pub mod clock;
mod frame;
pub mod host;
pub mod http;
pub mod random;

mod inbox;
mod leave;
mod lock;
mod memory;
mod wait;
mod window;

pub use inbox::Inbox;
pub use wait::Waiting;
pub use window::Popup;

#[cfg(all(test, target_arch = "wasm32"))]
pub(crate) use {
    lock::lock,
    window::{activated, given_up, invite},
};

use crate::{convert, hooks::Hooks, json::Value};
use broker_core::{Departure, Env, Event, Fact, HostFacts, Invitation};
use http::Sent;
use std::future::Future;

/// The browser.
pub struct Web {
    hooks: Hooks,
}

impl Web {
    /// The browser around the window in which this runs.
    #[must_use]
    pub fn new(hooks: Hooks) -> Self {
        Self { hooks }
    }
}

impl Env for Web {
    type Json = Value;
    type Popup = Popup;
    type Sent = Sent;
    type Wait = Waiting;
    type Inbox = Inbox;

    fn now(&self) -> u64 {
        clock::now()
    }

    fn random(&self) -> String {
        random::hexadecimal()
    }

    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }

    fn sleep(&self, ms: u32) -> Waiting {
        clock::sleep(ms)
    }

    fn parse_json(&self, text: &str) -> Value {
        Value::parse(text)
    }

    fn parse_form(&self, text: &str) -> Value {
        Value::form(text)
    }

    fn parse_base64url(&self, text: &str) -> Value {
        Value::parse_base64url(text)
    }

    fn post_form(&self, url: &str, body: &str) -> Sent {
        http::post_form(url, body)
    }

    fn host(&self) -> HostFacts {
        host::facts(&self.hooks)
    }

    fn activated(&self) -> bool {
        window::activated()
    }

    fn remembers(&self, fact: Fact) -> bool {
        memory::remembers(fact)
    }

    fn remember(&self, fact: Fact, holds: bool) {
        memory::remember(fact, holds);
    }

    fn lock(&self, name: &str) -> Waiting {
        lock::lock(&self.hooks, name)
    }

    fn open_frame(&self, url: &str) -> Waiting {
        frame::open(&self.hooks, url)
    }

    fn open_popup(&self, url: &str) -> Option<Popup> {
        Popup::open(&self.hooks, url)
    }

    fn invite(&self, url: &str) -> impl Future<Output = Invitation<Popup>> + Unpin {
        window::invite(&self.hooks, url, false)
    }

    fn confirm(&self, url: &str) -> impl Future<Output = Invitation<Popup>> + Unpin {
        window::invite(&self.hooks, url, true)
    }

    fn given_up(&self, popup: &Popup) -> Waiting {
        window::given_up(&self.hooks, popup)
    }

    fn keep(&self, departure: &Departure) -> Waiting {
        leave::keep(&self.hooks, departure)
    }

    fn leave(&self, url: &str) -> Waiting {
        leave::leave(url)
    }

    fn inbox(&self, id: &str) -> Inbox {
        Inbox::open(&self.hooks, id)
    }

    fn changed(&self) {
        self.hooks.tell_changed();
    }

    fn emit(&self, event: Event<'_>) {
        self.hooks.tell(&convert::event(&event, self.now()));
    }
}
