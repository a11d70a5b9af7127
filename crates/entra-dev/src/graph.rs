//! Microsoft Graph as far as registering goes, on the second port: `/graph/{tenant}/v1.0/…`, where the tenant stands for the
//! `tid` of the caller's token. Applications, service principals and delegated grants, with the traps of entra.md §7.3:
//! an object id is no `appId`, an enabled scope cannot go, and only a scope that is there can be pre-authorised.
//!
//! What it does not know it refuses by name: a body that it takes says the same to Graph.

use crate::{
    certificate::Certificate,
    directory::{App, Directory, Platform, RedirectUri},
    params::Params,
    shared::Shared,
};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// `application`, as much of it as matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Application {
    display_name: Option<String>,
    #[serde(rename = "signInAudience")]
    _sign_in_audience: Option<String>,
    identifier_uris: Option<Vec<String>>,
    spa: Option<RedirectUris>,
    web: Option<RedirectUris>,
    api: Option<Api>,
    optional_claims: Option<OptionalClaims>,
    required_resource_access: Option<Vec<RequiredResourceAccess>>,
    key_credentials: Option<Vec<KeyCredential>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedirectUris {
    redirect_uris: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Api {
    requested_access_token_version: Option<u8>,
    oauth2_permission_scopes: Option<Vec<PermissionScope>>,
    pre_authorized_applications: Option<Vec<PreAuthorizedApplication>>,
    known_client_applications: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PermissionScope {
    id: Uuid,
    value: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "isEnabled")]
    _is_enabled: bool,
    #[serde(rename = "adminConsentDisplayName")]
    _name: String,
    #[serde(rename = "adminConsentDescription")]
    _description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreAuthorizedApplication {
    app_id: String,
    delegated_permission_ids: Vec<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OptionalClaims {
    access_token: Vec<OptionalClaim>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OptionalClaim {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequiredResourceAccess {
    resource_app_id: String,
    resource_access: Vec<ResourceAccess>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceAccess {
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyCredential {
    #[serde(rename = "type")]
    kind: String,
    usage: String,
    key: String,
    #[serde(default)]
    display_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewGrant {
    client_id: String,
    consent_type: String,
    resource_id: String,
    scope: String,
}

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0} does not exist.")]
    NotFound(String),
    #[error("{0}")]
    Bad(String),
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
            let answer = perform(&mut changed, &tenant, &method, &path, create, body)?;
            *directory = changed;
            Ok(answer)
        })
        .unwrap_or_else(|refusal: Refusal| {
            let (status, code) = match refusal {
                Refusal::NotFound(_) => (StatusCode::NOT_FOUND, "Request_ResourceNotFound"),
                Refusal::Bad(_) => (StatusCode::BAD_REQUEST, "Request_BadRequest"),
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
    let key = key.trim_end_matches(')');
    match (set, method.as_str()) {
        ("applications", "GET") => {
            let app = find(directory, key).ok_or_else(missing)?;
            Ok((StatusCode::OK, application(app)))
        }
        ("applications", "POST") => {
            let app = register(directory, &Uuid::new_v4().to_string());
            change(directory, &app, body)?;
            directory.app(&app).map(|app| (StatusCode::CREATED, application(app))).ok_or_else(missing)
        }
        ("applications", "PATCH") => {
            if let Some(app) = find(directory, key).map(|app| app.client_id.clone()) {
                change(directory, &app, body)?;
                return Ok((StatusCode::NO_CONTENT, Value::Null));
            }
            let name = quoted(key, "uniqueName").filter(|_| create).ok_or_else(missing)?;
            let app = register(directory, name);
            change(directory, &app, body)?;
            directory.app(&app).map(|app| (StatusCode::CREATED, application(app))).ok_or_else(missing)
        }
        ("servicePrincipals", "GET" | "PATCH") => {
            let app_id = quoted(key, "appId").ok_or_else(missing)?;
            let app = directory.app(app_id).ok_or_else(missing)?;
            let (app_id, answer) = (app.client_id.clone(), principal(&tenant, app));
            let exists = directory.tenant(&tenant).is_some_and(|tenant| tenant.principals.contains(&app_id));
            match (method.as_str(), exists) {
                ("GET", true) => Ok((StatusCode::OK, answer)),
                (_, true) => Ok((StatusCode::NO_CONTENT, Value::Null)),
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

/// An empty registration with an `appId` of its own; it is found again by this name.
fn register(directory: &mut Directory, name: &str) -> String {
    let client_id = Uuid::new_v4().to_string();
    let app = App { name: name.to_owned(), client_id: client_id.clone(), token_version: 1, ..App::default() };
    directory.apps.push(Arc::new(app));
    client_id
}

fn find<'a>(directory: &'a Directory, key: &str) -> Option<&'a App> {
    let mut apps = directory.apps.iter().map(Arc::as_ref);
    if let Some(name) = quoted(key, "uniqueName") {
        return apps.find(|app| app.name == name);
    }
    match quoted(key, "appId") {
        Some(id) => directory.app(id),
        None => apps.find(|app| object_id(app) == key),
    }
}

/// The value of `name='value'`.
fn quoted<'a>(key: &'a str, name: &str) -> Option<&'a str> {
    key.strip_prefix(name)?.strip_prefix("='")?.strip_suffix('\'')
}

fn change(directory: &mut Directory, app_id: &str, body: Value) -> Result<(), Refusal> {
    let new: Application = read(body)?;
    let before = directory.clone();
    let app = directory
        .apps
        .iter_mut()
        .find(|app| app.client_id == app_id)
        .ok_or_else(|| Refusal::NotFound(app_id.to_owned()))?;
    let app = Arc::make_mut(app);
    app.display_name = new.display_name.unwrap_or(std::mem::take(&mut app.display_name));
    if let Some(uris) = new.identifier_uris {
        let others = before.apps.iter().filter(|other| other.client_id != app_id);
        if let Some(taken) = others.flat_map(|other| &other.identifier_uris).find(|uri| uris.contains(uri)) {
            return Err(Refusal::Bad(format!("Another application has the identifierUri {taken}.")));
        }
        app.identifier_uris = uris;
    }
    for (platform, uris) in [(Platform::Spa, new.spa), (Platform::Web, new.web)] {
        if let Some(uris) = uris {
            app.redirect_uris.retain(|uri| uri.platform != platform);
            app.redirect_uris.extend(uris.redirect_uris.into_iter().map(|uri| RedirectUri { platform, uri }));
        }
    }
    if let Some(claims) = new.optional_claims {
        app.optional_claims = claims.access_token.into_iter().map(|claim| claim.name).collect();
    }
    if let Some(api) = new.api {
        change_api(app, api)?;
    }
    if let Some(required) = new.required_resource_access {
        app.required = required
            .into_iter()
            .map(|one| {
                let resource = before.app(&one.resource_app_id);
                let resource = resource.ok_or_else(|| Refusal::NotFound(one.resource_app_id.clone()))?;
                let ids = one.resource_access.iter().map(|access| (access.kind.as_str(), access.id));
                Ok((resource.client_id.clone(), values(resource, ids)?))
            })
            .collect::<Result<_, Refusal>>()?;
    }
    if let Some(keys) = new.key_credentials {
        let [key] = keys.as_slice() else {
            return Err(Refusal::Bad("The stand-in keeps one certificate for each application.".to_owned()));
        };
        let unreadable = || Refusal::Bad("A keyCredential is no certificate to verify with.".to_owned());
        let der = STANDARD.decode(&key.key).map_err(|_| unreadable())?;
        let right = key.kind == "AsymmetricX509Cert" && key.usage == "Verify";
        let certificate = Certificate::read_der(&der).ok().filter(|_| right);
        app.certificate = Some(certificate.ok_or_else(unreadable)?);
        app.certificate_name.clone_from(&key.display_name);
    }
    Ok(())
}

fn change_api(app: &mut App, api: Api) -> Result<(), Refusal> {
    let before = scope_ids(app);
    if let Some(scopes) = api.oauth2_permission_scopes {
        if let Some(gone) = before.keys().find(|id| !scopes.iter().any(|scope| scope.id.to_string() == **id))
        {
            return Err(Refusal::Bad(format!("The scope {gone} must be disabled before it is removed.")));
        }
        app.scope_ids = scopes.iter().map(|scope| (scope.id.to_string(), scope.value.clone())).collect();
        let admin = scopes.iter().filter(|scope| scope.kind == "Admin");
        app.admin_scopes = admin.map(|scope| scope.value.clone()).collect();
        app.scopes = scopes.into_iter().map(|scope| scope.value).collect();
    }
    if let Some(version) = api.requested_access_token_version {
        app.token_version = version;
    }
    if let Some(known) = api.known_client_applications {
        app.known_clients = known;
    }
    if let Some(clients) = api.pre_authorized_applications {
        for id in clients.iter().flat_map(|client| &client.delegated_permission_ids) {
            if !before.contains_key(&id.to_string()) {
                return Err(Refusal::Bad(format!(
                    "There is no scope {id} yet that could be pre-authorised."
                )));
            }
        }
        app.pre_authorized = clients.into_iter().map(|client| client.app_id).collect();
    }
    Ok(())
}

/// The scope values behind ids.
fn values<'a>(app: &App, ids: impl Iterator<Item = (&'a str, Uuid)>) -> Result<Vec<String>, Refusal> {
    let known = scope_ids(app);
    ids.map(|(kind, id)| {
        let value = known.get(&id.to_string()).filter(|_| kind == "Scope").cloned();
        value.ok_or_else(|| Refusal::Bad(format!("{} has no delegated permission {id}.", app.display_name)))
    })
    .collect()
}

/// Id → value of an application's scopes.
fn scope_ids(app: &App) -> BTreeMap<String, String> {
    if app.scope_ids.is_empty() {
        app.scopes.iter().map(|value| (id_of(&[&app.client_id, value]), value.clone())).collect()
    } else {
        app.scope_ids.clone()
    }
}

fn application(app: &App) -> Value {
    let keys = app.certificate.iter().map(|certificate| {
        json!({ "keyId": id_of(&["keyCredential", &certificate.sha256]), "displayName": app.certificate_name })
    });
    json!({
        "id": object_id(app),
        "appId": app.client_id,
        "displayName": app.display_name,
        "keyCredentials": keys.collect::<Vec<_>>(),
    })
}

fn principal(tenant: &str, app: &App) -> Value {
    let scopes = scope_ids(app).into_iter().map(|(id, value)| json!({ "id": id, "value": value }));
    json!({
        "id": principal_id(tenant, app),
        "appId": app.client_id,
        "oauth2PermissionScopes": scopes.collect::<Vec<_>>(),
    })
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

fn object_id(app: &App) -> String {
    id_of(&["application", &app.client_id])
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
