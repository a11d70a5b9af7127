//! Codes, PKCE, origins and refresh tokens of a single-page app (entra.md §1.2 to §1.4).

use crate::{
    browser::parameters,
    world::{
        APP, BROKER, CONTOSO, FEED, FILES, FILES_SCOPE, GRAPH, USER_READ, World, code_form, refresh_form,
    },
};
use entra_dev::{Endpoint, GrantType, OriginCheck, Outcome};
use serde_json::json;
use std::time::Duration;

const SIGN_IN: &str = "openid profile offline_access";

#[tokio::test]
async fn one_sign_in_gives_a_client_token_a_refresh_token_and_an_id_token() {
    let world = World::start().await;
    let scope = format!("{SIGN_IN} {FILES_SCOPE}");
    let answer = world.signed_in(&scope).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["scope"], FILES_SCOPE);
    let expires_in = answer.body["expires_in"].as_u64().unwrap();
    assert!((3_600..=5_400).contains(&expires_in), "{expires_in}");
    assert_eq!(answer.body["refresh_token_expires_in"], 86_400);

    let token = answer.claims("access_token");
    let issuer = world.url(&format!("/{CONTOSO}/v2.0"));
    for (name, value) in [
        ("aud", json!(FILES)),
        ("azp", json!(BROKER)),
        ("azpacr", json!("0")),
        ("iss", json!(issuer)),
        ("oid", json!("d0000000-0000-4000-8000-000000000001")),
        ("preferred_username", json!("adele@contoso.example")),
        ("scp", json!("access_as_user")),
        ("tid", json!(CONTOSO)),
        ("ver", json!("2.0")),
    ] {
        assert_eq!(token[name], value, "{name}");
    }
    for name in ["uti", "rh", "aio", "sid", "sub", "name"] {
        assert!(token[name].is_string(), "{name}");
    }
    assert_eq!(token["exp"].as_u64().unwrap() - token["iat"].as_u64().unwrap(), expires_in);

    let id_token = answer.claims("id_token");
    assert_eq!(id_token["aud"], BROKER);
    assert_eq!(id_token["nonce"], "the nonce");
    assert_eq!(id_token["acct"], 0);
    assert!(id_token["login_hint"].as_str().unwrap().starts_with("O."));
    assert_ne!(id_token["sub"], token["sub"], "sub is pairwise");
}

#[tokio::test]
async fn one_refresh_token_serves_every_control_client_and_leaves_no_trace_of_prompts() {
    let world = World::start().await;
    let first = world.signed_in(SIGN_IN).await;
    let graph = first.claims("access_token");
    assert_eq!((&graph["aud"], &graph["scp"]), (&json!(GRAPH), &json!("openid profile")));
    let refresh = first.text("refresh_token");

    let files = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await;
    assert_eq!(files.claims("access_token")["aud"], FILES);
    // The old one still works, as at Entra.
    let again = world
        .token("contoso.example", &refresh_form(&refresh, "e0000000-0000-4000-8000-000000000004/act"))
        .await;
    assert_eq!(again.status, 200, "{:#}", again.body);
    assert_eq!(
        again.body["scope"], "e0000000-0000-4000-8000-000000000004/act",
        "the scope comes back as it was written"
    );

    let log = world.entra.requests();
    let prompts =
        log.iter().filter(|entry| entry.endpoint == Endpoint::Authorize { interactive: true }).count();
    let refreshes =
        log.iter().filter(|entry| entry.endpoint == Endpoint::Token { grant: GrantType::RefreshToken });
    assert_eq!((prompts, refreshes.count()), (1, 2));
    assert!(log.iter().all(|entry| entry.outcome == Outcome::Ok));
    assert_eq!(log.last().unwrap().origin.as_deref(), Some(APP));
}

