//! What goes wrong at Entra and at the edges, under load: no answer is lost, and none is wrong.

use crate::world::{APP, NORTHWIND_APP, World, claims};
use entra_dev::{Command, MintRequest, Place, Trouble, Weather};
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};

fn weather(world: &World, place: Place, trouble: Trouble, times: Option<u32>) {
    world.entra.weather(Weather { place, client_id: None, user: None, trouble, times });
}

#[tokio::test]
async fn one_outage_or_broken_connection_is_nobodys_trouble() {
    let world = World::start().await;
    for trouble in [
        Trouble::Html { status: 500 },
        Trouble::Html { status: 503 },
        Trouble::Drop,
        Trouble::Cut,
        Trouble::Delay { ms: 300 },
    ] {
        weather(&world, Place::Token, trouble, Some(1));
        assert_eq!(world.good().send().await.status, 200, "{trouble:?}");
    }
}

/// Everything at once, and for longer than one retry bridges: outages in JSON and HTML, a 200 that is none, broken connections.
#[tokio::test(flavor = "multi_thread")]
async fn in_foul_weather_under_load_everybody_gets_their_own_token_or_hears_that_entra_is_out() {
    let world = World::start().await;
    let (mut calls, mut granted) = (Vec::new(), 0);
    for round in 0..6 {
        for trouble in [
            Trouble::Html { status: 500 },
            Trouble::Html { status: 200 },
            Trouble::Drop,
            Trouble::Cut,
            Trouble::Throttle { retry_after: 0 },
            Trouble::Delay { ms: 20 },
        ] {
            weather(&world, Place::Token, trouble, Some(2));
            for _ in 0..8 {
                let user = if round % 2 == 0 { "adele@contoso.example" } else { "boris@contoso.example" };
                let token = world.entra.mint(MintRequest::new("map-picker").user(user));
                let call = world.call_with(&token).spawn();
                calls.push((token, call));
            }
            tokio::task::yield_now().await;
        }
    }
    for (token, call) in calls {
        let answer = call.await.unwrap();
        match answer.status {
            200 => {
                let earned = claims(answer.text("access_token").unwrap());
                assert_eq!(
                    [&earned["oid"], &earned["tid"]],
                    [&claims(&token)["oid"], &claims(&token)["tid"]]
                );
                granted += 1;
            }
            429 | 503 => assert_eq!(answer.text("error"), Some("temporarily_unavailable")),
            other => panic!("{other}: {answer:?}"),
        }
    }
    // What is over is over.
    world.entra.clear_weather();
    world.entra.clock().advance(Duration::from_secs(60));
    assert_eq!(world.call(MintRequest::new("map-picker")).send().await.status, 200);
    assert!(granted > 0);
}

