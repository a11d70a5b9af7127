//! `@azure/msal-node` as a web API that acts on behalf of its users at the stand-in.

use crate::claims;
use entra_dev::{Endpoint, GrantType, MintRequest, Outcome};
use interop::{Result, Script, StandIn};
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com/User.Read";

fn wanted(at: &StandIn, assertions: &[String]) -> Result<Value> {
    Ok(json!({
        "clientId": at.app("api")?.client_id,
        "authority": at.authority()?,
        "scopes": [GRAPH],
        "assertions": assertions,
    }))
}

fn with_secret(at: &StandIn, assertions: &[String]) -> Result<Value> {
    let mut wanted = wanted(at, assertions)?;
    wanted["secret"] = json!(at.app("api")?.secret);
    Ok(wanted)
}

fn users_token(at: &StandIn) -> Result<String> {
    at.token(MintRequest::new("api").client("page"))
}

#[tokio::test]
async fn msal_node_acts_on_behalf_of_a_user_with_a_secret() -> Result {
    let at = StandIn::over_tls().await?;
    let wanted = with_secret(&at, &[users_token(&at)?])?;
    let answer: Value = Script::node("msal_node.mjs", &wanted, at.ca()).await?.next().await?;

    let claims = claims::of(&answer["token"]);
    assert_eq!(claims["azp"], at.app("api")?.client_id, "{answer}");
    assert_eq!(claims["azpacr"], "1");
    assert_eq!(claims["oid"], at.user()?.id);
    assert_eq!(
        claims["scp"], "Files.Read User.Read openid profile",
        "all that was granted, and what MSAL adds"
    );
    let (tenant, user) = (&claims["tid"], &at.user()?.id);
    assert_eq!(answer["account"], format!("{user}.{}", tenant.as_str().unwrap()), "MSAL read client_info");
    Ok(())
}

#[tokio::test]
async fn msal_node_acts_on_behalf_of_a_user_with_a_certificate() -> Result {
    let at = StandIn::over_tls().await?;
    let mut wanted = wanted(&at, &[users_token(&at)?])?;
    wanted["certificate"] =
        json!({ "pem": at.keys.certificate("api")?, "privateKey": at.keys.private_key("api")? });
    let answer: Value = Script::node("msal_node.mjs", &wanted, at.ca()).await?.next().await?;

    assert_eq!(claims::of(&answer["token"])["azpacr"], "2", "{answer}");
    let request = at.entra.requests().pop().unwrap();
    assert_eq!(request.endpoint, Endpoint::Token { grant: GrantType::OnBehalfOf });
    let signer = request.signer.unwrap();
    assert_eq!(signer.alg, "PS256");
    assert_eq!(signer.thumbprint, e2e::thumbprint(&at.keys.certificate("api")?)?);
    Ok(())
}

#[tokio::test]
async fn msal_node_is_told_that_an_app_only_token_cannot_be_acted_upon() -> Result {
    let at = StandIn::over_tls().await?;
    let app_only = at.token(MintRequest::new("api").client("page").app_only())?;
    let wanted = with_secret(&at, &[app_only])?;
    let answer: Value = Script::node("msal_node.mjs", &wanted, at.ca()).await?.next().await?;

    assert_eq!(answer["error"], "ServerError", "{answer}");
    let refused = at.entra.requests().pop().unwrap();
    let Outcome::Refused(number) = refused.outcome else { panic!("it was not refused: {refused:?}") };
    assert_eq!(answer["number"], number);
    Ok(())
}

#[tokio::test]
async fn msal_node_reads_a_claims_challenge() -> Result {
    let at = StandIn::over_tls().await?;
    at.entra.demand("contoso", "graph", entra_dev::Demand::SecondFactor).unwrap();
    let wanted = with_secret(&at, &[users_token(&at)?])?;
    let answer: Value = Script::node("msal_node.mjs", &wanted, at.ca()).await?.next().await?;

    assert_eq!(answer["error"], "InteractionRequiredAuthError", "{answer}");
    assert_eq!(answer["number"], 50076);
    let challenge: Value = serde_json::from_str(answer["claims"].as_str().unwrap()).unwrap();
    assert!(challenge["access_token"]["capolids"]["values"].is_array(), "{challenge}");
    Ok(())
}

#[tokio::test]
async fn msal_node_keeps_quiet_for_as_long_as_it_is_throttled() -> Result {
    let at = StandIn::over_tls().await?;
    at.entra.throttle(30, 1);
    let token = users_token(&at)?;
    let mut wanted = with_secret(&at, &[token.clone(), token.clone(), token])?;
    // MSAL's own clock is moved between the second and the third call.
    wanted["pauses"] = json!([0, 0, 31]);
    let mut script = Script::node("msal_node.mjs", &wanted, at.ca()).await?;

    let (throttled, held_back, served): (Value, Value, Value) =
        (script.next().await?, script.next().await?, script.next().await?);
    assert_eq!(throttled["error"], "ServerError", "{throttled}");
    assert_eq!(held_back["error"], "ServerError", "{held_back}");
    assert!(served["token"].is_string(), "{served}");
    let outcomes: Vec<Outcome> = at.entra.requests().iter().map(|request| request.outcome).collect();
    assert_eq!(outcomes.len(), 2, "the second call must not leave the process: {outcomes:?}");
    assert_eq!(outcomes[1], Outcome::Ok);
    Ok(())
}
