//! What the stand-in mints, believed by libraries that verify tokens for a living: from discovery and JWKS alone.

use entra_dev::{MintRequest, SignedBy};
use interop::{Result, Script, StandIn};
use serde_json::{Value, json};

/// A good token, one that somebody else signed, and one whose time is over.
fn wanted(at: &StandIn) -> Result<Value> {
    let request = || MintRequest::new("graph").client("api");
    let tokens = [
        at.token(request())?,
        at.token(request().signed_by(SignedBy::NobodyUnderTheTenantsKid))?,
        at.token(request().claim("exp", at.entra.clock().now() - 3600))?,
    ];
    let audience = &at.estate.backends["graph"].client_id;
    Ok(
        json!({ "issuer": format!("{}/v2.0", at.authority()?), "audience": audience, "tokens": tokens, "ca": at.ca() }),
    )
}

async fn judges(at: &StandIn, mut script: Script, refusals: [&str; 2]) -> Result {
    let (good, forged, late): (Value, Value, Value) =
        (script.next().await?, script.next().await?, script.next().await?);
    assert_eq!(good["claims"]["oid"], at.user()?.id, "{good}");
    assert_eq!(good["header"]["alg"], "RS256");
    assert_eq!([&forged["refused"], &late["refused"]], refusals, "{forged} {late}");
    Ok(())
}

#[tokio::test]
async fn jose_believes_a_minted_token_and_no_forgery() -> Result {
    let at = StandIn::over_tls().await?;
    let script = Script::node("verify.mjs", &wanted(&at)?, at.ca()).await?;
    judges(&at, script, ["ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "ERR_JWT_EXPIRED"]).await
}

#[tokio::test]
async fn pyjwt_believes_a_minted_token_and_no_forgery() -> Result {
    let at = StandIn::over_tls().await?;
    let script = Script::python("verify.py", &wanted(&at)?, at.ca()).await?;
    judges(&at, script, ["InvalidSignatureError", "ExpiredSignatureError"]).await
}
