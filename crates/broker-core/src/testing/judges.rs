//! The judging functions, one by one, for whoever feeds them what no honest Entra would say (tests/fuzz). They are the product's own.

use crate::{
    Account, Reply, Result, Secret, authorize::Pending, exchange, id_token::Expected, token::TokenResponse,
};
use serde_json::Value;

/// A token as it was judged good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The token.
    pub access_token: String,
    /// When it ends, in milliseconds since the epoch.
    pub expires_on: u64,
    /// As granted.
    pub scopes: String,
    /// What keeps the user signed in; empty: nothing.
    pub refresh_token: String,
}

/// The code in a redirect response to the sign-in with this state.
///
/// # Errors
/// What the response says instead.
pub fn redirect_response(state: &str, response: &Value) -> Result<String> {
    let nothing = || Secret::new(String::new());
    let pending = Pending { state: state.to_owned(), nonce: String::new(), verifier: nothing() };
    pending.code(response).map(|code| code.expose().to_owned())
}

/// The account in the claims of an id token; `now` in milliseconds since the epoch.
///
/// # Errors
/// The claim that is not as expected.
pub fn id_token(
    [client_id, tenant_url, tenant]: [&str; 3],
    nonce: Option<&str>,
    claims: &Value,
    client_info: &Value,
    now: u64,
) -> Result<Account> {
    Expected { client_id, tenant_url, tenant, nonce }.account(claims, client_info, now)
}

/// The payload of what should be a compact JWS, still in base64url.
#[must_use]
pub fn payload(token: &str) -> &str {
    crate::id_token::payload(token)
}

/// An answer of the token endpoint.
///
/// # Errors
/// What it says instead.
pub fn token_response(reply: &Reply<Value>, asked: &str, asked_at: u64) -> Result<Judged> {
    TokenResponse::judge(reply, asked, asked_at).map(|response| {
        let refresh_token = response.refresh_token.map(|token| token.secret.expose().to_owned());
        judged(response.token, refresh_token.unwrap_or_default())
    })
}

/// An answer of the STS.
///
/// # Errors
/// What it says instead.
pub fn exchange(reply: &Reply<Value>, asked: &str, asked_at: u64) -> Result<Judged> {
    let token = exchange::judge(reply, asked, asked_at).map_err(|refusal| refusal.error)?;
    Ok(judged(token, String::new()))
}

fn judged(token: crate::cache::Token, refresh_token: String) -> Judged {
    let access_token = token.secret.expose().to_owned();
    Judged { access_token, expires_on: token.expires_on, scopes: token.scopes, refresh_token }
}
