//! On-behalf-of: the client's credential, the assertion, and the three refusals (entra.md §2).

use crate::world::{
    ASSERTION_TYPE, BOTH, BROKER, COMBINED, CONTOSO, FABRIKAM, FILES, GRAPH, SECRETLESS, USER_READ, WEB,
    World, header, obo_form, refresh_form, thumbprints,
};
use entra_dev::{Command, Endpoint, GrantType, MintRequest, Outcome, SignedBy, Signer};
use serde_json::json;
use std::time::Duration;

const INVOICES: &str = "c0000000-0000-4000-8000-000000000003";

#[tokio::test]
async fn a_client_token_becomes_a_backend_token_that_names_the_control_client() {
    let world = World::start().await;
    let answer = world.obo(&world.files_token().await, USER_READ).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let token = answer.claims("access_token");
    assert_eq!(token["aud"], GRAPH);
    assert_eq!(token["azp"], FILES);
    assert_eq!(token["azpacr"], "2");
    assert_eq!(token["scp"], "Files.ReadWrite User.Read", "every granted scope, whatever was asked for");
    assert_eq!(token["oid"], "d0000000-0000-4000-8000-000000000001");
    assert_eq!(answer.body["scope"], format!("{USER_READ} https://graph.microsoft.com/Files.ReadWrite"));
    assert!(answer.body.get("refresh_token").is_none() && answer.body.get("id_token").is_none());

    let entry = world.entra.requests().pop().unwrap();
    assert_eq!(entry.endpoint, Endpoint::Token { grant: GrantType::OnBehalfOf });
    assert_eq!(
        (entry.client_id.as_str(), entry.resource.as_deref(), entry.outcome),
        (FILES, Some(GRAPH), Outcome::Ok)
    );
    assert_eq!(entry.signer, Some(Signer { thumbprint: thumbprints("files").0, alg: "PS256".into() }));
}

#[tokio::test]
async fn the_three_refusals_have_three_faces() {
    let world = World::start().await;
    // 1. The control client has no principal: the broker is refused, and no exchange happens.
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    let scope = "api://c0000000-0000-4000-8000-000000000002/access_as_user";
    world.token(CONTOSO, &refresh_form(&refresh, scope)).await.is_refused(
        400,
        "invalid_resource",
        500_011,
        None,
    );
    // 2. It is there, but nobody granted it the backend.
    let token = world
        .token(CONTOSO, &refresh_form(&refresh, &format!("api://{INVOICES}/access_as_user")))
        .await
        .text("access_token");
    let answer = world.obo_as("invoices", INVOICES, &token, "api://Feed/Feed.Read", &[]).await;
    answer.is_refused(400, "invalid_grant", 65_001, Some("consent_required"));
    // 3. The backend has no principal.
    let answer = world.obo_as("invoices", INVOICES, &token, "api://vault/Vault.Read", &[]).await;
    answer.is_refused(400, "invalid_resource", 500_011, None);
}

#[tokio::test]
async fn what_was_granted_decides_not_what_is_asked() {
    let world = World::start().await;
    let token = world.files_token().await;
    let default = world.obo(&token, "https://graph.microsoft.com/.default").await;
    assert_eq!(default.claims("access_token")["scp"], "Files.ReadWrite User.Read");
    assert!(default.text("scope").starts_with("https://graph.microsoft.com/.default "));
    let short = world.obo(&token, "User.Read").await;
    assert_eq!(short.body["scope"], "User.Read Files.ReadWrite", "the short form of Graph's scopes");
    let more = world.obo(&token, "https://graph.microsoft.com/Directory.Read.All").await;
    more.is_refused(400, "invalid_grant", 65_001, Some("consent_required"));
    world.obo(&token, &format!("{USER_READ} api://Feed/Feed.Read")).await.is_refused(
        400,
        "invalid_request",
        700_022,
        None,
    );
    world.obo(&token, "openid").await.is_refused(400, "invalid_scope", 28_003, None);
}

