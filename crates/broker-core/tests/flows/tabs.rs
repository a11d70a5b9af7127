//! Two tabs of one browser: one of them does the work, the other one finds it done, or takes over.

use crate::{GRAPH, HOUR, Page, forced, identity::stored, request, silent, text};
use broker_core::testing::{FakeEnv, Kind, config};
use broker_core::{Code, Core, Env, EventKind, Pins};
use serde_json::json;

/// A page in another tab of the same browser; whatever the first tab stored is taken in there when a turn comes.
pub(crate) fn beside(page: &Page) -> Page {
    let env: FakeEnv = page.env.new_tab();
    let core = Core::new(env.clone(), Pins::default());
    core.configure(&config(), &json!({})).expect("the configuration is good");
    let (first, second) = (page.core.clone(), core.clone());
    page.env.on_turn(move || {
        if let Some(snapshot) = first.snapshot() {
            second.restore(&stored(&snapshot));
        }
    });
    Page { env, core }
}

/// Both tabs are signed in with the same session.
fn two_signed_in() -> (Page, Page) {
    let first = Page::signed_in();
    let second = beside(&first);
    assert!(second.core.restore(&stored(&first.core.snapshot().expect("a session"))));
    (first, second)
}

/// A second goes by in both tabs.
fn pass(first: &Page, second: &Page) {
    second.env.advance(1_000);
    first.env.advance(1_000);
    second.env.run();
}

#[test]
fn one_tab_refreshes_and_the_other_one_has_the_token_without_a_request() {
    let (first, second) = two_signed_in();
    first.env.set_latency(1_000);
    let in_first = first.call(request("picker", &[]));
    let in_second = second.call(silent("picker", &[]));
    assert_eq!((first.env.count(Kind::Refresh), second.env.requests().len()), (1, 0));
    pass(&first, &second);
    let token = in_first.take().expect("ended").expect("a token");
    assert_eq!(text(&in_second.take().expect("ended").expect("a token")), text(&token));
    assert!(second.env.requests().is_empty());
}

#[test]
fn a_refresh_token_that_another_tab_changed_is_the_one_that_is_used_next() {
    let (first, second) = two_signed_in();
    first.env.set_clock(first.env.now() + 1_000);
    first.env.set_latency(1_000);
    let _in_first = first.call(request("picker", &[]));
    let _in_second = second.call(silent("calendar", &[]));
    pass(&first, &second);
    let used = |page: &Page| page.env.requests().last().expect("a request").field("refresh_token").to_owned();
    let newest = first.core.snapshot().expect("a session").refresh_token;
    assert_ne!(used(&first), newest.expose());
    assert_eq!(used(&second), newest.expose());
}

#[test]
fn a_tab_does_not_wait_for_itself() {
    let (first, _) = two_signed_in();
    first.env.set_latency(1_000);
    let calls = ["picker", "calendar"].map(|client| first.call(request(client, &[])));
    assert_eq!(first.env.count(Kind::Refresh), 2);
    first.env.advance(1_000);
    assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
}

#[test]
fn a_call_that_forces_a_refresh_waits_for_its_turn_and_refreshes_all_the_same() {
    let (first, second) = two_signed_in();
    first.env.set_latency(1_000);
    let _in_first = first.call(request("picker", &[]));
    let in_second = second.call(forced("picker", &[]));
    assert!(second.env.requests().is_empty());
    pass(&first, &second);
    assert!(in_second.take().expect("ended").is_ok());
    assert_eq!(second.env.count(Kind::Refresh), 1);
}

#[test]
fn a_tab_that_dies_frees_the_others() {
    let (first, second) = two_signed_in();
    first.env.set_latency(HOUR as u32);
    let _in_first = first.call(request("picker", &[]));
    let in_second = second.call(silent("picker", &[]));
    assert!(in_second.take().is_none());
    first.env.kill();
    second.env.run();
    assert!(in_second.take().expect("ended").is_ok());
}

