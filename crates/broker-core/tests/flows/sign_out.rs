//! Sign-out everywhere: nothing before the user has confirmed it, nobody here after that, and Entra as well where it answers.

use crate::{GRAPH, Page, request};
use broker_core::testing::Call;
use broker_core::{Code, EventKind, HostFacts, Result};

fn everywhere(page: &Page) -> Call<Result<()>> {
    page.env.start(page.core.sign_out_everywhere())
}

fn ended(call: &Call<Result<()>>) -> std::result::Result<(), Code> {
    call.take().expect("it has ended").map_err(|error| error.code)
}

fn is_signed_in(page: &Page) -> bool {
    page.core.account().is_some() && page.core.snapshot().is_some()
}

#[test]
fn a_user_who_confirms_is_signed_out_here_at_once_and_at_entra_in_the_window_of_the_click() {
    let page = Page::signed_in();
    page.get(request("picker", &[GRAPH])).expect("a token");
    let call = everywhere(&page);
    assert!(is_signed_in(&page) && call.take().is_none(), "it did not wait for the user");
    page.env.answer_invitation(true);
    assert!(!is_signed_in(&page) && page.kinds().contains(&EventKind::SignedOut));
    let url = page.env.opened().pop().expect("a window");
    assert!(url.contains("/oauth2/v2.0/logout?client_id="), "{url}");
    assert!(
        url.contains("&post_logout_redirect_uri=https%3A%2F%2Fcontoso.crm.example%2FWebResources"),
        "{url}"
    );
    assert_eq!(page.env.parameter("logout_hint"), "O.adele");
    assert!(call.take().is_none(), "it did not wait for Entra");
    page.env.respond("");
    assert_eq!((ended(&call), page.env.closed()), (Ok(()), 2));
}

#[test]
fn a_user_who_does_not_confirm_stays_signed_in() {
    let page = Page::signed_in();
    let call = everywhere(&page);
    page.env.answer_invitation(false);
    assert_eq!((ended(&call), is_signed_in(&page)), (Err(Code::UserCancelled), true));
    assert!(!page.core.diagnostics().refused, "no sign-in was refused");
}

#[test]
fn an_entra_that_never_answers_leaves_nobody_signed_in_here() {
    let page = Page::signed_in();
    let call = everywhere(&page);
    page.env.answer_invitation(true);
    page.env.advance(60_000);
    assert_eq!((ended(&call), is_signed_in(&page)), (Err(Code::PopupTimeout), false));
}

#[test]
fn where_no_window_opens_the_page_leaves_and_keeps_nothing_to_sign_in_with() {
    let page = Page::signed_in();
    page.env.block_popups(true);
    let call = everywhere(&page);
    page.env.answer_invitation(true);
    assert!(!is_signed_in(&page) && call.take().is_none());
    assert!(page.env.left()[0].contains("/logout?"), "{:?}", page.env.left());
    assert_eq!(page.env.departure().expect("a departure")["verifier"], "");
}

/// In a frame of another site's page.
fn framed() -> Page {
    let page = Page::signed_in();
    page.env.set_host(HostFacts { framed: true, ..page.env.facts() });
    page
}

#[test]
fn in_a_frame_of_another_sites_page_the_window_is_the_relay() {
    let page = framed();
    let call = everywhere(&page);
    page.env.answer_invitation(true);
    let url = page.env.opened().pop().expect("a window");
    let relay = "https://contoso.crm.example/WebResources/talxis_/tokenbroker/redirect.html#https://";
    assert!(url.starts_with(relay) && url.contains("/logout?"), "{url}");
    page.env.respond("");
    assert_eq!(ended(&call), Ok(()));
}

#[test]
fn in_a_frame_of_another_sites_page_where_no_window_opens_nothing_is_signed_out_and_nobody_leaves() {
    let page = framed();
    page.env.block_popups(true);
    let call = everywhere(&page);
    page.env.answer_invitation(true);
    assert_eq!((ended(&call), is_signed_in(&page)), (Err(Code::PopupBlocked), true));
    assert!(page.env.left().is_empty(), "{:?}", page.env.left());
}