#[tokio::test]
async fn a_refresh_token_lives_a_day_and_does_not_slide() {
    let world = World::start().await;
    let refresh = world.signed_in(SIGN_IN).await.text("refresh_token");
    world.entra.clock().advance(Duration::from_secs(80_000));
    let second = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await;
    let left = second.body["refresh_token_expires_in"].as_u64().unwrap();
    assert!((6_300..=6_400).contains(&left), "{left}");
    let rotated = second.text("refresh_token");
    assert_ne!(rotated, refresh);
    world.entra.clock().advance(Duration::from_secs(6_500));
    let late = world.token(CONTOSO, &refresh_form(&rotated, FILES_SCOPE)).await;
    late.is_refused(400, "invalid_grant", 700_084, Some("bad_token"));
}

#[tokio::test]
async fn codes_and_refresh_tokens_of_a_single_page_app_need_an_origin() {
    let world = World::start().await;
    let code = world.browser().sign_in("adele@contoso.example", SIGN_IN).await;
    let without = world.server_token(CONTOSO, &code_form(&code, SIGN_IN)).await;
    without.is_refused(400, "invalid_request", 9_002_327, None);
    assert!(without.headers.get("access-control-allow-origin").is_none());
    let refresh = world.redeem(&code, SIGN_IN).await.text("refresh_token");
    let without = world.server_token(CONTOSO, &refresh_form(&refresh, SIGN_IN)).await;
    without.is_refused(400, "invalid_request", 9_002_327, None);
}

#[tokio::test]
async fn answers_can_be_read_by_the_origin_that_asked_and_are_not_stored() {
    let world = World::start().await;
    let answer = world.token(CONTOSO, &[("grant_type", "refresh_token")]).await;
    answer.is_refused(400, "invalid_request", 900_144, None);
    assert_eq!(answer.headers["access-control-allow-origin"], APP);
    assert_eq!(answer.headers["vary"], "Origin");
    assert_eq!(answer.headers["cache-control"], "no-store, no-cache");
}

#[tokio::test]
async fn a_preflight_is_answered_for_any_origin_and_shows_in_the_log() {
    let world = World::start().await;
    let url = world.url(&format!("/{CONTOSO}/oauth2/v2.0/token"));
    let preflight = world
        .http
        .request(reqwest::Method::OPTIONS, &url)
        .header("origin", APP)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-client-sku");
    let answer = preflight.send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-origin"], APP);
    assert_eq!(answer.headers()["access-control-allow-headers"], "x-client-sku");
    assert_eq!(world.entra.requests().last().unwrap().endpoint, Endpoint::Preflight);
    let wrong_verb: serde_json::Value = world.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(wrong_verb["error_codes"], json!([900_561]));
}

#[tokio::test]
async fn a_registered_origin_can_be_insisted_on() {
    let world = World::start().await;
    let refresh = world.signed_in(SIGN_IN).await.text("refresh_token");
    let foreign = async || {
        let request = world.http.post(world.url(&format!("/{CONTOSO}/oauth2/v2.0/token")));
        let request =
            request.header("origin", "http://app.localhost:12").form(&refresh_form(&refresh, SIGN_IN));
        request.send().await.unwrap().json::<serde_json::Value>().await.unwrap()
    };
    assert!(foreign().await["access_token"].is_string(), "by default any origin will do");
    world.entra.check_origin(OriginCheck::Registered);
    assert_eq!(foreign().await["error_codes"], json!([9_002_326]));
    assert_eq!(world.token(CONTOSO, &refresh_form(&refresh, SIGN_IN)).await.status, 200);
}

#[tokio::test]
async fn a_code_is_redeemed_once_in_time_with_its_verifier_and_its_redirect_uri() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in("adele@contoso.example", SIGN_IN).await;
    let changed = async |name: &str, value: &str| {
        let mut form = code_form(&code, SIGN_IN);
        form.retain(|(other, _)| *other != name);
        form.push((name, value));
        world.token(CONTOSO, &form).await
    };
    changed("code_verifier", "another verifier").await.is_refused(400, "invalid_grant", 501_481, None);
    changed("code_verifier", "").await.is_refused(400, "invalid_request", 9_002_325, None);
    changed("redirect_uri", "http://app.localhost:1/other").await.is_refused(
        400,
        "invalid_request",
        50_011,
        None,
    );
    changed("code", "1.Agarbage").await.is_refused(400, "invalid_grant", 70_000, None);
    changed("client_id", "e0000000-0000-4000-8000-000000000001").await.is_refused(
        400,
        "invalid_grant",
        70_000,
        None,
    );
    changed("client_secret", "x").await.is_refused(400, "invalid_request", 9_002_326, None);
    assert_eq!(world.redeem(&code, SIGN_IN).await.status, 200, "failed attempts do not use a code up");
    world.redeem(&code, SIGN_IN).await.is_refused(400, "invalid_grant", 54_005, None);

    let page = browser.authorize(CONTOSO, &parameters(SIGN_IN)).await;
    world.entra.clock().advance(Duration::from_secs(601));
    world.redeem(&page.response()["code"], SIGN_IN).await.is_refused(400, "invalid_grant", 70_008, None);
}

