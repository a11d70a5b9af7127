//! `oidc-provider` as a running server in Entra's addresses: see `node/oidc_provider.mjs` for what is its own and what is set.

use crate::{Failure, Keys, Result, Script, StandIn};
use estate::Estate;
use serde::Deserialize;
use serde_json::{Value, json};

/// The independent server.
pub struct OidcProvider {
    /// `http://login.localhost:PORT`.
    pub origin: String,
    /// The user's token for the estate's first control client, held by the broker.
    pub token: String,
    script: Script,
}

/// What happened in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `grant.success`, or what was refused.
    pub event: String,
    /// `grant_type`.
    pub grant: Option<String>,
    /// Which client.
    pub client: Option<String>,
    /// How the client proved itself; `none` for a public one.
    pub authenticated: Option<String>,
    /// Whether a PKCE verifier was checked.
    #[serde(default)]
    pub verified: bool,
    /// Whether the refresh token was replaced.
    #[serde(default)]
    pub rotated: bool,
    /// `error` of a refusal.
    pub error: Option<String>,
    /// What the server says in its own log.
    pub why: Option<String>,
}

#[derive(Deserialize)]
struct Listening {
    origin: String,
    token: String,
}

impl OidcProvider {
    /// Starts it with the estate's broker, control clients and first tenant; `app` is the origin of the broker's page.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(estate: &Estate, keys: &Keys, app: &str) -> Result<Self> {
        let (tenant, user) = StandIn::first_user(estate)?;
        let controls = estate.controls.iter().map(|(name, control)| {
            Ok(json!({ "clientId": control.client_id, "certificate": keys.certificate(name)? }))
        });
        let graph = |scope: &str| estate.scope("graph", scope).unwrap_or_default();
        let wanted = json!({
            "tenant": tenant.id,
            "user": { "oid": user.id, "username": user.username, "name": user.name },
            "app": app,
            "broker": { "clientId": estate.broker.client_id, "redirectUri": estate.redirect_uris(app).first() },
            "controls": controls.collect::<Result<Vec<Value>>>()?,
            "backend": { "resource": "https://graph.microsoft.com", "scopes": [graph("User.Read")] },
        });
        let mut script = Script::node("oidc_provider.mjs", &wanted, None).await?;
        let Listening { origin, token } = script.next().await?;
        Ok(Self { origin, token, script })
    }

    /// The next thing that happens in it.
    ///
    /// # Errors
    /// When it ends instead.
    pub async fn next(&mut self) -> Result<Event> {
        self.script.next().await
    }

    /// The next thing that happens, which must be a grant.
    ///
    /// # Errors
    /// When it is a refusal.
    pub async fn granted(&mut self) -> Result<Event> {
        let mut event = self.next().await?;
        // The broker's hidden frame asks first (prompt=none), and nobody is signed in here yet.
        if event.event == "authorization.error" && event.error.as_deref() == Some("login_required") {
            event = self.next().await?;
        }
        if event.event == "grant.success" {
            Ok(event)
        } else {
            Err(Failure::wrong(format!("oidc-provider refused: {event:?}.")))
        }
    }

    /// The server's process id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.script.id()
    }
}
