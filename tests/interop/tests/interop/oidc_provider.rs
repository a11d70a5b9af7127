//! `oidc-provider`, a certified server that knows nothing of us, in Entra's place: the packed broker has to satisfy its
//! authorization code flow (PKCE, refresh, CORS), and our STS its `private_key_jwt`.
//!
//! It is in Entra's addresses because neither part can be told others. Whatever it insists on is its own: see
//! `node/oidc_provider.mjs`.

use crate::claims;
use estate::{Addresses, Estate};
use interop::{Chromium, Keys, OidcProvider, Pages, Result, estate};
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com";

/// The packed broker on a page, our STS, and the foreign server between them.
struct Stage {
    provider: OidcProvider,
    browser: Chromium,
    estate: Estate,
    _sts: sts::Server,
    _pages: Pages,
}

impl Stage {
    async fn set() -> Result<Self> {
        let (estate, pages) = (estate()?, Pages::start().await?);
        let keys = Keys::of(&estate)?;
        let provider = OidcProvider::start(&estate, &keys, pages.origin()).await?;
        let mut at = Addresses {
            app: pages.origin().to_owned(),
            authority: provider.origin.clone(),
            sts: String::new(),
        };
        let config = sts::Config::parse(&estate.sts_config(&at, "127.0.0.1:0", keys.folder())).unwrap();
        let sts = sts::Server::start(config, sts::Clock::system()).await.unwrap();
        at.sts = format!("http://sts.localhost:{}", sts.address().port());

        let browser = Chromium::start().await?;
        browser.goto(format!("{}/page/broker.html", pages.origin())).await?;
        let mut config: Value = serde_json::from_str(&estate.broker_config(&at)).unwrap();
        config["tenant"] = json!(estate.tenants["contoso"].id);
        browser.script("startBroker(arguments[0])", &[config]).await?;
        Ok(Self { provider, browser, estate, _sts: sts, _pages: pages })
    }

    async fn click_for(&self, request: Value) -> Result<Value> {
        self.browser.script("onNextClick('getToken', arguments[0])", &[request]).await?;
        self.browser.the("#go").await?.click().await?;
        self.browser.value().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_broker_satisfies_oidc_provider_with_code_pkce_and_refresh() -> Result {
    let mut stage = Stage::set().await?;
    let token = stage.click_for(json!({ "client": "control" })).await?;
    let control = &stage.estate.controls["control"].client_id;
    let broker = stage.estate.broker.client_id.as_str();

    let code = stage.provider.granted().await?;
    assert_eq!(
        (code.grant.as_deref(), code.authenticated.as_deref()),
        (Some("authorization_code"), Some("none"))
    );
    assert!(code.verified, "without PKCE: {code:?}");
    let refresh = stage.provider.granted().await?;
    assert_eq!((refresh.grant.as_deref(), refresh.client.as_deref()), (Some("refresh_token"), Some(broker)));
    let claims = claims::of(&token["accessToken"]);
    assert_eq!([&claims["aud"], &claims["azp"]], [control, broker], "{claims}");

    // The server wants each refresh token once: a broker that kept the first one would be refused now.
    stage.browser.script("act('getToken', { client: 'control', forceRefresh: true })", &[]).await?;
    stage.browser.value().await?;
    let again = stage.provider.granted().await?;
    assert!(again.rotated, "{again:?}");
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn our_stss_client_assertion_satisfies_oidc_provider() -> Result {
    let mut stage = Stage::set().await?;
    let scope = format!("{GRAPH}/User.Read");
    let token = stage.click_for(json!({ "client": "control", "scopes": [scope] })).await?;
    let control = stage.estate.controls["control"].client_id.as_str();

    let mut grants =
        [stage.provider.granted().await?, stage.provider.granted().await?, stage.provider.granted().await?];
    let [.., obo] = &mut grants;
    assert_eq!(obo.grant.as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    assert_eq!(
        (obo.client.as_deref(), obo.authenticated.as_deref()),
        (Some(control), Some("private_key_jwt"))
    );
    let claims = claims::of(&token["accessToken"]);
    assert_eq!([&claims["aud"], &claims["azp"]], [GRAPH, control], "{claims}");
    stage.browser.quit().await
}
