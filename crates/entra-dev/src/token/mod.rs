//! The token endpoint as a decision: who may have which token; and then the answer (RFC 6749 §5, entra.md §1.3).
//!
//! Deciding is pure and holds no lock; signing comes after it.

mod code;
mod grant;
mod on_behalf_of;
mod refresh;

use crate::{
    authorize::is_any,
    claims::{self, Access, Issuing, Subject},
    client_auth::Client,
    directory::{App, Directory, Platform, Tenant},
    errors::{NOT_ON_COMMON, Refusal, TENANT_UNKNOWN, TRY_AGAIN, UNSUPPORTED_GRANT},
    log::GrantType,
    params::Params,
    seal::{Purpose, Seal},
    session::Session,
    site::Site,
};
pub(crate) use grant::{Grant, Refresh};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// A request to the token endpoint.
pub(crate) struct TokenRequest<'a> {
    /// The tenant as in the path.
    pub(crate) tenant: &'a str,
    pub(crate) params: &'a Params,
    pub(crate) origin: Option<&'a str>,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) site: &'a Site,
}

/// What a decision is made against.
pub(crate) struct World<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) seal: &'a Seal,
    pub(crate) origin_check: OriginCheck,
    pub(crate) now: u64,
}

/// What /token demands of the `Origin` of a single-page app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginCheck {
    /// That there is one: what public clients observe at Entra.
    #[default]
    AnyOrigin,
    /// That it is the origin of a registered redirect URI: what Entra may do one day.
    Registered,
}

/// Reads `grant_type`.
pub(crate) fn grant_type(params: &Params) -> GrantType {
    match params.get("grant_type") {
        Some("authorization_code") => GrantType::Code,
        Some("refresh_token") => GrantType::RefreshToken,
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => GrantType::OnBehalfOf,
        _ => GrantType::Unsupported,
    }
}

/// Decides for an authenticated client.
pub(crate) fn decide<'a>(
    request: &TokenRequest<'_>,
    client: Client<'a>,
    world: &World<'a>,
) -> Result<Grant<'a>, Refusal> {
    match grant_type(request.params) {
        GrantType::Code => code::decide(request, client, world),
        GrantType::RefreshToken => refresh::decide(request, client, world),
        GrantType::OnBehalfOf if is_any(request.tenant) => Err((&NOT_ON_COMMON).into()),
        GrantType::OnBehalfOf => on_behalf_of::decide(request, client, world),
        GrantType::Unsupported => Err(UNSUPPORTED_GRANT.with(request.params.require("grant_type")?)),
    }
}

/// Signs and seals what was decided.
pub(crate) fn issue(grant: &Grant<'_>, seal: &Seal, origin: &str, now: u64) -> Result<Value, Refusal> {
    let issuing = Issuing { origin, now, seal };
    let session = &grant.session;
    let subject = Subject {
        tenant: grant.tenant,
        person: grant.person,
        oid: grant.oid,
        session,
        client: grant.client.app,
    };
    let access = Access {
        resource: grant.resource,
        identifier: &grant.identifier,
        scopes: &grant.scopes,
        acr: grant.client.credential.acr(),
        cae: grant.cae,
        acrs: &grant.acrs,
    };
    let lifetime =
        lifetime(grant.cae && grant.resource.optional_claims.iter().any(|claim| claim == "xms_cc"));
    let key = grant.tenant.key().ok_or(&TRY_AGAIN)?;
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": key.kid() });
    let sign = |claims: &Value| key.sign(&header, claims).map_err(|_| Refusal::from(&TRY_AGAIN));
    let mut body = json!({
        "token_type": "Bearer",
        "scope": grant.scope,
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": sign(&claims::access_token(&subject, &access, grant.resource.token_version, &issuing, lifetime)?)?,
    });
    if lifetime > 7200 {
        claims::add(&mut body, json!({ "refresh_in": lifetime / 2 }));
    }
    if grant.oidc.openid {
        let id_token = claims::id_token(
            &subject,
            grant.nonce.as_deref(),
            grant.oidc.profile,
            grant.oidc.email,
            &issuing,
        );
        claims::add(&mut body, json!({ "id_token": sign(&id_token)? }));
    }
    if grant.client_info {
        claims::add(&mut body, json!({ "client_info": claims::client_info(session) }));
    }
    if let Some(refresh) = &grant.refresh {
        claims::add(&mut body, json!({ "refresh_token": seal.close(Purpose::Refresh, refresh)? }));
        if refresh.platform == Platform::Spa {
            claims::add(
                &mut body,
                json!({ "refresh_token_expires_in": refresh.expires.saturating_sub(now) }),
            );
        }
    }
    Ok(body)
}

/// 60 to 90 minutes, so that not everybody comes back at once; 20 to 28 hours where CAE was negotiated (entra.md §1.4).
fn lifetime(long: bool) -> u64 {
    let [random, ..] = Uuid::new_v4().into_bytes();
    let share = u64::from(random);
    if long { 72_000 + share * 28_800 / 255 } else { 3_600 + share * 1_800 / 255 }
}

/// The tenant of a request, or of the person's home where the path names none.
fn tenant<'a>(
    request: &TokenRequest<'_>,
    session: &Session,
    directory: &'a Directory,
) -> Result<&'a Tenant, Refusal> {
    let name = if is_any(request.tenant) { session.home.as_str() } else { request.tenant };
    directory.tenant(name).ok_or_else(|| TENANT_UNKNOWN.with(name))
}

/// The rules for codes and refresh tokens of single-page apps, and of all others (entra.md §1.3).
fn check_origin(
    platform: Platform,
    app: &App,
    origin: Option<&str>,
    check: OriginCheck,
) -> Result<(), Refusal> {
    use crate::errors::{CROSS_ORIGIN_REQUIRED, CROSS_ORIGIN_SPA_ONLY};
    let is_registered = |origin: &str| {
        let starts =
            |uri: &str| uri.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        app.redirect_uris.iter().any(|one| one.platform == Platform::Spa && starts(&one.uri))
    };
    match (platform, origin) {
        (Platform::Spa, None) => Err((&CROSS_ORIGIN_REQUIRED).into()),
        (Platform::Spa, Some(origin)) if check == OriginCheck::Registered && !is_registered(origin) => {
            Err(CROSS_ORIGIN_SPA_ONLY.with(origin))
        }
        (Platform::Spa, Some(_)) | (_, None) => Ok(()),
        (_, Some(origin)) => Err(CROSS_ORIGIN_SPA_ONLY.with(origin)),
    }
}
