//! A claims challenge, wherever it comes from, is carried to completion: silently if Entra is content, else with one prompt, and once.

use crate::{GRAPH, Page, request, silent, text};
use broker_core::testing::{Kind, reply};
use broker_core::{Code, Interaction, TokenRequest};
use serde_json::json;

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

fn sts_challenges(page: &Page) {
    let body = json!({ "error": "interaction_required", "error_codes": [50_076], "claims": CHALLENGE });
    page.env.answer_next(Kind::Exchange, Ok(reply(400, body)));
}

fn entra_wants_the_user(page: &Page) {
    let body = json!({ "error": "invalid_grant", "suberror": "basic_action", "error_codes": [50_076] });
    page.env.answer_next(Kind::Refresh, Ok(reply(400, body)));
}

/// A signed-in page whose client token is cached.
fn page() -> Page {
    let page = Page::signed_in();
    page.get(request("picker", &[])).expect("a client token");
    page
}

#[test]
fn a_challenge_that_entra_can_meet_costs_the_user_nothing() {
    let page = page();
    sts_challenges(&page);
    let result = page.get(request("picker", &[GRAPH])).expect("a token");
    assert!(text(&result).starts_with("backend-"));
    let refreshes: Vec<_> =
        page.env.requests().into_iter().filter(|sent| sent.kind() == Kind::Refresh).collect();
    assert_eq!(refreshes.last().expect("a refresh").field("claims"), CHALLENGE);
    assert!(page.env.invited().is_empty());
    assert_eq!(page.env.count(Kind::Exchange), 2);
}

#[test]
fn what_only_the_user_can_meet_is_asked_once_and_the_call_goes_on() {
    let page = page();
    sts_challenges(&page);
    entra_wants_the_user(&page);
    let call = page.call(request("picker", &[GRAPH]));
    let invited = page.env.invited();
    assert_eq!(invited.len(), 1);
    assert!(
        invited[0].contains("&claims=%7B%22access_token%22") && invited[0].contains("login_hint=adele"),
        "{}",
        invited[0]
    );
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    let result = call.take().expect("it has ended").expect("a token");
    assert!(!result.from_cache);
    // What it brought is what the next call finds.
    assert_eq!(text(&page.get(silent("picker", &[GRAPH])).expect("a token")), text(&result));
}

#[test]
fn a_call_that_may_not_ask_gets_the_challenge() {
    let page = page();
    sts_challenges(&page);
    entra_wants_the_user(&page);
    let error = page.fails(silent("picker", &[GRAPH]));
    assert_eq!(error.code, Code::InteractionRequired);
    assert!(page.env.invited().is_empty());
}

#[test]
fn a_challenge_that_comes_again_after_the_user_met_it_is_the_callers() {
    let page = page();
    sts_challenges(&page);
    entra_wants_the_user(&page);
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(true);
    sts_challenges(&page);
    page.env.finish_sign_in();
    let error = call.take().expect("it has ended").err().expect("it fails");
    assert_eq!((error.code, error.claims.as_deref()), (Code::InteractionRequired, Some(CHALLENGE)));
    assert_eq!(page.env.invited().len(), 1);
}

#[test]
fn the_callers_own_challenge_goes_the_same_way() {
    let page = page();
    entra_wants_the_user(&page);
    let asked = TokenRequest { claims: CHALLENGE.to_owned(), ..request("picker", &[GRAPH]) };
    let call = page.call(asked.clone());
    let other = page.call(asked);
    assert_eq!(page.env.invited().len(), 1);
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok() && other.take().expect("ended").is_ok());
    let never = TokenRequest {
        claims: CHALLENGE.to_owned(),
        interaction: Interaction::Never,
        ..request("picker", &[GRAPH])
    };
    entra_wants_the_user(&page);
    assert_eq!(page.fails(never).code, Code::InteractionRequired);
}

