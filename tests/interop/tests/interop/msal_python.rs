//! `msal` for Python at the stand-in: a web API with a certificate, and a web site that signs its users in.

use crate::claims;
use entra_dev::{Endpoint, GrantType, MintRequest};
use interop::{Person, Result, Script, StandIn};
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com/User.Read";

fn wanted(at: &StandIn, name: &str) -> Result<Value> {
    Ok(json!({
        "clientId": at.app(name)?.client_id,
        "authority": at.authority()?,
        "certificate": at.keys.certificate(name)?,
        "privateKey": at.keys.private_key(name)?,
        "scopes": [GRAPH],
    }))
}

#[tokio::test]
async fn msal_python_acts_on_behalf_of_a_user_with_a_certificate() -> Result {
    let at = StandIn::over_tls().await?;
    let mut wanted = wanted(&at, "api")?;
    wanted["assertion"] = json!(at.token(MintRequest::new("api").client("page"))?);
    let answer: Value = Script::python("msal_client.py", &wanted, at.ca()).await?.next().await?;

    assert_eq!(claims::of(&answer["access_token"])["azp"], at.app("api")?.client_id, "{answer}");
    let signer = at.entra.requests().pop().unwrap().signer.unwrap();
    assert_eq!(signer.alg, "RS256", "the older kind of assertion, with x5t");
    assert_eq!(signer.thumbprint, e2e::thumbprint(&at.keys.certificate("api")?)?);
    Ok(())
}

#[tokio::test]
async fn msal_python_signs_a_user_in_by_code_and_renews_the_token() -> Result {
    let at = StandIn::over_tls().await?;
    let mut wanted = wanted(&at, "site")?;
    wanted["redirectUri"] = json!(at.app("site")?.web_redirect_uris[0]);
    let mut script = Script::python("msal_client.py", &wanted, at.ca()).await?;

    let go: Value = script.next().await?;
    let answered = Person::at(&at)?.go(go["go"].as_str().unwrap()).await?;
    script.tell(&Value::Object(answered)).await?;
    let signed_in: Value = script.next().await?;
    assert_eq!(signed_in["id_token_claims"]["preferred_username"], at.user()?.username, "{signed_in}");
    assert_eq!(claims::of(&signed_in["access_token"])["scp"], "User.Read openid profile", "{signed_in}");

    let renewed: Value = script.next().await?;
    assert!(renewed["access_token"].is_string(), "{renewed}");
    let grants: Vec<Endpoint> = at.entra.requests().iter().map(|request| request.endpoint).collect();
    let token = |grant| Endpoint::Token { grant };
    let expected =
        [Endpoint::Authorize { interactive: true }, token(GrantType::Code), token(GrantType::RefreshToken)];
    assert_eq!(grants, expected);
    Ok(())
}
