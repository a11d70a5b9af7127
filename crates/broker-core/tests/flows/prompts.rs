//! What the user sees: windows, invitations, and silence after a refusal.

use super::*;
use broker_core::HostFacts;
use broker_core::testing::{BROKER, TENANT, id_token};

#[test]
fn with_a_click_the_window_opens_before_the_call_returns() {
    let page = Page::new();
    page.env.click();
    let _call = page.core.get_token(request("picker", &[GRAPH]));
    assert_eq!(page.env.opened().len(), 1);
    let page = Page::new();
    let _call = page.core.sign_in(wish());
    assert_eq!(page.env.opened().len(), 1);
}

#[test]
fn without_a_click_there_is_one_invitation_for_all() {
    let page = Page::new();
    let calls = [GRAPH, FEED].map(|scope| page.call(request("picker", &[scope])));
    assert_eq!((page.env.opened().len(), page.env.invited().len()), (0, 1));
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(calls.iter().all(|call| call.take().expect("ended").is_ok()));
    assert_eq!((page.env.opened().len(), page.env.invited().len()), (1, 1));
    let expected = [EventKind::Interaction, EventKind::SignedIn, EventKind::Token, EventKind::Token];
    assert_eq!(page.kinds(), expected);
}

#[test]
fn a_window_that_the_browser_refuses_becomes_an_invitation_except_for_sign_in_without_a_click() {
    type Asks = fn(&Page);
    let calls: Asks = |page| drop(page.call(request("picker", &[GRAPH])));
    let signs_in: Asks = |page| drop(page.sign_in());
    for ask in [calls, signs_in] {
        let page = Page::new();
        page.env.block_popups(true);
        let sign_in = page.sign_in();
        assert_eq!(sign_in.take().expect("ended").err().map(|error| error.code), Some(Code::PopupBlocked));
        assert!(page.env.invited().is_empty());
        page.env.click();
        ask(&page);
        assert_eq!(page.env.invited().len(), 1);
    }
}

/// The user clicks the button of the broker's own dialog, and even so the browser opens no window.
fn refuses_windows(page: &Page) -> broker_core::testing::Call<Result<TokenResult>> {
    page.env.block_popups(true);
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(true);
    call
}

#[test]
fn where_no_window_opens_the_user_is_asked_whether_to_leave_the_page_and_from_then_on_at_once() {
    let page = Page::new();
    let call = refuses_windows(&page);
    assert_eq!((page.env.invited().len(), page.env.invited()[1].as_str()), (2, ""));
    assert!(page.env.departure().is_none() && call.take().is_none(), "it left before the user said so");
    page.env.answer_invitation(false);
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::UserCancelled));

    let core = page.core.clone();
    let chooses = SignInRequest { select_account: true, ..wish() };
    let _leaves = page.env.start(async move { core.sign_in(chooses).await });
    assert_eq!((page.env.invited().len(), page.env.invited()[2].as_str()), (3, ""));
    assert!(page.env.departure().is_none(), "not every click on signIn() is one for losing what is unsaved");
    page.env.answer_invitation(true);
    assert!(page.env.left()[0].contains("&prompt=select_account"), "{:?}", page.env.left());
}

#[test]
fn where_no_window_opens_and_the_page_may_not_leave_it_says_so_at_once_and_asks_nobody_again() {
    let framed = Page::new();
    framed.env.set_host(HostFacts { framed: true, ..framed.env.facts() });
    let mut windows = config();
    windows["mobile"] = json!("popup");
    let env = FakeEnv::new();
    let core = Core::new(env.clone(), Pins::default());
    core.configure(&windows, &json!({})).expect("the configuration is good");
    let mobile = Page { env, core };
    mobile.env.set_host(HostFacts { mobile: true, ..mobile.env.facts() });
    for page in [framed, mobile] {
        let error = refuses_windows(&page).take().expect("ended").err().expect("no window opens");
        assert_eq!(error.code, Code::UnsupportedClient);
        assert!(error.message.ends_with("in a browser tab of its own."), "{}", error.message);
        page.env.click();
        assert_eq!(page.fails(request("calendar", &[GRAPH])).code, Code::UnsupportedClient);
        let sign_in = page.sign_in();
        let code = sign_in.take().expect("ended").err().map(|error| error.code);
        assert_eq!((code, page.env.invited().len()), (Some(Code::UnsupportedClient), 1));
        assert!(page.env.departure().is_none());
    }
}

#[test]
fn sign_in_takes_an_open_invitation_over() {
    let page = Page::new();
    let call = page.call(request("picker", &[GRAPH]));
    let sign_in = page.sign_in();
    assert_eq!((page.env.opened().len(), page.env.withdrawn()), (1, 1));
    page.env.finish_sign_in();
    assert!(sign_in.take().expect("ended").is_ok());
    assert!(call.take().expect("ended").is_ok());
    assert_eq!(page.counts(), [1, 1, 1]);
}

