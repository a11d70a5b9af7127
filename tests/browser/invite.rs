//! The invitation and the surface that waits with the user.

use super::{Patched, click, hooks, js, open_prompts, surfaces, text, turn, willing_browser};
use crate::web::{Popup, given_up, invite};
use broker_core::Invitation;
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;

const URL: &str = "https://login.example/";

type Answer = Rc<Cell<Option<Invitation<Popup>>>>;

/// An invitation under way. The first turn shows it.
async fn invitation() -> Answer {
    let answer = Answer::default();
    let (hooks, told) = (hooks(), answer.clone());
    spawn_local(async move { told.set(Some(invite(&hooks, URL).await)) });
    turn().await;
    answer
}

fn app(show: &str) -> Patched {
    js("window.bar = []");
    Patched::new(
        "Xrm",
        &format!(
            "{{ App: {{ addGlobalNotification: (line) => {show}, clearGlobalNotification: (id) => bar.push(`clear ${{id}}`) }} }}"
        ),
    )
}

#[wasm_bindgen_test]
async fn a_page_without_a_bar_gets_an_element_that_a_screen_reader_reads_and_a_keyboard_reaches() {
    let answer = invitation().await;
    assert_eq!(surfaces(), 1);
    js("window.surface = document.querySelector('[data-talxis-broker]')");
    assert_eq!(
        text("surface.getAttribute('role') + ',' + surface.getAttribute('aria-label')"),
        "region,Sign-in"
    );
    assert!(text("surface.querySelector('[role=alert]').textContent").contains("sign in"));
    assert_eq!(
        text(
            "[...surface.querySelectorAll('button')].map((button) => button.type + ' ' + button.textContent).join()"
        ),
        "button Sign in,button Not now"
    );
    assert!(
        js("!surface.contains(document.activeElement) && !surface.querySelector('[tabindex]')").is_truthy()
    );
    click("Not now");
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Declined)));
    assert_eq!(surfaces(), 0);
}

#[wasm_bindgen_test]
async fn accepting_opens_the_window_within_the_click_and_takes_the_element_away() {
    let _browser = willing_browser();
    let answer = invitation().await;
    click("Sign in");
    assert_eq!(text("opened.join()"), format!("open {URL}"));
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Opened(_))));
    assert_eq!(surfaces(), 0);
}

#[wasm_bindgen_test]
async fn a_window_that_the_browser_refuses_is_told() {
    let answer = invitation().await;
    click("Sign in");
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Blocked)));
}

#[wasm_bindgen_test]
async fn prompting_lasts_from_the_invitation_to_the_end_of_the_window() {
    let _browser = willing_browser();
    let answer = invitation().await;
    click("Sign in");
    turn().await;
    assert_eq!(open_prompts(), Some(1.0));
    drop(answer.take());
    assert_eq!(open_prompts(), Some(0.0));
}

#[wasm_bindgen_test]
async fn in_power_apps_the_invitation_is_a_line_of_its_bar() {
    let _browser = willing_browser();
    let _app = app("{ window.line = line; return Promise.resolve('n1'); }");
    let answer = invitation().await;
    assert_eq!(surfaces(), 0);
    assert_eq!(
        text("JSON.stringify([line.type, line.level, line.showCloseButton, line.action.actionLabel])"),
        "[2,4,true,\"Sign in\"]"
    );
    js("line.action.eventHandler()");
    assert_eq!(text("opened.join()"), format!("open {URL}"));
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Opened(_))));
    assert_eq!(text("bar.join()"), "clear n1");
}

#[wasm_bindgen_test]
async fn a_line_that_is_shown_after_the_click_is_cleared_too() {
    let _browser = willing_browser();
    let _app = app(
        "{ window.line = line; return new Promise((resolve) => { window.shown = () => resolve('n2'); }); }",
    );
    let _answer = invitation().await;
    js("line.action.eventHandler()");
    turn().await;
    assert_eq!(text("bar.join()"), "");
    js("shown()");
    turn().await;
    assert_eq!(text("bar.join()"), "clear n2");
}

#[wasm_bindgen_test]
async fn a_bar_that_refuses_the_line_leaves_the_element_to_ask() {
    for refusal in ["Promise.reject(new Error('no'))", "{ throw new Error('no'); }"] {
        let _app = app(refusal);
        let answer = invitation().await;
        assert_eq!(surfaces(), 1, "{refusal}");
        click("Not now");
        turn().await;
        assert!(matches!(answer.take(), Some(Invitation::Declined)));
    }
}

#[wasm_bindgen_test]
async fn waiting_ends_with_cancel_and_can_open_the_window_again() {
    let _browser = willing_browser();
    let given: Rc<Cell<bool>> = Rc::default();
    let (hooks, told) = (hooks(), given.clone());
    spawn_local(async move {
        let popup = Popup::open(&hooks, URL).unwrap();
        given_up(&hooks, &popup, "https://login.example/again").await;
        told.set(true);
    });
    turn().await;
    click("Open again");
    assert_eq!(text("opened.join()"), format!("open {URL},open {URL}again"));
    assert!(!given.get());
    click("Cancel");
    turn().await;
    assert!(given.get());
    assert_eq!(surfaces(), 0);
    assert_eq!(text("opened.at(-1)"), "close");
}

#[wasm_bindgen_test]
async fn a_dropped_wait_takes_its_surface_away() {
    let _browser = willing_browser();
    let hooks = hooks();
    let popup = Popup::open(&hooks, URL).unwrap();
    {
        let mut waiting = std::pin::pin!(given_up(&hooks, &popup, URL));
        let waker = std::task::Waker::noop();
        assert!(waiting.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        assert_eq!(surfaces(), 1);
    }
    assert_eq!(surfaces(), 0);
}

#[wasm_bindgen_test]
async fn a_dead_instance_opens_no_window_and_shows_nothing() {
    let _browser = willing_browser();
    let _app = app("{ window.line = line; return Promise.resolve('n3'); }");
    let _answer = invitation().await;
    js("instance.abort()");
    assert_eq!(text("bar.join()"), "clear n3");
    js("line.action.eventHandler()");
    assert_eq!(text("opened.join()"), "");
}