#[tokio::test]
async fn refresh_and_id_tokens_come_only_when_asked_for() {
    let world = World::start().await;
    let token = world.files_token().await;
    let scope = format!("{USER_READ} openid profile offline_access");
    let answer = world.obo_as("files", FILES, &token, &scope, &[("client_info", "1")]).await;
    assert_eq!(answer.claims("id_token")["aud"], FILES);
    assert!(answer.body["client_info"].is_string());
    assert!(answer.body.get("refresh_token_expires_in").is_none(), "only single-page apps are told");
    let refresh = answer.text("refresh_token");
    let assertion = world.client_assertion("files", FILES, "PS256", json!({}), json!({}));
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("client_id", FILES),
        ("refresh_token", &refresh),
        ("scope", USER_READ),
    ];
    world.server_token(CONTOSO, &form).await.is_refused(401, "invalid_client", 7_000_218, None);
    form.extend([("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)]);
    assert_eq!(world.server_token(CONTOSO, &form).await.claims("access_token")["azp"], FILES);
}

#[tokio::test]
async fn every_registered_credential_is_taken_and_told_apart() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("both"));
    let by_secret = world
        .server_token(
            CONTOSO,
            &[&obo_form(BOTH, &token, USER_READ)[..], &[("client_secret", "neither is this")]].concat(),
        )
        .await;
    assert_eq!(by_secret.claims("access_token")["azpacr"], "1");
    let by_certificate = world.obo_as("both", BOTH, &token, USER_READ, &[]).await;
    assert_eq!(by_certificate.claims("access_token")["azpacr"], "2");
    let legacy = world.client_assertion("both", BOTH, "RS256", json!({}), json!({}));
    let form = [
        &obo_form(BOTH, &token, USER_READ)[..],
        &[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &legacy)],
    ]
    .concat();
    assert_eq!(world.server_token(CONTOSO, &form).await.status, 200, "RS256 with x5t");
    assert_eq!(world.entra.requests().last().unwrap().signer.as_ref().unwrap().alg, "RS256");
    let basic = world
        .http
        .post(world.url(&format!("/{CONTOSO}/oauth2/v2.0/token")))
        .basic_auth(BOTH, Some("neither%20is%20this"));
    let form: Vec<_> =
        obo_form(BOTH, &token, USER_READ).into_iter().filter(|(name, _)| *name != "client_id").collect();
    assert_eq!(basic.form(&form).send().await.unwrap().status(), 200, "Basic authentication");
}

#[tokio::test]
async fn a_managed_identity_can_stand_in_for_a_certificate() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("secretless"));
    let identity = || {
        let minted = MintRequest::new("secretless").app_only();
        minted.claim("sub", "a-managed-identity").claim("aud", "api://AzureADTokenExchange")
    };
    let exchange = async |assertion: String| {
        let form = obo_form(SECRETLESS, &token, USER_READ);
        let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)];
        world.server_token(CONTOSO, &[&form[..], &credential].concat()).await
    };
    let mint = |request| world.entra.mint(request);
    assert_eq!(exchange(mint(identity())).await.claims("access_token")["azpacr"], "2");
    exchange(mint(identity().claim("iss", "https://elsewhere.example/"))).await.is_refused(
        401,
        "invalid_client",
        700_211,
        None,
    );
    exchange(mint(identity().claim("aud", "api://other"))).await.is_refused(
        401,
        "invalid_client",
        700_212,
        None,
    );
    exchange(mint(identity().claim("sub", "another"))).await.is_refused(401, "invalid_client", 700_213, None);
    exchange(mint(identity().claim("scp", "act"))).await.is_refused(401, "invalid_client", 700_229, None);
    let forged = identity().signed_by(SignedBy::NobodyUnderTheTenantsKid);
    exchange(mint(forged)).await.is_refused(401, "invalid_client", 50_012, None);
}