#[test]
fn sign_in_whose_window_is_refused_leaves_an_open_invitation_alone() {
    let page = Page::new();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.block_popups(true);
    let error = page.sign_in().take().expect("ended").err().expect("no window opens");
    assert_eq!((error.code, error.correlation_id.is_some()), (Code::PopupBlocked, true));
    page.env.click();
    let waits = page.sign_in();
    assert!(waits.take().is_none(), "whoever clicked has a question on the screen that helps");
    page.env.block_popups(false);
    page.env.answer_invitation(true);
    page.env.finish_sign_in();
    assert!(call.take().expect("ended").is_ok() && waits.take().expect("ended").is_ok());
    assert_eq!(page.env.invited().len(), 1);
}

#[test]
fn a_later_click_takes_an_open_invitation_over() {
    let page = Page::new();
    let first = page.call(request("picker", &[GRAPH]));
    page.env.click();
    let second = page.call(request("calendar", &[GRAPH]));
    assert_eq!((page.env.opened().len(), page.env.withdrawn()), (1, 1));
    page.env.finish_sign_in();
    assert!(first.take().expect("ended").is_ok() && second.take().expect("ended").is_ok());
}

#[test]
fn after_a_refusal_nothing_prompts_until_sign_in() {
    type Refusal = fn(&Page);
    let declines: Refusal = |page| page.env.answer_invitation(false);
    let gives_up: Refusal = |page| {
        page.env.answer_invitation(true);
        page.env.give_up();
    };
    let cancels: Refusal = |page| {
        page.env.answer_invitation(true);
        let state = page.env.parameter("state");
        page.env.respond(&format!("error=access_denied&error_subcode=cancel&state={state}"));
    };
    for refuse in [declines, gives_up, cancels] {
        let page = Page::new();
        let call = page.call(request("picker", &[GRAPH]));
        refuse(&page);
        assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::UserCancelled));
        let windows = page.env.opened().len();
        page.env.click();
        assert_eq!(page.fails(request("calendar", &[GRAPH])).code, Code::UserCancelled);
        assert_eq!((page.env.opened().len(), page.env.invited().len()), (windows, 1));
        assert!(page.core.diagnostics().refused);
        let sign_in = page.sign_in();
        page.env.finish_sign_in();
        assert!(sign_in.take().expect("ended").is_ok());
        assert!(page.get(request("calendar", &[GRAPH])).is_ok());
    }
}

#[test]
fn a_call_that_may_not_ask_fails_at_once_even_while_others_wait() {
    let page = Page::new();
    let waiting = page.call(request("picker", &[GRAPH]));
    let error = page.fails(silent("picker", &[GRAPH]));
    assert_eq!((error.code, page.env.invited().len()), (Code::InteractionRequired, 1));
    assert!(error.correlation_id.is_some());
    assert!(waiting.take().is_none());
}

#[test]
fn a_silent_window_is_given_five_minutes() {
    let page = Page::new();
    let sign_in = page.sign_in();
    page.env.advance(5 * 60_000 - 1);
    assert!(sign_in.take().is_none());
    page.env.advance(1);
    assert_eq!(sign_in.take().expect("ended").err().map(|error| error.code), Some(Code::PopupTimeout));
    assert_eq!(page.env.closed(), 1);
    // A timeout is no refusal.
    page.call(request("picker", &[GRAPH]));
    assert_eq!(page.env.invited().len(), 1);
}

#[test]
fn a_response_with_a_foreign_state_keeps_nothing() {
    let page = Page::new();
    let sign_in = page.sign_in();
    page.env.respond("code=evil&state=x");
    assert_eq!(sign_in.take().expect("ended").err().map(|error| error.code), Some(Code::IdentityProvider));
    assert_eq!((page.counts(), page.core.account().is_some()), ([0, 0, 0], false));
}

#[test]
fn an_id_token_with_a_foreign_nonce_or_tenant_keeps_nothing() {
    for (name, value) in [("nonce", "other"), ("tid", "70000000-0000-4000-8000-000000000009"), ("aud", "x")] {
        let page = Page::new();
        let sign_in = page.sign_in();
        let mut claims = page.env.claims();
        claims[name] = json!(value);
        page.env.answer_next(Kind::Code, Ok(reply(200, page.env.tokens("t", "openid", &claims))));
        page.env.finish_sign_in();
        assert_eq!(
            sign_in.take().expect("ended").err().map(|error| error.code),
            Some(Code::IdentityProvider)
        );
        assert!(page.core.account().is_none());
        assert_eq!(page.fails(silent("picker", &[])).code, Code::InteractionRequired);
    }
}

#[test]
fn an_answer_without_id_token_or_refresh_token_keeps_nothing() {
    for missing in ["id_token", "refresh_token"] {
        let page = Page::new();
        let sign_in = page.sign_in();
        let mut body = page.env.tokens("t", "openid", &page.env.claims());
        body[missing] = json!(null);
        page.env.answer_next(Kind::Code, Ok(reply(200, body)));
        page.env.finish_sign_in();
        assert_eq!(
            sign_in.take().expect("ended").err().map(|error| error.code),
            Some(Code::IdentityProvider)
        );
        assert!(page.core.account().is_none());
    }
}

