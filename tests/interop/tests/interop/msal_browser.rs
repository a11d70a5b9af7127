//! `@azure/msal-browser` in Chromium: an application of its own beside the broker, signing in at the stand-in over TLS.

use crate::claims;
use entra_dev::{Demand, Endpoint, GrantType, Outcome};
use interop::{Chromium, Result, StandIn, announce};
use serde_json::{Value, json};

const GRAPH: &str = "https://graph.microsoft.com/User.Read";

/// `CacheLookupPolicy` of MSAL.
const REFRESH_TOKEN: u8 = 3;
const SKIP: u8 = 5;

/// The application in a browser.
struct Stage {
    at: StandIn,
    browser: Chromium,
    authority: String,
}

impl Stage {
    async fn set() -> Result<Self> {
        let at = StandIn::over_tls().await?;
        let authority = at.authority()?;
        Self::set_at(at, authority).await
    }

    async fn set_at(at: StandIn, authority: String) -> Result<Self> {
        let stage = Self { at, browser: Chromium::start().await?, authority };
        let started = stage.open().await?;
        announce("@azure/msal-browser", started["version"].as_str().unwrap());
        Ok(stage)
    }

    /// A stage with the user signed in, and the log empty.
    async fn signed_in() -> Result<Self> {
        let stage = Self::set().await?;
        stage.click("loginPopup", json!({ "scopes": [GRAPH] })).await?;
        stage.browser.in_popup(async || stage.browser.sign_in(&stage.at).await).await?;
        stage.browser.value().await?;
        stage.at.entra.clear_requests();
        Ok(stage)
    }

    /// Opens the page and starts MSAL in it.
    async fn open(&self) -> Result<Value> {
        self.browser.goto(format!("{}/page/index.html", self.at.pages.origin())).await?;
        self.start().await
    }

    async fn start(&self) -> Result<Value> {
        let redirect = format!("{}/page/redirect.html", self.at.pages.origin());
        let config = json!({
            "auth": {
                "clientId": self.at.app("page")?.client_id,
                "authority": self.authority,
                "knownAuthorities": [self.at.entra.origin().trim_start_matches("https://")],
                "redirectUri": redirect,
                "postLogoutRedirectUri": redirect,
            },
        });
        self.browser.script("start(arguments[0])", &[config]).await?;
        self.browser.value().await
    }

    /// Calls MSAL.
    async fn act(&self, method: &str, request: Value) -> Result {
        self.browser.script("act(...arguments)", &[json!(method), request]).await.map(drop)
    }

    /// Calls MSAL within a click.
    async fn click(&self, method: &str, request: Value) -> Result {
        self.browser.script("onNextClick(...arguments)", &[json!(method), request]).await?;
        Ok(self.browser.the("#go").await?.click().await?)
    }

    fn is_the_user(&self, result: &Value) -> Result {
        let user = self.at.user()?;
        assert_eq!(result["account"]["username"], user.username, "{result}");
        assert_eq!(result["account"]["localAccountId"], user.id);
        assert_eq!(claims::of(&result["accessToken"])["scp"], "User.Read openid profile");
        Ok(())
    }

    /// What the stand-in was asked, and that all of it went well.
    fn asked(&self) -> Vec<Endpoint> {
        let requests = self.at.entra.requests();
        assert!(requests.iter().all(|request| request.outcome == Outcome::Ok), "{requests:?}");
        requests.iter().map(|request| request.endpoint).collect()
    }
}

const CODE: Endpoint = Endpoint::Token { grant: GrantType::Code };
const INTERACTIVE: Endpoint = Endpoint::Authorize { interactive: true };
const SILENT: Endpoint = Endpoint::Authorize { interactive: false };

