//! Consent by users and administrators, assignment, web clients (entra.md §1.6, §2.6, §7.4).

use crate::{
    browser::{Browser, Parameters, parameters},
    world::{COMBINED, CONTOSO, SPA, USER_READ, VERIFIER, WEB, World, refresh_form},
};
use entra_dev::{Command, Endpoint, Outcome};
use serde_json::json;

const ADELE: &str = "adele@contoso.example";
const ADMIN: &str = "admin@contoso.example";

/// A request of the other single-page app.
fn spa<'a>(scope: &str) -> Parameters<'a> {
    let mut parameters = parameters(scope);
    parameters.insert("client_id", SPA.to_owned());
    parameters.insert("redirect_uri", "http://localhost:4711/spa".to_owned());
    parameters
}

async fn signed_in<'w>(world: &'w World, username: &str) -> Browser<'w> {
    let mut browser = world.browser();
    browser.sign_in(username, "openid").await;
    browser
}

#[tokio::test]
async fn a_user_consents_once_for_themselves() {
    let world = World::start().await;
    let mut browser = signed_in(&world, ADELE).await;
    let mut silent = spa("openid api://Feed/Feed.Read");
    silent.insert("prompt", "none".to_owned());
    browser.authorize(CONTOSO, &silent).await.is_refused("interaction_required", 65_001);
    let page = browser.authorize(CONTOSO, &spa("openid api://Feed/Feed.Read")).await;
    assert_eq!(page.title(), "Permissions requested");
    assert!(page.html.contains("<code>Feed.Read</code>") && !page.html.contains("everybody"));
    browser.press(&page, &[("action", "decline")]).await.is_refused("access_denied", 65_004);
    assert!(browser.press(&page, &[("action", "accept")]).await.response().contains_key("code"));
    assert!(browser.authorize(CONTOSO, &silent).await.response().contains_key("code"), "asked once");
    let mut other = signed_in(&world, ADMIN).await;
    other.authorize(CONTOSO, &silent).await.is_refused("interaction_required", 65_001);
    let mut again = spa("openid api://Feed/Feed.Read");
    again.insert("prompt", "consent".to_owned());
    let page = browser.authorize(CONTOSO, &again).await;
    assert_eq!(page.title(), "Permissions requested");
    assert!(browser.press(&page, &[("action", "accept")]).await.response().contains_key("code"));
}

#[tokio::test]
async fn what_only_an_administrator_can_grant_an_administrator_grants_for_everybody() {
    let world = World::start().await;
    let asked = spa("openid Directory.Read.All");
    let mut browser = signed_in(&world, ADELE).await;
    browser.authorize(CONTOSO, &asked).await.is_refused("access_denied", 90_094);
    let mut admin = signed_in(&world, ADMIN).await;
    let page = admin.authorize(CONTOSO, &asked).await;
    assert!(page.html.contains("everybody"));
    assert!(
        admin.press(&page, &[("action", "accept"), ("everybody", "1")]).await.response().contains_key("code")
    );
    assert!(browser.authorize(CONTOSO, &asked).await.response().contains_key("code"));
}

#[tokio::test]
async fn one_prompt_covers_a_known_client_and_its_service_and_creates_the_service() {
    let world = World::start().await;
    let mut browser = signed_in(&world, ADELE).await;
    browser.authorize(CONTOSO, &spa("api://combined/act")).await.is_refused("invalid_resource", 500_011);
    let page = browser.authorize(CONTOSO, &spa("openid api://combined/.default")).await;
    assert_eq!(page.title(), "Permissions requested");
    assert!(
        page.html.contains("<code>act</code>") && page.html.contains("<code>Feed.Read</code>"),
        "{}",
        page.html
    );
    let code = browser.press(&page, &[("action", "accept")]).await.response()["code"].clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", SPA),
        ("redirect_uri", "http://localhost:4711/spa"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("scope", "openid api://combined/.default"),
    ];
    let token = world.token(CONTOSO, &form).await.text("access_token");
    assert_eq!(crate::world::claims(&token)["aud"], COMBINED);
    let form = crate::world::obo_form(COMBINED, &token, "api://Feed/Feed.Read");
    let exchanged =
        world.server_token(CONTOSO, &[&form[..], &[("client_secret", "not a secret either")]].concat()).await;
    let token = exchanged.claims("access_token");
    assert_eq!((&token["aud"], &token["scp"]), (&json!("api://Feed"), &json!("Feed.Read")));
}

