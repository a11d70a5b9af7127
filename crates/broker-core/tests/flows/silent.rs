//! Sign-in without the user: one hidden frame for all, then one prompt, and nobody pays twice for a frame that cannot work.

use crate::{GRAPH, HOUR, Page, entra_says, request, silent, text};
use broker_core::testing::{Kind, config, reply};
use broker_core::{Code, Core, Env, Fact, HostFacts, Pins, Result, TokenResult};
use serde_json::json;

fn page() -> Page {
    let page = Page::new();
    page.env.allow_frames();
    page
}

const GOOD: &str = "code=good&state=STATE";
const NO_SESSION: &str = "error=login_required&error_description=AADSTS50058%3A+x&state=STATE";

#[test]
fn a_session_at_entra_brings_tokens_without_a_prompt() {
    let page = page();
    let calls: Vec<_> = (0..20).map(|_| page.call(request("picker", &[GRAPH]))).collect();
    let other = page.call(silent("calendar", &[GRAPH]));
    assert_eq!((page.env.framed().len(), page.env.invited().len(), page.env.opened().len()), (1, 0, 0));
    let url = page.env.framed().pop().expect("a frame");
    assert!(url.contains("&prompt=none") && url.contains("&login_hint=adele%40contoso.example"), "{url}");
    page.env.respond_in_frame(GOOD);
    for call in calls {
        assert!(text(&call.take().expect("ended").expect("a token")).starts_with("backend-"));
    }
    assert!(other.take().expect("ended").is_ok());
    assert_eq!(page.env.closed(), 1, "the frame is still there");
    assert_eq!(page.counts()[0], 1);
}

#[test]
fn without_a_session_there_is_one_prompt_and_no_second_frame() {
    let page = page();
    let first = page.call(request("picker", &[GRAPH]));
    let second = page.call(request("calendar", &[GRAPH]));
    page.env.respond_in_frame(NO_SESSION);
    assert_eq!((page.env.framed().len(), page.env.invited().len()), (1, 1));
    page.env.answer_invitation(false);
    for call in [first, second] {
        assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::UserCancelled));
    }
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert_eq!(page.env.framed().len(), 1);
}

#[test]
fn with_a_click_that_still_counts_the_window_opens_after_the_frame() {
    let page = page();
    page.env.click();
    let call = page.call(request("picker", &[GRAPH]));
    assert!(page.env.opened().is_empty());
    page.env.respond_in_frame(NO_SESSION);
    assert_eq!((page.env.opened().len(), page.env.invited().len()), (1, 0));
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
}

#[test]
fn a_frame_that_never_answers_costs_six_seconds_once() {
    let page = page();
    let call = page.call(silent("picker", &[GRAPH]));
    page.env.advance(5_999);
    assert!(call.take().is_none());
    page.env.advance(1);
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::InteractionRequired));
    assert_eq!(page.env.codes(), [Code::SilentTimeout, Code::InteractionRequired], "what listeners are told");
    assert_eq!(page.env.closed(), 1, "the frame is still there");
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
}

#[test]
fn a_frame_that_the_pages_policy_refuses_is_told_at_once_and_the_user_is_asked() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.refuse_frame();
    assert_eq!(page.env.invited().len(), 1);
    assert_eq!(page.env.codes(), [Code::FrameBlockedByCsp], "no administrator hears of it");
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
    let silently = Page::new();
    silently.env.allow_frames();
    let call = silently.call(silent("picker", &[GRAPH]));
    silently.env.refuse_frame();
    let error = call.take().expect("ended").err().expect("refused");
    assert!(error.message.ends_with("frame-src needs https://login.example."), "{}", error.message);
}

#[test]
fn sign_in_by_click_waits_for_no_frame() {
    let page = page();
    let call = page.sign_in();
    assert_eq!((page.env.framed().len(), page.env.opened().len()), (0, 1));
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
}

#[test]
fn behind_a_sign_in_by_hand_a_frame_is_tried_once_more_and_then_by_the_next_page_only() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.respond_in_frame(NO_SESSION);
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
    page.env.set_clock(page.env.now() + 25 * HOUR);
    // There was nobody to find before. Where cookies are blocked there is nobody now, and none is looked for again.
    for (frames, invitations) in [(2, 2), (2, 3)] {
        let call = page.call(request("picker", &[GRAPH]));
        assert_eq!(page.env.framed().len(), frames);
        if invitations == 2 {
            page.env.respond_in_frame(NO_SESSION);
        }
        assert_eq!(page.env.invited().len(), invitations);
        page.env.answer_invitation(true);
        page.env.finish_sign_in();
        assert!(call.take().expect("ended").is_ok());
        page.env.set_clock(page.env.now() + 25 * HOUR);
    }

    // The user may have allowed cookies meanwhile.
    let next = loaded_again(&page);
    let call = next.call(request("picker", &[GRAPH]));
    assert_eq!(next.env.framed().len(), 3);
    next.env.respond_in_frame(GOOD);
    assert!(call.take().expect("ended").is_ok());
    assert_eq!(next.env.invited().len(), 3);
}

/// The page after a load of it, with nothing stored but what the tab remembers.
fn loaded_again(page: &Page) -> Page {
    let env = page.env.clone();
    let core = Core::new(env.clone(), Pins::default());
    core.configure(&config(), &json!({})).expect("the configuration is good");
    Page { env, core }
}

#[test]
fn a_frame_that_failed_is_not_paid_for_by_the_next_page_either_as_long_as_nobody_signed_in() {
    let page = page();
    let _asks = page.call(request("picker", &[GRAPH]));
    page.env.respond_in_frame(NO_SESSION);
    let next = loaded_again(&page);
    let _asks = next.call(request("picker", &[GRAPH]));
    assert_eq!((next.env.framed().len(), next.env.invited().len()), (1, 2));
}