#[tokio::test]
async fn a_client_assertion_must_be_of_a_registered_certificate_of_this_client_for_this_tenant() {
    let world = World::start().await;
    let token = world.files_token().await;
    let exchange = async |assertion: String| {
        let form = obo_form(FILES, &token, USER_READ);
        let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)];
        world.server_token(CONTOSO, &[&form[..], &credential].concat()).await
    };
    let files = |claims, headers| world.client_assertion("files", FILES, "PS256", claims, headers);
    let now = world.entra.clock().now();
    exchange(world.client_assertion("invoices", FILES, "PS256", json!({}), json!({}))).await.is_refused(
        401,
        "invalid_client",
        700_027,
        None,
    );
    let thumbprint = json!({ "x5t#S256": thumbprints("files").0 });
    exchange(world.client_assertion("invoices", FILES, "PS256", json!({}), thumbprint)).await.is_refused(
        401,
        "invalid_client",
        700_027,
        None,
    );
    exchange(files(json!({ "iss": BROKER, "sub": BROKER }), json!({}))).await.is_refused(
        401,
        "invalid_client",
        700_021,
        None,
    );
    exchange(files(json!({ "sub": BROKER }), json!({}))).await.is_refused(
        401,
        "invalid_client",
        50_048,
        None,
    );
    exchange(files(json!({ "exp": now - 301 }), json!({}))).await.is_refused(
        401,
        "invalid_client",
        700_024,
        None,
    );
    exchange(files(json!({ "nbf": now + 360 }), json!({}))).await.is_refused(
        401,
        "invalid_client",
        700_024,
        None,
    );
    let elsewhere = world.url(&format!("/{FABRIKAM}/oauth2/v2.0/token"));
    exchange(files(json!({ "aud": elsewhere }), json!({}))).await.is_refused(
        401,
        "invalid_client",
        700_023,
        None,
    );
    exchange(files(json!({}), json!({ "alg": "none" }))).await.is_refused(
        401,
        "invalid_client",
        50_012,
        None,
    );
    exchange("garbage".into()).await.is_refused(401, "invalid_client", 50_012, None);
    assert_eq!(
        exchange(files(json!({ "exp": now - 200, "nbf": now + 200 }), json!({}))).await.status,
        200,
        "clocks may differ"
    );
    let assertion = files(json!({}), json!({}));
    assert_eq!(exchange(assertion.clone()).await.status, 200);
    assert_eq!(exchange(assertion).await.status, 200, "an assertion may be used again until it expires");
}

#[tokio::test]
async fn a_credential_beside_an_origin_is_refused_and_so_is_none_at_all() {
    let world = World::start().await;
    let token = world.files_token().await;
    let assertion = world.client_assertion("files", FILES, "PS256", json!({}), json!({}));
    let form = obo_form(FILES, &token, USER_READ);
    let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)];
    world.token(CONTOSO, &[&form[..], &credential].concat()).await.is_refused(
        400,
        "invalid_request",
        9_002_326,
        None,
    );
    world.server_token(CONTOSO, &form).await.is_refused(401, "invalid_client", 7_000_218, None);
    let secret = [&obo_form(WEB, &token, USER_READ)[..], &[("client_secret", "wrong")]].concat();
    world.server_token(CONTOSO, &secret).await.is_refused(401, "invalid_client", 7_000_215, None);
    let public = [&obo_form(BROKER, &token, USER_READ)[..], &[("client_secret", "any")]].concat();
    world.server_token(CONTOSO, &public).await.is_refused(401, "invalid_client", 700_025, None);
    let unknown = [
        &obo_form("e0000000-0000-4000-8000-0000000000ff", &token, USER_READ)[..],
        &[("client_secret", "any")],
    ]
    .concat();
    world.server_token(CONTOSO, &unknown).await.is_refused(400, "unauthorized_client", 700_016, None);
    let bogus = [&obo_form("bogus", &token, USER_READ)[..], &[("client_secret", "any")]].concat();
    world.server_token(CONTOSO, &bogus).await.is_refused(400, "unauthorized_client", 700_038, None);
}

