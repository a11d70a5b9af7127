//! What the broker hears when Entra says no (contract §4).

use crate::world::{DATA_FEED, World};
use entra_dev::{Demand, MintRequest, Place, Trouble, Weather};
use serde_json::json;

const DOCUMENTS: &str = "api://a0000000-0000-4000-8000-000000000003/user_impersonation";

#[tokio::test]
async fn a_backend_that_nobody_granted_asks_for_consent() {
    let world = World::start().await;
    let answer = world.call(MintRequest::new("invoice-recognition")).field("scope", DATA_FEED).send().await;
    let reason = "The control client lacks consent for the backend.";
    answer.is(400, "consent_required", Some("consent_required"), reason);
    assert_eq!(answer.body["error_codes"], json!([65001]));
    for id in ["trace_id", "timestamp", "correlation_id"] {
        assert!(answer.text(id).is_some(), "{id}");
    }
}

#[tokio::test]
async fn a_backend_that_is_not_in_the_tenant_is_an_invalid_target() {
    let world = World::start().await;
    // By its id: the backend that it asks for has the same name.
    let token = MintRequest::new("c0000000-0000-4000-8000-000000000008");
    let answer = world.call(token).field("scope", DOCUMENTS).send().await;
    answer.is(400, "invalid_target", None, "The backend or the control client does not exist in the tenant.");
    assert_eq!(answer.body["error_codes"], json!([500011]));
}

#[tokio::test]
async fn a_challenge_of_entra_reaches_the_caller_as_it_is() {
    let world = World::start().await;
    world.entra.demand("contoso", "graph", Demand::SecondFactor).unwrap();
    let answer = world.good().send().await;
    assert_eq!((answer.status, answer.text("error")), (400, Some("interaction_required")));
    assert_eq!(answer.body["error_codes"], json!([50076]));
    let claims: serde_json::Value = serde_json::from_str(answer.text("claims").unwrap()).unwrap();
    assert!(claims["access_token"].is_object());
}

#[tokio::test]
async fn trouble_at_entra_is_told_apart() {
    let world = World::start().await;
    let hears = async |trouble| {
        // An outage is asked twice.
        world.entra.clear_weather();
        world.entra.weather(Weather {
            place: Place::Token,
            client_id: None,
            user: None,
            trouble,
            times: None,
        });
        let answer = world.good().send().await;
        (
            answer.status,
            answer.text("error").unwrap_or_default().to_owned(),
            answer.body.get("retry_after").cloned(),
        )
    };
    let unavailable = "temporarily_unavailable".to_owned();
    assert_eq!(
        hears(Trouble::Throttle { retry_after: 17 }).await,
        (429, unavailable.clone(), Some(json!(17)))
    );
    assert_eq!(hears(Trouble::Html { status: 503 }).await, (503, unavailable.clone(), None));
    assert_eq!(hears(Trouble::Drop).await, (503, unavailable, None));
    assert_eq!(hears(Trouble::Refuse { aadsts: 50173 }).await.1, "login_required");
    assert_eq!(hears(Trouble::Refuse { aadsts: 700027 }).await, (500, "server_error".to_owned(), None));
}

#[tokio::test]
async fn a_throttle_says_in_the_header_too_when_to_come_back() {
    let world = World::start().await;
    let trouble = Trouble::Throttle { retry_after: 17 };
    world.entra.weather(Weather {
        place: Place::Token,
        client_id: None,
        user: None,
        trouble,
        times: Some(1),
    });
    assert_eq!(world.good().send().await.headers["retry-after"], "17");
}
