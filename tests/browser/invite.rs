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
    spawn_local(async move { told.set(Some(invite(&hooks, URL, false).await)) });
    turn().await;
    answer
}

/// Power Apps' confirm dialog, and the configuration that chooses it.
fn confirm_dialog(answer: &str) -> (Patched, Patched) {
    let xrm = format!(
        "{{ Navigation: {{ openConfirmDialog: (strings) => {{ window.strings = strings; return {answer}; }} }} }}"
    );
    (Patched::new("confirms", "true"), Patched::new("Xrm", &xrm))
}

/// The text of the invitation while Power Apps' user has a language, and the browser one.
async fn invitation_in(lcid: &str, browser: &str) -> String {
    let xrm = format!(
        "{{ Utility: {{ getGlobalContext: () => ({{ userSettings: {{ languageId: {lcid} }} }}) }} }}"
    );
    let _xrm = Patched::new("Xrm", &xrm);
    js(&format!(
        "Object.defineProperty(navigator, 'language', {{ value: '{browser}', configurable: true }})"
    ));
    let answer = invitation().await;
    js("delete navigator.language");
    let said = text(
        "document.querySelector('dialog').lang + ' ' + document.querySelector('dialog button').textContent",
    );
    js("instance.abort()");
    drop(answer);
    said
}

fn press_escape() {
    js("window.escaped = 0");
    js("document.addEventListener('keydown', () => { escaped += 1; }, { once: true })");
    js(
        "document.querySelector('dialog button').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))",
    );
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
        text("[surface.localName, surface.getAttribute('aria-label'), surface.lang].join()"),
        "dialog,Sign in,en"
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
    assert!(matches!(answer.take(), Some(Invitation::Accepted)));
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
async fn the_confirm_dialog_asks_where_the_configuration_says_so() {
    let _browser = willing_browser();
    let _dialog = confirm_dialog("Promise.resolve({ confirmed: true })");
    let answer = invitation().await;
    assert_eq!(
        text("[strings.title, strings.confirmButtonLabel, strings.cancelButtonLabel].join()"),
        "Sign in,Sign in,Not now"
    );
    assert!(matches!(answer.take(), Some(Invitation::Opened(_))));
    assert_eq!(text("opened.join()"), format!("open {URL},close"));
    assert_eq!(surfaces(), 0);
}

#[wasm_bindgen_test]
async fn a_confirm_dialog_that_was_closed_is_a_refusal() {
    let _browser = willing_browser();
    let _dialog = confirm_dialog("Promise.resolve({ confirmed: false })");
    let answer = invitation().await;
    assert!(matches!(answer.take(), Some(Invitation::Declined)));
    assert_eq!(text("opened.join()"), "");
}

#[wasm_bindgen_test]
async fn a_confirm_dialog_that_fails_leaves_the_element_to_ask() {
    for failure in ["Promise.reject(new Error('no'))", "undefined"] {
        let _dialog = confirm_dialog(failure);
        let answer = invitation().await;
        assert_eq!(surfaces(), 1, "{failure}");
        click("Not now");
        turn().await;
        assert!(matches!(answer.take(), Some(Invitation::Declined)));
    }
}

#[wasm_bindgen_test]
async fn a_click_that_is_gone_by_then_gets_a_button_that_makes_another() {
    // The browser of the test refuses: nobody clicked.
    let confirmed = confirm_dialog("Promise.resolve({ confirmed: true })");
    let answer = invitation().await;
    assert!(answer.take().is_none());
    assert_eq!(js("document.querySelectorAll('dialog:modal').length").as_f64(), Some(1.0));
    let _browser = willing_browser();
    click("Sign in");
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Opened(_))));
    drop(confirmed);

    let _app = app("{ window.line = line; return Promise.resolve('n4'); }");
    let answer = invitation().await;
    {
        let _browser = Patched::new("open", "() => null");
        js("line.action.eventHandler()");
    }
    turn().await;
    assert_eq!(text("bar.join()"), "clear n4");
    assert_eq!(js("document.querySelectorAll('dialog:modal').length").as_f64(), Some(1.0));
    js("document.querySelector('dialog').dispatchEvent(new Event('cancel'))"); // As a phone's back button does.
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Declined)));
}

#[wasm_bindgen_test]
async fn escape_is_a_refusal_and_closes_nothing_else() {
    let answer = invitation().await;
    press_escape();
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Declined)));
    assert_eq!((surfaces(), js("escaped").as_f64()), (0, Some(0.0)));
}