#[tokio::test]
async fn an_assertion_that_is_not_a_users_access_token_for_this_client_is_refused() {
    let world = World::start().await;
    let obo = async |request: MintRequest| world.obo(&world.entra.mint(request), USER_READ).await;
    let files = || MintRequest::new("files");
    let now = world.entra.clock().now();
    assert_eq!(obo(files()).await.status, 200);
    obo(MintRequest::new("graph")).await.is_refused(400, "invalid_grant", 500_131, None);
    obo(files().claim("aud", "API://c0000000-0000-4000-8000-000000000001")).await.is_refused(
        400,
        "invalid_grant",
        500_131,
        None,
    );
    obo(files().claim("exp", now - 1)).await.is_refused(400, "invalid_grant", 500_133, None);
    obo(files().claim("nbf", now + 60)).await.is_refused(400, "invalid_grant", 500_133, None);
    obo(files().app_only()).await.is_refused(400, "invalid_request", 50_027, None);
    obo(files().without("scp")).await.is_refused(400, "invalid_request", 50_027, None);
    obo(files().claim("idtyp", "app")).await.is_refused(400, "invalid_request", 50_027, None);
    obo(files().claim("oid", "d0000000-0000-4000-8000-000000000002")).await.is_refused(
        400,
        "invalid_request",
        50_027,
        None,
    );
    obo(files().claim("tid", FABRIKAM)).await.is_refused(400, "invalid_grant", 50_013, None);
    for signed_by in [
        SignedBy::AnotherTenant,
        SignedBy::Nobody,
        SignedBy::NobodyUnderTheTenantsKid,
        SignedBy::AlgNone,
        SignedBy::Hs256WithPublicKey,
    ] {
        obo(files().signed_by(signed_by)).await.is_refused(400, "invalid_grant", 50_013, None);
    }
    obo(files().tenant("fabrikam")).await.is_refused(400, "invalid_grant", 50_013, None);
    let id_token = world
        .obo_as("files", FILES, &world.files_token().await, &format!("{USER_READ} openid"), &[])
        .await
        .text("id_token");
    world.obo(&id_token, USER_READ).await.is_refused(400, "invalid_grant", 240_002, None);
    world.obo("garbage", USER_READ).await.is_refused(400, "invalid_request", 50_027, None);
}

#[tokio::test]
async fn a_version_1_token_for_this_client_is_taken_too() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("both"));
    assert_eq!(header(&token)["alg"], "RS256");
    let answer = world.obo_as("both", BOTH, &token, USER_READ, &[]).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    // Identifier URIs are compared to the letter.
    let other_case = world.entra.mint(MintRequest::new("both").claim("aud", "api://both"));
    world.obo_as("both", BOTH, &other_case, USER_READ, &[]).await.is_refused(
        400,
        "invalid_grant",
        500_131,
        None,
    );
}

#[tokio::test]
async fn a_backend_acts_on_behalf_of_the_same_user_in_its_turn() {
    let world = World::start().await;
    let tenant = || "contoso".to_owned();
    let grant = |client: &str, resource: &str, scope: &str| Command::Grant {
        tenant: tenant(),
        client: client.to_owned(),
        resource: resource.to_owned(),
        scopes: vec![scope.to_owned()],
    };
    for command in [
        Command::AddPrincipal { tenant: tenant(), app: "combined".to_owned() },
        grant("files", "combined", "act"),
        grant("combined", "feed", "Feed.Read"),
    ] {
        world.entra.perform(command).unwrap();
    }
    let first = world.obo(&world.files_token().await, "api://combined/act").await.text("access_token");
    let form = obo_form(COMBINED, &first, "api://Feed/Feed.Read");
    let second =
        world.server_token(CONTOSO, &[&form[..], &[("client_secret", "not a secret either")]].concat()).await;
    let token = second.claims("access_token");
    assert_eq!(
        (&token["appid"], &token["ver"]),
        (&json!(COMBINED), &json!("1.0")),
        "version 1, as the feed wants"
    );
    assert_eq!(token["oid"], "d0000000-0000-4000-8000-000000000001");
    world.obo(&first, USER_READ).await.is_refused(400, "invalid_grant", 500_131, None);
}

#[tokio::test]
async fn it_needs_a_tenant_in_the_path_and_a_token_that_lives() {
    let world = World::start().await;
    let token = world.files_token().await;
    let audience = world.url("/common/oauth2/v2.0/token");
    let assertion = world.client_assertion("files", FILES, "PS256", json!({ "aud": audience }), json!({}));
    let form = obo_form(FILES, &token, USER_READ);
    let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
    let answer = world.server_token("common", &[&form[..], &credential].concat()).await;
    answer.is_refused(400, "invalid_request", 9_001_023, None);
    world.entra.clock().advance(Duration::from_secs(5_401));
    world.obo(&token, USER_READ).await.is_refused(400, "invalid_grant", 500_133, None);
}
