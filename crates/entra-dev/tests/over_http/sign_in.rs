//! Pages, prompts, hints, sessions, guests, sign-out, wrong answers (entra.md §1.2, §1.5, §1.7).

use crate::{
    browser::{Parameters, parameters},
    world::{BROKER, CONTOSO, FABRIKAM, FILES_SCOPE, World, code_form, refresh_form},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_dev::{Command, Endpoint, Mischief, Outcome};
use serde_json::{Value, json};

const ADELE: &str = "adele@contoso.example";
const ADMIN: &str = "admin@contoso.example";
const CYRIL: &str = "cyril@fabrikam.example";

fn with<'a>(name: &'a str, value: &str) -> Parameters<'a> {
    let mut parameters = parameters("openid profile offline_access");
    parameters.insert(name, value.to_owned());
    parameters
}

#[tokio::test]
async fn a_person_types_a_name_and_the_answer_comes_back_in_the_fragment() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.authorize(CONTOSO, &parameters("openid")).await;
    assert_eq!((page.status, page.title()), (200, "Sign in"));
    assert!(page.html.contains(r#"<label for="username">"#) && page.html.contains(r#"lang="en""#));
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let unknown = browser.press(&page, &[("username", "nobody@contoso.example")]).await;
    assert!(unknown.html.contains("AADSTS50034"), "{}", unknown.html);
    let answer = browser.press(&unknown, &[("username", "ADELE@contoso.example")]).await;
    assert!(answer.location().starts_with("http://app.localhost:1/redirect.html#"));
    let response = answer.response();
    assert_eq!(response["state"], "the state");
    let info: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&response["client_info"]).unwrap()).unwrap();
    assert_eq!(info, json!({ "uid": "d0000000-0000-4000-8000-000000000001", "utid": CONTOSO }));
    assert!(!response["session_state"].is_empty());
    assert_eq!(world.entra.requests().len(), 1, "pages leave no entry");
}

#[tokio::test]
async fn a_person_picks_a_name_or_cancels() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.authorize(CONTOSO, &with("response_mode", "query")).await;
    let cancelled = browser.press(&page, &[("action", "cancel")]).await;
    assert!(
        cancelled
            .location()
            .starts_with("http://app.localhost:1/redirect.html?error=access_denied&error_subcode=cancel")
    );
    assert_eq!(cancelled.response()["state"], "the state");
    assert_eq!(world.entra.requests().last().unwrap().outcome, Outcome::Cancelled);
    assert!(page.html.contains(ADMIN) && page.html.contains(CYRIL), "members and guests are offered");
    let picked = browser.press(&page, &[("known", ADMIN), ("username", "")]).await;
    assert!(picked.response().contains_key("code"));
}

#[tokio::test]
async fn a_session_answers_at_once_and_silence_without_one_is_refused() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.authorize(CONTOSO, &with("prompt", "none")).await.is_refused("login_required", 50_058);
    browser.sign_in(ADELE, "openid").await;
    for prompt in [with("prompt", "none"), parameters("openid")] {
        assert!(browser.authorize(CONTOSO, &prompt).await.response().contains_key("code"));
    }
    let log = world.entra.requests();
    let answered = |interactive: bool| {
        let answered = log.iter().filter(move |one| one.endpoint == Endpoint::Authorize { interactive });
        answered.map(|one| one.had_session).collect::<Vec<_>>()
    };
    assert_eq!(answered(false), [false, true, true]);
    assert_eq!(answered(true), [false], "it had none before it signed in");
    world.entra.perform(Command::ForgetBrowsers).unwrap();
    browser.authorize(CONTOSO, &with("prompt", "none")).await.is_refused("login_required", 50_058);
}

#[tokio::test]
async fn prompts_are_obeyed() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.sign_in(ADELE, "openid").await;
    let login = browser.authorize(CONTOSO, &with("prompt", "login")).await;
    assert_eq!(login.title(), "Sign in");
    let pick = browser.authorize(CONTOSO, &with("prompt", "select_account")).await;
    let session = pick.between("name=\"session\" value=\"", "\"").to_owned();
    assert_eq!(
        browser.press(&login, &[("session", &session)]).await.title(),
        "Sign in",
        "a session is no credential"
    );
    assert!(browser.press(&login, &[("username", ADELE)]).await.response().contains_key("code"));
    let pick = browser.authorize(CONTOSO, &with("prompt", "select_account")).await;
    assert_eq!(pick.title(), "Pick an account");
    let another = browser.press(&pick, &[("action", "another")]).await;
    assert_eq!(another.title(), "Sign in");
    assert!(browser.press(&another, &[("username", ADMIN)]).await.response().contains_key("code"));
    let ambiguous = browser.authorize(CONTOSO, &parameters("openid")).await;
    assert_eq!(ambiguous.title(), "Pick an account", "two are signed in now");
    let session = ambiguous.between("name=\"session\" value=\"", "\"").to_owned();
    assert!(browser.press(&ambiguous, &[("session", &session)]).await.response().contains_key("code"));
    browser.authorize(CONTOSO, &with("prompt", "none")).await.is_refused("interaction_required", 16_000);
    let nonsense = browser.authorize(CONTOSO, &with("prompt", "nonsense")).await;
    nonsense.is_refused("invalid_request", 9_002_313);
}

