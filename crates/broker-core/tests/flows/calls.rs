//! Calls that end well: who shares what, what is remembered and for how long.

use super::*;

#[test]
fn twenty_calls_are_one_prompt_one_code_one_refresh_per_client_and_one_exchange_per_key() {
    let page = Page::new();
    page.env.click();
    page.env.set_latency(50);
    let wanted = [("picker", GRAPH), ("picker", FEED), ("calendar", GRAPH), ("calendar", FEED)];
    let calls: Vec<_> = (0..20).map(|at| wanted[at % 4]).map(|(c, s)| page.call(request(c, &[s]))).collect();
    assert_eq!((page.env.opened().len(), page.env.invited().len()), (1, 0));
    page.env.finish_sign_in();
    page.env.advance(500);
    let results: Vec<_> = calls.iter().map(|call| call.take().expect("ended").expect("a token")).collect();
    assert_eq!(page.counts(), [1, 2, 4]);
    for (at, result) in results.iter().enumerate() {
        assert_eq!(text(result), text(&results[at % 4]));
        assert_eq!(
            (result.from_cache, result.scopes.as_slice()),
            (false, &[wanted[at % 4].1.to_owned()][..])
        );
    }
    let tokens = page.kinds().into_iter().filter(|kind| *kind == EventKind::Token).count();
    assert_eq!(tokens, 4);
    assert_eq!((page.env.opened().len(), page.env.closed()), (1, 1));
}

#[test]
fn entra_is_asked_for_nothing_but_openid_connect_and_one_control_scope() {
    let page = Page::new();
    page.env.click();
    let claims = "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"1\"}}}".to_owned();
    let calls = [
        page.call(request("picker", &[GRAPH])),
        page.call(request("calendar", &["https://graph.microsoft.com/.default"])),
        page.call(request("c0000000-0000-4000-8000-000000000003", &[])),
        page.call(TokenRequest { claims, ..request("picker", &[FEED]) }),
    ];
    page.env.finish_sign_in();
    assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
    let oidc = "openid profile offline_access";
    assert_eq!(page.env.parameter("scope"), oidc);
    for sent in page.env.requests() {
        match sent.kind() {
            Kind::Code => assert_eq!(sent.field("scope"), oidc),
            Kind::Refresh => {
                let control = sent.field("scope").strip_suffix(oidc).expect("the scopes of OpenID Connect");
                let client = control.strip_prefix("api://").and_then(|c| c.strip_suffix("/access_as_user "));
                assert!(client.is_some_and(|id| id.starts_with("c0000000-0000-4000-8000-")), "{control}");
            }
            Kind::Exchange => assert!(sent.url.starts_with("https://sts.example/")),
        }
        let to_entra = sent.url.starts_with("https://login.example/");
        assert_eq!(to_entra, sent.kind() != Kind::Exchange);
        assert!(!to_entra || sent.fields.iter().all(|f| !f.1.contains("graph") && !f.1.contains("API.")));
    }
    assert_eq!(page.counts(), [1, 4, 3]);
}

#[test]
fn the_exchange_is_what_the_contract_says() {
    let page = Page::signed_in();
    let correlation_id = "11111111-1111-4111-8111-111111111111".to_owned();
    let result =
        page.get(TokenRequest { correlation_id, ..request("picker", &["User.Read"]) }).expect("a token");
    let sent = page.env.requests().pop().expect("a request");
    assert_eq!(sent.url, "https://sts.example/oauth2/token");
    let names: Vec<_> = sent.fields.iter().map(|field| field.0.as_str()).collect();
    let expected =
        ["grant_type", "subject_token", "subject_token_type", "scope", "client_id", "client-request-id"];
    assert_eq!(names, expected);
    assert_eq!(sent.field("subject_token"), "client-2");
    assert_eq!(sent.field("scope"), GRAPH);
    assert_eq!(sent.field("client_id"), "b0000000-0000-4000-8000-000000000001");
    assert_eq!(sent.field("client-request-id"), result.correlation_id);
    assert_eq!(result.correlation_id, "11111111-1111-4111-8111-111111111111");
    assert_eq!(result.client_id, "c0000000-0000-4000-8000-000000000001");
    assert_eq!(result.account.username, "adele@contoso.example");
}

#[test]
fn without_scopes_the_client_token_itself_comes_and_the_sts_hears_nothing() {
    let page = Page::signed_in();
    let result = page.get(request("picker", &[])).expect("a token");
    assert_eq!((text(&result), page.counts()), ("client-2", [1, 1, 0]));
    assert!(page.get(request("picker", &[])).expect("a token").from_cache);
    // The exchange takes the very same client token.
    page.get(request("picker", &[GRAPH])).expect("a token");
    assert_eq!(page.counts(), [1, 1, 1]);
}