#[test]
fn while_the_user_signs_in_in_one_tab_the_other_one_shows_nothing_and_goes_on_with_it() {
    let first = Page::new();
    let second = beside(&first);
    let signing_in = first.sign_in();
    let waiting = second.call(request("picker", &[GRAPH]));
    assert_eq!((first.env.opened().len(), second.env.invited().len()), (1, 0));
    first.env.finish_sign_in();
    second.env.run();
    assert!(signing_in.take().expect("ended").is_ok());
    assert!(waiting.take().expect("ended").is_ok());
    assert_eq!((second.env.invited().len(), second.counts()[0]), (0, 0));
}

#[test]
fn a_tab_whose_user_refused_hears_of_a_sign_in_in_another_one_and_answers_again() {
    let first = Page::new();
    let second = beside(&first);
    let refused = second.call(request("picker", &[GRAPH]));
    second.env.answer_invitation(false);
    assert_eq!(refused.take().expect("ended").err().map(|error| error.code), Some(Code::UserCancelled));
    assert!(!second.kinds().contains(&EventKind::SignedIn));

    let _signing_in = first.sign_in();
    first.env.finish_sign_in();
    // What the message to the other tabs brings about.
    second.core.restore(&stored(&first.core.snapshot().expect("a session")));
    assert_eq!(second.kinds().last(), Some(&EventKind::SignedIn));
    assert!(second.get(request("picker", &[GRAPH])).is_ok());
    assert_eq!((second.env.invited().len(), second.env.opened().len()), (1, 0));
}

#[test]
fn a_sign_in_that_fails_in_one_tab_is_taken_over_by_the_other_one() {
    for killed in [true, false] {
        let first = Page::new();
        let second = beside(&first);
        let signing_in = first.sign_in();
        let waiting = second.call(request("picker", &[GRAPH]));
        if killed {
            first.env.kill();
        } else {
            first.env.give_up();
            assert_eq!(
                signing_in.take().expect("ended").err().map(|error| error.code),
                Some(Code::UserCancelled)
            );
        }
        second.env.run();
        assert_eq!(second.env.invited().len(), 1);
        second.env.answer_invitation(true);
        second.env.finish_sign_in();
        assert!(waiting.take().expect("ended").is_ok());
    }
}

#[test]
fn a_click_in_a_tab_that_waits_opens_its_window_at_once() {
    let first = Page::new();
    let second = beside(&first);
    let _signing_in = first.sign_in();
    let waiting = second.call(request("picker", &[GRAPH]));
    let clicked = second.sign_in();
    assert_eq!((second.env.opened().len(), second.env.invited().len()), (1, 0));
    second.env.finish_sign_in();
    assert!(clicked.take().expect("ended").is_ok() && waiting.take().expect("ended").is_ok());
}

#[test]
fn an_invitation_that_nobody_answers_keeps_no_other_tab_waiting() {
    let first = Page::new();
    let second = beside(&first);
    let _asks = first.call(request("picker", &[GRAPH]));
    let _asks_too = second.call(request("picker", &[GRAPH]));
    assert_eq!((first.env.invited().len(), second.env.invited().len()), (1, 1));
}

#[test]
fn a_sign_out_ends_the_wait_for_another_tab() {
    let first = Page::new();
    let second = beside(&first);
    let _signing_in = first.sign_in();
    let waiting = second.call(request("picker", &[GRAPH]));
    second.core.sign_out();
    second.env.run();
    assert_eq!(waiting.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    first.env.kill();
    second.env.run();
    assert!(second.env.invited().is_empty());
}

#[test]
fn one_hidden_frame_is_enough_for_two_tabs() {
    let first = Page::new();
    let second = beside(&first);
    first.env.allow_frames();
    second.env.allow_frames();
    let in_first = first.call(request("picker", &[GRAPH]));
    let in_second = second.call(silent("calendar", &[GRAPH]));
    assert_eq!((first.env.framed().len(), second.env.framed().len()), (1, 0));
    first.env.respond_in_frame("code=good&state=STATE");
    for page in [&second, &first, &second] {
        page.env.run();
    }
    assert!(in_first.take().expect("ended").is_ok() && in_second.take().expect("ended").is_ok());
    assert!(second.env.framed().is_empty());
}
