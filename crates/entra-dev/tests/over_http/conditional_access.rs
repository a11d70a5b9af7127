//! Conditional Access, step-up, continuous access evaluation (entra.md §1.8, §2.5).

use crate::{
    browser::parameters,
    world::{CONTOSO, FILES_SCOPE, USER_READ, World, refresh_form},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use entra_dev::{Command, Demand};
use serde_json::{Value, json};

const SIGN_IN: &str = "openid profile offline_access";
const CP1: &str = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;

#[tokio::test]
async fn a_policy_on_a_backend_is_met_by_stepping_up_and_only_in_that_session() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in("adele@contoso.example", SIGN_IN).await;
    let refresh = world.redeem(&code, SIGN_IN).await.text("refresh_token");
    let token = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await.text("access_token");
    assert_eq!(world.obo(&token, USER_READ).await.status, 200);

    world.entra.demand("contoso", "graph", Demand::SecondFactor).unwrap();
    let refused = world.obo(&token, USER_READ).await;
    refused.is_refused(400, "interaction_required", 50_076, Some("basic_action"));
    let challenge = refused.text("claims");
    assert!(
        serde_json::from_str::<Value>(&challenge).unwrap()["access_token"]["capolids"]["values"][0]
            .is_string()
    );

    // Silently there is nothing to be had, neither by refresh token nor in a frame.
    let with_claims = [&refresh_form(&refresh, FILES_SCOPE)[..], &[("claims", &challenge)]].concat();
    world.token(CONTOSO, &with_claims).await.is_refused(
        400,
        "interaction_required",
        50_076,
        Some("basic_action"),
    );
    let mut asked = parameters(&format!("{SIGN_IN} {FILES_SCOPE}"));
    asked.insert("claims", challenge.clone());
    asked.insert("prompt", "none".into());
    browser.authorize(CONTOSO, &asked).await.is_refused("interaction_required", 50_076);

    asked.remove("prompt");
    let page = browser.authorize(CONTOSO, &asked).await;
    assert_eq!(page.title(), "Approve sign in");
    let code = browser.press(&page, &[("action", "second_factor")]).await.response()["code"].clone();
    let stepped_up = world.redeem(&code, FILES_SCOPE).await;
    assert_eq!(world.obo(&stepped_up.text("access_token"), USER_READ).await.status, 200);
    let refreshed = world.token(CONTOSO, &refresh_form(&stepped_up.text("refresh_token"), FILES_SCOPE)).await;
    assert_eq!(
        world.obo(&refreshed.text("access_token"), USER_READ).await.status,
        200,
        "the session keeps it"
    );

    // What was earned before, and what another browser earns, is as it was.
    world.obo(&token, USER_READ).await.is_refused(400, "interaction_required", 50_076, Some("basic_action"));
    world.obo(&world.files_token().await, USER_READ).await.is_refused(
        400,
        "interaction_required",
        50_076,
        Some("basic_action"),
    );
    world.entra.perform(Command::LiftPolicies { tenant: "contoso".into() }).unwrap();
    assert_eq!(world.obo(&token, USER_READ).await.status, 200);
}

#[tokio::test]
async fn a_policy_on_a_control_client_shows_at_sign_in() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in("adele@contoso.example", SIGN_IN).await;
    let refresh = world.redeem(&code, SIGN_IN).await.text("refresh_token");
    world.entra.demand("contoso", "files", Demand::SecondFactor).unwrap();
    let refused = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await;
    refused.is_refused(400, "interaction_required", 50_076, Some("basic_action"));
    let page = browser.authorize(CONTOSO, &parameters(FILES_SCOPE)).await;
    assert_eq!(page.title(), "Approve sign in");
    let cancelled = browser.press(&page, &[("action", "cancel")]).await;
    assert_eq!(cancelled.response()["error_subcode"], "cancel");
    assert!(browser.press(&page, &[("action", "second_factor")]).await.response().contains_key("code"));
}

#[tokio::test]
async fn stepping_up_one_account_leaves_the_other_of_the_same_browser_as_it_was() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.sign_in("adele@contoso.example", SIGN_IN).await;
    let mut as_admin = parameters(FILES_SCOPE);
    as_admin.insert("login_hint", "admin@contoso.example".into());
    let page = browser.authorize(CONTOSO, &as_admin).await;
    browser.press(&page, &[("username", "admin@contoso.example")]).await;
    world.entra.demand("contoso", "files", Demand::SecondFactor).unwrap();
    let page = browser.authorize(CONTOSO, &as_admin).await;
    assert!(browser.press(&page, &[("action", "second_factor")]).await.response().contains_key("code"));
    assert!(browser.authorize(CONTOSO, &as_admin).await.response().contains_key("code"), "asked once");
    let mut as_adele = as_admin;
    as_adele.insert("login_hint", "adele@contoso.example".into());
    assert_eq!(browser.authorize(CONTOSO, &as_adele).await.title(), "Approve sign in");
}

