//! How a session ends: by Entra, by the STS, by its age, by signing out in the middle of something.

use super::*;

#[test]
fn a_session_that_is_over_is_renewed_by_one_sign_in() {
    for number in [700_084, 50_173, 50_132, 70_043, 700_082] {
        let page = Page::signed_in();
        page.env.answer_next(Kind::Refresh, entra_says(number));
        page.env.answer_next(Kind::Refresh, entra_says(number));
        page.env.set_latency(10);
        let calls = ["picker", "calendar"].map(|client| page.call(request(client, &[GRAPH])));
        page.env.advance(100);
        assert_eq!(page.env.invited().len(), 1);
        page.env.answer_invitation(true);
        page.env.finish_sign_in();
        page.env.advance(100);
        assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
        assert_eq!(page.counts(), [2, 4, 2], "{number}");
    }
}

#[test]
fn a_second_end_of_the_session_in_one_call_is_the_callers() {
    let page = Page::signed_in();
    page.env.answer_next(Kind::Refresh, entra_says(700_084));
    page.env.answer_next(Kind::Refresh, entra_says(700_084));
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    let error = call.take().expect("ended").err().expect("an error");
    assert_eq!((error.code, error.aadsts, page.env.opened().len()), (Code::LoginRequired, Some(700_084), 2));
}

#[test]
fn a_revocation_that_only_the_sts_sees_brings_a_new_client_token_too() {
    let page = Page::signed_in();
    page.env.answer_next(Kind::Exchange, sts_says(400, "login_required"));
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
    assert_eq!(page.counts(), [2, 2, 2]);
}

#[test]
fn a_call_that_may_not_ask_learns_that_the_session_is_over() {
    let page = Page::signed_in();
    page.env.answer_next(Kind::Refresh, entra_says(700_084));
    let error = page.fails(silent("picker", &[GRAPH]));
    assert_eq!((error.code, error.aadsts), (Code::InteractionRequired, Some(700_084)));
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert_eq!(page.counts(), [1, 1, 0]);
}

#[test]
fn a_refresh_token_at_the_end_of_its_day_is_not_sent() {
    let page = Page::signed_in();
    page.env.advance(24 * HOUR - 5 * 60_000);
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert_eq!(page.counts(), [1, 0, 0]);
}

#[test]
fn a_call_that_lands_after_a_sign_out_leaves_nothing_and_asks_nothing() {
    for lands_in in [Kind::Refresh, Kind::Exchange] {
        let page = Page::signed_in();
        page.env.set_latency(10);
        let call = page.call(request("picker", &[GRAPH]));
        page.env.advance(if lands_in == Kind::Refresh { 5 } else { 15 });
        assert_eq!(page.env.count(lands_in), 1);
        page.core.sign_out();
        page.env.advance(100);
        assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
        assert!(page.core.account().is_none() && page.core.diagnostics().tokens.is_empty());
        assert_eq!((page.env.opened().len(), page.env.invited().len()), (1, 0));
        assert!(page.kinds().contains(&EventKind::SignedOut));
    }
}

#[test]
fn a_call_after_a_sign_out_does_not_join_one_from_before() {
    let page = Page::signed_in();
    page.env.set_latency(10);
    let before = page.call(request("picker", &[GRAPH]));
    page.core.sign_out();
    let after = page.call(request("picker", &[GRAPH]));
    page.env.advance(100);
    assert!(before.take().expect("ended").is_err());
    assert_eq!((after.take().is_none(), page.env.invited().len()), (true, 1));
}

#[test]
fn a_sign_in_that_ends_after_a_sign_out_is_not_kept() {
    // While the window is open, while the code is redeemed, and while the invitation is open.
    let page = Page::new();
    let sign_in = page.sign_in();
    page.core.sign_out();
    page.env.finish_sign_in();
    assert_eq!(sign_in.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert_eq!(page.counts(), [0, 0, 0]);

    let page = Page::new();
    page.env.set_latency(10);
    let sign_in = page.sign_in();
    page.env.finish_sign_in();
    page.core.sign_out();
    page.env.advance(100);
    assert_eq!(sign_in.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert!(page.core.account().is_none());

    let page = Page::new();
    let call = page.call(request("picker", &[GRAPH]));
    page.core.sign_out();
    page.env.run();
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert_eq!(page.env.withdrawn(), 1);
    page.sign_in();
    assert_eq!(page.env.opened().len(), 1);
}

#[test]
fn a_sign_in_after_a_sign_out_does_not_join_the_one_from_before() {
    let page = Page::new();
    let before = page.sign_in();
    page.core.sign_out();
    let after = page.sign_in();
    assert_eq!(page.env.opened().len(), 2);
    page.env.finish_sign_in();
    assert!(after.take().expect("ended").is_ok());
    assert!(before.take().is_none());
}
