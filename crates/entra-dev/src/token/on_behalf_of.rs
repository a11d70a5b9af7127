//! The on-behalf-of grant: `urn:ietf:params:oauth:grant-type:jwt-bearer` with `requested_token_use=on_behalf_of`
//! (entra.md §2.1 to §2.5). The assertion must be an access token of a user, for this very client, of this very tenant.

use super::{Grant, Refresh, TokenRequest, World, grant::allow};
use crate::{
    client_auth::{Client, Credential},
    directory::{App, Directory, Platform, Tenant},
    errors::{
        ASSERTION_AUDIENCE, ASSERTION_EXPIRED, ASSERTION_INVALID, ASSERTION_IS_ID_TOKEN, ASSERTION_MALFORMED,
        CREDENTIAL_MISSING, MALFORMED, Refusal, SCOPE_EMPTY, SESSION_REVOKED, SEVERAL_RESOURCES,
        TENANT_UNKNOWN,
    },
    jws::Jws,
    scope,
    seal::Purpose,
    session::Session,
};

pub(super) fn decide<'a>(
    request: &TokenRequest<'_>,
    client: Client<'a>,
    world: &World<'a>,
) -> Result<Grant<'a>, Refusal> {
    let params = request.params;
    if matches!(client.credential, Credential::None) {
        return Err((&CREDENTIAL_MISSING).into());
    }
    let assertion = params.require("assertion")?;
    if params.require("requested_token_use")? != "on_behalf_of" {
        return Err((&MALFORMED).into());
    }
    let tenant = world.directory.tenant(request.tenant).ok_or_else(|| TENANT_UNKNOWN.with(request.tenant))?;
    let session = check_assertion(assertion, client.app, tenant, request, world)?;
    let ask = scope::read(params.require("scope")?, world.directory, Some(tenant))?;
    match ask.resources.as_slice() {
        [] => return Err((&SCOPE_EMPTY).into()),
        [_] => {}
        _ => return Err((&SEVERAL_RESOURCES).into()),
    }
    let wants_refresh = ask.oidc.offline_access;
    let mut grant = allow(request, client, tenant, session, ask, world)?;
    grant.refresh =
        wants_refresh.then(|| Refresh::first(grant.client.app, Platform::Web, &grant.session, world.now));
    Ok(grant)
}

fn check_assertion(
    assertion: &str,
    client: &App,
    tenant: &Tenant,
    request: &TokenRequest<'_>,
    world: &World<'_>,
) -> Result<Session, Refusal> {
    let invalid = |reason: &str| ASSERTION_INVALID.with(reason);
    let jws = Jws::parse(assertion).ok_or_else(|| ASSERTION_MALFORMED.with("It is not a JWS."))?;
    let key = tenant.keys.iter().find(|key| jws.header("kid") == Some(key.kid()));
    let key = key.ok_or_else(|| invalid("The key was not found."))?;
    if jws.header("alg") != Some("RS256") || !key.verifies(&jws) {
        return Err(invalid("The key was found, but use of the key to verify the signature failed."));
    }
    let issuer = jws.claim("iss").unwrap_or_default();
    let issued_here =
        request.site.issuing_tenant(issuer, world.directory).is_some_and(|issuing| issuing.id == tenant.id);
    if !issued_here || jws.claim("tid") != Some(&tenant.id) {
        return Err(invalid("The issuer does not match the tenant."));
    }
    if !jws.is_live(world.now, 0) {
        return Err((&ASSERTION_EXPIRED).into());
    }
    let audience = jws.claim("aud").unwrap_or_default();
    // To the letter: an identifier URI in other letters is another audience.
    if audience != client.client_id && !client.identifier_uris.iter().any(|uri| uri == audience) {
        return Err(ASSERTION_AUDIENCE.with(audience).with(client.identifier()).with(&client.client_id));
    }
    if jws.claim("azp").or_else(|| jws.claim("appid")).is_none() {
        return Err((&ASSERTION_IS_ID_TOKEN).into());
    }
    if jws.claim("scp").is_none() || jws.claim("idtyp") == Some("app") {
        return Err(ASSERTION_MALFORMED.with("It carries no user."));
    }
    session(&jws, tenant, world.directory, world)
}

/// The session that earned the token. It must still stand, and be of the user whom the token names.
fn session(
    jws: &Jws<'_>,
    tenant: &Tenant,
    directory: &Directory,
    world: &World<'_>,
) -> Result<Session, Refusal> {
    let unnamed = || ASSERTION_MALFORMED.with("It names no user of this tenant.");
    let person = jws.claim("oid").and_then(|oid| directory.person_in(tenant, oid)).ok_or_else(unnamed)?;
    let session = jws.claim("aio").and_then(|aio| world.seal.open::<Session>(Purpose::Session, aio));
    let session = session.ok_or_else(unnamed)?;
    if (&session.home, &session.oid) != (&person.home, &person.oid) {
        return Err(unnamed());
    }
    if session.person(directory).is_none() {
        return Err((&SESSION_REVOKED).into());
    }
    Ok(session)
}