#[tokio::test]
async fn the_admin_consent_page_creates_a_control_client_and_its_grants() {
    let world = World::start().await;
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    let scope = "api://c0000000-0000-4000-8000-000000000002/access_as_user";
    world.token(CONTOSO, &refresh_form(&refresh, scope)).await.is_refused(
        400,
        "invalid_resource",
        500_011,
        None,
    );
    let mut browser = world.browser();
    let path = format!("/{CONTOSO}/adminconsent?client_id=c0000000-0000-4000-8000-000000000002");
    let page = browser.get(&path).await;
    assert!(page.html.contains("for everybody in contoso.example") && page.html.contains("User.Read"));
    assert!(browser.press(&page, &[("action", "decline")]).await.html.contains("Nothing was granted"));
    assert!(browser.press(&page, &[("action", "accept")]).await.html.contains("The permissions are granted"));
    let token = world.token(CONTOSO, &refresh_form(&refresh, scope)).await.text("access_token");
    assert_eq!(
        world.obo_as("people", "c0000000-0000-4000-8000-000000000002", &token, USER_READ, &[]).await.status,
        200
    );
    let log = world.entra.requests();
    let consents: Vec<_> =
        log.iter().filter(|entry| entry.endpoint == Endpoint::AdminConsent).map(|one| one.outcome).collect();
    assert_eq!(consents, [Outcome::Refused(65_004), Outcome::Ok]);
}

#[tokio::test]
async fn the_admin_consent_answer_goes_to_a_registered_address() {
    let world = World::start().await;
    let mut browser = world.browser();
    let path = |uri: &str| {
        format!(
            "/{CONTOSO}/v2.0/adminconsent?client_id={WEB}&scope=https://graph.microsoft.com/.default&redirect_uri={uri}&state=s"
        )
    };
    assert!(browser.get(&path("https://evil.example/")).await.html.contains("AADSTS50011"));
    let page = browser.get(&path("https://web.example/signed-in")).await;
    let response = browser.press(&page, &[("action", "accept")]).await.response();
    assert_eq!(
        (response["admin_consent"].as_str(), response["tenant"].as_str(), response["state"].as_str()),
        ("True", CONTOSO, "s")
    );
    assert!(browser.get(&format!("/common/adminconsent?client_id={WEB}")).await.html.contains("AADSTS50059"));
}

#[tokio::test]
async fn where_assignment_is_required_only_the_assigned_get_in() {
    let world = World::start().await;
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    let token = world.files_token().await;
    let require = |app: &str| {
        let command = Command::RequireAssignment {
            tenant: "contoso".into(),
            app: app.into(),
            users: vec![ADMIN.into()],
        };
        world.entra.perform(command).unwrap();
    };
    require("graph");
    world.obo(&token, USER_READ).await.is_refused(400, "invalid_grant", 50_105, Some("message_only"));
    require("broker");
    world.token(CONTOSO, &refresh_form(&refresh, "openid")).await.is_refused(
        400,
        "invalid_grant",
        50_105,
        Some("message_only"),
    );
    signed_in_is_shut_out(&world).await;
    assert!(!world.browser().sign_in(ADMIN, "openid").await.is_empty());
}

async fn signed_in_is_shut_out(world: &World) {
    let mut browser = world.browser();
    let page = browser.authorize(CONTOSO, &parameters("openid")).await;
    browser.press(&page, &[("username", ADELE)]).await.is_refused("access_denied", 50_105);
}

#[tokio::test]
async fn a_web_client_gets_its_code_by_post_and_needs_its_secret_and_no_origin() {
    let world = World::start().await;
    let mut browser = world.browser();
    let mut asked = parameters("openid offline_access User.Read");
    asked.insert("client_id", WEB.to_owned());
    asked.insert("redirect_uri", "https://web.example/signed-in".to_owned());
    asked.insert("response_mode", "form_post".to_owned());
    let page = browser.authorize(CONTOSO, &asked).await;
    let page = browser.press(&page, &[("username", ADELE)]).await;
    assert!(page.html.contains(r#"action="https://web.example/signed-in""#));
    let code = page.between("name=\"code\" value=\"", "\"").to_owned();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", WEB),
        ("redirect_uri", "https://web.example/signed-in"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    world.server_token(CONTOSO, &form).await.is_refused(401, "invalid_client", 7_000_218, None);
    world.token(CONTOSO, &form).await.is_refused(400, "invalid_request", 9_002_326, None);
    form.push(("client_secret", "not a secret"));
    let answer = world.server_token(CONTOSO, &form).await;
    assert_eq!(
        (&answer.claims("access_token")["azpacr"], &answer.body["scope"]),
        (&json!("1"), &json!("User.Read openid"))
    );
    assert!(answer.body.get("refresh_token_expires_in").is_none());
}

#[tokio::test]
async fn taking_a_grant_back_takes_effect_at_once() {
    let world = World::start().await;
    let token = world.files_token().await;
    let (tenant, client, resource) = ("contoso".to_owned(), "files".to_owned(), "graph".to_owned());
    world
        .entra
        .perform(Command::Revoke {
            tenant: tenant.clone(),
            client: client.clone(),
            resource: resource.clone(),
        })
        .unwrap();
    world.obo(&token, USER_READ).await.is_refused(400, "invalid_grant", 65_001, Some("consent_required"));
    world
        .entra
        .perform(Command::Grant {
            tenant: tenant.clone(),
            client,
            resource,
            scopes: vec!["User.Read".into()],
        })
        .unwrap();
    assert_eq!(world.obo(&token, USER_READ).await.claims("access_token")["scp"], "User.Read");
    world.entra.perform(Command::RemovePrincipal { tenant, app: "graph".into() }).unwrap();
    world.obo(&token, USER_READ).await.is_refused(400, "invalid_resource", 500_011, None);
}
