//! Whose tokens are served: those of the user of Power Apps, and nobody else's, also after a page load.

use crate::{GRAPH, HOUR, Page, request, silent, text};
use broker_core::testing::{BROKER, FakeEnv, Kind, USER, config};
use broker_core::{Code, Core, EventKind, HostFacts, Pins, Snapshot};
use serde_json::{Value, json};

const OTHER_USER: &str = "d0000000-0000-4000-8000-000000000002";

/// A snapshot as the shell stores it.
pub(crate) fn stored(snapshot: &Snapshot) -> Value {
    let mut tokens = json!({});
    for token in &snapshot.tokens {
        tokens[format!("{} {}", token.client, token.scopes)] = json!({
            "client": token.client, "scopes": token.scopes, "granted": token.granted,
            "secret": token.secret.expose(), "expiresOn": token.expires_on, "refreshOn": token.refresh_on, "storedOn": token.stored_on,
        });
    }
    let account = &snapshot.account;
    json!({
        "v": 1, "issuer": snapshot.issuer, "tokens": tokens, "refreshToken": snapshot.refresh_token.expose(),
        "loginHint": snapshot.account.login_hint,
        "refreshExpiresOn": snapshot.refresh_expires_on, "refreshCameOn": snapshot.refresh_came_on,
        "account": {
            "username": account.username, "name": account.name, "tenantId": account.tenant_id,
            "objectId": account.object_id, "homeAccountId": account.home_account_id, "guest": account.guest,
        },
    })
}

/// A page on which a token was fetched, and what it stored.
fn page_and_stored() -> (Page, Value) {
    let page = Page::signed_in();
    page.get(request("picker", &[GRAPH])).expect("a token");
    let snapshot = page.core.snapshot().expect("somebody is signed in");
    (page, stored(&snapshot))
}

/// The same browser after a page load.
fn reloaded(page: Page) -> Page {
    let env: FakeEnv = page.env;
    let core = Core::new(env.clone(), Pins::default());
    core.configure(&config(), &json!({})).expect("the configuration is good");
    Page { env, core }
}

#[test]
fn a_later_page_load_goes_on_without_a_request() {
    let (page, stored) = page_and_stored();
    let before = page.counts();
    let page = reloaded(page);
    assert!(page.core.restore(&stored));
    let result = page.get(silent("picker", &[GRAPH])).expect("a token");
    assert!(result.from_cache);
    assert_eq!(page.counts(), before);
    assert_eq!(page.core.account().expect("an account").object_id, USER);
}

#[test]
fn a_later_page_load_gets_new_tokens_from_the_stored_session() {
    let (page, stored) = page_and_stored();
    let page = reloaded(page);
    page.env.set_clock(broker_core::Env::now(&page.env) + 2 * HOUR);
    assert!(page.core.restore(&stored));
    let result = page.get(silent("picker", &[GRAPH])).expect("a token");
    assert!(!result.from_cache);
    assert_eq!(page.env.count(Kind::Code), 1);
}

#[test]
fn a_stored_session_of_another_user_tenant_registration_or_shape_is_refused_whole() {
    let (page, good) = page_and_stored();
    let env = page.env.clone();
    let refused = |stored: &Value| {
        let page = reloaded(Page { env: env.clone(), core: page.core.clone() });
        let taken = page.core.restore(stored);
        assert_eq!(taken, page.core.account().is_some());
        !taken
    };
    assert!(!refused(&good));
    let mut changed: Vec<Value> = vec![json!(null), json!({}), json!([])];
    for (pointer, value) in [
        ("/v", json!(2)),
        ("/issuer", json!(format!("https://evil.example {BROKER}"))),
        ("/account/objectId", json!(OTHER_USER)),
        ("/account/tenantId", json!(OTHER_USER)),
        ("/account/objectId", json!("adele")),
        ("/account/guest", json!("no")),
        ("/account", json!(null)),
        ("/tokens", json!(null)),
        ("/tokens", json!({ "x": 1 })),
        ("/tokens", json!({ "x": { "client": "c", "secret": "s", "expiresOn": "soon", "storedOn": 1 } })),
        ("/tokens", json!({ "x": { "client": "c", "expiresOn": 1, "storedOn": 1 } })),
    ] {
        let mut stored = good.clone();
        *stored.pointer_mut(pointer).expect("it is there") = value;
        changed.push(stored);
    }
    for stored in changed {
        assert!(refused(&stored), "{stored}");
    }
}