#[wasm_bindgen_test]
async fn the_focus_goes_back_to_where_the_user_worked() {
    js("document.body.append(Object.assign(document.createElement('input'), { id: 'work' }))");
    js("work.focus()");
    let answer = invitation().await;
    js("document.querySelector('dialog button').focus()");
    click("Not now");
    turn().await;
    assert!(matches!(answer.take(), Some(Invitation::Declined)));
    assert!(js("document.activeElement === work").is_truthy());
    js("work.remove()");
}

#[wasm_bindgen_test]
async fn the_language_is_that_of_power_apps_user_else_the_browsers_else_english() {
    assert_eq!(invitation_in("1029", "en-US").await, "cs Přihlásit se");
    assert_eq!(invitation_in("2053", "en-US").await, "cs Přihlásit se", "whatever the country");
    assert_eq!(invitation_in("2057", "cs").await, "en Sign in");
    assert_eq!(invitation_in("1031", "cs").await, "en Sign in");
    assert_eq!(invitation_in("undefined", "cs-CZ").await, "cs Přihlásit se");
    assert_eq!(invitation_in("undefined", "csb").await, "en Sign in");
}

#[wasm_bindgen_test]
async fn a_page_from_right_to_left_has_it_in_its_other_corner() {
    let edges = "(() => { const { left, right } = document.querySelector('dialog').getBoundingClientRect();
        return `${left} ${document.documentElement.clientWidth - right}`; })()";
    js("document.dir = 'rtl'");
    let _answer = invitation().await;
    assert!(text(edges).starts_with("16 "), "{}", text(edges));
    js("document.dir = ''");
    assert!(text(edges).ends_with(" 16"), "{}", text(edges));
    js("instance.abort()");
}

#[wasm_bindgen_test]
async fn style_sheets_of_the_page_do_not_reach_it() {
    js("window.sheet = new CSSStyleSheet()");
    js(
        "sheet.replaceSync('button, dialog, dialog * { display: none; opacity: 0; outline: none; } :focus { outline: none; }')",
    );
    js("document.adoptedStyleSheets = [sheet]");
    let _answer = invitation().await;
    js("document.querySelector('dialog button').focus({ focusVisible: true })");
    let seen = text(
        "(() => { const { opacity, outlineStyle } = getComputedStyle(document.querySelector('dialog button'));
             return [opacity, outlineStyle, document.querySelector('dialog button').checkVisibility()].join(); })()",
    );
    js("document.adoptedStyleSheets = []");
    js("instance.abort()");
    assert_eq!(seen, "1,auto,true");
}

#[wasm_bindgen_test]
async fn waiting_ends_with_cancel_and_can_open_the_window_again() {
    let _browser = willing_browser();
    let given: Rc<Cell<bool>> = Rc::default();
    let (hooks, told) = (hooks(), given.clone());
    spawn_local(async move {
        let popup = Popup::open(&hooks, URL).unwrap();
        given_up(&hooks, &popup).await;
        told.set(true);
    });
    turn().await;
    click("Open again");
    assert_eq!(text("opened.join()"), format!("open {URL},open {URL}"));
    assert!(!given.get());
    click("Cancel");
    turn().await;
    assert!(given.get());
    assert_eq!(surfaces(), 0);
    assert_eq!(text("opened.at(-1)"), "close");
}

#[wasm_bindgen_test]
async fn escape_gives_up_waiting_as_cancel_does() {
    let _browser = willing_browser();
    let (hooks, given) = (hooks(), Rc::new(Cell::new(false)));
    let told = given.clone();
    spawn_local(async move {
        let popup = Popup::open(&hooks, URL).unwrap();
        given_up(&hooks, &popup).await;
        told.set(true);
    });
    turn().await;
    press_escape();
    turn().await;
    assert!(given.get());
}

#[wasm_bindgen_test]
async fn a_dropped_wait_takes_its_surface_away() {
    let _browser = willing_browser();
    let hooks = hooks();
    let popup = Popup::open(&hooks, URL).unwrap();
    {
        let mut waiting = std::pin::pin!(given_up(&hooks, &popup));
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
    turn().await;
    assert_eq!(text("bar.join()"), "clear n3");
    js("line.action.eventHandler()");
    assert_eq!(text("opened.join()"), "");
}
