//! Client tokens that must not be believed, each with the contract's answer (§4). None of them reaches Entra's token endpoint.

use crate::world::{Answer, World};
use entra_dev::{MintRequest, SignedBy};
use serde_json::json;
use std::time::Duration;

const SIGNATURE: &str = "The client token's signature is not valid.";
const ALGORITHM: &str = "The client token must be signed with RS256.";
const KEY: &str = "The client token is signed with a key that its tenant does not publish.";
const DELEGATION: &str = "The client token must be a user's, with the scope access_as_user.";
const VERSION: &str =
    "The client token must be of version 2.0: requestedAccessTokenVersion of its registration must be 2.";

fn token() -> MintRequest {
    MintRequest::new("file-picker")
}

/// The answer to a token, after which Entra's token endpoint must not have been asked.
async fn refused(token: MintRequest) -> Answer {
    let world = World::start().await;
    let answer = world.call(token).send().await;
    assert_eq!(world.asked(), 0);
    answer
}

#[tokio::test]
async fn a_token_signed_by_nobody_under_a_known_kid() {
    refused(token().signed_by(SignedBy::NobodyUnderTheTenantsKid)).await.is_bad_token(SIGNATURE);
}

#[tokio::test]
async fn a_token_whose_claims_were_changed_after_signing() {
    let world = World::start().await;
    let (mine, foreign) =
        (world.entra.mint(token()), world.entra.mint(token().user("boris@contoso.example")));
    let segment = |token: &str, at: usize| token.split('.').nth(at).unwrap().to_owned();
    let spliced = [segment(&mine, 0), segment(&foreign, 1), segment(&mine, 2)].join(".");
    world.call_with(&spliced).send().await.is_bad_token(SIGNATURE);
}

#[tokio::test]
async fn a_token_without_a_signature() {
    refused(token().signed_by(SignedBy::AlgNone)).await.is_bad_token(ALGORITHM);
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_shared_secret() {
    refused(token().signed_by(SignedBy::Hs256WithPublicKey)).await.is_bad_token(ALGORITHM);
}

#[tokio::test]
async fn a_token_with_an_unknown_kid() {
    refused(token().signed_by(SignedBy::Nobody)).await.is_bad_token(KEY);
}

#[tokio::test]
async fn a_token_that_brings_its_own_key() {
    let own = token()
        .signed_by(SignedBy::Nobody)
        .header("jku", "https://evil.example/keys")
        .header("x5u", "https://evil.example");
    refused(own).await.is_bad_token(KEY);
}

#[tokio::test]
async fn a_token_signed_with_the_key_of_another_tenant() {
    refused(token().signed_by(SignedBy::AnotherTenant)).await.is_bad_token(KEY);
}

#[tokio::test]
async fn a_token_that_has_expired() {
    let world = World::start().await;
    let token = world.entra.mint(token());
    world.entra.clock().advance(Duration::from_secs(3 * 3600));
    world.call_with(&token).send().await.is_bad_token("The client token has expired.");
}

#[tokio::test]
async fn a_token_that_is_not_valid_yet() {
    let world = World::start().await;
    let later = world.entra.clock().now() + 3600;
    let answer = world.call(token().claim("nbf", later)).send().await;
    answer.is_bad_token("The client token is not valid yet.");
}

#[tokio::test]
async fn a_token_for_a_backend() {
    let reason = "The client token is for an application that is not configured here.";
    refused(MintRequest::new("graph")).await.is(403, "unauthorized_client", None, reason);
}

#[tokio::test]
async fn a_token_for_an_application_that_nobody_configured() {
    let reason = "The client token is for an application that is not configured here.";
    let token = token().claim("aud", "c0000000-0000-4000-8000-00000000ffff");
    refused(token).await.is(403, "unauthorized_client", None, reason);
}

#[tokio::test]
async fn a_token_of_a_tenant_that_nobody_configured() {
    let token = token().claim("tid", "70000000-0000-4000-8000-00000000ffff");
    refused(token).await.is(403, "unauthorized_client", None, "The tenant may not use this control client.");
}

#[tokio::test]
async fn a_token_whose_issuer_is_not_that_of_its_tenant() {
    let token =
        token().claim("iss", "https://login.microsoftonline.com/70000000-0000-4000-8000-000000000001/v2.0");
    refused(token).await.is_bad_token("The client token's issuer is not that of its tenant.");
}

#[tokio::test]
async fn a_token_given_to_another_application() {
    let reason = "The client token was given to an application that may not use this control client.";
    refused(token().client("calendar")).await.is(403, "unauthorized_client", None, reason);
}

#[tokio::test]
async fn a_token_that_another_application_than_its_holder_presents() {
    let world = World::start().await;
    let answer = world.good().field("client_id", "b0000000-0000-4000-8000-00000000ffff").send().await;
    let reason = "The parameter client_id is not the application to which the client token was given.";
    answer.is(403, "unauthorized_client", None, reason);
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_token_given_to_a_confidential_client() {
    let reason = "The client token was given to a confidential client.";
    refused(token().claim("azpacr", "2")).await.is(403, "unauthorized_client", None, reason);
    refused(token().claim("azpacr", "1")).await.is(403, "unauthorized_client", None, reason);
    refused(token().without("azpacr")).await.is(403, "unauthorized_client", None, reason);
}

#[tokio::test]
async fn a_token_without_a_user() {
    refused(token().app_only()).await.is_bad_token(DELEGATION);
    refused(token().claim("idtyp", "app")).await.is_bad_token(DELEGATION);
    refused(token().without("scp").claim("roles", json!(["Everything.All"]))).await.is_bad_token(DELEGATION);
    refused(token().claim("scp", "another_scope")).await.is_bad_token(DELEGATION);
}

#[tokio::test]
async fn a_token_of_version_1() {
    refused(token().v1()).await.is_bad_token(VERSION);
}

#[tokio::test]
async fn garbage_in_place_of_a_token() {
    let world = World::start().await;
    let good = world.entra.mint(token());
    let (head, tail) = good.split_at(good.len() / 2);
    for garbage in [
        "garbage",
        "a.b.c",
        "..",
        "🦀",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.",
        head,
        tail,
        &format!("{good}."),
        &format!("{good}="),
    ] {
        world.call_with(garbage).send().await.is_bad_token("The client token cannot be read.");
    }
    let answer = world.call_with(&"a".repeat(17 * 1024)).send().await;
    answer.is(400, "invalid_request", None, "The parameter subject_token is too long.");
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn good_tokens_use_up_no_share_of_their_address_and_false_ones_only_their_own() {
    let world = World::configured("", "[limits]\naddress_per_minute = 5").await;
    for _ in 0..12 {
        assert_eq!(world.good().send().await.status, 200, "an office behind one address");
    }
    for _ in 0..40 {
        let forged = MintRequest::new("file-picker").signed_by(SignedBy::NobodyUnderTheTenantsKid);
        world.call(forged).send().await.is_bad_token(SIGNATURE);
    }
    assert_eq!(world.good().send().await.status, 200, "a colleague of whoever forges");
}
