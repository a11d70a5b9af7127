//! Nobody gets anybody else's token: by user, tenant, client, session, and under load.

use crate::world::{APP, Answer, CONTOSO, NORTHWIND_APP, World, claims};
use entra_dev::{Demand, MintRequest};

/// Whether the backend token is the client token's user's, in its tenant, for its control client.
fn is_for(answer: &Answer, client_token: &str) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let (client, backend) = (claims(client_token), claims(answer.text("access_token").unwrap()));
    assert_eq!([&backend["tid"], &backend["oid"]], [&client["tid"], &client["oid"]]);
    assert_eq!(backend["azp"], client["aud"]);
}

#[tokio::test]
async fn under_load_everybody_gets_their_own_token() {
    let world = World::start().await;
    let person = |client: &str, tenant: &str, user: &str| {
        MintRequest::new(client).tenant(tenant).user(format!("{user}.example"))
    };
    let who = [
        (person("file-picker", "contoso", "adele@contoso"), APP),
        (person("file-picker", "contoso", "adele@contoso"), APP),
        (person("file-picker", "contoso", "boris@contoso"), APP),
        (person("map-picker", "contoso", "adele@contoso"), APP),
        (person("map-picker", "contoso", "boris@contoso"), APP),
        (person("file-picker", "northwind", "fred@northwind"), NORTHWIND_APP),
        (person("file-picker", "contoso", "fred@northwind"), APP),
    ];
    let who: Vec<_> = who.into_iter().map(|(token, origin)| (world.entra.mint(token), origin)).collect();
    assert_eq!(claims(&who[6].0)["tid"], CONTOSO, "Fred is a guest there");
    let mut calls = Vec::new();
    for round in 0..20 {
        for step in 0..who.len() {
            let (token, origin) = &who[(step * 3 + round) % who.len()];
            calls.push((token, world.call_with(token).origin(Some(origin)).spawn()));
        }
    }
    for (token, call) in calls {
        is_for(&call.await.unwrap(), token);
    }
    assert_eq!(world.asked(), who.len());
}

#[tokio::test]
async fn a_session_that_did_not_step_up_never_gets_the_token_of_one_that_did() {
    let world = World::start().await;
    let (stepped_up, plain) = (
        world.entra.mint(MintRequest::new("file-picker")),
        world.entra.mint(MintRequest::new("file-picker")),
    );
    let earned = world.call_with(&stepped_up).send().await;
    is_for(&earned, &stepped_up);
    // From now on Entra lets in only whoever did the second factor.
    world.entra.demand("contoso", "graph", Demand::SecondFactor).unwrap();
    let refused = world.call_with(&plain).send().await;
    assert_eq!((refused.status, refused.text("error")), (400, Some("interaction_required")));
    let again = world.call_with(&stepped_up).send().await;
    assert_eq!(again.text("access_token"), earned.text("access_token"));
}

#[tokio::test]
async fn a_remembered_token_is_still_bound_to_its_origin_and_its_holder() {
    let world = World::start().await;
    let token = world.entra.mint(MintRequest::new("file-picker"));
    is_for(&world.call_with(&token).send().await, &token);
    let foreign = world.call_with(&token).origin(Some(NORTHWIND_APP)).send().await;
    assert_eq!((foreign.status, foreign.text("error")), (403, Some("unauthorized_client")));
    let other =
        world.call_with(&token).field("client_id", "b0000000-0000-4000-8000-00000000ffff").send().await;
    assert_eq!((other.status, other.text("error")), (403, Some("unauthorized_client")));
    let scope = world.call_with(&token).field("scope", "https://graph.microsoft.com/Mail.Read").send().await;
    assert_eq!(scope.text("error"), Some("invalid_scope"));
    assert_eq!(world.asked(), 1);
}
