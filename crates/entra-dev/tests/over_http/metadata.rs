//! Discovery, keys, instance discovery, TLS (entra.md §1.1).

use crate::world::{CONTOSO, FABRIKAM, World, client, options};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_dev::Entra;
use serde_json::{Value, json};

#[tokio::test]
async fn a_tenant_is_found_by_id_and_by_domain_and_is_its_own_issuer() {
    let world = World::start().await;
    for name in [CONTOSO, "contoso.example", "CONTOSO.example"] {
        let document = world.get_json(&format!("/{name}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!(document["issuer"], world.url(&format!("/{CONTOSO}/v2.0")));
        assert_eq!(document["token_endpoint"], world.url(&format!("/{CONTOSO}/oauth2/v2.0/token")));
        assert_eq!(document["subject_types_supported"], json!(["pairwise"]));
    }
    let old = world.get_json(&format!("/{CONTOSO}/.well-known/openid-configuration")).await;
    assert_eq!(old["issuer"], world.url(&format!("/{CONTOSO}/")));
    let keys = world.get_json(&format!("/{CONTOSO}/discovery/keys")).await;
    assert_eq!(keys["keys"][0]["issuer"], old["issuer"]);
    let nobody = world.get_json("/nobody.example/v2.0/.well-known/openid-configuration").await;
    assert_eq!(nobody["error_codes"], json!([90_002]));
}

#[tokio::test]
async fn common_has_a_template_for_an_issuer_and_the_keys_of_all() {
    let world = World::start().await;
    for name in ["common", "organizations"] {
        let document = world.get_json(&format!("/{name}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!(document["issuer"], world.url("/{tenantid}/v2.0"));
        assert_eq!(document["authorization_endpoint"], world.url(&format!("/{name}/oauth2/v2.0/authorize")));
        let keys = world.get_json(&format!("/{name}/discovery/v2.0/keys")).await;
        let issuers: Vec<&str> =
            keys["keys"].as_array().unwrap().iter().map(|key| key["issuer"].as_str().unwrap()).collect();
        assert_eq!(
            issuers,
            [world.url(&format!("/{CONTOSO}/v2.0")), world.url(&format!("/{FABRIKAM}/v2.0"))]
        );
    }
}

#[tokio::test]
async fn a_token_verifies_with_the_published_key_that_it_names() {
    let world = World::start().await;
    let token = world.files_token().await;
    let keys = world.get_json(&format!("/{CONTOSO}/discovery/v2.0/keys")).await;
    let kid = &crate::world::header(&token)["kid"];
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    public
        .verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
}

#[tokio::test]
async fn metadata_can_be_read_from_any_origin_and_names_the_host_that_was_called() {
    let world = World::start().await;
    let port = world.entra.address().port();
    let url = format!("http://localhost:{port}/{CONTOSO}/v2.0/.well-known/openid-configuration");
    let http = reqwest::Client::builder().resolve("localhost", world.entra.address()).build().unwrap();
    let response = http.get(url).send().await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["issuer"], format!("http://localhost:{port}/{CONTOSO}/v2.0"));
}

#[tokio::test]
async fn instance_discovery_knows_this_instance_and_no_other() {
    let world = World::start().await;
    let discover = async |endpoint: &str| {
        let url = world.url("/common/discovery/instance");
        let query = [("api-version", "1.1"), ("authorization_endpoint", endpoint)];
        world.http.get(url).query(&query).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let found = discover(&world.url("/contoso.example/oauth2/v2.0/authorize")).await;
    let document = world.url("/contoso.example/v2.0/.well-known/openid-configuration");
    assert_eq!(found["tenant_discovery_endpoint"], document);
    let host = world.url("").replace("http://", "");
    assert_eq!(found["metadata"][0]["aliases"], json!([host]));
    assert_eq!(
        discover("https://evil.example/common/oauth2/v2.0/authorize").await["error_codes"],
        json!([50_049])
    );
}

#[tokio::test]
async fn over_tls_it_is_trusted_through_its_own_authority_only() {
    let entra = Entra::start_tls(options()).await.unwrap();
    let url = format!("{}/common/v2.0/.well-known/openid-configuration", entra.origin());
    assert!(url.starts_with("https://login.localhost:"));
    let stranger = client(&entra).build().unwrap();
    assert!(stranger.get(&url).send().await.is_err());
    let authority = reqwest::Certificate::from_pem(entra.authority_pem().unwrap().as_bytes()).unwrap();
    let http = client(&entra).tls_certs_only([authority]).build().unwrap();
    let document: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["token_endpoint"], format!("{}/common/oauth2/v2.0/token", entra.origin()));
}

#[tokio::test]
async fn a_client_that_dawdles_over_its_handshake_or_breaks_it_off_stops_nobody() {
    let entra = Entra::start_tls(options()).await.unwrap();
    let dawdling = tokio::net::TcpStream::connect(entra.address()).await.unwrap();
    let authority = reqwest::Certificate::from_pem(entra.authority_pem().unwrap().as_bytes()).unwrap();
    let (entra, authority) = (&entra, &authority);
    let ask = async |trusting: bool| {
        let client = client(entra).timeout(std::time::Duration::from_secs(20));
        let client = if trusting { client.tls_certs_only([authority.clone()]) } else { client };
        let url = format!("{}/common/discovery/v2.0/keys", entra.origin());
        client.build().unwrap().get(url).send().await.is_ok()
    };
    // Several at once, so that a broken handshake ends while a good one is under way.
    for _ in 0..10 {
        let answers = tokio::join!(ask(false), ask(true), ask(false), ask(true));
        assert_eq!(answers, (false, true, false, true));
    }
    drop(dawdling);
}