#[tokio::test]
async fn a_block_is_final() {
    let world = World::start().await;
    let token = world.files_token().await;
    world.entra.demand("contoso", "graph", Demand::Block).unwrap();
    let refused = world.obo(&token, USER_READ).await;
    refused.is_refused(400, "invalid_grant", 53_003, Some("message_only"));
    assert!(refused.body.get("claims").is_none());
    world.entra.demand("contoso", "files", Demand::Block).unwrap();
    let mut browser = world.browser();
    browser.sign_in("adele@contoso.example", "openid").await;
    browser.authorize(CONTOSO, &parameters(FILES_SCOPE)).await.is_refused("access_denied", 53_003);
}

#[tokio::test]
async fn an_authentication_context_is_met_and_then_stands_in_the_token() {
    let world = World::start().await;
    let token = world.files_token().await;
    let asked = r#"{"access_token":{"acrs":{"essential":true,"value":"c25"}}}"#;
    let more = [("claims", asked)];
    let refused = world.obo_as("files", crate::world::FILES, &token, USER_READ, &more).await;
    refused.is_refused(400, "interaction_required", 50_076, Some("basic_action"));
    assert_eq!(refused.body["claims"], asked, "the challenge goes back as it came");
    let mut browser = world.browser();
    browser.sign_in("adele@contoso.example", "openid").await;
    let mut parameters = parameters(&format!("{SIGN_IN} {FILES_SCOPE}"));
    parameters.insert("claims", asked.into());
    let page = browser.authorize(CONTOSO, &parameters).await;
    let code = browser.press(&page, &[("action", "second_factor")]).await.response()["code"].clone();
    let token = world.redeem(&code, FILES_SCOPE).await.text("access_token");
    let answer = world.obo_as("files", crate::world::FILES, &token, USER_READ, &more).await;
    assert_eq!(answer.claims("access_token")["acrs"], json!(["c25"]));
}

#[tokio::test]
async fn who_handles_challenges_gets_long_tokens_and_is_challenged_when_the_session_ends() {
    let world = World::start().await;
    let token = world.files_token().await;
    let long = world.obo_as("files", crate::world::FILES, &token, USER_READ, &[("claims", CP1)]).await;
    assert!((72_000..=100_800).contains(&long.body["expires_in"].as_u64().unwrap()));
    assert!(long.body["refresh_in"].is_u64());
    assert_eq!(long.claims("access_token")["xms_cc"], json!(["CP1"]));
    let short = world.obo(&token, USER_READ).await;
    assert!(
        short.body["expires_in"].as_u64().unwrap() <= 5_400
            && short.claims("access_token").get("xms_cc").is_none()
    );

    let (long, short) = (long.text("access_token"), short.text("access_token"));
    assert_eq!(world.entra.challenge(&long), None);
    world.entra.perform(Command::RevokeSessions { user: "adele@contoso.example".into() }).unwrap();
    let challenge = world.entra.challenge(&long).unwrap();
    assert!(
        challenge.starts_with(r#"Bearer realm="", authorization_uri=""#)
            && challenge.contains(r#"error="insufficient_claims""#)
    );
    let claims = challenge.split_once("claims=\"").unwrap().1.trim_end_matches('"');
    let claims: Value = serde_json::from_slice(&STANDARD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["access_token"]["nbf"]["essential"], true);
    assert_eq!(world.entra.challenge(&short), None, "who did not say CP1 is never challenged");
}

#[tokio::test]
async fn revoking_sessions_ends_refresh_tokens_exchanges_and_silence_but_not_signing_in_again() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in("adele@contoso.example", SIGN_IN).await;
    let refresh = world.redeem(&code, SIGN_IN).await.text("refresh_token");
    let token = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await.text("access_token");
    world.entra.perform(Command::RevokeSessions { user: "ADELE@contoso.example".into() }).unwrap();
    world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await.is_refused(
        400,
        "invalid_grant",
        50_173,
        Some("bad_token"),
    );
    world.obo(&token, USER_READ).await.is_refused(400, "invalid_grant", 50_173, Some("bad_token"));
    let mut silent = parameters(SIGN_IN);
    silent.insert("prompt", "none".into());
    browser.authorize(CONTOSO, &silent).await.is_refused("login_required", 50_058);
    let code = browser.sign_in("adele@contoso.example", SIGN_IN).await;
    assert_eq!(world.redeem(&code, SIGN_IN).await.status, 200);
}
