//! Renewal ahead of time: behind a call that has a good token, once, in one tab, and only where somebody sees the page.

use crate::{GRAPH, HOUR, Page, UNREACHABLE, request, silent, text};
use broker_core::testing::{Kind, reply};
use broker_core::{Env, EventKind, HostFacts};
use serde_json::json;

const MINUTE: u64 = 60_000;

/// A page that had its token so many minutes ago; the network takes a second from now on.
fn minutes_later(minutes: u64) -> (Page, String) {
    let page = Page::signed_in();
    let token = text(&page.get(request("picker", &[GRAPH])).expect("a token")).to_owned();
    page.env.advance(minutes * MINUTE);
    page.env.set_latency(1_000);
    (page, token)
}

#[test]
fn a_call_late_in_a_tokens_life_has_it_at_once_and_the_next_call_has_the_next_one() {
    let (page, old) = minutes_later(50);
    let first = page.get(request("picker", &[GRAPH])).expect("a token");
    assert!(first.from_cache && text(&first) == old);
    page.env.advance(2_000);
    assert_eq!(page.counts(), [1, 2, 2]);
    let next = page.get(request("picker", &[GRAPH])).expect("a token");
    assert!(next.from_cache && text(&next) != old);
    page.env.advance(10_000);
    assert_eq!(page.counts(), [1, 2, 2], "a token that is new is not renewed");
}

#[test]
fn early_in_a_tokens_life_nothing_is_renewed() {
    let (page, _) = minutes_later(44);
    assert!(page.get(request("picker", &[GRAPH])).expect("a token").from_cache);
    page.env.advance(10_000);
    assert_eq!(page.counts(), [1, 1, 1]);
}

#[test]
fn entra_says_when() {
    let page = Page::signed_in();
    let mut body = page.env.tokens("client", "s", &page.env.claims());
    body["refresh_in"] = json!(600);
    page.env.answer_next(Kind::Refresh, Ok(reply(200, body)));
    page.get(request("picker", &[])).expect("a token");
    page.env.advance(9 * MINUTE);
    assert!(page.get(request("picker", &[])).expect("a token").from_cache);
    assert_eq!(page.env.count(Kind::Refresh), 1);
    page.env.advance(6 * MINUTE);
    assert!(page.get(request("picker", &[])).expect("a token").from_cache);
    assert_eq!(page.env.count(Kind::Refresh), 2);
}

#[test]
fn a_random_number_of_seconds_later_than_that() {
    let page = Page::signed_in();
    let mut body = page.env.tokens("client", "s", &page.env.claims());
    body["refresh_in"] = json!(600);
    page.env.answer_next(Kind::Refresh, Ok(reply(200, body)));
    // The fake counts; the next text is of the next number.
    let seed = u8::from_str_radix(&page.env.random()[..2], 16).expect("a number") + 1;
    let seconds = format!("{seed:02x}").repeat(32).bytes().map(u64::from).sum::<u64>() % 256;
    assert!(seconds > 0);
    page.get(request("picker", &[])).expect("a token");
    for (wait, refreshes) in [(600 + seconds - 1, 1), (1, 2)] {
        page.env.advance(wait * 1_000);
        assert!(page.get(request("picker", &[])).expect("a token").from_cache);
        assert_eq!(page.env.count(Kind::Refresh), refreshes, "{seconds} seconds");
    }
}

#[test]
fn nobody_renews_in_a_page_that_nobody_sees_or_offline() {
    for (hidden, offline) in [(true, false), (false, true)] {
        let (page, _) = minutes_later(50);
        page.env.set_host(HostFacts { hidden, offline, ..page.env.facts() });
        assert!(page.get(request("picker", &[GRAPH])).expect("a token").from_cache);
        page.env.advance(10_000);
        assert_eq!(page.counts(), [1, 1, 1]);
    }
}

#[test]
fn a_renewal_that_fails_is_nobodys_and_is_not_tried_by_every_call() {
    let (page, old) = minutes_later(50);
    page.env.answer_next(Kind::Refresh, UNREACHABLE);
    let events = page.kinds().len();
    for _ in 0..20 {
        assert_eq!(text(&page.get(silent("picker", &[GRAPH])).expect("a token")), old);
        page.env.advance(1_000);
    }
    assert_eq!((page.counts(), page.kinds().len()), ([1, 2, 1], events));
}

#[test]
fn where_frames_bring_nothing_nobody_is_asked_before_a_call_needs_it_and_then_once() {
    let page = Page::signed_in();
    page.env.advance(22 * HOUR + 30 * MINUTE);
    for minutes in [90, 40] {
        let mut body = page.env.tokens("client", "s", &page.env.claims());
        body["refresh_token_expires_in"] = json!(minutes * 60);
        page.env.answer_next(Kind::Refresh, Ok(reply(200, body)));
    }
    page.get(request("picker", &[GRAPH])).expect("a token");
    page.env.advance(40 * MINUTE);
    // Each call has its token, the next one is fetched behind it, and nobody is interrupted.
    for _ in 0..4 {
        page.env.advance(10 * MINUTE);
        page.env.click();
        assert!(page.get(request("picker", &[GRAPH])).expect("a token").from_cache);
    }
    assert_eq!(page.env.count(Kind::Refresh), 2);
    assert_eq!((page.env.invited().len(), page.env.opened().len()), (0, 1));
    page.env.set_clock(page.env.now() + 3 * HOUR);
    let calls = [(); 3].map(|()| page.call(request("picker", &[GRAPH])));
    assert_eq!((page.env.invited().len(), page.env.opened().len()), (0, 2), "the click still counts");
    page.env.finish_sign_in();
    assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
}

#[test]
fn a_session_near_its_end_is_renewed_by_a_hidden_frame_behind_a_call() {
    let page = Page::signed_in();
    page.env.advance(22 * HOUR + 30 * MINUTE);
    page.env.allow_frames();
    // Entra gives a single-page application's new token the end of the old one.
    let mut body = page.env.tokens("client", "s", &page.env.claims());
    body["refresh_token_expires_in"] = json!(90 * 60);
    page.env.answer_next(Kind::Refresh, Ok(reply(200, body)));
    page.get(request("picker", &[GRAPH])).expect("a token");
    assert!(page.env.framed().is_empty(), "a call that waits is no quiet moment");
    page.env.advance(50 * MINUTE);
    let signed_in = |page: &Page| page.kinds().iter().filter(|kind| **kind == EventKind::SignedIn).count();
    let before = signed_in(&page);
    assert!(page.get(request("picker", &[GRAPH])).expect("a token").from_cache);
    assert_eq!(page.env.framed().len(), 1);
    page.env.respond_in_frame("code=good&state=STATE");
    page.env.advance(2 * HOUR);
    assert!(page.get(silent("picker", &[GRAPH])).is_ok(), "the session ended");
    assert_eq!((page.env.framed().len(), page.env.invited().len(), signed_in(&page)), (1, 0, before));
}
