//! Tokens on order: each must differ from a good one in exactly what was ordered, or a negative test proves nothing.

use crate::world::{BROKER, CONTOSO, FABRIKAM, FILES, World, claims, header};
use entra_dev::{MintRequest, SignedBy};
use serde_json::json;

#[tokio::test]
async fn the_plain_order_is_the_token_that_the_broker_would_get() {
    let world = World::start().await;
    let minted = claims(&world.entra.mint(MintRequest::new("files")));
    let real = claims(&world.files_token().await);
    for (name, value) in real.as_object().unwrap() {
        if ["aio", "exp", "iat", "nbf", "sid", "uti"].contains(&name.as_str()) {
            assert!(minted.get(name).is_some(), "{name}");
        } else {
            assert_eq!(minted[name], *value, "{name}");
        }
    }
    assert_eq!(minted.as_object().unwrap().len(), real.as_object().unwrap().len());
}

#[tokio::test]
async fn claims_and_headers_are_changed_as_ordered() {
    let world = World::start().await;
    let order = MintRequest::new(FILES)
        .claim("aud", "other")
        .without("scp")
        .header("typ", "at+jwt")
        .header("kid", json!(null));
    let token = world.entra.mint(order);
    assert_eq!((&claims(&token)["aud"], claims(&token).get("scp")), (&json!("other"), None));
    assert_eq!(header(&token), json!({ "alg": "RS256", "typ": "at+jwt" }));
    let other = claims(&world.entra.mint(MintRequest::new("files").tenant("fabrikam").client("spa")));
    assert_eq!((&other["tid"], &other["azpacr"]), (&json!(FABRIKAM), &json!("0")));
    assert_eq!(other["preferred_username"], "cyril@fabrikam.example");
    let confidential =
        claims(&world.entra.mint(MintRequest::new("files").client("web").user("admin@contoso.example")));
    assert_eq!((&confidential["azpacr"], &confidential["name"]), (&json!("2"), &json!("Boris Dvořák")));
    assert_eq!(world.entra.mint(MintRequest::new("nobody")), "");
}

#[tokio::test]
async fn version_1_and_app_only_tokens_have_their_own_shape() {
    let world = World::start().await;
    let v1 = claims(&world.entra.mint(MintRequest::new("files").v1()));
    assert_eq!((&v1["ver"], &v1["appid"], &v1["appidacr"]), (&json!("1.0"), &json!(BROKER), &json!("0")));
    assert_eq!(
        (&v1["aud"], &v1["iss"]),
        (&json!(format!("api://{FILES}")), &json!(world.url(&format!("/{CONTOSO}/"))))
    );
    assert!(v1.get("azp").is_none());
    let app_only = claims(&world.entra.mint(MintRequest::new("files").app_only()));
    assert_eq!((&app_only["idtyp"], app_only.get("scp")), (&json!("app"), None));
    assert!(app_only["roles"].is_array());
}

#[tokio::test]
async fn wrong_signatures_are_wrong_in_their_own_way() {
    let world = World::start().await;
    let mint = |signed_by| world.entra.mint(MintRequest::new("files").signed_by(signed_by));
    let keys = async |tenant: &str| {
        world.get_json(&format!("/{tenant}/discovery/v2.0/keys")).await["keys"][0]["kid"].clone()
    };
    let (own, others) = (keys(CONTOSO).await, keys(FABRIKAM).await);
    assert_eq!(header(&mint(SignedBy::AnotherTenant))["kid"], others);
    assert_ne!(header(&mint(SignedBy::Nobody))["kid"], own);
    assert_eq!(header(&mint(SignedBy::NobodyUnderTheTenantsKid))["kid"], own);
    let none = mint(SignedBy::AlgNone);
    assert!(header(&none)["alg"] == "none" && none.ends_with('.'));
    assert_eq!(header(&mint(SignedBy::Hs256WithPublicKey))["alg"], "HS256");
}
