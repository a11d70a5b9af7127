//! The mailbox for one redirect response (contract §5): who may put something into it, and in which ways.
//!
//! The redirect page says which sign-in it answers only by an unguessable id. This end acknowledges, so that the page need not
//! try its other ways: the opener, then a storage entry.

use super::once::Once;
use crate::json::Value;
use broker_core::Json;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent, Storage, StorageEvent, Window};

/// The channel's name and the beginning of every key (pkg-template/redirect.js says the same).
const PREFIX: &str = "talxis-broker:";

/// A mailbox; dropping it stops listening and forgets the pending record.
pub struct Inbox {
    window: Window,
    channel: Option<BroadcastChannel>,
    storage: Option<Storage>,
    pending: String,
    response: Once<String>,
    on_channel: Closure<dyn FnMut(MessageEvent)>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_storage: Closure<dyn FnMut(StorageEvent)>,
}

impl Inbox {
    /// Starts listening. The pending record permits the page to leave a storage entry, and nothing else.
    #[must_use]
    pub fn open(window: &Window, id: &str) -> Self {
        let response = Once::new();
        // Each of these may be refused, in a sandboxed frame or by the user's settings; the other ways remain.
        let channel = BroadcastChannel::new(&[PREFIX, id].concat()).ok();
        let storage = window.local_storage().ok().flatten();
        let pending = [PREFIX, "pending:", id].concat();
        if let Some(storage) = &storage {
            let _ = storage.set_item(&pending, "{\"v\":1}");
        }
        let inbox = Self {
            on_channel: on_channel(id, channel.clone(), response.clone()),
            on_message: on_message(window, id, response.clone()),
            on_storage: on_storage(id, storage.clone(), response.clone()),
            window: window.clone(),
            channel,
            storage,
            pending,
            response,
        };
        if let Some(channel) = &inbox.channel {
            channel.set_onmessage(Some(inbox.on_channel.as_ref().unchecked_ref()));
        }
        let _ = window.add_event_listener_with_callback("message", inbox.on_message.as_ref().unchecked_ref());
        let _ = window.add_event_listener_with_callback("storage", inbox.on_storage.as_ref().unchecked_ref());
        inbox
    }
}

impl broker_core::Inbox for Inbox {
    async fn response(&mut self) -> String {
        self.response.take().await
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
        let _ = self
            .window
            .remove_event_listener_with_callback("message", self.on_message.as_ref().unchecked_ref());
        let _ = self
            .window
            .remove_event_listener_with_callback("storage", self.on_storage.as_ref().unchecked_ref());
        if let Some(storage) = &self.storage {
            let _ = storage.remove_item(&self.pending);
        }
    }
}

/// The page's first way. Only this origin can reach the channel, and only who knows the id can name it.
fn on_channel(
    id: &str,
    channel: Option<BroadcastChannel>,
    response: Once<String>,
) -> Closure<dyn FnMut(MessageEvent)> {
    let id = id.to_owned();
    Closure::new(move |event: MessageEvent| {
        let Some(payload) = payload(&event) else { return };
        if let Some(channel) = &channel {
            let _ = channel.post_message(&acknowledgement(&id));
        }
        response.set(payload);
    })
}

/// The page's second way. Any window may post here, so origin and id must be right.
fn on_message(window: &Window, id: &str, response: Once<String>) -> Closure<dyn FnMut(MessageEvent)> {
    let origin = window.location().origin().unwrap_or_default();
    let id = id.to_owned();
    Closure::new(move |event: MessageEvent| {
        let meant =
            event.origin() == origin && Value::new(event.data()).text("id").as_deref() == Some(id.as_str());
        let Some(payload) = payload(&event).filter(|_| meant) else { return };
        if let Some(page) = event.source() {
            let page: Window = page.unchecked_into();
            let _ = page.post_message(&acknowledgement(&id), &origin);
        }
        response.set(payload);
    })
}

fn payload(event: &MessageEvent) -> Option<String> {
    let message = Value::new(event.data());
    message.text("payload").filter(|_| message.number("v") == Some(1))
}

/// The page's last way. The reader deletes; the text comes with the event.
fn on_storage(
    id: &str,
    storage: Option<Storage>,
    response: Once<String>,
) -> Closure<dyn FnMut(StorageEvent)> {
    let key = [PREFIX, "response:", id].concat();
    Closure::new(move |event: StorageEvent| {
        if event.key().as_deref() != Some(key.as_str()) {
            return;
        }
        let Some(payload) = event.new_value().and_then(|text| Value::parse(&text)?.text("payload")) else {
            return;
        };
        if let Some(storage) = &storage {
            let _ = storage.remove_item(&key);
        }
        response.set(payload);
    })
}

fn acknowledgement(id: &str) -> JsValue {
    let message = js_sys::Object::new();
    for (name, value) in [("v", JsValue::from(1)), ("ack", JsValue::TRUE), ("id", id.into())] {
        let _ = js_sys::Reflect::set(&message, &name.into(), &value);
    }
    message.into()
}
