//! Who is let in: control clients' tokens of Entra, and nothing else.

use crate::world::{Parts, client, get, start};
use entra_dev::{MintRequest, SignedBy};
use reqwest::StatusCode;
use serde_json::Value;

async fn refusal(parts: &Parts, url: &str, order: MintRequest) -> (StatusCode, String) {
    let token = parts.demo.entra().mint(order);
    assert!(!token.is_empty(), "there is no such token");
    let answer = get(url, &token).await;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_token_of_a_control_client_opens_the_api_it_is_for() {
    let parts = start().await;
    for (url, backend, client) in
        [(&parts.graph, "graph", "file-picker"), (&parts.feed, "data-feed", "map-picker")]
    {
        let token = parts.demo.entra().mint(MintRequest::new(backend).client(client));
        let answer = get(url, &token).await;
        assert_eq!(answer.status(), StatusCode::OK, "{backend}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains(&token), "the answer repeats the token");
        let azp = parts.demo.estate().client_id(client).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["@demo.token"]["azp"], azp);
    }
}

#[tokio::test]
async fn a_token_issued_to_the_broker_is_refused() {
    let parts = start().await;
    let expected = (StatusCode::FORBIDDEN, "broker_not_allowed".to_owned());
    assert_eq!(refusal(&parts, &parts.graph, MintRequest::new("graph").client("broker")).await, expected);
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let parts = start().await;
    let order = MintRequest::new("graph").client("calendar").claim("scp", "Calendars.ReadWrite");
    let expected = (StatusCode::FORBIDDEN, "insufficient_scope".to_owned());
    assert_eq!(refusal(&parts, &parts.graph, order).await, expected);
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused() {
    let parts = start().await;
    let good = || MintRequest::new("graph").client("file-picker");
    let now = parts.demo.entra().clock().now();
    let orders = [
        ("for another API", MintRequest::new("data-feed").client("map-picker")),
        ("a client token", MintRequest::new("file-picker")),
        ("of another issuer", good().claim("iss", "https://login.microsoftonline.com/x/v2.0")),
        ("of another tenant", good().claim("tid", "70000000-0000-4000-8000-00000000ffff")),
        ("expired", good().claim("exp", now - 3_600)),
        ("not yet valid", good().claim("nbf", now + 3_600)),
        ("app-only", good().app_only()),
        ("signed by nobody", good().signed_by(SignedBy::Nobody)),
        ("signed by nobody under a known kid", good().signed_by(SignedBy::NobodyUnderTheTenantsKid)),
        ("not signed", good().signed_by(SignedBy::AlgNone)),
        ("signed with the public key", good().signed_by(SignedBy::Hs256WithPublicKey)),
    ];
    for (name, order) in orders {
        let expected = (StatusCode::UNAUTHORIZED, "invalid_token".to_owned());
        assert_eq!(refusal(&parts, &parts.graph, order).await, expected, "{name}");
    }
}

#[tokio::test]
async fn only_the_app_may_read_the_answers_in_a_browser() {
    let parts = start().await;
    let token = parts.demo.entra().mint(MintRequest::new("graph").client("file-picker"));
    for (origin, allowed) in [(parts.demo.origin(), true), ("https://elsewhere.example", false)] {
        let request =
            client("graph.localhost").get(&parts.graph).bearer_auth(&token).header("origin", origin);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), allowed, "{origin}");
    }
}
