//! The browser for [`broker_core`]: one file per capability, each undoing on drop what it did. No file here knows a protocol.
//!
//! Room is left for the capabilities of later flows: a hidden frame, a navigation of the page, and storage.

pub mod clock;
pub mod http;
pub mod message;
pub mod random;

mod invite;
mod once;
mod popup;
mod surface;

pub use message::Inbox;
pub use popup::Popup;

#[cfg(all(test, target_arch = "wasm32"))]
pub(crate) use {
    invite::{given_up, invite},
    popup::Popups,
};

use crate::{
    convert,
    hooks::{Hooks, Prompts},
    host,
    json::Value,
};
use broker_core::{Env, Event, HostFacts, Invitation, Reply, Unreachable};
#[cfg(not(all(test, target_arch = "wasm32")))]
use popup::Popups;
use std::future::Future;
use web_sys::Window;

/// The browser.
pub struct Web {
    hooks: Hooks,
    popups: Popups,
}

impl Web {
    /// The browser around this window.
    #[must_use]
    pub fn new(window: Window, hooks: Hooks) -> Self {
        let prompts = Prompts::new(hooks.clone());
        Self { hooks, popups: Popups { window, prompts } }
    }

    fn window(&self) -> &Window {
        &self.popups.window
    }
}

impl Env for Web {
    type Json = Value;
    type Popup = Popup;
    type Inbox = Inbox;

    fn now(&self) -> u64 {
        clock::now()
    }

    fn random(&self) -> [u8; 32] {
        random::bytes(self.window())
    }

    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }

    async fn sleep(&self, ms: u32) {
        clock::sleep(self.window(), ms).await;
    }

    fn parse_json(&self, text: &str) -> Option<Value> {
        Value::parse(text)
    }

    async fn post_form(&self, url: &str, body: String) -> Result<Reply<Value>, Unreachable> {
        http::post_form(self.window(), url, body).await
    }

    fn host(&self) -> HostFacts {
        host::facts(self.window())
    }

    fn activated(&self) -> bool {
        host::activated(self.window())
    }

    fn open_popup(&self, url: &str) -> Option<Popup> {
        self.popups.open(url)
    }

    async fn invite(&self, url: &str) -> Invitation<Popup> {
        invite::invite(&self.popups, url).await
    }

    async fn given_up(&self, popup: &Popup, url: &str) {
        invite::given_up(self.window(), popup, url).await;
    }

    fn inbox(&self, id: &str) -> Inbox {
        Inbox::open(self.window(), id)
    }

    fn emit(&self, event: Event) {
        self.hooks.tell(&convert::event(&event, self.now()));
    }
}