#[test]
fn an_error_of_the_sign_in_page_keeps_its_code_and_is_no_refusal() {
    let page = Page::new();
    let sign_in = page.sign_in();
    let state = page.env.parameter("state");
    page.env.respond(&format!("error=access_denied&error_description=AADSTS50105%3A+adele&state={state}"));
    let error = sign_in.take().expect("ended").err().expect("an error");
    assert_eq!((error.code, error.aadsts), (Code::BlockedByPolicy, Some(50_105)));
    assert!(!error.message.contains("adele"));
    assert!(!page.core.diagnostics().refused);
}

#[test]
fn the_window_goes_to_the_tenant_of_power_apps_with_the_user_that_it_names() {
    let page = Page::new();
    page.sign_in();
    assert!(
        page.env.opened()[0].starts_with(&format!("https://login.example/{TENANT}/oauth2/v2.0/authorize?"))
    );
    let expected = [
        ("client_id", BROKER),
        ("login_hint", "adele@contoso.example"),
        ("redirect_uri", "https://contoso.crm.example/WebResources/talxis_/tokenbroker/redirect.html"),
    ];
    for (name, value) in expected {
        assert_eq!(page.env.parameter(name), value);
    }
}

#[test]
fn select_account_drops_the_hint_of_power_apps_and_an_own_hint_wins() {
    let page = Page::signed_in();
    for (select_account, login_hint, hint, prompt) in
        [(true, "", "", "select_account"), (false, "boris@contoso.example", "boris@contoso.example", "")]
    {
        page.sign_in_as(SignInRequest { select_account, ..crate::hint(login_hint) });
        assert_eq!(
            (page.env.parameter("login_hint").as_str(), page.env.parameter("prompt").as_str()),
            (hint, prompt)
        );
        page.env.finish_sign_in();
    }
    assert_eq!(page.env.opened().len(), 3);
}

#[test]
fn who_is_signed_in_is_not_asked_again() {
    let page = Page::signed_in();
    assert!(page.sign_in().take().expect("ended").is_ok());
    assert_eq!(page.env.opened().len(), 1);
}

#[test]
fn the_redirect_page_is_of_this_environment_or_the_configuration_is_refused() {
    let configured = |uri: &str| {
        let env = FakeEnv::new();
        let config =
            json!({ "version": 1, "clientId": BROKER, "sts": "https://sts.example", "redirectUri": uri });
        Core::new(env, Pins::default()).configure(&config, &json!({}))
    };
    assert!(configured("https://contoso.crm.example/own/page.html").is_ok());
    for foreign in
        ["https://contoso.crm.example.evil.example/r.html", "https://contoso.crm.example:444/r.html"]
    {
        let error = configured(foreign).unwrap_err();
        assert_eq!((error.code, error.message.starts_with("`redirectUri`")), (Code::ConfigInvalid, true));
    }
}

#[test]
fn without_power_apps_the_configuration_has_to_say_where() {
    let page = Page::new();
    page.env.set_host(HostFacts::default());
    let error = page.fails(request("picker", &[GRAPH]));
    assert_eq!((error.code, error.message.starts_with("`tenant`")), (Code::ConfigInvalid, true));
    page.env.set_host(HostFacts { tenant: Some(TENANT.to_owned()), ..HostFacts::default() });
    let error = page.fails(request("picker", &[GRAPH]));
    assert_eq!((error.code, error.message.starts_with("`redirectUri`")), (Code::ConfigInvalid, true));
    assert!(page.env.requests().is_empty() && page.env.opened().is_empty());
}

#[test]
fn another_user_who_signs_in_finds_no_token_of_the_first() {
    let page = Page::signed_in();
    // Where Power Apps names nobody, anybody may sign in.
    page.env.set_host(HostFacts { object_id: None, ..page.env.facts() });
    page.get(request("picker", &[GRAPH])).expect("a token");
    let sign_in = page.sign_in_as(choice());
    let mut claims = page.env.claims();
    claims["oid"] = json!("d0000000-0000-4000-8000-000000000002");
    let mut body = page.env.tokens("t", "openid", &claims);
    body["client_info"] = json!(null);
    body["id_token"] = json!(id_token(&claims));
    page.env.answer_next(Kind::Code, Ok(reply(200, body)));
    page.env.finish_sign_in();
    let account = sign_in.take().expect("ended").expect("signed in");
    assert!(account.object_id.ends_with('2'));
    assert!(page.core.diagnostics().tokens.is_empty());
    // The honest Entra still answers for the first user: that token is not served either.
    assert_eq!(page.fails(request("picker", &[GRAPH])).code, Code::AccountMismatch);
    assert!(page.core.diagnostics().tokens.is_empty());
}
