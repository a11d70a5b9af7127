//! Who may call a sample API (RFC 6750 §2.1 and §3.1): a user for whom Entra signed an access token for this very API,
//! through a control client. It verifies independently, over Entra's published keys, as a real API would.
//!
//! It must refuse a token whose `azp` is the broker: a control client acts for its own control only, and the one
//! registration that signs everybody in must never reach data (contract §1, "What the broker never does"). Whether a good
//! token's session was revoked it does not know by itself: Entra tells it ([`Revocations`]).

use axum::{
    Json,
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use entra_dev::Clock;
use estate::{Addresses, Estate};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode, decode_header, jwk::JwkSet};
use reqwest::Certificate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::RwLock;

/// Leeway for clocks that differ, in seconds.
const LEEWAY: u64 = 60;

/// What Entra's continuous access evaluation says about a verified token: the challenge with which to answer, if its session
/// was revoked (entra.md §1.8). Real APIs subscribe to Entra's events for that.
pub(crate) type Revocations = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What all sample APIs know: whom they trust.
pub(crate) struct Guard {
    http: reqwest::Client,
    authority: String,
    tenants: Vec<String>,
    broker: String,
    clock: Clock,
    revocations: Revocations,
    /// Entra's keys by tenant, as last fetched.
    keys: RwLock<HashMap<String, JwkSet>>,
}

/// What one sample API demands.
#[derive(Clone)]
pub(crate) struct Rule {
    /// Whom it trusts.
    pub(crate) guard: Arc<Guard>,
    /// Its own client id.
    pub(crate) audience: String,
    /// The delegated scope that opens it.
    pub(crate) scope: &'static str,
}

/// The verified claims of a caller.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Caller {
    pub(crate) aud: String,
    pub(crate) azp: String,
    pub(crate) scp: String,
    pub(crate) tid: String,
    pub(crate) oid: String,
    #[serde(skip_serializing)]
    exp: u64,
    #[serde(skip_serializing)]
    nbf: u64,
}

