//! When Entra is asked, and when it need not be.

use crate::world::{USER_READ, World};
use entra_dev::{Command, Demand, MintRequest, Place, Trouble, Weather};
use serde_json::json;
use std::time::Duration;

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c25"}}}"#;

fn slow(world: &World, ms: u64) {
    let trouble = Trouble::Delay { ms };
    world.entra.weather(Weather {
        place: Place::Token,
        client_id: None,
        user: None,
        trouble,
        times: Some(1),
    });
}

#[tokio::test]
async fn the_same_token_and_scopes_are_answered_once_by_entra_with_the_seconds_that_are_left() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let first = world.call_with(&token).send().await;
    world.entra.clock().advance(Duration::from_secs(100));
    let second = world.call_with(&token).send().await;
    assert_eq!(first.text("access_token"), second.text("access_token"));
    let left = |answer: &crate::world::Answer| answer.body["expires_in"].as_u64().unwrap();
    assert!((left(&first) - 102..=left(&first) - 100).contains(&left(&second)));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn another_token_of_the_same_user_or_other_scopes_are_another_question() {
    let world = World::start().await;
    world.good().send().await;
    world.good().send().await;
    assert_eq!(world.asked(), 2);
    let token = world.entra.mint(MintRequest::new("file-picker"));
    for scope in [USER_READ, "https://graph.microsoft.com/Files.ReadWrite"] {
        assert_eq!(world.call_with(&token).field("scope", scope).send().await.status, 200);
    }
    assert_eq!(world.asked(), 4);
}

#[tokio::test]
async fn fifty_equal_questions_at_once_are_one_for_entra_even_when_the_first_to_ask_hangs_up() {
    let world = World::start().await;
    slow(&world, 200);
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let first = world.call_with(&token).send();
    // Long enough to be on its way, and no longer.
    assert!(tokio::time::timeout(Duration::from_millis(60), first).await.is_err());
    let mut answers = Vec::new();
    for answer in (0..50).map(|_| world.call_with(&token).spawn()).collect::<Vec<_>>() {
        answers.push(answer.await.unwrap());
    }
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_request_with_claims_asks_entra_and_its_token_replaces_the_one_before() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    let plain = world.call_with(&token).send().await;
    // Entra's tokens of the same second would be equal.
    world.entra.clock().advance(Duration::from_secs(2));
    let claims = r#"{"access_token":{"nbf":{"essential":false,"value":"1"}}}"#;
    let stepped_up = world.call_with(&token).field("claims", claims).send().await;
    assert_eq!((stepped_up.status, world.asked()), (200, 2), "{stepped_up:?}");
    let after = world.call_with(&token).send().await;
    assert_eq!(world.asked(), 2);
    assert_ne!(plain.text("access_token"), stepped_up.text("access_token"));
    assert_eq!(after.text("access_token"), stepped_up.text("access_token"));
}