/// Bodies that come a byte at a time, and those that stop coming.
#[tokio::test]
async fn bodies_that_dawdle_hold_up_nobody_and_are_answered_when_they_are_whole() {
    let world = World::start().await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
        let text = raw(&world, "");
        let (begin, end) = text.split_at(text.len() - 2);
        stream.write_all(begin.as_bytes()).await.unwrap();
        slow.push((stream, end.to_owned()));
    }
    for _ in 0..20 {
        assert_eq!(world.good().send().await.status, 200);
    }
    for (mut stream, end) in slow.into_iter().step_by(2) {
        for byte in end.as_bytes().chunks(1) {
            stream.write_all(byte).await.unwrap();
        }
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn an_entra_that_hangs_for_one_client_is_an_outage_for_it_and_holds_up_nobody_else() {
    let world = World::start().await;
    let client_id = Some("c0000000-0000-4000-8000-000000000001".to_owned());
    let trouble = Trouble::Delay { ms: 60_000 };
    world.entra.weather(Weather { place: Place::Token, client_id, user: None, trouble, times: None });
    let hanging: Vec<_> = (0..20).map(|_| world.good().spawn()).collect();
    for _ in 0..20 {
        assert_eq!(world.call(MintRequest::new("map-picker")).send().await.status, 200);
    }
    assert!(!hanging.iter().any(JoinHandle::is_finished), "the others did not wait for these");
    for call in hanging {
        let reason = "Entra ID cannot be reached at the moment.";
        call.await.unwrap().is(503, "temporarily_unavailable", None, reason);
    }
    // From now on nobody waits for it.
    let closed = world.good().send().await;
    closed.is(503, "temporarily_unavailable", None, "Entra ID is out of order at the moment.");
    assert!(closed.body["retry_after"].as_u64().is_some_and(|seconds| seconds <= 5));
}

#[tokio::test]
async fn a_refusal_is_never_sent_again() {
    let world = World::start().await;
    for trouble in [Trouble::Html { status: 403 }, Trouble::Throttle { retry_after: 1 }] {
        world.entra.clear_requests();
        weather(&world, Place::Token, trouble, Some(1));
        assert_ne!(world.good().send().await.status, 200);
        assert_eq!(world.asked(), 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn keys_that_roll_over_under_load_fail_nobody() {
    let world = World::start().await;
    let mut calls = Vec::new();
    for step in 0..60 {
        if step == 20 {
            // Past the time for which an unknown key may not cause another fetch.
            world.entra.clock().advance(Duration::from_secs(301));
            let roll = Command::RollKeys { tenant: "contoso".to_owned(), retire_old: false };
            world.entra.perform(roll).unwrap();
        }
        calls.push((step, world.good().spawn()));
        tokio::task::yield_now().await;
    }
    for (step, call) in calls {
        assert_eq!(call.await.unwrap().status, 200, "call {step}");
    }
}

#[tokio::test]
async fn what_a_withdrawn_key_signed_is_believed_no_longer_remembered_or_not() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    assert_eq!(world.call_with(&token).send().await.status, 200);
    let roll = Command::RollKeys { tenant: "contoso".to_owned(), retire_old: true };
    world.entra.perform(roll).unwrap();
    // Within the hour the keys are fetched again by the service itself.
    let exp = world.entra.clock().now() + 9_000;
    let fresh = world.entra.mint(MintRequest::new("file-picker").claim("exp", exp));
    world.entra.clock().advance(Duration::from_secs(3_000));
    assert_eq!(world.call_with(&token).send().await.status, 200, "not noticed yet");
    world.entra.clock().advance(Duration::from_secs(600));
    world.server.housekeep().await;
    let reason = "The client token is signed with a key that its tenant does not publish.";
    world.call_with(&token).send().await.is_bad_token(reason);
    assert_eq!(world.call_with(&fresh).send().await.status, 200);
}

#[tokio::test]
async fn clocks_that_are_four_minutes_apart_disturb_nobody() {
    for (ahead, behind) in [(240, 0), (0, 240)] {
        let entra = World::entra().await;
        let clock = entra.clock().clone();
        let config = sts::Config::parse(&World::configuration(&entra, "", "")).unwrap();
        let clock = sts::Clock::from_fn(move || clock.now() + ahead - behind);
        let server = sts::Server::start(config, clock).await.unwrap();
        let world = World::of(entra, server);
        let token = world.entra.mint(MintRequest::new("file-picker"));
        for _ in 0..2 {
            assert_eq!(world.call_with(&token).send().await.status, 200, "{ahead} {behind}");
        }
        // An assertion that is used again must not have ended by Entra's clock either.
        world.entra.clock().advance(Duration::from_secs(230));
        assert_eq!(world.good().send().await.status, 200, "{ahead} {behind}");
    }
}

#[tokio::test]
async fn a_throttled_tenant_is_left_alone_and_a_healthy_one_beside_it_served() {
    let world = World::start().await;
    world.entra.throttle(30, 5);
    for _ in 0..5 {
        assert_eq!(world.good().send().await.status, 429);
    }
    world.entra.clear_requests();
    let refused = world.good().send().await;
    refused.is(429, "temporarily_unavailable", None, "Entra ID asks for fewer requests.");
    let wait = refused.body["retry_after"].as_u64().unwrap();
    assert!((28..=30).contains(&wait), "{wait}");
    assert_eq!(world.asked(), 0);
    let healthy = world.call(MintRequest::new("file-picker").tenant("northwind")).origin(Some(NORTHWIND_APP));
    assert_eq!(healthy.send().await.status, 200);
    world.entra.clock().advance(Duration::from_secs(30));
    assert_eq!(world.good().send().await.status, 200);
}

#[tokio::test]
async fn one_user_in_a_loop_is_left_alone_at_that_client_and_everybody_else_is_served() {
    let world = World::start().await;
    let adele = world.entra.mint(MintRequest::new("file-picker"));
    assert_eq!(world.call_with(&adele).send().await.status, 200);
    world.entra.weather(Weather {
        place: Place::Token,
        client_id: Some("c0000000-0000-4000-8000-000000000001".to_owned()),
        user: Some("adele@contoso.example".to_owned()),
        trouble: Trouble::Refuse { aadsts: 50196 },
        times: None,
    });
    world.entra.clear_requests();
    for number in 0..8 {
        let claims = format!(r#"{{"access_token":{{"x":{{"value":"{number}"}}}}}}"#);
        let refused = world.call_with(&adele).also("claims", &claims).send().await;
        refused.is(429, "temporarily_unavailable", None, "Entra ID asks for fewer requests.");
    }
    let boris = MintRequest::new("file-picker").user("boris@contoso.example");
    assert_eq!(world.call(boris).send().await.status, 200);
    assert_eq!(world.asked(), 2, "once for each of them");
    assert_eq!(world.call_with(&adele).send().await.status, 200, "what is cached is served");
    assert_eq!(world.call(MintRequest::new("map-picker")).send().await.status, 200);
    world.entra.clear_weather();
    assert_eq!(world.good().send().await.status, 429);
    world.entra.clock().advance(Duration::from_secs(60));
    assert_eq!(world.good().send().await.status, 200);
}

/// An exchange request as bytes, so that it can be sent in pieces.
fn raw(world: &World, more: &str) -> String {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", sts_wire::GRANT_TYPE)
        .append_pair("subject_token", &world.entra.mint(MintRequest::new("file-picker")))
        .append_pair("subject_token_type", sts_wire::ACCESS_TOKEN_TYPE)
        .append_pair("scope", crate::world::USER_READ)
        .append_pair("client_id", crate::world::BROKER)
        .finish();
    let length = body.len();
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nOrigin: {APP}\r\nConnection: close\r\n{more}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn thousands_of_idle_and_dawdling_connections_leave_room_for_everybody_else() {
    let world = World::configured("", "[limits]\nconnections = 5000\nconnections_per_address = 3000").await;
    let mut held = Vec::new();
    for step in 0..2_500 {
        // From another address of this machine, as strangers come from elsewhere.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
        let mut stream = socket.connect(world.server.address()).await.unwrap();
        if step % 2 == 0 {
            stream.write_all(b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
        }
        held.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(world.good().send().await.status, 200);
    }
    drop(held);
}

#[tokio::test]
async fn a_stranger_who_sends_only_halves_of_bodies_loses_the_oldest_and_keeps_nobody_out() {
    let world = World::start().await;
    let half = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nOrigin: {APP}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 30001\r\n\r\n{}",
        "x".repeat(30_000)
    );
    let mut halves = JoinSet::new();
    for _ in 0..500 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
        let mut stream = socket.connect(world.server.address()).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        halves.spawn(async move { answer(&mut stream).await });
    }
    // Half of 32 MB, in pages of 4 kB: 9 for each.
    for _ in 0..500 - 455 {
        let answer = halves.join_next().await.unwrap().unwrap();
        assert!(answer.contains("\"Too many requests are arriving already.\""), "{answer}");
    }
    assert_eq!(world.good().send().await.status, 200);
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused_readably_and_huge_ones_at_once() {
    let world = World::start().await;
    for (size, readable) in [(20 * 1024, true), (200 * 1024, false)] {
        let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
        let header = format!("X-Large: {}\r\n", "x".repeat(size));
        stream.write_all(raw(&world, &header).as_bytes()).await.ok();
        let mut begin = vec![0; 1024];
        let read = stream.read(&mut begin).await.unwrap_or(0);
        let answer = String::from_utf8_lossy(&begin[..read]).to_lowercase();
        assert!(answer.is_empty() && !readable || answer.starts_with("http/1.1 431"), "{size}: {answer}");
        assert_eq!(answer.contains("access-control-allow-origin"), readable, "{size}: {answer}");
    }
    assert_eq!(world.good().send().await.status, 200);
}

#[tokio::test]
async fn a_request_in_small_pieces_is_a_request() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    for piece in raw(&world, "").as_bytes().chunks(37) {
        stream.write_all(piece).await.unwrap();
    }
    let answer = answer(&mut stream).await;
    let body: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(claims(body["access_token"].as_str().unwrap())["tid"], json!(crate::world::CONTOSO));
}