/// Why a caller is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no bearer token.
    NoToken,
    /// The token proves nothing; the text says which check failed.
    Invalid(&'static str),
    /// The token was issued to the broker.
    Broker,
    /// The token lacks the scope.
    Scope(&'static str),
    /// The token's session was revoked; the text is the challenge.
    Revoked(String),
}

impl Guard {
    /// Trusts the tenants of an estate at one authority.
    pub(crate) fn new(
        estate: &Estate,
        at: &Addresses,
        clock: Clock,
        revocations: Revocations,
        trusted: Option<&str>,
    ) -> reqwest::Result<Self> {
        // Browsers know that names under .localhost are loopback (RFC 6761 §6.3); the system's resolver may not.
        let host =
            at.authority.rsplit_once("://").and_then(|(_, rest)| rest.split(':').next()).unwrap_or_default();
        let trusted = trusted.map(|pem| Certificate::from_pem(pem.as_bytes())).transpose()?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .resolve(host, crate::loopback(0))
            .tls_certs_merge(trusted)
            .build()?;
        Ok(Self {
            http,
            authority: at.authority.clone(),
            tenants: estate.tenants.values().map(|tenant| tenant.id.clone()).collect(),
            broker: estate.broker.client_id.clone(),
            clock,
            revocations,
            keys: RwLock::default(),
        })
    }

    async fn key(&self, tenant: &str, kid: &str) -> Result<DecodingKey, Refusal> {
        let known = self.keys.read().await.get(tenant).and_then(|keys| keys.find(kid).cloned());
        let jwk = match known {
            Some(jwk) => jwk,
            None => {
                let keys = self.fetch_keys(tenant).await.map_err(|why| {
                    tracing::warn!(%why, "cannot fetch Entra's keys");
                    Refusal::Invalid("Entra's keys cannot be fetched")
                })?;
                let jwk = keys.find(kid).cloned();
                self.keys.write().await.insert(tenant.to_owned(), keys);
                jwk.ok_or(Refusal::Invalid("no key of Entra has this kid"))?
            }
        };
        DecodingKey::from_jwk(&jwk).map_err(|_| Refusal::Invalid("the key cannot be used"))
    }

    async fn fetch_keys(&self, tenant: &str) -> reqwest::Result<JwkSet> {
        let url = format!("{}/{tenant}/discovery/v2.0/keys", self.authority);
        self.http.get(url).send().await?.error_for_status()?.json().await
    }
}

impl Rule {
    /// Verifies signature, issuer, audience, lifetime, tenant, the application, the scope, and that the session stands.
    async fn admit(&self, token: &str) -> Result<Caller, Refusal> {
        let guard = &self.guard;
        let kid = decode_header(token).ok().and_then(|header| header.kid);
        let kid = kid.ok_or(Refusal::Invalid("it is not a JWT with a kid"))?;
        // Read before it is verified, only to know which tenant's issuer and keys must have made the token.
        let Caller { tid, .. } = dangerous::insecure_decode(token)
            .map_err(|_| Refusal::Invalid("its claims are not those of a user's access token"))?
            .claims;
        if !guard.tenants.contains(&tid) {
            return Err(Refusal::Invalid("its tenant is not served"));
        }
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[&self.audience]);
        rules.set_issuer(&[format!("{}/{tid}/v2.0", guard.authority)]);
        rules.set_required_spec_claims(&["exp", "nbf", "aud", "iss"]);
        rules.validate_exp = false; // Below, by the clock that this demo runs on.
        let key = guard.key(&tid, &kid).await?;
        let caller = decode::<Caller>(token, &key, &rules)
            .map_err(|_| Refusal::Invalid("its signature, issuer or audience is wrong"))?
            .claims;
        let now = guard.clock.now();
        if now > caller.exp.saturating_add(LEEWAY) || now.saturating_add(LEEWAY) < caller.nbf {
            return Err(Refusal::Invalid("it is not valid now"));
        }
        if caller.azp == guard.broker {
            return Err(Refusal::Broker);
        }
        if !caller.scp.split(' ').any(|scope| scope == self.scope) {
            return Err(Refusal::Scope(self.scope));
        }
        match (guard.revocations)(token) {
            Some(challenge) => Err(Refusal::Revoked(challenge)),
            None => Ok(caller),
        }
    }
}

impl FromRequestParts<Rule> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, rule: &Rule) -> Result<Self, Refusal> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Refusal::NoToken)?;
        rule.admit(token).await
    }
}

impl Refusal {
    /// Status, error and message (RFC 6750 §3.1).
    fn told(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::NoToken => {
                (StatusCode::UNAUTHORIZED, "token_missing", "An access token is needed.".to_owned())
            }
            Self::Invalid(why) => {
                (StatusCode::UNAUTHORIZED, "invalid_token", format!("The access token is refused: {why}."))
            }
            Self::Revoked(_) => (
                StatusCode::UNAUTHORIZED,
                "insufficient_claims",
                "The token's session was revoked. Sign in again with the claims of the challenge.".to_owned(),
            ),
            Self::Broker => (
                StatusCode::FORBIDDEN,
                "broker_not_allowed",
                "This token was issued to the broker's own registration, which may never call an API. Ask \
                 for a token of a control client."
                    .to_owned(),
            ),
            Self::Scope(scope) => {
                (StatusCode::FORBIDDEN, "insufficient_scope", format!("The scope {scope} is needed."))
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, message) = self.told();
        let challenge = match self {
            Self::NoToken => "Bearer".to_owned(),
            Self::Revoked(challenge) => challenge,
            _ => format!("Bearer error=\"{error}\""),
        };
        let body = Json(json!({ "error": { "code": error, "message": message } }));
        (status, [(header::WWW_AUTHENTICATE, challenge)], body).into_response()
    }
}
