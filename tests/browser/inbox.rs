//! The mailbox for one redirect response (contract §5).

use super::{hooks, js, text, turn};
use crate::web::Inbox;
use broker_core::{Inbox as _, Json as _};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use wasm_bindgen_test::wasm_bindgen_test;

const ID: &str = "0123456789abcdef0123456789abcdef";

fn open() -> Inbox {
    js("window.acks = []");
    Inbox::open(&hooks(), ID)
}

/// The other end of the channel, as the redirect page holds it.
fn page() {
    js(&format!(
        "window.page?.close(); window.page = new BroadcastChannel('talxis-broker:{ID}'); page.onmessage = (event) => acks.push(event.data)"
    ));
}

fn pending() -> bool {
    !js(&format!("localStorage.getItem('talxis-broker:pending:{ID}')")).is_null()
}

/// The code in the response that arrived; empty where it has none.
async fn arrived(inbox: &mut Inbox) -> Option<String> {
    let mut response = pin!(inbox.response());
    let mut look = || response.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let _ = look();
    turn().await;
    match look() {
        Poll::Ready(response) => Some(response.text_or_empty("code")),
        Poll::Pending => None,
    }
}

/// A message to the window. Both texts are further members, which may replace the right ones.
fn post(event: &str, members: &str) {
    js(&format!(
        "dispatchEvent(new MessageEvent('message', {{ origin: location.origin, source: window, data: {{ v: 1, id: '{ID}', payload: 'code=1', {members} }}, {event} }}))"
    ));
}

#[wasm_bindgen_test]
async fn a_response_on_the_channel_arrives_and_is_acknowledged() {
    let mut inbox = open();
    page();
    js("page.postMessage({ v: 1, payload: 'code=1&state=s' })");
    assert_eq!(arrived(&mut inbox).await.as_deref(), Some("1"));
    turn().await;
    assert_eq!(text("JSON.stringify(acks)"), format!("[{{\"v\":1,\"ack\":true,\"id\":\"{ID}\"}}]"));
}

#[wasm_bindgen_test]
async fn a_message_of_another_version_or_shape_is_neither_taken_nor_acknowledged() {
    let mut inbox = open();
    page();
    js(
        "page.postMessage({ v: 2, payload: 'x' }); page.postMessage({ v: 1, payload: 7 }); page.postMessage(null)",
    );
    assert_eq!(arrived(&mut inbox).await, None);
    assert_eq!(text("JSON.stringify(acks)"), "[]");
}

#[wasm_bindgen_test]
async fn a_response_from_a_window_of_this_origin_arrives() {
    let mut inbox = open();
    post("", "");
    assert_eq!(arrived(&mut inbox).await.as_deref(), Some("1"));
}

#[wasm_bindgen_test]
async fn a_message_of_a_foreign_origin_is_ignored() {
    let mut inbox = open();
    post("origin: 'https://evil.example'", "");
    post("origin: ''", "");
    assert_eq!(arrived(&mut inbox).await, None);
}

#[wasm_bindgen_test]
async fn a_message_for_another_sign_in_is_ignored_even_from_a_window_that_is_gone() {
    let mut inbox = open();
    post("", "id: 'f'.repeat(32)");
    post("source: null", "id: undefined");
    assert_eq!(arrived(&mut inbox).await, None);
}

#[wasm_bindgen_test]
async fn a_storage_entry_arrives_and_is_deleted_by_its_reader() {
    let mut inbox = open();
    let entry = format!("talxis-broker:response:{ID}");
    js(&format!(
        "localStorage.setItem('{entry}', JSON.stringify({{ v: 1, payload: 'code=2' }}));
        dispatchEvent(new StorageEvent('storage', {{ key: '{entry}', newValue: localStorage.getItem('{entry}') }}))"
    ));
    assert_eq!(arrived(&mut inbox).await.as_deref(), Some("2"));
    assert!(js(&format!("localStorage.getItem('{entry}')")).is_null());
}

