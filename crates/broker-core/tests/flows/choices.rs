//! Whose sign-in it is to be, where an invitation is open already: what `signIn()` wishes replaces what the invitation says, and every
//! parameter goes to Entra once (RFC 6749 §3.1).

use crate::{GRAPH, Page, choice, hint, request, wish};
use broker_core::testing::{Kind, reply};
use broker_core::{SignInRequest, TokenRequest};
use serde_json::json;

/// A page with an invitation, because Entra knows somebody else in the hidden frame.
fn mismatch() -> Page {
    let page = Page::new();
    page.env.allow_frames();
    drop(page.call(request("picker", &[GRAPH])));
    let mut claims = page.env.claims();
    claims["oid"] = json!("d0000000-0000-4000-8000-000000000002");
    page.env.answer_next(Kind::Code, Ok(reply(200, page.env.tokens("useless", "openid", &claims))));
    page.env.respond_in_frame("code=good&state=STATE");
    assert_eq!(page.env.invited().len(), 1);
    page
}

/// A page with an invitation, because Entra wants more of Adele than her session.
fn challenged() -> Page {
    let page = Page::signed_in();
    challenge(&page, "c1");
    assert_eq!(page.env.invited().len(), 1);
    page
}

/// A call with a challenge that Entra does not take as met.
fn challenge(page: &Page, value: &str) {
    let body = json!({ "error": "invalid_grant", "suberror": "basic_action", "error_codes": [50_076] });
    page.env.answer_next(Kind::Refresh, Ok(reply(400, body)));
    let claims = json!({ "access_token": { "acrs": { "essential": true, "value": value } } }).to_string();
    drop(page.call(TokenRequest { claims, ..request("picker", &[GRAPH]) }));
}

/// How often each of these parameters is in an address.
fn occurrences(url: &str, names: [&str; 3]) -> [usize; 3] {
    names.map(|name| url.matches(&["&", name, "="].concat()).count())
}

/// The address of the window that `signIn()` opens.
fn taken_over(page: &Page, wish: SignInRequest) -> String {
    let windows = page.env.opened().len();
    let _sign_in = page.sign_in_as(wish);
    assert_eq!((page.env.opened().len(), page.env.withdrawn()), (windows + 1, 1));
    page.env.opened().pop().expect("a window")
}

const NAMES: [&str; 3] = ["prompt", "login_hint", "claims"];

#[test]
fn choosing_after_another_account_was_found_says_so_once() {
    for wish in [choice(), wish()] {
        let url = taken_over(&mismatch(), wish);
        assert_eq!(occurrences(&url, NAMES), [1, 0, 0], "{url}");
        assert!(url.contains("&prompt=select_account"), "{url}");
    }
}

#[test]
fn choosing_drops_the_hint_that_would_skip_the_choice_and_keeps_the_challenge() {
    let url = taken_over(&challenged(), choice());
    assert_eq!(occurrences(&url, NAMES), [1, 0, 1], "{url}");
    let page = Page::new();
    drop(page.call(request("picker", &[GRAPH])));
    assert_eq!(occurrences(&taken_over(&page, choice()), NAMES), [1, 0, 0]);
}

#[test]
fn who_names_an_account_is_heard_although_an_invitation_is_open() {
    for page in [mismatch(), challenged()] {
        let url = taken_over(&page, hint("boris@contoso.example"));
        assert!(url.contains("&login_hint=boris%40contoso.example"), "{url}");
        assert_eq!(occurrences(&url, NAMES)[..2], [0, 1], "{url}");
    }
}

#[test]
fn a_click_without_a_wish_opens_what_the_invitation_says() {
    let page = challenged();
    page.env.click();
    challenge(&page, "c2");
    let url = page.env.opened().pop().expect("a window");
    assert_eq!(occurrences(&url, NAMES), [0, 1, 1], "{url}");
    assert!(url.contains("&login_hint=adele") && url.contains("c1") && !url.contains("c2"), "{url}");
}

#[test]
fn opening_the_window_again_keeps_the_choice() {
    let page = mismatch();
    let url = taken_over(&page, choice());
    assert_eq!(page.env.again(), url);
    page.env.finish_sign_in();
    assert!(page.core.account().is_some());
}

#[test]
fn a_page_that_is_left_from_an_invitation_goes_where_the_wish_says() {
    for (wish, says) in
        [(choice(), "&prompt=select_account"), (hint("boris@contoso.example"), "&login_hint=boris%40contoso")]
    {
        let page = crate::redirect::page();
        drop(page.call(request("picker", &[GRAPH])));
        let _leaves = page.sign_in_as(wish);
        let url = page.env.left().pop().expect("the page was left");
        assert!(url.contains(says) && occurrences(&url, NAMES)[..2].iter().sum::<usize>() == 1, "{url}");
    }
}