#[test]
fn what_the_version_before_stored_is_read_and_what_the_next_one_adds_is_no_matter() {
    let (page, mut stored) = page_and_stored();
    for added in ["refreshCameOn", "loginHint"] {
        stored.as_object_mut().expect("an object").remove(added);
    }
    for token in stored["tokens"].as_object_mut().expect("tokens").values_mut() {
        token.as_object_mut().expect("a token").remove("refreshOn");
        token["later"] = json!({ "than": "this" });
    }
    stored["later"] = json!(["than", "this"]);
    let page = reloaded(page);
    assert!(page.core.restore(&stored));
    assert!(page.get(silent("picker", &[GRAPH])).expect("a token").from_cache);
}

#[test]
fn a_stored_session_is_read_by_no_other_sts_or_scope_and_by_one_alias_more() {
    let (page, stored) = page_and_stored();
    let env = page.env.clone();
    let reads = |pointer: &str, value: Value| {
        let mut config = config();
        match pointer {
            "" => config["clients"]["more"] = value,
            pointer => *config.pointer_mut(pointer).expect("it is there") = value,
        }
        let core = Core::new(env.clone(), Pins::default());
        core.configure(&config, &json!({})).expect("the configuration is good");
        core.restore(&stored)
    };
    let picker = "c0000000-0000-4000-8000-000000000001";
    assert!(reads("", json!("c0000000-0000-4000-8000-000000000003")));
    assert!(!reads("/sts", json!("https://other.example")));
    assert!(!reads(
        "/clients/picker",
        json!({ "clientId": picker, "scope": format!("api://{picker}/other") })
    ));
}

#[test]
fn when_power_apps_names_another_user_nothing_of_the_first_is_served() {
    let (page, _) = page_and_stored();
    page.env.set_host(HostFacts { object_id: Some(OTHER_USER.to_uppercase()), ..page.env.facts() });
    assert_eq!(page.fails(silent("picker", &[GRAPH])).code, Code::InteractionRequired);
    assert!(page.core.account().is_none() && page.core.snapshot().is_none());
    assert!(page.core.diagnostics().tokens.is_empty());
    assert!(page.kinds().contains(&EventKind::SignedOut));
}

#[test]
fn only_the_user_of_power_apps_can_sign_in() {
    let page = Page::new();
    page.env.set_host(HostFacts { object_id: Some(OTHER_USER.to_owned()), ..page.env.facts() });
    let call = page.sign_in();
    page.env.finish_sign_in();
    let error = call.take().expect("it has ended").err().expect("it fails");
    assert_eq!(error.code, Code::AccountMismatch);
    assert!(page.core.account().is_none() && page.core.snapshot().is_none());
}

#[test]
fn offline_a_cached_token_or_an_error_at_once_and_no_question() {
    let (page, _) = page_and_stored();
    page.env.set_host(HostFacts { offline: true, ..page.env.facts() });
    let before = page.counts();
    assert!(page.get(request("picker", &[GRAPH])).expect("a token").from_cache);
    assert_eq!(page.fails(request("calendar", &[GRAPH])).code, Code::Network);
    assert_eq!(page.counts(), before);

    let fresh = Page::new();
    fresh.env.set_host(HostFacts { offline: true, ..fresh.env.facts() });
    fresh.env.click();
    assert_eq!(fresh.fails(request("picker", &[GRAPH])).code, Code::Network);
    assert_eq!(fresh.sign_in().take().expect("ended").err().map(|error| error.code), Some(Code::Network));
    assert!(fresh.env.opened().is_empty());
}