#[test]
fn a_token_is_served_from_the_cache_until_five_minutes_before_its_end() {
    let page = Page::signed_in();
    let first = page.get(request("picker", &[GRAPH])).expect("a token");
    page.env.advance(HOUR - 5 * 60_000);
    let cached = page.get(request("picker", &[GRAPH, "User.Read"])).expect("a token");
    assert_eq!((text(&cached), cached.from_cache), (text(&first), true));
    page.env.advance(1);
    let second = page.get(request("picker", &[GRAPH])).expect("a token");
    assert_ne!(text(&second), text(&first));
    assert!(second.expires_on >= broker_core::Env::now(&page.env) + 5 * 60_000);
    assert_eq!(page.counts(), [1, 2, 2]);
}

#[test]
fn force_refresh_skips_the_cache_and_replaces_what_was_there() {
    let page = Page::signed_in();
    let old = page.get(request("picker", &[GRAPH])).expect("a token");
    let new = page.get(forced("picker", &[GRAPH])).expect("a token");
    assert_ne!(text(&old), text(&new));
    assert!(!new.from_cache);
    let cached = page.get(request("picker", &[GRAPH])).expect("a token");
    assert_eq!((text(&cached), cached.from_cache), (text(&new), true));
    assert_eq!(page.counts(), [1, 2, 2]);
}

#[test]
fn claims_go_to_entra_and_sts_skip_the_cache_and_are_not_part_of_its_key() {
    let page = Page::signed_in();
    let old = page.get(request("picker", &[GRAPH])).expect("a token");
    let claims = "{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}".to_owned();
    let new =
        page.get(TokenRequest { claims: claims.clone(), ..request("picker", &[GRAPH]) }).expect("a token");
    assert_ne!(text(&old), text(&new));
    for sent in page.env.requests().iter().rev().take(2) {
        assert_eq!(sent.field("claims"), claims);
    }
    let cached = page.get(request("picker", &[GRAPH])).expect("a token");
    assert_eq!((text(&cached), cached.from_cache), (text(&new), true));
}

#[test]
fn calls_with_other_claims_do_not_share_a_flight() {
    let page = Page::signed_in();
    page.env.set_latency(10);
    let with = |claims: &str| TokenRequest { claims: claims.to_owned(), ..request("picker", &[GRAPH]) };
    let calls = ["{\"access_token\":{}}", "{\"access_token\":{\"a\":1}}", "{\"access_token\":{}}"]
        .map(|claims| page.call(with(claims)));
    page.env.advance(100);
    let texts = calls.map(|call| call.take().expect("ended").expect("a token").access_token);
    assert_eq!(texts[0].expose(), texts[2].expose());
    assert_ne!(texts[0].expose(), texts[1].expose());
    assert_eq!(page.counts(), [1, 2, 2]);
}

#[test]
fn a_caller_who_leaves_does_not_end_the_call_of_another() {
    let page = Page::signed_in();
    page.env.set_latency(10);
    {
        let core = page.core.clone();
        let mut leaving = Box::pin(async move { core.get_token(request("picker", &[GRAPH])).await.is_ok() });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(leaving.as_mut().poll(&mut context).is_pending());
    }
    let staying = page.call(request("picker", &[GRAPH]));
    page.env.advance(100);
    assert!(staying.take().expect("ended").is_ok());
    assert_eq!(page.counts(), [1, 1, 1]);
}

#[test]
fn the_rotated_refresh_token_is_used_next() {
    let page = Page::signed_in();
    page.get(request("picker", &[])).expect("a token");
    page.get(request("calendar", &[])).expect("a token");
    let used: Vec<_> =
        page.env.requests().iter().map(|sent| sent.field("refresh_token").to_owned()).collect();
    assert_eq!(used, ["", "refresh-1", "refresh-2"]);
}

#[test]
fn diagnostics_hold_no_token_and_no_name() {
    let page = Page::signed_in();
    page.get(request("picker", &[GRAPH])).expect("a token");
    let facts = page.core.diagnostics();
    assert!(facts.signed_in && !facts.prompting && !facts.refused);
    let mut texts: Vec<String> =
        facts.tokens.into_iter().flat_map(|token| [token.client, token.scopes]).collect();
    texts.extend([facts.client_id, facts.authority, facts.sts, facts.tenant]);
    assert!(texts.contains(&GRAPH.to_owned()));
    for secret in ["client-", "backend-", "refresh-", "adele", "d0000000"] {
        assert!(texts.iter().all(|text| !text.contains(secret)), "{secret}");
    }
}
