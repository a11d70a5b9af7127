//! Microsoft Graph as far as registering goes, on the second port: `/graph/{tenant}/v1.0/…`, where the tenant stands for the
//! `tid` of the caller's token. Applications and service principals, each with its own owners and credentials, and delegated
//! grants, with the traps of entra.md §7.1 and §7.3: an object id is no `appId`, a certificate shows itself only to who selects
//! nothing else, an enabled scope or role cannot go, and only a scope that is there can be pre-authorised.
//!
//! What it does not know it refuses by name: a body that it takes says the same to Graph.

mod access;
mod application;
mod bodies;

use crate::{
    directory::{Access, App, Directory, Tenant},
    params::Params,
    shared::Shared,
};
use access::Of;
use application::{change, find, register, scope_ids, shown};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use bodies::{NewGrant, Principal};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0} does not exist.")]
    NotFound(String),
    #[error("{0}")]
    Bad(String),
    #[error("Permission (scope or role) cannot be deleted or updated unless disabled first.")]
    Enabled,
}

type Answer = Result<(StatusCode, Value), Refusal>;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/graph/{tenant}/v1.0/{*path}", any(answer))
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path((tenant, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Option<Json<Value>>,
) -> Response {
    let create = headers.get("prefer").is_some_and(|prefer| prefer == "create-if-missing");
    let body = body.map(|Json(body)| body).unwrap_or_default();
    let query = Params::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    // A list can only be asked for by one property: its filter is a key like others.
    let path = match query.get("$filter") {
        Some(filter) => format!("{path}/{}", filter.replacen(" eq ", "=", 1)),
        None => path,
    };
    let (status, body) = shared
        .change(|directory| {
            let mut changed = directory.clone();
            let (status, mut answer) = perform(&mut changed, &tenant, &method, &path, create, body)?;
            select(&mut answer, query.get("$select"))?;
            *directory = changed;
            Ok((status, answer))
        })
        .unwrap_or_else(|refusal: Refusal| {
            let (status, code) = match refusal {
                Refusal::NotFound(_) => (StatusCode::NOT_FOUND, "Request_ResourceNotFound"),
                Refusal::Bad(_) => (StatusCode::BAD_REQUEST, "Request_BadRequest"),
                Refusal::Enabled => (StatusCode::BAD_REQUEST, "CannotDeleteOrUpdateEnabledEntitlement"),
            };
            (status, json!({ "error": { "code": code, "message": refusal.to_string() } }))
        });
    if status == StatusCode::NO_CONTENT {
        status.into_response()
    } else {
        (status, Json(body)).into_response()
    }
}

fn perform(
    directory: &mut Directory,
    tenant: &str,
    method: &Method,
    path: &str,
    create: bool,
    body: Value,
) -> Answer {
    let missing = || Refusal::NotFound(path.to_owned());
    let tenant = directory.tenant(tenant).ok_or_else(missing)?.id.clone();
    let (set, key) = path.split_once(['(', '/']).unwrap_or((path, ""));
    let (key, part) = key.split_once(")/").unwrap_or((key.trim_end_matches(')'), ""));
    match (set, method.as_str()) {
        ("applications" | "servicePrincipals", method) if !part.is_empty() => {
            let app = find(directory, key).ok_or_else(missing)?.client_id.clone();
            let of = if set == "applications" { Of::Application } else { Of::Principal(&tenant) };
            let exists = |tenant: &Tenant| tenant.principals.contains(&app);
            if of != Of::Application && !directory.tenant(&tenant).is_some_and(exists) {
                return Err(missing());
            }
            access::part(directory, &app, of, (method, part), body).ok_or_else(missing)?
        }
        _ if !part.is_empty() => Err(missing()),
        ("applications", "GET") => {
            let app = find(directory, key).ok_or_else(missing)?;
            Ok((StatusCode::OK, shown(directory, app)))
        }
        ("applications", "POST") => {
            let app = register(directory, &Uuid::new_v4().to_string());
            change(directory, &app, body)?;
            directory.app(&app).map(|app| (StatusCode::CREATED, shown(directory, app))).ok_or_else(missing)
        }
        ("applications", "PATCH") => {
            if let Some(app) = find(directory, key).map(|app| app.client_id.clone()) {
                change(directory, &app, body)?;
                return Ok((StatusCode::NO_CONTENT, Value::Null));
            }
            let name = quoted(key, "uniqueName").filter(|_| create).ok_or_else(missing)?;
            let app = register(directory, name);
            change(directory, &app, body)?;
            directory.app(&app).map(|app| (StatusCode::CREATED, shown(directory, app))).ok_or_else(missing)
        }
        ("servicePrincipals", "GET" | "PATCH") => {
            let app_id = quoted(key, "appId").ok_or_else(missing)?;
            let app = directory.app(app_id).ok_or_else(missing)?;
            let (app_id, answer) = (app.client_id.clone(), principal(directory, &tenant, app));
            let exists = directory.tenant(&tenant).is_some_and(|tenant| tenant.principals.contains(&app_id));
            if exists && method == Method::PATCH {
                let new: Principal = read(body)?;
                if let Some(keys) = new.key_credentials {
                    access::set_certificates(directory, &app_id, Of::Principal(&tenant), keys)?;
                }
                return Ok((StatusCode::NO_CONTENT, Value::Null));
            }
            match (method.as_str(), exists) {
                ("GET", true) => Ok((StatusCode::OK, answer)),
                ("PATCH", false) if create => {
                    let tenant = directory.tenant_mut(&tenant).ok_or_else(missing)?;
                    tenant.principals.insert(app_id);
                    Ok((StatusCode::CREATED, answer))
                }
                _ => Err(missing()),
            }
        }
        ("oauth2PermissionGrants", "GET") => {
            let client = quoted(key, "clientId").ok_or_else(missing)?;
            Ok((StatusCode::OK, json!({ "value": grants(directory, &tenant, client) })))
        }
        ("oauth2PermissionGrants", "POST") => {
            let new: NewGrant = read(body)?;
            if new.consent_type != "AllPrincipals" {
                return Err(Refusal::Bad("Only consentType AllPrincipals is imitated.".to_owned()));
            }
            let of = |id: &str| {
                let app = directory.apps.iter().find(|app| principal_id(&tenant, app) == id);
                app.map(|app| app.client_id.clone()).ok_or_else(|| Refusal::NotFound(id.to_owned()))
            };
            let (client, resource) = (of(&new.client_id)?, of(&new.resource_id)?);
            let scopes: Vec<String> = new.scope.split_whitespace().map(str::to_owned).collect();
            directory.tenant_mut(&tenant).ok_or_else(missing)?.grant(&client, &resource, None, scopes);
            let id = grant_id(&tenant, &client, &resource);
            Ok((StatusCode::CREATED, json!({ "id": id })))
        }
        ("oauth2PermissionGrants", "PATCH") => {
            let scope = body.get("scope").and_then(Value::as_str).unwrap_or_default();
            let of = tenant.clone();
            let tenant = directory.tenant_mut(&tenant).ok_or_else(missing)?;
            let mut all = tenant.grants.iter_mut().filter(|grant| grant.user.is_none());
            let grant = all.find(|grant| grant_id(&of, &grant.client, &grant.resource) == key);
            grant.ok_or_else(missing)?.scopes = scope.split_whitespace().map(str::to_owned).collect();
            Ok((StatusCode::NO_CONTENT, Value::Null))
        }
        _ => Err(missing()),
    }
}

/// The value of `name='value'`.
fn quoted<'a>(key: &'a str, name: &str) -> Option<&'a str> {
    key.strip_prefix(name)?.strip_prefix("='")?.strip_suffix('\'')
}