#[tokio::test]
async fn hints_choose_among_sessions_and_fill_the_page() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in(ADELE, "openid profile").await;
    let hint = world.redeem(&code, "openid profile").await.claims("id_token");
    let page = browser.authorize(CONTOSO, &with("prompt", "login")).await;
    browser.press(&page, &[("username", ADMIN)]).await;

    let silent = |name: &'static str, value: &str| {
        let mut parameters = with("prompt", "none");
        parameters.insert(name, value.to_owned());
        parameters
    };
    for (name, value) in [
        ("login_hint", ADELE),
        ("login_hint", hint["login_hint"].as_str().unwrap()),
        ("sid", hint["sid"].as_str().unwrap()),
    ] {
        let code = browser.authorize(CONTOSO, &silent(name, value)).await.response()["code"].clone();
        let answer = world.redeem(&code, "openid profile").await;
        assert_eq!(answer.claims("id_token")["preferred_username"], ADELE, "{name}");
    }
    browser.authorize(CONTOSO, &silent("login_hint", CYRIL)).await.is_refused("login_required", 50_058);
    browser.authorize(CONTOSO, &silent("sid", "gone")).await.is_refused("interaction_required", 160_021);
    let page = browser.authorize("common", &with("login_hint", CYRIL)).await;
    assert!(page.html.contains(&format!(r#"autofocus value="{CYRIL}""#)));
    let page = browser.authorize("common", &with("domain_hint", "fabrikam.example")).await;
    assert!(page.html.contains(CYRIL) && !page.html.contains(ADELE), "the hinted domain only");
}

#[tokio::test]
async fn through_common_everybody_comes_home() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.authorize("common", &parameters("openid profile offline_access")).await;
    let code = browser.press(&page, &[("username", CYRIL)]).await.response()["code"].clone();
    let answer = world.token("common", &code_form(&code, "openid profile offline_access")).await;
    assert_eq!(answer.claims("id_token")["tid"], FABRIKAM);
    let refreshed = world.token("common", &refresh_form(&answer.text("refresh_token"), FILES_SCOPE)).await;
    assert_eq!(refreshed.claims("access_token")["tid"], FABRIKAM);
}

#[tokio::test]
async fn a_guest_is_somebody_else_there_and_the_same_at_home() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in(CYRIL, "openid profile offline_access").await;
    let answer = world.redeem(&code, "openid profile offline_access").await;
    let id_token = answer.claims("id_token");
    assert_eq!((&id_token["tid"], &id_token["acct"]), (&json!(CONTOSO), &json!(1)));
    assert_eq!(id_token["oid"], "d0000000-0000-4000-8000-00000000000f");
    assert_eq!(id_token["idp"], world.url(&format!("/{FABRIKAM}/")));
    let info: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(answer.text("client_info")).unwrap()).unwrap();
    assert_eq!(info, json!({ "uid": "d0000000-0000-4000-8000-000000000003", "utid": FABRIKAM }));
    // One refresh token works in both tenants.
    let home = world.token(FABRIKAM, &refresh_form(&answer.text("refresh_token"), FILES_SCOPE)).await;
    assert_eq!(home.claims("access_token")["oid"], "d0000000-0000-4000-8000-000000000003");
    assert!(home.claims("access_token").get("idp").is_none());
}

#[tokio::test]
async fn who_is_not_in_the_tenant_is_told_so() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.authorize(FABRIKAM, &parameters("openid offline_access")).await;
    let refused = browser.press(&page, &[("username", ADELE)]).await;
    assert!(refused.html.contains("AADSTS50020"), "{}", refused.html);
    browser.authorize(FABRIKAM, &with("prompt", "none")).await.is_refused("access_denied", 50_020);
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    world.token(FABRIKAM, &refresh_form(&refresh, "openid")).await.is_refused(
        400,
        "invalid_grant",
        50_020,
        None,
    );
}

#[tokio::test]
async fn nothing_is_redirected_to_an_address_that_is_not_registered() {
    let world = World::start().await;
    let mut browser = world.browser();
    for (name, value, number) in [
        ("redirect_uri", "http://app.localhost:1/redirect.html/", "AADSTS50011"),
        ("redirect_uri", "http://evil.example/", "AADSTS50011"),
        ("client_id", "e0000000-0000-4000-8000-0000000000ff", "AADSTS700016"),
        ("client_id", "bogus", "AADSTS700038"),
        ("client_id", "", "AADSTS900144"),
        ("response_mode", "web_message", "AADSTS70007"),
    ] {
        let page = browser.authorize(CONTOSO, &with(name, value)).await;
        assert!(
            page.headers.get("location").is_none() && page.html.contains(number),
            "{name}={value}: {}",
            page.html
        );
    }
    let page = browser.authorize("nobody.example", &parameters("openid")).await;
    assert!(page.html.contains("AADSTS90002"));
}

