//! Continuous access evaluation as a client of a real API meets it (entra.md §1.8): a single-page app signs in at Entra, calls
//! the API, is challenged once its user's sessions are revoked, and meets the challenge.

use crate::world::{Parts, client, get, start_with};
use base64::{Engine, prelude::BASE64_STANDARD};
use entra_dev::Command;
use reqwest::{Client, StatusCode, Url, header, redirect::Policy};
use serde_json::{Value, json};

const PAGE: &str = "e0000000-0000-4000-8000-000000000001";
const SCOPE: &str = "https://graph.microsoft.com/User.Read";

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The capability of a client that handles challenges.
fn cp1() -> Value {
    json!({ "access_token": { "xms_cc": { "values": ["CP1"] } } })
}

async fn with_an_app_of_its_own() -> Parts {
    let parts = start_with(&format!(
        r#"
[apps.page]
client_id = "{PAGE}"
display_name = "A single-page app with an API of its own"
spa_redirect_uris = ["{{app}}/page"]
backends = {{ graph = ["User.Read"] }}
"#
    ))
    .await;
    let tenant = || "contoso".to_owned();
    for command in [
        Command::AddPrincipal { tenant: tenant(), app: "page".to_owned() },
        Command::Grant {
            tenant: tenant(),
            client: "page".to_owned(),
            resource: "graph".to_owned(),
            scopes: vec!["User.Read".to_owned()],
        },
    ] {
        parts.demo.entra().perform(command).unwrap();
    }
    parts
}

/// Signs in on the page and redeems the code, with these claims: code flow with PKCE, as MSAL does it.
async fn sign_in(parts: &Parts, claims: Option<&Value>) -> String {
    let (demo, entra) = (&parts.demo, parts.demo.entra());
    let tenant = &demo.estate().tenants["contoso"];
    let endpoint = |name: &str| format!("{}/{}/oauth2/v2.0/{name}", entra.origin(), tenant.id);
    let redirect_uri = format!("{}/page", demo.origin());
    let claims = claims.map(Value::to_string).unwrap_or_default();
    let request = [
        ("client_id", PAGE),
        ("response_type", "code"),
        ("redirect_uri", &redirect_uri),
        ("scope", SCOPE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("claims", &claims),
    ];
    let http = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .resolve("login.localhost", ([127, 0, 0, 1], 0).into())
        .build()
        .unwrap();
    let page = http.get(endpoint("authorize")).query(&request).send().await.unwrap().text().await.unwrap();
    let attribute = |before: &str| page.split_once(before).unwrap().1.split('"').next().unwrap();
    let form = [
        ("flow", attribute("name=\"flow\" value=\"")),
        ("username", &tenant.users[0].username),
        ("action", "sign_in"),
    ];
    let action = format!("{}{}", entra.origin(), attribute("action=\""));
    let answer = http.post(action).form(&form).send().await.unwrap();
    let location = answer.headers()[header::LOCATION].to_str().unwrap().replace('#', "?");
    let answered = Url::parse(&location).unwrap();
    let (_, code) = answered.query_pairs().find(|(name, _)| name == "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", PAGE),
        ("redirect_uri", &redirect_uri),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("claims", &claims),
    ];
    let request = http.post(endpoint("token")).header(header::ORIGIN, demo.origin()).form(&form);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
}

fn revoke(parts: &Parts) {
    let user = parts.demo.estate().tenants["contoso"].users[0].username.clone();
    parts.demo.entra().perform(Command::RevokeSessions { user }).unwrap();
}

#[tokio::test]
async fn a_revoked_session_is_challenged_and_meeting_the_challenge_opens_the_api_again() {
    let parts = with_an_app_of_its_own().await;
    let token = sign_in(&parts, Some(&cp1())).await;
    assert_eq!(get(&parts.graph, &token).await.status(), StatusCode::OK);

    revoke(&parts);
    let request = client("graph.localhost").get(&parts.graph).bearer_auth(&token);
    let refused = request.header(header::ORIGIN, parts.demo.origin()).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS], "www-authenticate");
    let challenge = refused.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
    let authorize = format!("{}/common/oauth2/v2.0/authorize", parts.demo.entra().origin());
    let expected =
        format!(r#"Bearer realm="", authorization_uri="{authorize}", error="insufficient_claims", claims=""#);
    let claims = challenge.strip_prefix(&expected).and_then(|rest| rest.strip_suffix('"'));
    let claims = BASE64_STANDARD.decode(claims.unwrap_or_else(|| panic!("{challenge}"))).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "insufficient_claims");

    // Challenges are merged with the capability: without it the next token would be short and never challenged.
    claims["access_token"]["xms_cc"] = cp1()["access_token"]["xms_cc"].clone();
    let token = sign_in(&parts, Some(&claims)).await;
    assert_eq!(get(&parts.graph, &token).await.status(), StatusCode::OK);
    revoke(&parts);
    assert_eq!(
        get(&parts.graph, &token).await.status(),
        StatusCode::UNAUTHORIZED,
        "the new token counts too"
    );
}

#[tokio::test]
async fn who_never_said_to_handle_challenges_is_not_challenged() {
    let parts = with_an_app_of_its_own().await;
    let token = sign_in(&parts, None).await;
    revoke(&parts);
    assert_eq!(get(&parts.graph, &token).await.status(), StatusCode::OK);
}