#[tokio::test(flavor = "multi_thread")]
async fn login_popup_signs_the_user_in() -> Result {
    let stage = Stage::set().await?;
    stage.click("loginPopup", json!({ "scopes": [GRAPH] })).await?;
    stage.browser.in_popup(async || stage.browser.sign_in(&stage.at).await).await?;
    stage.is_the_user(&stage.browser.value().await?)?;
    assert_eq!(stage.asked(), [INTERACTIVE, CODE]);
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn login_popup_at_common_ends_in_the_users_tenant() -> Result {
    let at = StandIn::over_tls().await?;
    let common = format!("{}/common", at.entra.origin());
    let stage = Stage::set_at(at, common).await?;
    stage.click("loginPopup", json!({ "scopes": [GRAPH] })).await?;
    stage.browser.in_popup(async || stage.browser.sign_in(&stage.at).await).await?;
    let result = stage.browser.value().await?;
    stage.is_the_user(&result)?;
    assert_eq!(result["tenantId"], stage.at.estate.tenants["contoso"].id);
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn login_redirect_comes_back_signed_in() -> Result {
    let stage = Stage::set().await?;
    stage.act("loginRedirect", json!({ "scopes": [GRAPH] })).await?;
    stage.browser.sign_in(&stage.at).await?;
    stage.browser.the("#go").await?;
    let started = stage.start().await?;
    stage.is_the_user(&started["returned"])?;
    assert_eq!(stage.asked(), [INTERACTIVE, CODE]);
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sso_silent_signs_in_by_the_session_alone() -> Result {
    let stage = Stage::signed_in().await?;
    stage.browser.script("sessionStorage.clear()", &[]).await?;
    let started = stage.open().await?;
    assert_eq!(started["accounts"], json!([]), "MSAL must have forgotten the user");
    stage.act("ssoSilent", json!({ "scopes": [GRAPH], "loginHint": stage.at.user()?.username })).await?;
    stage.is_the_user(&stage.browser.value().await?)?;
    assert_eq!(stage.asked(), [SILENT, CODE]);
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sso_silent_says_when_there_is_no_session() -> Result {
    let stage = Stage::set().await?;
    stage.act("ssoSilent", json!({ "scopes": [GRAPH], "loginHint": stage.at.user()?.username })).await?;
    let error = stage.browser.outcome().await?.unwrap_err();
    assert_eq!(
        [&error["name"], &error["errorCode"]],
        ["InteractionRequiredAuthError", "login_required"],
        "{error}"
    );
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn acquire_token_silent_gets_another_resource_by_refresh_token() -> Result {
    let stage = Stage::signed_in().await?;
    let api = format!("{}/access_as_user", stage.at.app("api")?.identifier_uris[0]);
    stage.act("acquireTokenSilent", json!({ "scopes": [api], "cacheLookupPolicy": REFRESH_TOKEN })).await?;
    let result = stage.browser.value().await?;
    assert_eq!(claims::of(&result["accessToken"])["aud"], stage.at.app("api")?.client_id, "{result}");
    assert_eq!(stage.asked(), [Endpoint::Token { grant: GrantType::RefreshToken }]);
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn acquire_token_silent_gets_a_token_by_frame() -> Result {
    let stage = Stage::signed_in().await?;
    stage.act("acquireTokenSilent", json!({ "scopes": [GRAPH], "cacheLookupPolicy": SKIP })).await?;
    stage.is_the_user(&stage.browser.value().await?)?;
    assert_eq!(stage.asked(), [SILENT, CODE]);
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_too_old_makes_msal_fall_back_to_the_frame() -> Result {
    let stage = Stage::signed_in().await?;
    // Only the stand-in's clock moves: MSAL still thinks that the token is good, and must believe what it is told.
    stage.at.entra.clock().advance(std::time::Duration::from_secs(25 * 3600));
    stage.act("acquireTokenSilent", json!({ "scopes": [GRAPH], "forceRefresh": true })).await?;
    let outcome = stage.browser.outcome().await?;
    let asked: Vec<_> =
        stage.at.entra.requests().iter().map(|request| (request.endpoint, request.outcome)).collect();
    assert_eq!(
        asked[0],
        (Endpoint::Token { grant: GrantType::RefreshToken }, Outcome::Refused(700_084)),
        "{outcome:?}"
    );
    assert_eq!(asked[1], (SILENT, Outcome::Ok), "{outcome:?}");
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_popup_ends_the_session_on_both_sides() -> Result {
    let stage = Stage::signed_in().await?;
    let account = stage.browser.script("return app.getActiveAccount()", &[]).await?;
    stage.click("logoutPopup", json!({ "account": account })).await?;
    // Nobody has to press anything in the popup: it may be gone before a test could look at it.
    stage.browser.value().await?;
    assert_eq!(stage.asked(), [Endpoint::Logout]);

    let left = stage.browser.script("return app.getAllAccounts()", &[]).await?;
    assert_eq!(left, json!([]));
    stage.act("ssoSilent", json!({ "scopes": [GRAPH], "loginHint": stage.at.user()?.username })).await?;
    assert_eq!(stage.browser.outcome().await?.unwrap_err()["errorCode"], "login_required");
    stage.browser.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claims_challenge_is_met_in_a_popup_and_gone_afterwards() -> Result {
    let stage = Stage::signed_in().await?;
    stage.at.entra.demand("contoso", "graph", Demand::SecondFactor).unwrap();

    stage.act("acquireTokenSilent", json!({ "scopes": [GRAPH], "forceRefresh": true })).await?;
    let error = stage.browser.outcome().await?.unwrap_err();
    assert_eq!(error["name"], "InteractionRequiredAuthError", "{error}");
    let challenge: Value = serde_json::from_str(error["claims"].as_str().unwrap()).unwrap();
    assert!(challenge["access_token"]["capolids"]["values"].is_array(), "{challenge}");

    stage.click("acquireTokenPopup", json!({ "scopes": [GRAPH], "claims": error["claims"] })).await?;
    stage.browser.in_popup(async || Ok(stage.browser.the("#approve").await?.click().await?)).await?;
    stage.is_the_user(&stage.browser.value().await?)?;

    stage.at.entra.clear_requests();
    stage.act("acquireTokenSilent", json!({ "scopes": [GRAPH], "forceRefresh": true })).await?;
    stage.is_the_user(&stage.browser.value().await?)?;
    assert_eq!(stage.asked(), [Endpoint::Token { grant: GrantType::RefreshToken }]);
    stage.browser.quit().await
}
