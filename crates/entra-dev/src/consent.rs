//! Who consented to what, what is still missing, and recording a consent (entra.md §1.6, §2.6).
//!
//! A control client without a principal is refused before any consent is asked, unless the request is one that creates
//! it: `.default` of a resource that names this client among its `knownClientApplications`.

use crate::{
    directory::{App, Directory, Person, Tenant},
    errors::{ADMIN_CONSENT_REQUIRED, RESOURCE_NOT_IN_TENANT, Refusal},
    scope::{Ask, Wanted},
};
use serde::{Deserialize, Serialize};

/// Permissions that one client wants for one resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) client: String,
    pub(crate) resource: String,
    pub(crate) scopes: Vec<String>,
}

/// What a consent page asks for. It may have no line: then only the client's own principal is missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) lines: Vec<Line>,
}

/// What is missing for a request, if anything. `force` asks again for what was granted (`prompt=consent`).
pub(crate) fn missing(
    directory: &Directory,
    tenant: &Tenant,
    client: &App,
    person: &Person,
    ask: &Ask<'_>,
    force: bool,
) -> Result<Option<Consent>, Refusal> {
    let oid = person.oid_in(tenant).unwrap_or_default();
    let mut lines = Vec::new();
    for wanted in &ask.resources {
        let combined = is_combined(client, wanted);
        if !tenant.has(wanted.app) && !combined {
            return Err(RESOURCE_NOT_IN_TENANT.with(wanted.app.identifier()).with(&tenant.domain));
        }
        let held = directory.granted(tenant, client, wanted.app, oid);
        if combined {
            let own = static_permissions(directory, wanted.app);
            let consented = tenant.has(wanted.app)
                && !held.is_empty()
                && own.iter().all(|line| is_held(directory, tenant, line, oid));
            if !consented || force {
                lines.extend(static_permissions(directory, client));
                lines.extend(own);
            }
        } else if wanted.is_default() {
            if held.is_empty() || force {
                lines.extend(static_permissions(directory, client));
            }
        } else {
            let scopes: Vec<String> = wanted
                .values
                .iter()
                .filter(|value| force || !held.contains(value.as_str()))
                .cloned()
                .collect();
            if !scopes.is_empty() {
                lines.push(Line {
                    client: client.client_id.clone(),
                    resource: wanted.app.client_id.clone(),
                    scopes,
                });
            }
        }
    }
    let for_admins = lines.iter().any(|line| {
        let admin = directory.app(&line.resource).map_or(&[][..], |resource| &resource.admin_scopes);
        !is_held(directory, tenant, line, oid) && line.scopes.iter().any(|scope| admin.contains(scope))
    });
    if for_admins && !person.admin {
        return Err(ADMIN_CONSENT_REQUIRED.with(&client.display_name));
    }
    Ok((!lines.is_empty() || force || !tenant.has(client)).then_some(Consent { lines }))
}

/// Everything that an application lists in `requiredResourceAccess`.
pub(crate) fn static_permissions(directory: &Directory, client: &App) -> Vec<Line> {
    let known = |resource: &&String| directory.app(resource).is_some();
    let required = client.required.iter().filter(|(resource, _)| known(resource));
    required
        .map(|(resource, scopes)| Line {
            client: client.client_id.clone(),
            resource: resource.clone(),
            scopes: scopes.clone(),
        })
        .collect()
}

/// Records a consent: principals for the clients, grants for the lines. `user` none: for everybody.
pub(crate) fn record(tenant: &mut Tenant, client: &str, consent: &Consent, user: Option<&str>) {
    tenant.principals.insert(client.to_owned());
    for line in &consent.lines {
        tenant.principals.insert(line.client.clone());
        tenant.grant(&line.client, &line.resource, user, line.scopes.iter().cloned());
    }
}

fn is_combined(client: &App, wanted: &Wanted<'_>) -> bool {
    wanted.is_default()
        && wanted.app.known_clients.contains(&client.client_id)
        && client.required.contains_key(&wanted.app.client_id)
}

fn is_held(directory: &Directory, tenant: &Tenant, line: &Line, oid: &str) -> bool {
    let (Some(client), Some(resource)) = (directory.app(&line.client), directory.app(&line.resource)) else {
        return false;
    };
    let held = directory.granted(tenant, client, resource, oid);
    line.scopes.iter().all(|scope| held.contains(scope.as_str()))
}
