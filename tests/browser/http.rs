//! What a request tells about the page that sends it, and what is made of answers.

use super::{Patched, js, text};
use crate::web::http::post_form;
use broker_core::{Json, Unreachable};
use wasm_bindgen_test::wasm_bindgen_test;

const KEEPING: &str =
    "async (url, init) => { window.kept = new Request(url, init); window.body = init.body; return ANSWER; }";

fn server(answer: &str) -> Patched {
    Patched::new("fetch", &KEEPING.replace("ANSWER", answer))
}

#[wasm_bindgen_test]
async fn a_form_goes_without_cookies_referrer_cache_redirect_and_own_headers() {
    let _server = server("new Response('{}')");
    let reply = post_form("https://sts.example/oauth2/token", "a=b&c=d").await;
    assert!(reply.is_ok());
    assert_eq!(
        text(
            "[kept.method, kept.credentials, kept.referrerPolicy, kept.cache, kept.redirect, kept.mode].join()"
        ),
        "POST,omit,no-referrer,no-store,error,cors"
    );
    assert_eq!(text("[...kept.headers.keys()].join()"), "content-type");
    assert_eq!(text("kept.headers.get('content-type')"), "application/x-www-form-urlencoded");
    assert_eq!(text("body"), "a=b&c=d");
}

#[wasm_bindgen_test]
async fn status_wait_and_body_come_back() {
    let _server =
        server("new Response('{\"error\":\"slow\"}', { status: 429, headers: { 'retry-after': ' 7 ' } })");
    let reply = post_form("https://sts.example/", "").await.ok().unwrap();
    assert_eq!((reply.status, reply.retry_after), (429, Some(7)));
    assert_eq!(reply.body.unwrap().text("error").as_deref(), Some("slow"));
}

#[wasm_bindgen_test]
async fn an_answer_that_is_no_json_has_no_body() {
    let _server = server(
        "new Response('<html>', { status: 502, headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' } })",
    );
    let reply = post_form("https://sts.example/", "").await.ok().unwrap();
    assert_eq!((reply.status, reply.retry_after), (502, None));
    assert!(reply.body.is_none());
}

#[wasm_bindgen_test]
async fn an_answer_of_another_realm_is_an_answer() {
    js("window.frame = document.createElement('iframe'); document.body.append(frame)");
    let _server = server("new frame.contentWindow.Response('{}', { status: 201 })");
    let reply = post_form("https://sts.example/", "").await;
    js("frame.remove()");
    assert!(reply.is_ok_and(|reply| reply.status == 201));
}

#[wasm_bindgen_test]
async fn no_answer_says_whether_the_browser_is_offline() {
    let _server = server("Promise.reject(new TypeError('Failed to fetch'))");
    let reply = post_form("https://sts.example/", "").await;
    assert!(reply.is_err_and(|unreachable| unreachable == Unreachable::Failed));
    js("Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })");
    let reply = post_form("https://sts.example/", "").await;
    js("delete navigator.onLine");
    assert!(reply.is_err_and(|unreachable| unreachable == Unreachable::Offline));
}

#[wasm_bindgen_test]
async fn whatever_a_page_makes_of_fetch_is_an_answer_or_none() {
    for broken in
        ["{ throw 1; }", "undefined", "({})", "Promise.resolve(7)", "Promise.resolve({ status: 200 })"]
    {
        let _server = Patched::new("fetch", &format!("() => {broken}"));
        assert!(post_form("https://sts.example/", "").await.is_err(), "{broken}");
    }
    let _server = server("Object.assign(new Response('{}'), { json: () => 7 })");
    assert!(post_form("https://sts.example/", "").await.is_ok());
}
