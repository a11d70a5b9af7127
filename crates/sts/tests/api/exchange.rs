//! What an allowed caller gets, and what the policy refuses.

use crate::world::{
    APP, BROKER, DATA_FEED, NORTHWIND_APP, NORTHWIND_ID, USER_READ, World, claims, file_picker,
};
use entra_dev::{Endpoint, GrantType, MintRequest, Outcome, Place, SignedBy, Trouble, Weather};
use std::time::Duration;

const FILE_PICKER: &str = "c0000000-0000-4000-8000-000000000001";

#[tokio::test]
async fn a_client_token_becomes_a_backend_token_of_the_same_user_and_of_the_control_client() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let answer = world.call_with(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let (client, backend) = (claims(&token), claims(answer.text("access_token").unwrap()));
    assert_eq!([&client["aud"], &client["azp"]], [FILE_PICKER, BROKER]);
    assert_eq!(backend["azp"], FILE_PICKER);
    assert_eq!(backend["oid"], client["oid"]);
    assert_eq!(backend["tid"], client["tid"]);
    assert_ne!(backend["aud"], client["aud"]);

    let mut members: Vec<_> = answer.body.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["access_token", "expires_in", "issued_token_type", "scope", "token_type"]);
    assert_eq!(answer.text("issued_token_type"), Some("urn:ietf:params:oauth:token-type:access_token"));
    assert_eq!(answer.text("token_type"), Some("Bearer"));
    assert!(answer.body["expires_in"].as_u64().is_some_and(|seconds| seconds > 600));
    assert!(answer.text("scope").unwrap().split(' ').any(|scope| scope == USER_READ));
    assert_eq!(answer.headers["access-control-allow-origin"], APP);
    assert_eq!(answer.headers["vary"], "Origin");
    assert_eq!(answer.headers["access-control-expose-headers"], "Retry-After");
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn entra_sees_one_on_behalf_of_request_signed_by_the_control_client_and_without_the_callers_origin() {
    const CORRELATION: &str = "11111111-2222-4333-8444-555555555555";
    let world = World::start().await;
    world.good().field("client-request-id", CORRELATION).send().await;
    let other = world.call(MintRequest::new("map-picker")).field("scope", DATA_FEED).send().await;
    assert_eq!(other.status, 200, "{other:?}");

    let [first, second] = world.entra.requests().try_into().unwrap();
    assert_eq!(first.endpoint, Endpoint::Token { grant: GrantType::OnBehalfOf });
    assert_eq!((first.client_id.as_str(), first.outcome), (FILE_PICKER, Outcome::Ok));
    assert_eq!(first.scopes, [USER_READ]);
    assert_eq!(first.correlation_id, CORRELATION);
    assert_eq!(first.origin, None);
    let (first, second) = (first.signer.unwrap(), second.signer.unwrap());
    assert_eq!(first.alg, "PS256");
    assert_ne!(first.thumbprint, second.thumbprint);
}

