//! What all grants have in common: given a client, a person and an ask, may there be a token, and with which scopes.

use super::{TokenRequest, World};
use crate::{
    client_auth::{Client, Credential},
    directory::{App, GRAPH_URI, Person, Platform, Tenant},
    errors::{
        APP_NOT_IN_TENANT, CONSENT_MISSING, CREDENTIAL_MISSING, NOT_ASSIGNED, RESOURCE_NOT_IN_TENANT,
        Refusal, SCOPE_EMPTY, SECOND_FACTOR, SESSION_REVOKED, TRY_AGAIN, USER_NOT_IN_TENANT,
    },
    policy::{self, Claims},
    scope::{Ask, Oidc, Wanted},
    session::Session,
};
use serde::{Deserialize, Serialize};

/// A refresh token of a single-page app lives this long, from the first one on.
const SPA_LIFETIME: u64 = 86_400;
/// Any other lives this long from its own issue on.
const LIFETIME: u64 = 90 * 86_400;

/// What may be issued.
pub(crate) struct Grant<'a> {
    pub(crate) client: Client<'a>,
    pub(crate) tenant: &'a Tenant,
    pub(crate) person: &'a Person,
    pub(crate) oid: &'a str,
    pub(crate) session: Session,
    pub(crate) resource: &'a App,
    pub(crate) identifier: String,
    /// Every delegated scope that the client holds for the resource.
    pub(crate) scopes: Vec<String>,
    /// The answer's `scope`.
    pub(crate) scope: String,
    pub(crate) oidc: Oidc,
    pub(crate) nonce: Option<String>,
    pub(crate) cae: bool,
    pub(crate) acrs: Vec<String>,
    pub(crate) client_info: bool,
    pub(crate) refresh: Option<Refresh>,
    /// The id of the code, which must not have been redeemed.
    pub(crate) code: Option<(String, u64)>,
}

/// What a refresh token stands for. Sealed, it is the refresh token: bound to person and client, not to resource or
/// tenant (entra.md §1.4).
#[derive(Serialize, Deserialize)]
pub(crate) struct Refresh {
    pub(crate) client_id: String,
    pub(crate) platform: Platform,
    pub(crate) session: Session,
    pub(crate) expires: u64,
}

impl Refresh {
    /// The first one of a sign-in.
    pub(crate) fn first(client: &App, platform: Platform, session: &Session, now: u64) -> Self {
        let lifetime = if platform == Platform::Spa { SPA_LIFETIME } else { LIFETIME };
        Self {
            client_id: client.client_id.clone(),
            platform,
            session: session.clone(),
            expires: now + lifetime,
        }
    }

    /// The next one, which inherits the end of a single-page app's.
    pub(crate) fn next(self, now: u64) -> Self {
        let expires = if self.platform == Platform::Spa { self.expires } else { now + LIFETIME };
        Self { expires, ..self }
    }
}

/// Decides. `wanted` is the one resource of the request; none asks for the OIDC scopes alone, which belong to Graph.
pub(crate) fn allow<'a>(
    request: &TokenRequest<'_>,
    client: Client<'a>,
    tenant: &'a Tenant,
    session: Session,
    ask: Ask<'a>,
    world: &World<'a>,
) -> Result<Grant<'a>, Refusal> {
    let directory = world.directory;
    let app = client.app;
    let person = session.person(directory).ok_or(&SESSION_REVOKED)?;
    let oid = person.oid_in(tenant).ok_or_else(|| {
        USER_NOT_IN_TENANT
            .with(&person.username)
            .with(&person.home)
            .with(&tenant.domain)
            .with(&app.display_name)
    })?;
    if !tenant.has(app) {
        return Err(APP_NOT_IN_TENANT.with(&app.client_id).with(&tenant.domain));
    }
    let graph = directory.resource(GRAPH_URI).ok_or(&TRY_AGAIN)?;
    let wanted = ask.resources.into_iter().next();
    let resource = wanted.as_ref().map_or(graph, |wanted| wanted.app);
    if let Some(wanted) = wanted.as_ref().filter(|wanted| !tenant.has(wanted.app)) {
        let name = if wanted.identifier.is_empty() { GRAPH_URI } else { &wanted.identifier };
        return Err(RESOURCE_NOT_IN_TENANT.with(name).with(&tenant.domain));
    }
    let mut scopes: Vec<String> = match &wanted {
        Some(wanted) => consented(app, wanted, directory.granted(tenant, app, resource, oid).into_iter())?,
        None if ask.oidc.openid || ask.oidc.offline_access => Vec::new(),
        None => return Err((&SCOPE_EMPTY).into()),
    };
    for app in [app, resource] {
        if tenant.shuts_out(app, oid) {
            return Err(NOT_ASSIGNED.with(&app.display_name).with(&person.username));
        }
    }
    let claims = Claims::read(request.params.get("claims"))?;
    policy::check(&tenant.policies, &resource.client_id, session.second_factor)?;
    if claims.step_up && !session.second_factor {
        let challenge = request.params.owned("claims").unwrap_or_default();
        return Err(SECOND_FACTOR.with(&resource.client_id).claims(challenge));
    }
    if claims.not_before.is_some_and(|not_before| not_before > world.now) {
        return Err((&SESSION_REVOKED).into());
    }
    let mut scope: Vec<String> = wanted.as_ref().map_or_else(Vec::new, |wanted| {
        // What was asked for comes first and in the words of the request: some libraries take a missing one for declined.
        let asked = wanted.values.iter();
        asked
            .chain(scopes.iter().filter(|scope| !wanted.values.contains(scope)))
            .map(|scope| wanted.write(scope))
            .collect()
    });
    if std::ptr::eq(resource, graph) {
        scope.extend(ask.oidc.names().map(str::to_owned));
        scopes.extend(ask.oidc.names().map(str::to_owned));
    }
    Ok(Grant {
        client,
        tenant,
        person,
        oid,
        session,
        resource,
        identifier: wanted.map(|wanted| wanted.identifier).unwrap_or_default(),
        scopes,
        scope: scope.join(" "),
        oidc: ask.oidc,
        nonce: None,
        cae: claims.cp1,
        acrs: claims.acrs,
        client_info: request.params.get("client_info") == Some("1"),
        refresh: None,
        code: None,
    })
}

/// All scopes held, if those asked for are among them.
fn consented<'a>(
    client: &App,
    wanted: &Wanted<'_>,
    held: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, Refusal> {
    let held: Vec<String> = held.map(str::to_owned).collect();
    let enough = if wanted.is_default() {
        !held.is_empty()
    } else {
        wanted.values.iter().all(|value| held.contains(value))
    };
    if enough { Ok(held) } else { Err(CONSENT_MISSING.with(&client.client_id).with(&client.display_name)) }
}

/// A confidential client must have shown its credential; a public one has none to show.
pub(crate) fn check_credential(client: &Client<'_>, platform: Platform) -> Result<(), Refusal> {
    match (platform, &client.credential) {
        (Platform::Web, Credential::None) => Err((&CREDENTIAL_MISSING).into()),
        _ => Ok(()),
    }
}
