//! Calls that fail, or that nearly do: refusals of Entra and the STS, a bad network, hostile input.

use super::*;
use broker_core::testing::{STS, TENANT};

#[test]
fn a_client_token_that_the_sts_does_not_take_is_renewed_once() {
    let stale = || Ok(reply(400, json!({ "error": "invalid_request", "suberror": "invalid_subject_token" })));
    let page = Page::signed_in();
    page.get(request("picker", &[])).expect("a client token");
    page.env.answer_next(Kind::Exchange, stale());
    let result = page.get(request("picker", &[GRAPH])).expect("a token");
    assert_eq!(page.counts(), [1, 2, 2]);
    // What is remembered is the client token that was taken.
    assert_ne!(text(&page.get(request("picker", &[])).expect("a token")), "client-2");
    assert!(text(&result).starts_with("backend-"));

    page.env.answer_next(Kind::Exchange, stale());
    page.env.answer_next(Kind::Exchange, stale());
    assert_eq!(page.fails(request("picker", &[FEED])).code, Code::StsRejected);
    assert_eq!(page.counts(), [1, 3, 4]);
}

#[test]
fn two_calls_whose_client_token_is_refused_renew_it_once_together() {
    let stale = || Ok(reply(400, json!({ "error": "invalid_request", "suberror": "invalid_subject_token" })));
    let page = Page::signed_in();
    page.get(request("picker", &[])).expect("a client token");
    page.env.answer_next(Kind::Exchange, stale());
    page.env.answer_next(Kind::Exchange, stale());
    page.env.set_latency(10);
    let calls = [GRAPH, FEED].map(|scope| page.call(request("picker", &[scope])));
    page.env.advance(100);
    assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
    assert_eq!(page.counts(), [1, 2, 4]);
}

#[test]
fn an_sts_that_is_out_of_order_is_asked_once_more() {
    for answer in
        [UNREACHABLE, sts_says(503, "temporarily_unavailable"), sts_says(429, "temporarily_unavailable")]
    {
        let page = Page::signed_in();
        page.env.answer_next(Kind::Exchange, answer);
        let call = page.call(request("picker", &[GRAPH]));
        assert!(call.take().is_none());
        page.env.advance(1_000);
        assert!(call.take().expect("ended").is_ok());
        assert_eq!(page.counts(), [1, 1, 2]);
    }
}

#[test]
fn an_sts_that_stays_out_of_order_is_not_asked_a_third_time() {
    for (status, code) in [(0, Code::StsUnavailable), (503, Code::StsUnavailable), (429, Code::Throttled)] {
        let page = Page::signed_in();
        for _ in 0..2 {
            let answer = if status == 0 { UNREACHABLE } else { sts_says(status, "temporarily_unavailable") };
            page.env.answer_next(Kind::Exchange, answer);
        }
        let call = page.call(request("picker", &[GRAPH]));
        page.env.advance(10_000);
        let error = call.take().expect("ended").err().expect("an error");
        assert_eq!((error.code, error.code.retryable(), page.counts()), (code, true, [1, 1, 2]));
        assert!(page.get(request("picker", &[GRAPH])).is_ok());
    }
}

#[test]
fn a_forced_call_renews_the_client_token_once_even_if_the_sts_needs_a_pause() {
    let page = Page::signed_in();
    page.env.answer_next(Kind::Exchange, UNREACHABLE);
    let call = page.call(forced("picker", &[GRAPH]));
    page.env.advance(1_000);
    assert!(call.take().expect("ended").is_ok());
    assert_eq!(page.counts(), [1, 1, 2]);
}

#[test]
fn a_short_retry_after_is_kept_and_a_long_one_is_passed_on() {
    let after = |seconds: u64| {
        let mut answer = reply(429, json!({ "error": "temporarily_unavailable" }));
        answer.retry_after = Some(seconds);
        Ok(answer)
    };
    let page = Page::signed_in();
    page.env.answer_next(Kind::Exchange, after(5));
    let call = page.call(request("picker", &[GRAPH]));
    page.env.advance(4_999);
    assert_eq!(page.counts(), [1, 1, 1]);
    page.env.advance(300);
    assert!(call.take().expect("ended").is_ok());
    page.env.answer_next(Kind::Exchange, after(6));
    let error = page.fails(request("picker", &[FEED]));
    assert_eq!((error.code, error.retry_after_ms), (Code::Throttled, Some(6_000)));
}

#[test]
fn a_refusal_that_asking_again_does_not_change_is_not_repeated() {
    for (status, error, code) in [
        (400, "invalid_request", Code::StsRejected),
        (403, "unauthorized_client", Code::ClientNotAllowed),
        (400, "invalid_scope", Code::ScopeNotAllowed),
        (400, "interaction_required", Code::InteractionRequired),
        (403, "access_denied", Code::BlockedByPolicy),
        (500, "server_error", Code::StsRejected),
    ] {
        let page = Page::signed_in();
        page.env.answer_next(Kind::Exchange, sts_says(status, error));
        assert_eq!(page.fails(request("picker", &[GRAPH])).code, code, "{error}");
        assert_eq!((page.counts(), page.env.opened().len()), ([1, 1, 1], 1), "{error}");
    }
}

