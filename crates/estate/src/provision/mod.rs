//! What an administrator runs to have an estate for real: a shell script of `az` and Microsoft Graph requests in their order, and
//! at its end the configurations with the ids that Entra gave (entra.md §7, contract §7, powerapps.md §3.3).
//!
//! Entra gives every registration its own `appId`, so a `client_id` of the file is only what the stand-in uses. The script finds
//! its registrations by `uniqueName`, creates what is missing, and may be run again. It sends nothing itself.

mod bodies;
mod check;
mod script;

pub use check::ProvisionError;

use crate::{Addresses, Backend, Estate, Tenant};
use bodies::GRAPH_ID;
use script::{Script, Whose, hole};
use std::path::Path;

const GRAPH_URI: &str = "https://graph.microsoft.com";

/// The script.
///
/// # Errors
/// When the estate lacks what a real tenant needs.
pub fn provision(estate: &Estate) -> Result<String, ProvisionError> {
    let (deployment, home_id) = check::ready(estate)?;
    let estate = &with_holes(estate);
    let users: Vec<(&str, &Tenant)> = check::users(estate).collect();
    let audience = if users.len() > 1 { "AzureADMultipleOrgs" } else { "AzureADMyOrg" };
    let environments: Vec<&str> =
        users.iter().flat_map(|(_, tenant)| &tenant.environments).map(String::as_str).collect();

    let script = Script::new();
    script.tenant(home_id, "registrations");
    for (name, backend) in estate.backends.iter().filter(|(_, backend)| !is_elsewhere(backend)) {
        script.registration(name, &bodies::named(&backend.display_name, audience));
        script.change(name, &bodies::backend(name, backend));
    }
    script.registration("broker", &bodies::named(&estate.broker.display_name, audience));
    let oidc = bodies::OIDC.iter().enumerate();
    let oidc = oidc.map(|(number, value)| script.scope(GRAPH_ID, "broker", number, value)).collect();
    script.change("broker", &bodies::broker(&estate.broker, &environments, oidc));
    for (name, control) in &estate.controls {
        script.registration(name, &bodies::named(&control.display_name, audience));
        let required: Vec<(&str, Vec<String>)> = control
            .backends
            .iter()
            .filter_map(|(backend, values)| {
                let of = estate.backends.get(backend)?;
                let id = |value: &String| {
                    if is_elsewhere(of) {
                        let number = of.scopes.iter().position(|scope| scope == value).unwrap_or_default();
                        script.scope(&of.client_id, backend, number, value)
                    } else {
                        bodies::scope_id(backend, value)
                    }
                };
                Some((of.client_id.as_str(), values.iter().map(id).collect()))
            })
            .collect();
        script.change(name, &bodies::control(name, &landings(&users), &required));
        script.change(name, &bodies::pre_authorized(name));
        script.certificate(name);
    }
    for (name, tenant) in &users {
        script.tenant(&tenant.id, &format!("{name}: service principals and consents"));
        for principal in &tenant.service_principals {
            let id = estate.client_id(principal).unwrap_or_default();
            script.principal(principal, id, whose(estate, principal, id));
        }
        for grant in &tenant.grants {
            script.grant(&grant.client, &grant.resource, &grant.scopes);
        }
    }
    let at = Addresses {
        app: String::new(),
        authority: deployment.authority.clone(),
        sts: deployment.sts.clone(),
    };
    let config = estate.broker_config(&at);
    script.file("broker-config.json", &config);
    script.file("deployment-settings.json", &format!("{:#}", bodies::deployment_settings(&config)));
    let certificates = Path::new(script::CERTIFICATES);
    script.file("talxis-sts.toml", &estate.sts_config(&at, "0.0.0.0:8080", certificates));
    script.file("csp.json", &bodies::csp(&at, &resources(estate)));
    script.file("consent-links.txt", &links(estate, &users, &deployment.authority));
    Ok(script.end())
}

/// The estate with a hole in place of each id that only Entra can give.
fn with_holes(estate: &Estate) -> Estate {
    let mut holed = estate.clone();
    holed.broker.client_id = hole("broker");
    for (name, control) in &mut holed.controls {
        control.client_id = hole(name);
    }
    for (name, backend) in &mut holed.backends {
        if backend.identifier_uris.iter().any(|uri| uri == GRAPH_URI) {
            GRAPH_ID.clone_into(&mut backend.client_id);
        } else if !backend.registered_elsewhere {
            let id = std::mem::replace(&mut backend.client_id, hole(name));
            for uri in &mut backend.identifier_uris {
                *uri = uri.replace(&id, &hole(name));
            }
        }
    }
    // Tenants that use nothing have no part in it.
    holed.tenants.retain(|_, tenant| !tenant.service_principals.is_empty());
    holed
}

fn whose(estate: &Estate, name: &str, id: &str) -> Whose {
    let registered = estate.backends.get(name).is_none_or(|backend| !is_elsewhere(backend));
    match id {
        GRAPH_ID => Whose::Microsofts,
        _ if registered && !estate.apps.contains_key(name) => Whose::Ours,
        _ => Whose::AnothersHere,
    }
}

fn is_elsewhere(backend: &Backend) -> bool {
    backend.registered_elsewhere || backend.client_id == GRAPH_ID
}

/// Where Entra goes after admin consent: each tenant's first environment.
fn landings(users: &[(&str, &Tenant)]) -> Vec<String> {
    users.iter().map(|(_, tenant)| landing(tenant)).collect()
}

fn landing(tenant: &Tenant) -> String {
    format!("{}/", tenant.environments.first().map_or("", String::as_str))
}

/// Origins of APIs whose identifier says where they are.
fn resources(estate: &Estate) -> Vec<String> {
    let uris = estate.backends.values().flat_map(|backend| &backend.identifier_uris);
    uris.filter_map(|uri| {
        let host = uri.strip_prefix("https://")?.split('/').next()?;
        Some(format!("https://{host}"))
    })
    .collect()
}

/// One link for each client of each tenant.
fn links(estate: &Estate, users: &[(&str, &Tenant)], authority: &str) -> String {
    let mut text = String::new();
    for (name, tenant) in users {
        for (control, client) in &estate.controls {
            let landing = landing(tenant).replace(':', "%3A").replace('/', "%2F");
            text += &format!(
                "{name} {control} {authority}/{}/adminconsent?client_id={}&redirect_uri={landing}\n",
                tenant.id, client.client_id
            );
        }
    }
    text
}

#[cfg(test)]
mod tests;
