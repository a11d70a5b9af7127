//! `grant_type=authorization_code` with PKCE (RFC 6749 §4.1.3, RFC 7636 §4.6).

use super::{
    Grant, Refresh, TokenRequest, World, check_origin,
    grant::{allow, check_credential},
};
use crate::{
    authorize::Code,
    client_auth::Client,
    directory::Platform,
    errors::{
        CODE_EXPIRED, GRANT_INVALID, PKCE_MISMATCH, PKCE_REQUIRED, REDIRECT_MISMATCH, Refusal,
        SEVERAL_RESOURCES,
    },
    jws::sha256,
    scope,
    seal::Purpose,
};

pub(super) fn decide<'a>(
    request: &TokenRequest<'_>,
    client: Client<'a>,
    world: &World<'a>,
) -> Result<Grant<'a>, Refusal> {
    let params = request.params;
    let code: Code =
        world.seal.open(Purpose::Code, params.require("code")?).ok_or_else(|| GRANT_INVALID.with("code"))?;
    if code.client_id != client.app.client_id {
        return Err(GRANT_INVALID.with("code"));
    }
    if params.require("redirect_uri")? != code.redirect_uri {
        return Err(REDIRECT_MISMATCH.with(params.require("redirect_uri")?).with(&code.client_id));
    }
    check_origin(code.platform, client.app, request.origin, world.origin_check)?;
    check_credential(&client, code.platform)?;
    check_verifier(&code, params.get("code_verifier"))?;
    if code.expires <= world.now {
        return Err((&CODE_EXPIRED).into());
    }
    // The code knows its tenant; the path may say `common`.
    let tenant = world.directory.tenant(&code.tenant).ok_or_else(|| GRANT_INVALID.with("code"))?;
    let authorized = scope::read(&code.scope, world.directory, Some(tenant))?;
    let mut ask = match params.get("scope") {
        Some(text) => scope::read(text, world.directory, Some(tenant))?,
        None => scope::read(&code.scope, world.directory, Some(tenant))?,
    };
    if ask.resources.len() > 1 {
        return Err((&SEVERAL_RESOURCES).into());
    }
    if ask.resources.is_empty() {
        ask.resources = authorized.resources;
    }
    let wants_refresh = ask.oidc.offline_access || authorized.oidc.offline_access;
    let mut grant = allow(request, client, tenant, code.session, ask, world)?;
    grant.refresh =
        wants_refresh.then(|| Refresh::first(grant.client.app, code.platform, &grant.session, world.now));
    grant.nonce = code.nonce;
    grant.code = Some((code.id, code.expires));
    Ok(grant)
}

fn check_verifier(code: &Code, verifier: Option<&str>) -> Result<(), Refusal> {
    match (&code.code_challenge, verifier) {
        (None, None) if code.platform == Platform::Spa => Err((&PKCE_REQUIRED).into()),
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if *challenge == sha256(verifier.as_bytes()) => Ok(()),
        (Some(_), None) if code.platform == Platform::Spa => Err((&PKCE_REQUIRED).into()),
        _ => Err((&PKCE_MISMATCH).into()),
    }
}