#[tokio::test]
async fn a_challenge_that_entra_does_not_meet_takes_the_token_away_that_was_challenged() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    assert_eq!(world.call_with(&token).send().await.status, 200);
    let refused = world.call_with(&token).field("claims", CHALLENGE).send().await;
    assert_eq!(refused.text("error"), Some("interaction_required"), "{refused:?}");
    assert_eq!(world.call_with(&token).send().await.status, 200);
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn no_entry_outlives_the_client_token() {
    let world = World::start().await;
    let in_an_hour = world.entra.clock().now() + 1000;
    let token = world.entra.mint(MintRequest::new("file-picker").claim("exp", in_an_hour));
    assert_eq!(world.call_with(&token).send().await.status, 200);
    world.entra.clock().advance(Duration::from_secs(1001));
    // Within the leeway for clocks that differ the token is still believed; but Entra decides, and says no.
    let answer = world.call_with(&token).send().await;
    assert_eq!((answer.status, answer.text("suberror")), (400, Some("invalid_subject_token")));
    assert_eq!(world.asked(), 2);
    world.entra.clock().advance(Duration::from_secs(300));
    world.call_with(&token).send().await.is_bad_token("The client token has expired.");
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_token_near_its_end_is_handed_out_while_the_next_one_is_fetched() {
    let world = World::start().await;
    let token = MintRequest::new("file-picker").claim("exp", world.entra.clock().now() + 50_000);
    let token = world.entra.mint(token);
    let first = world.call_with(&token).send().await;
    let left = first.body["expires_in"].as_u64().unwrap();
    world.entra.clock().advance(Duration::from_secs(left - 400));
    let second = world.call_with(&token).send().await;
    assert_eq!(first.text("access_token"), second.text("access_token"));
    world.until(|| world.asked() == 2).await;
    loop {
        let third = world.call_with(&token).send().await;
        if third.text("access_token") != first.text("access_token") {
            assert!(third.body["expires_in"].as_u64().unwrap() > 3000);
            break;
        }
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_replacement_that_fails_is_nobodys_trouble_and_not_tried_again_at_once() {
    let world = World::start().await;
    let token = MintRequest::new("file-picker").claim("exp", world.entra.clock().now() + 50_000);
    let token = world.entra.mint(token);
    let first = world.call_with(&token).send().await;
    let left = first.body["expires_in"].as_u64().unwrap();
    world.entra.clock().advance(Duration::from_secs(left - 500));
    let trouble = Trouble::Throttle { retry_after: 30 };
    world.entra.weather(Weather { place: Place::Token, client_id: None, user: None, trouble, times: None });
    for _ in 0..10 {
        let answer = world.call_with(&token).send().await;
        assert_eq!(answer.text("access_token"), first.text("access_token"));
    }
    world.until(|| world.asked() == 2).await;
    world.entra.clear_weather();
    world.entra.clock().advance(Duration::from_secs(60));
    world.call_with(&token).send().await;
    world.until(|| world.asked() == 3).await;
}

#[tokio::test]
async fn a_refusal_is_repeated_for_a_moment_and_then_asked_again() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    world.entra.demand("contoso", "graph", Demand::Block).unwrap();
    for _ in 0..3 {
        let answer = world.call_with(&token).send().await;
        assert_eq!((answer.status, answer.text("error")), (403, Some("access_denied")));
    }
    assert_eq!(world.asked(), 1);
    world.entra.perform(Command::LiftPolicies { tenant: "contoso".to_owned() }).unwrap();
    world.entra.clock().advance(Duration::from_secs(5));
    assert_eq!(world.call_with(&token).send().await.status, 200);
}

#[tokio::test]
async fn a_throttled_question_is_not_asked_again_before_its_time() {
    let world = World::start().await;
    world.entra.throttle(17, 1);
    let token = world.entra.mint(MintRequest::new("file-picker"));
    for _ in 0..3 {
        let answer = world.call_with(&token).send().await;
        assert_eq!((answer.status, &answer.body["retry_after"]), (429, &json!(17)));
        assert_eq!(answer.headers["retry-after"], "17");
    }
    assert_eq!(world.asked(), 1);
    world.entra.clock().advance(Duration::from_secs(17));
    assert_eq!(world.call_with(&token).send().await.status, 200);
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_come_back() {
    let world = World::configured("", "[limits]\nuser_per_minute = 2").await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    for _ in 0..2 {
        assert_eq!(world.call_with(&token).send().await.status, 200);
    }
    let answer = world.call_with(&token).send().await;
    answer.is(429, "temporarily_unavailable", None, "There are too many requests of this user.");
    assert_eq!(
        (&answer.body["retry_after"], &answer.headers["retry-after"]),
        (&json!(30), &"30".parse().unwrap())
    );
    let other = world.call(MintRequest::new("file-picker").user("boris@contoso.example")).send().await;
    assert_eq!(other.status, 200);
}