#[wasm_bindgen_test]
async fn an_entry_for_another_sign_in_stays_where_it_is() {
    let mut inbox = open();
    js("localStorage.setItem('talxis-broker:response:other', '{\"v\":1,\"payload\":\"x\"}');
        dispatchEvent(new StorageEvent('storage', { key: 'talxis-broker:response:other', newValue: localStorage.getItem('talxis-broker:response:other') }))");
    assert_eq!(arrived(&mut inbox).await, None);
    assert!(!js("localStorage.getItem('talxis-broker:response:other')").is_null());
    js("localStorage.removeItem('talxis-broker:response:other')");
}

#[wasm_bindgen_test]
async fn a_dropped_inbox_leaves_no_record_and_answers_nobody() {
    let inbox = open();
    assert!(pending());
    drop(inbox);
    assert!(!pending());
    page();
    js("page.postMessage({ v: 1, payload: 'late' })");
    post("", "");
    turn().await;
    assert_eq!(text("JSON.stringify(acks)"), "[]");
}

#[wasm_bindgen_test]
async fn without_storage_and_channel_a_window_can_still_answer() {
    let _channel = super::Patched::new("BroadcastChannel", "function () { throw new Error('refused'); }");
    js("window.storage = Object.getOwnPropertyDescriptor(window, 'localStorage');
        Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); }, configurable: true })");
    let mut inbox = Inbox::open(&hooks(), ID);
    js("Object.defineProperty(window, 'localStorage', storage)");
    post("", "");
    assert_eq!(arrived(&mut inbox).await.as_deref(), Some("1"));
}

#[wasm_bindgen_test]
async fn the_inbox_of_a_dead_instance_answers_nobody() {
    let inbox = open();
    std::mem::forget(inbox); // A dead instance drops nothing.
    page();
    js("instance.abort()");
    assert!(!pending());
    js("page.postMessage({ v: 1, payload: 'late' })");
    turn().await;
    assert_eq!(text("JSON.stringify(acks)"), "[]");
}

#[wasm_bindgen_test]
fn records_of_tabs_that_are_long_gone_are_forgotten() {
    js("localStorage.setItem('talxis-broker:pending:old', JSON.stringify({ v: 1, at: Date.now() - 3_700_000 }));
        localStorage.setItem('talxis-broker:pending:odd', '{');
        localStorage.setItem('talxis-broker:pending:new', JSON.stringify({ v: 1, at: Date.now() - 60_000 }))");
    let _inbox = open();
    let left =
        "['old', 'odd', 'new'].filter((id) => localStorage.getItem(`talxis-broker:pending:${id}`)).join()";
    assert_eq!(text(left), "new");
    js("localStorage.removeItem('talxis-broker:pending:new')");
}

/// What a response of this form text reads as: its names, and the values of `code` and `state`.
async fn read(form: &str) -> String {
    let mut inbox = open();
    post("", &format!("payload: {form}"));
    turn().await;
    let response = inbox.response().await;
    let texts = [response.names().join(" "), response.text_or_empty("code"), response.text_or_empty("state")];
    texts.join("|")
}

#[wasm_bindgen_test]
async fn a_response_is_read_as_the_form_that_it_is() {
    for (form, expected) in [
        ("'code=a%2Bb+c&state=s%3Dt'", "code state|a+b c|s=t"),
        ("'code=x=y&state'", "code state|x=y|"),
        ("'code=%C5%99%0A%F0%9F%A6%80'", "code|ř\n🦀|"),
        ("'c%6Fde=1&__proto__=2&'", "code __proto__ |1|"),
        ("''", "||"),
    ] {
        assert_eq!(read(form).await, expected, "{form}");
    }
}

#[wasm_bindgen_test]
async fn a_response_that_repeats_itself_cannot_be_decoded_or_is_too_long_has_no_members() {
    for form in [
        "'code=1&code=1'",
        "'code=1&x=&x='",
        "'code=1&c%6Fde=2'",
        "'code=1&__proto__=&__proto__='",
        "'code=1&x=%'",
        "'code=1&x=%4g'",
        "'code=1&x=%ff'",
        "'code=1&x=%C0%AF'",
        "'code=1&x=' + 'x'.repeat(16 * 1024)",
    ] {
        assert_eq!(read(form).await, "||", "{form}");
    }
    assert_eq!(read("'code=1&x=' + 'x'.repeat(16 * 1024 - 9)").await, "code x|1|");
}
