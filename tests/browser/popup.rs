//! The sign-in window.

use super::{hooks, js, open_prompts, text, willing_browser};
use crate::web::{Popup, activated};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn without_a_gesture_the_browser_refuses_and_no_prompt_counts_as_open() {
    assert!(Popup::open(&hooks(), "about:blank").is_none());
    assert_eq!(open_prompts(), Some(0.0));
}

#[wasm_bindgen_test]
fn a_window_that_comes_closed_counts_as_refused() {
    let _browser = super::Patched::new("open", "() => ({ closed: true, focus() {}, close() {} })");
    assert!(Popup::open(&hooks(), "https://login.example/").is_none());
}

#[wasm_bindgen_test]
fn dropping_closes_the_window_and_ends_the_prompt() {
    let _browser = willing_browser();
    let popup = Popup::open(&hooks(), "https://login.example/");
    assert_eq!(open_prompts(), Some(1.0));
    drop(popup);
    assert_eq!(text("opened.join()"), "open https://login.example/,close");
    assert_eq!(open_prompts(), Some(0.0));
}

#[wasm_bindgen_test]
fn the_window_has_a_size_a_place_and_still_its_opener() {
    let _browser = willing_browser();
    let _popup = Popup::open(&hooks(), "https://login.example/");
    let features = text("lastFeatures");
    assert!(features.starts_with("popup,width=483,height=600,left="), "{features}");
    assert!(!features.contains("noopener"));
}

#[wasm_bindgen_test]
fn opening_again_uses_the_same_name() {
    let _browser = willing_browser();
    let popup = Popup::open(&hooks(), "https://login.example/").unwrap();
    js("window.firstName = lastName");
    popup.reopen();
    assert_eq!(text("opened.join()"), "open https://login.example/,open https://login.example/");
    assert!(js("firstName === lastName && firstName.length > 14").is_truthy());
}

#[wasm_bindgen_test]
fn the_window_of_a_dead_instance_is_closed() {
    let _browser = willing_browser();
    std::mem::forget(Popup::open(&hooks(), "https://login.example/"));
    js("instance.abort()");
    assert_eq!(text("opened.join()"), "open https://login.example/,close");
}

#[wasm_bindgen_test]
fn without_a_click_the_page_is_not_activated() {
    assert!(!activated());
}
