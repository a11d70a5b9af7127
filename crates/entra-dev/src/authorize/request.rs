//! Reading an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, entra.md §1.2).
//!
//! What is wrong before client and redirect URI are known must be shown, never redirected.

use crate::{
    directory::{App, Directory, Platform},
    errors::{
        APP_ID_INVALID, APP_NOT_IN_TENANT, MALFORMED, MISSING_PARAMETER, PKCE_METHOD, PKCE_SIZE,
        REDIRECT_MISMATCH, Refusal, TENANT_UNKNOWN, UNSUPPORTED_RESPONSE_MODE, UNSUPPORTED_RESPONSE_TYPE,
    },
    params::Params,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A request whose client and redirect URI are trusted; the rest is as it came.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizeRequest {
    /// The tenant as in the path.
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) platform: Platform,
    pub(crate) response_mode: ResponseMode,
    pub(crate) response_type: String,
    pub(crate) state: Option<String>,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) prompt: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) domain_hint: Option<String>,
    pub(crate) sid: Option<String>,
    pub(crate) claims: Option<String>,
    pub(crate) client_info: bool,
    /// The client says that no foreign window can reach the popup.
    pub(crate) pocd: bool,
    pub(crate) correlation_id: String,
}

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// Reads a request. An error here must be shown, never redirected.
pub(crate) fn read(
    tenant: &str,
    params: &Params,
    directory: &Directory,
    correlation_id: &str,
) -> Result<AuthorizeRequest, Refusal> {
    let client_id = params.require("client_id")?;
    let app = find_client(directory, client_id, tenant)?;
    let redirect_uri = match (params.get("redirect_uri"), app.redirect_uris.as_slice()) {
        (Some(uri), _) => uri,
        (None, [only]) => &only.uri,
        (None, _) => params.require("redirect_uri")?,
    };
    let platform =
        app.platform(redirect_uri).ok_or_else(|| REDIRECT_MISMATCH.with(redirect_uri).with(client_id))?;
    if !is_any(tenant) && directory.tenant(tenant).is_none() {
        return Err(TENANT_UNKNOWN.with(tenant));
    }
    let response_mode = match params.get("response_mode") {
        None | Some("query") => ResponseMode::Query,
        Some("fragment") => ResponseMode::Fragment,
        Some("form_post") => ResponseMode::FormPost,
        Some(other) => return Err(UNSUPPORTED_RESPONSE_MODE.with(other)),
    };
    Ok(AuthorizeRequest {
        tenant: tenant.to_owned(),
        client_id: app.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        platform,
        response_mode,
        response_type: params.owned("response_type").unwrap_or_default(),
        state: params.owned("state"),
        scope: params.owned("scope").unwrap_or_default(),
        nonce: params.owned("nonce"),
        code_challenge: params.owned("code_challenge"),
        code_challenge_method: params.owned("code_challenge_method"),
        prompt: params.owned("prompt"),
        login_hint: params.owned("login_hint"),
        domain_hint: params.owned("domain_hint"),
        sid: params.owned("sid"),
        claims: params.owned("claims"),
        client_info: params.get("client_info") == Some("1"),
        pocd: params.get("pocd") == Some("1"),
        correlation_id: correlation_id.to_owned(),
    })
}

/// The registration of a client that a request names.
pub(crate) fn find_client<'a>(
    directory: &'a Directory,
    client_id: &str,
    tenant: &str,
) -> Result<&'a App, Refusal> {
    if Uuid::try_parse(client_id).is_err() {
        return Err(APP_ID_INVALID.with(client_id));
    }
    directory.app(client_id).ok_or_else(|| APP_NOT_IN_TENANT.with(client_id).with(tenant))
}

/// Whether the path names no tenant: the user's home is taken.
pub(crate) fn is_any(tenant: &str) -> bool {
    matches!(tenant, "common" | "organizations")
}

/// What is wrong with the rest of a request, to be told by redirect.
pub(super) fn check_form(request: &AuthorizeRequest) -> Result<(), Refusal> {
    if request.response_type != "code" {
        return Err(UNSUPPORTED_RESPONSE_TYPE.with(&request.response_type));
    }
    if request.scope.is_empty() {
        return Err(MISSING_PARAMETER.with("scope"));
    }
    match (&request.code_challenge, request.code_challenge_method.as_deref()) {
        // Entra takes `plain`; this stand-in does not, so that nobody ships it unawares.
        (Some(_), method) if method != Some("S256") => Err((&PKCE_METHOD).into()),
        (Some(challenge), _) if challenge.len() != 43 => Err((&PKCE_SIZE).into()),
        _ => match request.prompt.as_deref() {
            None | Some("none" | "login" | "consent" | "select_account") => Ok(()),
            Some(_) => Err((&MALFORMED).into()),
        },
    }
}