fn principal(directory: &Directory, tenant: &str, app: &App) -> Value {
    let access = directory.tenant(tenant).and_then(|tenant| tenant.access.get(&app.client_id));
    let (keys, secrets) = access::shown(access.unwrap_or(&Access::default()));
    let scopes = scope_ids(app).into_iter().map(|(id, value)| json!({ "id": id, "value": value }));
    json!({
        "id": principal_id(tenant, app),
        "appId": app.client_id,
        "oauth2PermissionScopes": scopes.collect::<Vec<_>>(),
        "keyCredentials": keys,
        "passwordCredentials": secrets,
    })
}

/// Only what was asked for; and `key`, the certificate itself, only to who asks for nothing but certificates.
fn select(answer: &mut Value, names: Option<&str>) -> Result<(), Refusal> {
    let Value::Object(members) = answer else { return Ok(()) };
    if let Some(names) = names {
        if let Some(unknown) = names.split(',').find(|name| !members.contains_key(*name)) {
            return Err(Refusal::Bad(format!("Could not find a property named '{unknown}'.")));
        }
        members.retain(|member, _| names.split(',').any(|name| name == member));
    }
    if names != Some("keyCredentials")
        && let Some(Value::Array(keys)) = members.get_mut("keyCredentials")
    {
        keys.iter_mut().filter_map(|key| key.get_mut("key")).for_each(|key| *key = Value::Null);
    }
    Ok(())
}

/// The tenant-wide grants of a service principal.
fn grants(directory: &Directory, tenant: &str, of: &str) -> Vec<Value> {
    let Some(found) = directory.tenant(tenant) else { return Vec::new() };
    let grants = found.grants.iter().filter(|grant| grant.user.is_none()).filter_map(|grant| {
        let (client, resource) = (directory.app(&grant.client)?, directory.app(&grant.resource)?);
        if principal_id(tenant, client) != of {
            return None;
        }
        let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
        Some(json!({
            "id": grant_id(tenant, &grant.client, &grant.resource),
            "clientId": principal_id(tenant, client),
            "consentType": "AllPrincipals",
            "resourceId": principal_id(tenant, resource),
            "scope": scopes.join(" "),
        }))
    });
    grants.collect()
}

fn principal_id(tenant: &str, app: &App) -> String {
    id_of(&["servicePrincipal", tenant, &app.client_id])
}

fn grant_id(tenant: &str, client: &str, resource: &str) -> String {
    id_of(&["oauth2PermissionGrant", tenant, client, resource])
}

/// An id that follows from what it is for.
fn id_of(parts: &[&str]) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("/").as_bytes()).to_string()
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Refusal> {
    serde_json::from_value(body).map_err(|why| Refusal::Bad(why.to_string()))
}
