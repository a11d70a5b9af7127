//! What goes wrong on purpose.

use crate::world::{APP, BROKER, CONTOSO, FILES_SCOPE, USER_READ, World, refresh_form};
use entra_dev::{Command, MintRequest, Outcome, Place, Trouble, Weather};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn at(place: Place, trouble: Trouble) -> Weather {
    Weather { place, client_id: None, user: None, trouble, times: Some(1) }
}

#[tokio::test]
async fn throttling_says_when_to_come_back_and_ends() {
    let world = World::start().await;
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    world.entra.throttle(17, 1);
    let answer = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await;
    answer.is_refused(429, "temporarily_unavailable", 90_055, None);
    assert_eq!(answer.headers["retry-after"], "17");
    assert_eq!(answer.headers["access-control-expose-headers"], "Retry-After");
    assert_eq!(answer.headers["access-control-allow-origin"], APP);
    assert_eq!(world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await.status, 200);
}

#[tokio::test]
async fn an_outage_answers_in_html_and_a_dropped_connection_not_at_all() {
    let world = World::start().await;
    world.entra.weather(at(Place::Token, Trouble::Html { status: 502 }));
    let answer = world.token(CONTOSO, &[]).await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.as_str().unwrap().starts_with("<html>"));
    world.entra.weather(at(Place::Token, Trouble::Drop));
    let url = world.url(&format!("/{CONTOSO}/oauth2/v2.0/token"));
    assert!(world.http.post(&url).body("a=b").send().await.is_err());
    assert_eq!(world.entra.requests().last().unwrap().outcome, Outcome::Failed);
    assert_eq!(
        world.http.post(&url).body("a=b").send().await.unwrap().status(),
        400,
        "the next connection is whole"
    );
    world.entra.weather(at(Place::Metadata, Trouble::Html { status: 500 }));
    let keys = world.url(&format!("/{CONTOSO}/discovery/v2.0/keys"));
    assert_eq!(world.http.get(&keys).send().await.unwrap().status(), 500);
    assert_eq!(world.http.get(&keys).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_answer_that_is_cut_begins_well_and_never_ends() {
    let world = World::start().await;
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    let url = world.url(&format!("/{CONTOSO}/oauth2/v2.0/token"));
    let request = world.http.post(&url).header("origin", APP).form(&refresh_form(&refresh, FILES_SCOPE));
    world.entra.weather(at(Place::Token, Trouble::Cut));
    let answer = request.try_clone().unwrap().send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    assert!(request.send().await.unwrap().bytes().await.is_ok());
}

#[tokio::test]
async fn a_delay_delays() {
    let world = World::start().await;
    world.entra.weather(at(Place::Token, Trouble::Delay { ms: 120 }));
    let before = Instant::now();
    world.token(CONTOSO, &[]).await;
    assert!(before.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn weather_can_be_for_one_client_only() {
    let world = World::start().await;
    let other = Some("c0000000-0000-4000-8000-000000000001".to_owned());
    world.entra.weather(Weather {
        client_id: other,
        times: None,
        ..at(Place::Token, Trouble::Html { status: 503 })
    });
    assert_eq!(world.token(CONTOSO, &[("client_id", BROKER)]).await.status, 400);
    assert_eq!(
        world.token(CONTOSO, &[("client_id", "c0000000-0000-4000-8000-000000000001")]).await.status,
        503
    );
}

#[tokio::test]
async fn weather_can_be_for_one_user_only() {
    let world = World::start().await;
    let (trouble, user) = (Trouble::Refuse { aadsts: 50196 }, Some("admin@contoso.example".to_owned()));
    world.entra.weather(Weather { user, times: None, ..at(Place::Token, trouble) });
    let token = |user| world.entra.mint(MintRequest::new("files").user(user));
    assert_eq!(world.obo(&token("adele@contoso.example"), USER_READ).await.status, 200);
    world.obo(&token("admin@contoso.example"), USER_READ).await.is_refused(400, "invalid_grant", 50196, None);
    assert_ne!(world.token(CONTOSO, &[]).await.body["error_codes"], json!([50196]), "nobody's");
}

#[tokio::test]
async fn keys_roll_over_gently_or_at_once() {
    let world = World::start().await;
    let keys = async || {
        let keys = world.get_json(&format!("/{CONTOSO}/discovery/v2.0/keys")).await;
        let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
        keys["keys"].as_array().unwrap().iter().map(kid).collect::<Vec<_>>()
    };
    let old = keys().await;
    let token = world.files_token().await;
    let tenant = "contoso".to_owned();
    world.entra.perform(Command::RollKeys { tenant: tenant.clone(), retire_old: false }).unwrap();
    assert_eq!((keys().await.len(), keys().await.contains(&old[0])), (2, true));
    assert_ne!(crate::world::header(&world.files_token().await)["kid"], json!(old[0]));
    assert_eq!(world.obo(&token, USER_READ).await.status, 200, "a token of the old key is still good");
    world.entra.perform(Command::RollKeys { tenant, retire_old: true }).unwrap();
    assert_eq!((keys().await.len(), keys().await.contains(&old[0])), (1, false));
    world.obo(&token, USER_READ).await.is_refused(400, "invalid_grant", 50_013, None);
}

#[tokio::test]
async fn a_second_port_takes_commands_as_json_and_shows_the_log() {
    let world = World::start().await;
    let port = world.entra.open_control(([127, 0, 0, 1], 0).into()).await.unwrap();
    let command = async |command: Value| {
        let response = world.http.post(format!("http://{port}/")).json(&command).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let now = world.entra.clock().now();
    assert_eq!(command(json!({ "advance": { "seconds": 500 } })).await.0, 200);
    assert!(world.entra.clock().now() >= now + 500);
    assert_eq!(
        command(json!({ "weather": { "trouble": { "throttle": { "retry_after": 3 } }, "times": 1 } }))
            .await
            .0,
        200
    );
    assert_eq!(world.token(CONTOSO, &[]).await.status, 429);
    let minted = command(json!({ "mint": { "resource": "files", "claims": { "scp": null } } })).await.1;
    assert!(crate::world::claims(minted["token"].as_str().unwrap()).get("scp").is_none());
    let (status, problem) =
        command(json!({ "add_principal": { "tenant": "contoso", "app": "nobody" } })).await;
    assert_eq!(
        (status, problem["error"].as_str()),
        (400, Some("nothing in the estate is called \"nobody\""))
    );
    assert_eq!(command(json!({ "weather": { "trouble": { "refuse": { "aadsts": 1 } } } })).await.0, 400);
    let log: Value =
        world.http.get(format!("http://{port}/requests")).send().await.unwrap().json().await.unwrap();
    assert_eq!(log[0]["outcome"], json!({ "refused": 90_055 }));
}

#[tokio::test]
async fn a_page_of_another_site_cannot_command_the_second_port() {
    let world = World::start().await;
    let port = world.entra.open_control(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("http://{port}/");
    // Browsers send this without asking; they ask before they send JSON, and get no permission.
    let simple = world.http.post(&url).header("content-type", "text/plain").body(r#""clear_requests""#);
    assert_eq!(simple.send().await.unwrap().status(), 415);
    let preflight = world.http.request(reqwest::Method::OPTIONS, &url).header("origin", APP);
    let answer = preflight.send().await.unwrap();
    assert!(answer.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let options = entra_dev::Options { listen: ([0, 0, 0, 0], 0).into(), ..crate::world::options() };
    let error = entra_dev::Entra::start(options).await.err().unwrap();
    assert!(error.to_string().starts_with("entra-dev listens on loopback only"));
}