#[tokio::test]
async fn a_scope_off_the_clients_list_is_refused_without_asking_entra() {
    let world = World::start().await;
    let answer = world.good().field("scope", DATA_FEED).send().await;
    answer.is(400, "invalid_scope", None, "A scope is not allowed for this control client.");
    let both = format!("{USER_READ} {DATA_FEED}");
    let answer = world.call(MintRequest::new("address-picker")).field("scope", &both).send().await;
    answer.is(400, "invalid_scope", None, "The scopes must be of one resource.");
    let answer = world.good().field("scope", &format!("{USER_READ} offline_access")).send().await;
    answer.is(400, "invalid_scope", None, "A scope is not allowed for this control client.");
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn an_origin_counts_only_if_it_is_allowed() {
    let world = World::start().await;
    for origin in [None, Some("http://evil.localhost:1"), Some("null")] {
        let answer = world.good().origin(origin).send().await;
        assert_eq!((answer.status, answer.text("error")), (403, Some("unauthorized_client")), "{origin:?}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        assert_eq!(answer.headers["vary"], "Origin");
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn an_origin_of_one_tenant_does_not_speak_for_another() {
    let world = World::start().await;
    let token = MintRequest::new("file-picker").tenant("northwind");
    assert_eq!(world.call(token.clone()).origin(Some(NORTHWIND_APP)).send().await.status, 200);
    world.entra.clear_requests();
    let answer = world.call(token).send().await;
    let reason = "The origin is not allowed for the tenant of the client token.";
    answer.is(403, "unauthorized_client", None, reason);
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn tenants_that_are_not_listed_are_served_from_the_origins_of_others_with_common_keys() {
    let world = World::edited(|config| {
        let northwind = toml::Value::from(NORTHWIND_ID);
        config["tenants"].as_array_mut().unwrap().retain(|tenant| tenant["id"] != northwind);
        for client in config["clients"].as_array_mut().unwrap() {
            client.as_table_mut().unwrap().insert("tenants".to_owned(), vec!["*"].into());
        }
        let others: toml::Table = format!("origins = ['{NORTHWIND_APP}']").parse().unwrap();
        config.insert("other_tenants".to_owned(), others.into());
    })
    .await;
    let token = MintRequest::new("file-picker").tenant("northwind");
    let served = world.call(token.clone()).origin(Some(NORTHWIND_APP)).send().await;
    assert_eq!(served.status, 200, "{served:?}");
    assert_eq!(claims(served.text("access_token").unwrap())["tid"], NORTHWIND_ID);
    assert_eq!(world.call(token.clone()).send().await.text("error"), Some("unauthorized_client"));
    assert_eq!(world.good().send().await.status, 200);
    let foreign =
        world.call(token.signed_by(SignedBy::AnotherTenant)).origin(Some(NORTHWIND_APP)).send().await;
    assert_eq!(foreign.text("suberror"), Some("invalid_subject_token"), "{foreign:?}");
}

#[tokio::test]
async fn only_a_client_that_understands_challenges_gets_tokens_that_live_for_a_day() {
    let lives = async |cp1: bool| {
        let world =
            World::edited(|config| drop(file_picker(config).insert("cp1".to_owned(), cp1.into()))).await;
        world.good().send().await.body["expires_in"].as_u64().unwrap()
    };
    assert!(lives(false).await < 6_000);
    assert!(lives(true).await > 60_000);
}

#[tokio::test]
async fn each_broken_rule_of_the_wire_is_an_invalid_request() {
    let world = World::start().await;
    let refused = "The parameter claims must be a JSON object with only an access_token member.";
    world.good().field("claims", r#"{"id_token":{}}"#).send().await.is(400, "invalid_request", None, refused);
    let reason = "The parameter scope is missing.";
    world.good().field("scope", "").send().await.is(400, "invalid_request", None, reason);
    let reason = "The parameter client-request-id has a value that is not supported here.";
    world.good().field("client-request-id", "7").send().await.is(400, "invalid_request", None, reason);
    let reason = "The grant_type must be urn:ietf:params:oauth:grant-type:token-exchange.";
    world.good().field("grant_type", "password").send().await.is(400, "unsupported_grant_type", None, reason);
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn two_subject_tokens_are_refused_even_when_both_are_good() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let answer = world.call_with(&token).also("subject_token", &token).send().await;
    answer.is(400, "invalid_request", None, "The parameter subject_token may be given only once.");
}

#[tokio::test]
async fn a_body_of_one_mebibyte_is_answered_and_not_cut_off() {
    let world = World::start().await;
    let answer = world.good().also("padding", &"x".repeat(1024 * 1024)).send().await;
    answer.is(400, "invalid_request", None, "The body is too large.");
}

#[tokio::test]
async fn without_its_key_set_a_tenants_tokens_wait_for_better_times() {
    let entra = World::entra().await;
    let trouble = Trouble::Html { status: 502 };
    entra.weather(Weather { place: Place::Metadata, client_id: None, user: None, trouble, times: None });
    let server = World::server(&entra, &World::configuration(&entra, "", "")).await;
    let world = World::of(entra, server);
    let reason = "The signing keys of the tenant cannot be fetched at the moment.";
    world.good().send().await.is(503, "temporarily_unavailable", None, reason);
    world.entra.clear_weather();
    world.entra.clock().advance(Duration::from_secs(10));
    assert_eq!(world.good().send().await.status, 200);
}

#[tokio::test]
async fn dropping_the_server_stops_it() {
    let world = World::start().await;
    let address = world.server.address();
    drop(world);
    let mut tries = 0;
    while tokio::net::TcpStream::connect(address).await.is_ok() && tries < 1000 {
        tries += 1;
        tokio::task::yield_now().await;
    }
    assert!(tries < 1000);
}