#[test]
fn a_frame_that_found_somebody_else_works_and_is_tried_again() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    let mut claims = page.env.claims();
    claims["oid"] = json!("d0000000-0000-4000-8000-000000000002");
    page.env.answer_next(Kind::Code, Ok(reply(200, page.env.tokens("useless", "openid", &claims))));
    page.env.respond_in_frame(GOOD);
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
    page.env.set_clock(page.env.now() + 25 * HOUR);
    let _call = page.call(request("picker", &[GRAPH]));
    assert_eq!((page.env.framed().len(), page.env.invited().len()), (2, 1));
}

#[test]
fn after_a_sign_out_nothing_signs_in_again_without_the_user() {
    let page = page();
    let call = page.sign_in();
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
    page.core.sign_out();
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert!(page.env.framed().is_empty());
}

#[test]
fn after_a_sign_out_no_other_tab_signs_in_without_the_user_either_until_one_has_asked() {
    let page = Page::signed_in();
    page.core.sign_out();
    let other = crate::tabs::beside(&page);
    other.env.allow_frames();
    assert_eq!(other.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert!(other.env.framed().is_empty());

    let call = page.sign_in();
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
    let _frame = other.call(silent("picker", &[GRAPH]));
    assert_eq!(other.env.framed().len(), 1);
}

#[test]
fn after_a_refusal_there_is_no_frame_either() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.respond_in_frame(NO_SESSION);
    page.env.answer_invitation(false);
    assert!(call.take().expect("ended").is_err());
    page.env.allow_frames();
    assert_eq!(page.fails(request("picker", &[GRAPH])).code, Code::UserCancelled);
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert_eq!(page.env.framed().len(), 1);
}

#[test]
fn another_account_at_entra_is_not_taken_and_the_user_may_choose() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    let mut claims = page.env.claims();
    claims["oid"] = json!("d0000000-0000-4000-8000-000000000002");
    page.env.answer_next(Kind::Code, Ok(reply(200, page.env.tokens("useless", "openid", &claims))));
    page.env.respond_in_frame(GOOD);
    assert!(page.core.account().is_none());
    let invited = page.env.invited().pop().expect("an invitation");
    assert!(invited.contains("&prompt=select_account") && !invited.contains("login_hint"), "{invited}");
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok());
}

#[test]
fn a_response_with_another_state_is_none_and_a_policy_ends_it() {
    let page = page();
    let call = page.call(silent("picker", &[GRAPH]));
    page.env.respond_in_frame("code=good&state=x");
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::IdentityProvider));
    assert_eq!(page.counts()[0], 0);

    let page = self::page();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.respond_in_frame("error=access_denied&error_description=AADSTS53003%3A+x&state=STATE");
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::BlockedByPolicy));
    assert!(page.env.invited().is_empty());
}

#[test]
fn a_sign_out_while_the_frame_is_open_ends_the_call_and_asks_nobody() {
    let page = page();
    let call = page.call(request("picker", &[GRAPH]));
    page.core.sign_out();
    page.env.respond_in_frame(GOOD);
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert_eq!((page.env.invited().len(), page.env.opened().len(), page.counts()[0]), (0, 0, 0));
}

#[test]
fn a_sign_out_in_another_tab_while_the_frame_is_open_is_not_undone_by_it() {
    for while_redeeming in [false, true] {
        let first = page();
        let other = crate::tabs::beside(&first);
        other.env.allow_frames();
        let call = other.call(silent("picker", &[GRAPH]));
        assert_eq!(other.env.framed().len(), 1);
        if while_redeeming {
            other.env.set_latency(1_000);
            other.env.respond_in_frame(GOOD);
            first.core.sign_out();
            other.env.advance(1_000);
        } else {
            first.core.sign_out();
            other.env.respond_in_frame(GOOD);
        }
        let code = call.take().expect("ended").err().map(|error| error.code);
        assert_eq!(code, Some(Code::InteractionRequired));
        assert!(other.core.account().is_none() && other.env.remembers(Fact::SignedOut));
    }
}

#[test]
fn a_session_that_a_frame_brings_and_entra_does_not_take_opens_no_frame_for_each_call() {
    let page = page();
    let void = |call: &broker_core::testing::Call<_>, code: Code| {
        page.env.answer_next(Kind::Refresh, entra_says(70_043));
        page.env.respond_in_frame(GOOD);
        let ended: Result<TokenResult> = call.take().expect("ended");
        assert_eq!(ended.err().map(|error| error.code), Some(code));
    };
    void(&page.call(silent("picker", &[GRAPH])), Code::InteractionRequired);
    let asks = page.call(request("picker", &[GRAPH]));
    assert_eq!((page.env.framed().len(), page.env.invited().len()), (1, 1));

    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(asks.take().expect("ended").is_ok());
    // A session that was good once is worth one frame.
    page.env.answer_next(Kind::Refresh, entra_says(70_043));
    void(&page.call(request("calendar", &[GRAPH])), Code::LoginRequired);
    let _asks = page.call(request("calendar", &[GRAPH]));
    assert_eq!((page.env.framed().len(), page.env.invited().len()), (2, 2));
}

#[test]
fn where_power_apps_does_not_say_who_its_user_is_no_frame_takes_whoever_is_signed_in_at_entra() {
    let page = page();
    page.env.set_host(HostFacts { object_id: None, ..page.env.facts() });
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    let _asks = page.call(request("picker", &[GRAPH]));
    assert_eq!((page.env.framed().len(), page.env.invited().len()), (0, 1));
}