#[test]
fn the_mobile_app_serves_cached_tokens_and_asks_nobody_unless_told_to() {
    let (page, _) = page_and_stored();
    page.env.set_host(HostFacts { mobile: true, ..page.env.facts() });
    assert_eq!(text(&page.get(request("picker", &[GRAPH])).expect("a token")), "backend-3");
    page.core.sign_out();
    let error = page.fails(request("picker", &[GRAPH]));
    assert_eq!((error.code, error.code.retryable()), (Code::UnsupportedClient, false));
    assert_eq!(
        page.sign_in().take().expect("ended").err().map(|error| error.code),
        Some(Code::UnsupportedClient)
    );

    let env = page.env.clone();
    let core = Core::new(env.clone(), Pins::default());
    let mut config = config();
    config["mobile"] = json!("popup");
    core.configure(&config, &json!({})).expect("the configuration is good");
    let page = Page { env, core };
    let opened = page.env.opened().len();
    let call = page.sign_in();
    page.env.finish_sign_in();
    assert!(call.take().expect("it has ended").is_ok());
    assert_eq!(page.env.opened().len(), opened + 1);
}

#[test]
fn whatever_a_later_page_load_could_use_is_worth_storing() {
    let page = Page::new();
    assert!(page.core.snapshot().is_none());
    let call = page.sign_in();
    page.env.finish_sign_in();
    assert!(call.take().expect("it has ended").is_ok());
    let signed_in = page.env.changes();
    assert!(signed_in > 0 && page.core.snapshot().is_some());
    page.get(request("picker", &[GRAPH])).expect("a token");
    let with_token = page.env.changes();
    assert!(with_token > signed_in);
    page.core.sign_out();
    assert!(page.env.changes() > with_token && page.core.snapshot().is_none());
}

#[test]
fn what_another_tab_stored_joins_what_is_here_and_ends_an_open_prompt() {
    let (other, stored) = page_and_stored();
    let page = reloaded(other);
    let call = page.call(request("picker", &[GRAPH]));
    let withdrawn = page.env.withdrawn();
    assert_eq!(page.env.invited().len(), 1);
    assert!(page.core.restore(&stored));
    page.env.run();
    assert!(call.take().expect("it has ended").is_ok());
    assert_eq!((page.env.withdrawn(), page.env.opened().len()), (withdrawn + 1, 1));

    // Its tokens join; one of ours that lasts longer stays.
    page.get(request("calendar", &[GRAPH])).expect("a token");
    let longer = text(&page.get(crate::forced("picker", &[GRAPH])).expect("a token")).to_owned();
    let mut older = stored;
    for token in older["tokens"].as_object_mut().expect("tokens").values_mut() {
        token["expiresOn"] = json!(token["expiresOn"].as_u64().expect("a time") - 1_000);
    }
    assert!(page.core.restore(&older));
    assert_eq!(text(&page.get(silent("picker", &[GRAPH])).expect("a token")), longer);
    assert!(page.get(silent("calendar", &[GRAPH])).expect("a token").from_cache);
}

#[test]
fn a_session_of_another_tab_does_not_take_the_place_of_another_users() {
    let page = Page::new();
    page.env.set_host(HostFacts { object_id: None, ..page.env.facts() });
    let (_, mut stored) = page_and_stored();
    stored["account"]["objectId"] = json!(OTHER_USER);
    let call = page.sign_in();
    page.env.finish_sign_in();
    assert!(call.take().expect("it has ended").is_ok());
    assert!(page.core.restore(&stored));
    assert_eq!(page.core.account().expect("an account").object_id, USER);
}

#[test]
fn a_user_who_becomes_known_while_a_call_is_under_way_gets_nothing_of_another() {
    let page = Page::signed_in();
    page.env.set_latency(1_000);
    let call = page.call(request("picker", &[GRAPH]));
    page.env.advance(1_000);
    page.env.set_host(HostFacts { object_id: Some(OTHER_USER.to_owned()), ..page.env.facts() });
    page.env.advance(1_000);
    assert_eq!(call.take().expect("ended").err().map(|error| error.code), Some(Code::LoginRequired));
    assert!(page.core.account().is_none() && page.core.snapshot().is_none());
}

#[test]
fn a_refusal_outlasts_a_page_load_until_somebody_signs_in() {
    let page = Page::new();
    let call = page.call(request("picker", &[GRAPH]));
    page.env.answer_invitation(false);
    assert!(call.take().expect("it has ended").is_err());
    let page = reloaded(page);
    assert_eq!(page.fails(request("picker", &[GRAPH])).code, Code::UserCancelled);
    assert!(page.core.diagnostics().refused);
    let call = page.sign_in();
    page.env.finish_sign_in();
    assert!(call.take().expect("it has ended").is_ok() && !page.core.diagnostics().refused);
}