#[tokio::test]
async fn a_request_of_the_wrong_form_is_refused_by_redirect() {
    let world = World::start().await;
    let mut browser = world.browser();
    for (name, value, error, number) in [
        ("response_type", "token", "unsupported_response_type", 700_054),
        ("code_challenge_method", "plain", "invalid_request", 50_147),
        ("code_challenge_method", "", "invalid_request", 50_147),
        ("code_challenge", "short", "invalid_request", 501_491),
        ("scope", "", "invalid_request", 900_144),
        ("claims", "{", "invalid_request", 9_002_313),
    ] {
        browser.authorize(CONTOSO, &with(name, value)).await.is_refused(error, number);
    }
    browser.sign_in(ADELE, "openid").await;
    for (scope, error, number) in [
        ("api://c0000000-0000-4000-8000-000000000002/access_as_user", "invalid_resource", 500_011),
        ("api://Feed/Nothing", "invalid_scope", 70_011),
    ] {
        browser.authorize(CONTOSO, &parameters(scope)).await.is_refused(error, number);
    }
}

#[tokio::test]
async fn mischief_makes_exactly_one_answer_wrong() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in(ADELE, "openid").await;
    assert_eq!(world.redeem(&code, "openid").await.claims("id_token")["nonce"], "the nonce");
    world.entra.next_response(Mischief::ForeignState);
    let page = browser.authorize(CONTOSO, &parameters("openid")).await;
    assert_ne!(page.response()["state"], "the state");
    world.entra.next_response(Mischief::ForeignNonce);
    let page = browser.authorize(CONTOSO, &parameters("openid")).await;
    assert_eq!(page.response()["state"], "the state");
    assert_ne!(
        world.redeem(&page.response()["code"], "openid").await.claims("id_token")["nonce"],
        "the nonce"
    );
    world.entra.next_response(Mischief::Error(53_003));
    browser.authorize(CONTOSO, &parameters("openid")).await.is_refused("access_denied", 53_003);
    assert!(browser.authorize(CONTOSO, &parameters("openid")).await.response().contains_key("code"));
}

#[tokio::test]
async fn pages_carry_coop_when_told_to_unless_the_client_vouches_for_its_windows() {
    let world = World::start().await;
    let mut browser = world.browser();
    let coop = |page: &crate::browser::Page| page.headers.get("cross-origin-opener-policy").cloned();
    assert_eq!(coop(&browser.authorize(CONTOSO, &parameters("openid")).await), None);
    world.entra.enforce_coop(true);
    assert_eq!(coop(&browser.authorize(CONTOSO, &parameters("openid")).await).unwrap(), "same-origin");
    assert_eq!(coop(&browser.authorize(CONTOSO, &with("pocd", "1")).await), None);
}

#[tokio::test]
async fn a_page_of_one_browser_is_of_no_use_in_another() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.sign_in(ADELE, "openid").await;
    let page = browser.authorize(CONTOSO, &with("prompt", "select_account")).await;
    let session = page.between("name=\"session\" value=\"", "\"").to_owned();
    let stolen = world.browser().press(&page, &[("session", &session)]).await;
    assert!(stolen.headers.get("location").is_none() && stolen.status == 400);
    let forged = browser.press(&page, &[("flow", "1.Fforged")]).await;
    assert_eq!(forged.status, 400, "a parameter given twice, or a forged flow");
}

#[tokio::test]
async fn sign_out_ends_the_session_and_returns_only_to_registered_addresses() {
    let world = World::start().await;
    let mut browser = world.browser();
    let code = browser.sign_in(ADELE, "openid profile").await;
    let id_token = world.redeem(&code, "openid profile").await;
    let evil = format!("/{CONTOSO}/oauth2/v2.0/logout?post_logout_redirect_uri=http://evil.example/");
    assert!(browser.get(&evil).await.html.contains("AADSTS50011"));
    let hint = id_token.claims("id_token")["login_hint"].as_str().unwrap().to_owned();
    let target = "http://app.localhost:1/redirect.html";
    let path = format!(
        "/{CONTOSO}/oauth2/v2.0/logout?post_logout_redirect_uri={target}&state=s&client_id={BROKER}&logout_hint={hint}"
    );
    assert_eq!(browser.get(&path).await.location(), format!("{target}?state=s"));
    browser.authorize(CONTOSO, &with("prompt", "none")).await.is_refused("login_required", 50_058);
    assert_eq!(browser.get(&format!("/{CONTOSO}/oauth2/v2.0/logout")).await.status, 200);
}