#[tokio::test]
async fn a_code_is_redeemed_for_one_resource_and_a_refresh_token_for_the_first() {
    let world = World::start().await;
    let other = "e0000000-0000-4000-8000-000000000005/act";
    let scope = format!("openid offline_access {FILES_SCOPE} {other}");
    let code = world.browser().sign_in("adele@contoso.example", &scope).await;
    world.redeem(&code, &scope).await.is_refused(400, "invalid_request", 700_022, None);
    let answer = world.redeem(&code, &format!("openid offline_access {other}")).await;
    assert_eq!(answer.claims("access_token")["ver"], "1.0", "the resource wants version 1");
    let refreshed = world
        .token(CONTOSO, &refresh_form(&answer.text("refresh_token"), &format!("{FILES_SCOPE} {other}")))
        .await;
    assert_eq!(refreshed.claims("access_token")["aud"], FILES);
}

#[tokio::test]
async fn what_the_broker_may_not_have_is_refused_with_entras_numbers() {
    let world = World::start().await;
    let refresh = world.signed_in(SIGN_IN).await.text("refresh_token");
    let ask = async |scope: &str| world.token(CONTOSO, &refresh_form(&refresh, scope)).await;
    ask("api://c0000000-0000-4000-8000-000000000002/access_as_user").await.is_refused(
        400,
        "invalid_resource",
        500_011,
        None,
    );
    ask("api://unknown/x").await.is_refused(400, "invalid_resource", 500_011, None);
    ask("api://Feed/Feed.Read").await.is_refused(400, "invalid_grant", 65_001, Some("consent_required"));
    ask(USER_READ).await.is_refused(400, "invalid_grant", 65_001, Some("consent_required"));
    ask("api://Feed/Nothing").await.is_refused(400, "invalid_scope", 70_011, None);
    world.token("70000000-0000-4000-8000-00000000000f", &refresh_form(&refresh, SIGN_IN)).await.is_refused(
        400,
        "invalid_request",
        90_002,
        None,
    );
    assert_eq!(world.entra.requests().last().unwrap().outcome, Outcome::Refused(90_002));
    let feed = world.entra.requests().iter().filter(|entry| entry.resource.as_deref() == Some(FEED)).count();
    assert_eq!(feed, 1);
}

#[tokio::test]
async fn a_correlation_id_is_honoured_in_query_and_body_and_comes_back_in_errors() {
    let world = World::start().await;
    let id = "11111111-2222-4333-8444-555555555555";
    let answer = world
        .token(CONTOSO, &[("grant_type", "nonsense"), ("client_id", BROKER), ("client-request-id", id)])
        .await;
    answer.is_refused(400, "unsupported_grant_type", 70_003, None);
    assert_eq!(answer.body["correlation_id"], id);
    assert!(answer.text("error_description").contains(&format!("Correlation ID: {id}")));
    assert!(answer.body.get("error_uri").is_none(), "as captured from Entra");
    let url = world.url(&format!("/{CONTOSO}/oauth2/v2.0/token?client-request-id={id}"));
    let body: serde_json::Value = world.http.post(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["correlation_id"], id);
    assert_eq!(world.entra.requests().last().unwrap().correlation_id, id);
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() {
    let world = World::start().await;
    let answer =
        world.token(CONTOSO, &[("grant_type", "refresh_token"), ("scope", "a"), ("scope", "b")]).await;
    answer.is_refused(400, "invalid_request", 9_000_411, None);
}