#[test]
fn missing_consent_and_missing_applications_name_the_administrators_address() {
    let expected =
        format!("https://login.example/{TENANT}/adminconsent?client_id=c0000000-0000-4000-8000-000000000001");
    for (kind, answer, code) in [
        (Kind::Refresh, entra_says(500_011), Code::AppNotInTenant),
        (Kind::Refresh, entra_says(65_001), Code::ConsentRequired),
        (Kind::Exchange, sts_says(400, "invalid_target"), Code::AppNotInTenant),
        (Kind::Exchange, sts_says(400, "consent_required"), Code::ConsentRequired),
    ] {
        let page = Page::signed_in();
        page.env.answer_next(kind, answer);
        let error = page.fails(request("picker", &[GRAPH]));
        assert_eq!((error.code, error.consent_url.as_deref()), (code, Some(expected.as_str())));
        assert_eq!(page.env.opened().len(), 1, "a consent is never started");
    }
}

#[test]
fn a_client_token_whose_id_token_cannot_be_read_is_not_served() {
    let page = Page::signed_in();
    let mut body = page.env.tokens("t", "api://x/y", &page.env.claims());
    body["id_token"] = json!("garbage");
    page.env.answer_next(Kind::Refresh, Ok(reply(200, body)));
    assert_eq!(page.fails(request("picker", &[])).code, Code::IdentityProvider);
    assert!(page.core.diagnostics().tokens.is_empty());
}

#[test]
fn a_hostile_configuration_sends_nothing_anywhere() {
    for (field, value) in [
        ("authority", json!("https://login.evil")),
        ("sts", json!("https://sts.evil")),
        ("sts", json!("http://sts.example")),
        ("extra", json!(1)),
    ] {
        let env = FakeEnv::new();
        let pins = Pins {
            authority_host: Some("login.example".to_owned()),
            sts_host: Some("sts.example".to_owned()),
        };
        let page = Page { core: Core::new(env.clone(), pins), env };
        let mut hostile = config();
        hostile[field] = value;
        assert_eq!(
            page.core.configure(&hostile, &json!({})).err().map(|error| error.code),
            Some(Code::ConfigInvalid),
            "{field}"
        );
        page.env.click();
        assert_eq!(page.fails(request("picker", &[GRAPH])).code, Code::NotConfigured);
        assert!(page.env.requests().is_empty() && page.env.opened().is_empty());
    }
}

#[test]
fn a_second_configuration_is_refused_and_changes_nothing() {
    let page = Page::signed_in();
    let mut other = config();
    other["sts"] = json!("https://sts.evil");
    assert_eq!(
        page.core.configure(&other, &json!({})).err().map(|error| error.code),
        Some(Code::ConfigInvalid)
    );
    page.get(request("picker", &[GRAPH])).expect("a token");
    assert!(page.env.requests().pop().expect("a request").url.starts_with(STS));
}

#[test]
fn what_policy_does_not_allow_is_neither_sent_nor_prompted_for() {
    let page = Page::new();
    page.env.click();
    let claims = |text: &str| TokenRequest { claims: text.to_owned(), ..request("picker", &[GRAPH]) };
    let long = format!("{{\"access_token\":{{}},\"x\":\"{}\"}}", "x".repeat(4096));
    for (wrong, code) in [
        (request("b0000000-0000-4000-8000-000000000001", &[GRAPH]), Code::ClientNotAllowed),
        (request("nobody", &[GRAPH]), Code::ClientNotAllowed),
        (request("picker", &[GRAPH, FEED]), Code::ScopeNotAllowed),
        (request("picker", &["openid"]), Code::ScopeNotAllowed),
        (claims("not json"), Code::ConfigInvalid),
        (claims("{\"id_token\":{}}"), Code::ConfigInvalid),
        (claims(&long), Code::ConfigInvalid),
        (
            TokenRequest { correlation_id: "x&scope=y".to_owned(), ..request("picker", &[GRAPH]) },
            Code::ConfigInvalid,
        ),
    ] {
        let error = page.fails(wrong);
        assert_eq!(error.code, code);
        assert!(error.correlation_id.is_some());
    }
    assert!(page.env.requests().is_empty() && page.env.opened().is_empty() && page.env.invited().is_empty());
    assert_eq!(page.kinds(), [EventKind::Error; 8]);
}

#[test]
fn a_sign_in_with_what_is_no_correlation_id_opens_no_window() {
    let page = Page::new();
    let core = page.core.clone();
    let wrong = SignInRequest { correlation_id: "x&scope=y".to_owned(), ..wish() };
    let error = page.env.start(async move { core.sign_in(wrong).await }).take().expect("ended").err();
    assert_eq!(error.map(|error| error.code), Some(Code::ConfigInvalid));
    assert!(page.env.opened().is_empty());
}

#[test]
fn a_network_that_is_gone_is_said_to_be_so() {
    let page = Page::signed_in();
    for way in [Unreachable::Offline, Unreachable::Failed] {
        page.env.answer_next(Kind::Refresh, Err(way));
        let error = page.fails(request("picker", &[GRAPH]));
        assert_eq!((error.code, error.code.retryable()), (Code::Network, true));
    }
    assert!(page.get(request("picker", &[GRAPH])).is_ok());
}

#[test]
fn a_policy_that_is_in_the_way_is_named_with_what_it_needs() {
    let page = Page::signed_in();
    page.env.answer_next(Kind::Refresh, Err(Unreachable::Refused));
    let error = page.fails(request("picker", &[GRAPH]));
    assert_eq!((error.code, error.code.retryable()), (Code::ConnectBlockedByCsp, false));
    assert!(error.message.ends_with("connect-src needs https://login.example."), "{}", error.message);
}

#[test]
fn a_code_that_entra_does_not_take_is_a_failed_sign_in() {
    let page = Page::new();
    let sign_in = page.sign_in();
    page.env.answer_next(Kind::Code, entra_says(70_008));
    page.env.finish_sign_in();
    let error = sign_in.take().expect("ended").err().expect("an error");
    assert_eq!((error.code, error.aadsts), (Code::IdentityProvider, Some(70_008)));
}
