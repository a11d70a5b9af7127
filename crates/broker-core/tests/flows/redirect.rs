//! Sign-in by leaving the page: what is stored is enough to come back, and nothing else comes back.

use crate::{GRAPH, Page, choice, request, silent};
use broker_core::testing::{Kind, config};
use broker_core::{Code, Core, HostFacts, Pins};
use serde_json::{Value, json};

/// A mobile app whose configuration says that pages may be left.
pub(crate) fn page() -> Page {
    let page = Page::new();
    again(page, |_| {})
}

/// The page after a load, perhaps with another configuration.
fn again(page: Page, change: impl FnOnce(&mut Value)) -> Page {
    page.env.set_host(HostFacts { mobile: true, ..page.env.facts() });
    let core = Core::new(page.env.clone(), Pins::default());
    let mut config = config();
    config["mobile"] = json!("redirect");
    change(&mut config);
    core.configure(&config, &json!({})).expect("the configuration is good");
    Page { env: page.env, core }
}

fn come_back(page: &Page, departure: &Value, response: &str) -> Result<String, Code> {
    let (core, stored) = (page.core.clone(), departure.clone());
    let response = response.replace("STATE", stored["state"].as_str().expect("a state"));
    let call = page.env.start(async move { core.come_back(stored, &response).await });
    let landed = call.take().expect("it has ended");
    landed.map(|account| account.username.clone()).map_err(|error| error.code)
}

#[test]
fn a_user_who_is_asked_leaves_and_the_next_page_goes_on() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    assert_eq!(page.env.invited(), [""]);
    assert!(page.env.departure().is_none(), "it left before the user said so");
    page.env.answer_invitation(true);
    let departure = page.env.departure().expect("it left");
    assert!(call.take().is_none() && page.env.opened().is_empty());

    let page = again(page, |_| {});
    assert_eq!(come_back(&page, &departure, "code=good&state=STATE").as_deref(), Ok("adele@contoso.example"));
    assert!(page.get(silent("picker", &[GRAPH])).is_ok());
    let code =
        page.env.requests().into_iter().find(|request| request.kind() == Kind::Code).expect("a redemption");
    assert_eq!(code.field("code_verifier"), departure["verifier"].as_str().expect("a verifier"));
}

#[test]
fn a_user_who_does_not_want_to_leave_stays() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(false);
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::UserCancelled));
    assert!(page.env.departure().is_none());
}

#[test]
fn a_click_on_sign_in_leaves_at_once() {
    let page = page();
    let call = page.sign_in();
    assert!(page.env.departure().is_some() && page.env.invited().is_empty() && call.take().is_none());
}

#[test]
fn a_page_that_cannot_be_left_says_so() {
    let page = page();
    page.env.keep_nothing();
    let call = page.sign_in();
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::StorageUnavailable));
}

#[test]
fn only_the_answer_to_this_departure_comes_back() {
    let page = page();
    let _call = page.sign_in();
    let departure = page.env.departure().expect("it left");
    let page = again(page, |_| {});
    for wrong in ["code=good&state=x", "code=good", "", "error=login_required&state=STATE"] {
        assert!(come_back(&page, &departure, wrong).is_err(), "{wrong}");
    }
    let mut foreign = departure.clone();
    foreign["issuer"] = json!("https://evil.example b");
    assert_eq!(come_back(&page, &foreign, "code=good&state=STATE"), Err(Code::IdentityProvider));
    assert_eq!(page.env.count(Kind::Code), 0);
    let mut nonce = departure;
    nonce["nonce"] = json!("other");
    assert_eq!(come_back(&page, &nonce, "code=good&state=STATE"), Err(Code::IdentityProvider));
    assert!(page.core.account().is_none());
}

#[test]
fn a_click_on_sign_in_takes_over_an_invitation_that_nobody_answers() {
    let page = page();
    let _asks = page.call(request("picker", &[GRAPH]));
    assert_eq!((page.env.invited().len(), page.env.departure().is_none()), (1, true));
    let _leaves = page.sign_in_as(choice());
    assert!(page.env.departure().is_some() && page.env.opened().is_empty());
    assert_eq!(page.env.withdrawn(), 1);
    assert!(page.env.left()[0].contains("&prompt=select_account"), "{:?}", page.env.left());
}

#[test]
fn a_sign_out_while_the_departure_is_stored_stays() {
    let page = page();
    page.env.set_latency(100);
    let call = page.sign_in();
    page.core.sign_out();
    page.env.advance(100);
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert!(page.env.left().is_empty());
}

#[test]
fn another_click_does_not_leave_what_is_unsaved() {
    let page = page();
    let _asks = page.call(request("picker", &[GRAPH]));
    page.env.click();
    let _asks_too = page.call(request("calendar", &[GRAPH]));
    assert!(page.env.departure().is_none() && page.env.opened().is_empty());
}

#[test]
fn a_sign_out_withdraws_the_question_whether_to_leave() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    page.core.sign_out();
    page.env.run();
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert_eq!(page.env.withdrawn(), 1);
    assert!(page.env.departure().is_none());
}