/// A challenge for this authentication context.
fn challenge(value: &str) -> String {
    json!({ "access_token": { "acrs": { "essential": true, "value": value } } }).to_string()
}

fn with_challenge(client: &str, value: &str) -> TokenRequest {
    TokenRequest { claims: challenge(value), ..request(client, &[]) }
}

/// The user meets what the one open invitation asks, and that is what the window asks of Entra.
fn meet(page: &Page, nth: usize, value: &str) {
    assert_eq!((page.env.invited().len(), page.env.opened().len()), (nth, nth), "two prompts at a time");
    page.env.answer_invitation(true);
    assert_eq!(page.env.parameter("claims"), challenge(value));
    page.env.finish_sign_in();
}

#[test]
fn two_challenges_are_asked_one_after_the_other() {
    let page = page();
    for value in ["c1", "c2"] {
        page.env.insist(&challenge(value), true);
    }
    let first = page.call(with_challenge("picker", "c1"));
    let second = page.call(with_challenge("calendar", "c2"));
    meet(&page, 1, "c1");
    assert!(first.take().expect("ended").is_ok() && second.take().is_none());
    meet(&page, 2, "c2");
    assert!(second.take().expect("ended").is_ok());
    assert_eq!(page.env.invited().len(), 2);
}

#[test]
fn one_challenge_is_one_prompt_for_all_clients_that_wait() {
    let page = page();
    page.env.insist(&challenge("c1"), true);
    let calls = ["picker", "calendar"].map(|client| page.call(with_challenge(client, "c1")));
    meet(&page, 1, "c1");
    assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
    assert_eq!(page.env.invited().len(), 1);
}

#[test]
fn a_challenge_that_waited_for_an_ordinary_sign_in_is_asked_afterwards() {
    let page = page();
    page.env.insist(&challenge("c1"), true);
    let _choosing = page.sign_in_as(crate::choice());
    let call = page.call(with_challenge("picker", "c1"));
    assert_eq!((page.env.invited().len(), page.env.opened().len()), (0, 2), "two prompts at a time");
    page.env.finish_sign_in();
    assert!(call.take().is_none());
    assert_eq!(page.env.invited().len(), 1);
    page.env.answer_invitation(true);
    assert_eq!(page.env.parameter("claims"), challenge("c1"));
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
}

#[test]
fn challenges_that_entra_repeats_are_asked_once_each() {
    let page = page();
    for value in ["c1", "c2"] {
        page.env.insist(&challenge(value), false);
    }
    let asked = [("picker", "c1"), ("calendar", "c2"), ("calendar", "c1"), ("picker", "c2")];
    let calls = asked.map(|(client, value)| page.call(with_challenge(client, value)));
    meet(&page, 1, "c1");
    meet(&page, 2, "c2");
    for call in calls {
        let code = call.take().expect("ended").err().map(|error| error.code);
        assert_eq!(code, Some(Code::InteractionRequired));
    }
    assert_eq!(page.env.invited().len(), 2);
}

#[test]
fn a_user_who_refuses_the_first_challenge_is_not_asked_the_second() {
    let page = page();
    for value in ["c1", "c2"] {
        page.env.insist(&challenge(value), true);
    }
    let calls = [("picker", "c1"), ("calendar", "c2")]
        .map(|(client, value)| page.call(with_challenge(client, value)));
    page.env.answer_invitation(false);
    for call in calls {
        assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::UserCancelled));
    }
    assert_eq!(page.env.invited().len(), 1);
}

#[test]
fn a_challenge_that_is_another_each_time_comes_to_an_end() {
    let page = page();
    for value in 0..50 {
        let body = json!({ "error": "interaction_required", "claims": challenge(&value.to_string()) });
        page.env.answer_next(Kind::Exchange, Ok(reply(400, body)));
    }
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::InteractionRequired));
    assert!(page.env.count(Kind::Exchange) < 5, "it asked on and on");
}
