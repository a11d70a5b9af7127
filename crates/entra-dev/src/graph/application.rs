//! An application: how it is found, what a body changes, and what may not be changed (entra.md §7.3).

use super::{
    Refusal,
    access::{self, Of},
    bodies::{Api, AppRole, Application, REST},
    id_of, quoted, read,
};
use crate::directory::{App, Directory, GRAPH_ID, Platform, RedirectUri};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// An empty registration with an `appId` of its own; it is found again by this name.
pub(super) fn register(directory: &mut Directory, name: &str) -> String {
    let client_id = Uuid::new_v4().to_string();
    let app = App { name: name.to_owned(), client_id: client_id.clone(), token_version: 1, ..App::default() };
    directory.apps.push(Arc::new(app));
    client_id
}

pub(super) fn find<'a>(directory: &'a Directory, key: &str) -> Option<&'a App> {
    let mut apps = directory.apps.iter().map(Arc::as_ref);
    if let Some(name) = quoted(key, "uniqueName") {
        return apps.find(|app| app.name == name);
    }
    match quoted(key, "appId") {
        Some(id) => directory.app(id),
        None => apps.find(|app| object_id(app) == key),
    }
}

pub(super) fn change(directory: &mut Directory, app_id: &str, mut body: Value) -> Result<(), Refusal> {
    let members = body.as_object_mut();
    let rest: Vec<(&str, Value)> = members
        .map(|all| REST.into_iter().filter_map(|name| Some((name, all.remove(name)?))).collect())
        .unwrap_or_default();
    let new: Application = read(body)?;
    let before = directory.clone();
    let app = directory
        .apps
        .iter_mut()
        .find(|app| app.client_id == app_id)
        .ok_or_else(|| Refusal::NotFound(app_id.to_owned()))?;
    let app = Arc::make_mut(app);
    app.rest.extend(rest.into_iter().map(|(name, value)| (name.to_owned(), value)));
    app.display_name = new.display_name.unwrap_or(std::mem::take(&mut app.display_name));
    if let Some(uris) = new.identifier_uris {
        let others = before.apps.iter().filter(|other| other.client_id != app_id);
        if let Some(taken) = others.flat_map(|other| &other.identifier_uris).find(|uri| uris.contains(uri)) {
            return Err(Refusal::Bad(format!("Another application has the identifierUri {taken}.")));
        }
        app.identifier_uris = uris;
    }
    let web = new.web.map(|web| {
        app.rest.insert("logoutUrl".to_owned(), web.logout_url);
        app.rest.insert("implicitGrantSettings".to_owned(), json!(web.implicit_grant_settings));
        web.redirect_uris
    });
    let [spa, public] = [new.spa, new.public_client].map(|uris| uris.map(|uris| uris.redirect_uris));
    for (platform, uris) in [(Platform::Spa, spa), (Platform::Web, web), (Platform::Public, public)] {
        if let Some(uris) = uris {
            app.redirect_uris.retain(|uri| uri.platform != platform);
            app.redirect_uris.extend(uris.into_iter().map(|uri| RedirectUri { platform, uri }));
        }
    }
    if let Some(roles) = new.app_roles {
        let old: Vec<AppRole> = app.rest.get("appRoles").map_or(Ok(Vec::new()), |old| read(old.clone()))?;
        if old.iter().any(|old| old.is_enabled && !roles.iter().any(|role| role.id == old.id)) {
            return Err(Refusal::Enabled);
        }
        app.rest.insert("appRoles".to_owned(), json!(roles));
    }
    if let Some(claims) = new.optional_claims {
        app.rest.insert("idToken".to_owned(), json!(claims.id_token));
        app.rest.insert("saml2Token".to_owned(), json!(claims.saml2_token));
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
        access::set_certificates(directory, app_id, Of::Application, keys)?;
    }
    Ok(())
}

fn change_api(app: &mut App, api: Api) -> Result<(), Refusal> {
    let before = scope_ids(app);
    if let Some(scopes) = api.oauth2_permission_scopes {
        if before.keys().any(|id| !scopes.iter().any(|scope| scope.id.to_string() == *id)) {
            return Err(Refusal::Enabled);
        }
        app.scope_ids = scopes.iter().map(|scope| (scope.id.to_string(), scope.value.clone())).collect();
        let admin = scopes.iter().filter(|scope| scope.kind == "Admin");
        app.admin_scopes = admin.map(|scope| scope.value.clone()).collect();
        app.scopes = scopes.into_iter().map(|scope| scope.value).collect();
    }
    if let Some(version) = api.requested_access_token_version {
        app.token_version = version;
    }
    if let Some(accept) = api.accept_mapped_claims {
        app.rest.insert("acceptMappedClaims".to_owned(), json!(accept));
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
pub(super) fn scope_ids(app: &App) -> BTreeMap<String, String> {
    if app.scope_ids.is_empty() {
        // Graph hosts the scopes of OpenID Connect, in every tenant.
        let oidc = if app.client_id == GRAPH_ID {
            &["openid", "profile", "email", "offline_access"][..]
        } else {
            &[]
        };
        let values = app.scopes.iter().map(String::as_str).chain(oidc.iter().copied());
        values.map(|value| (id_of(&[&app.client_id, value]), value.to_owned())).collect()
    } else {
        app.scope_ids.clone()
    }
}

/// As Graph shows it.
pub(super) fn shown(directory: &Directory, app: &App) -> Value {
    let written = |name: &str| app.rest.get(name).cloned().unwrap_or_default();
    let list = |name: &str| app.rest.get(name).cloned().unwrap_or_else(|| json!([]));
    let uris = |platform| {
        let all = app.redirect_uris.iter().filter(|uri| uri.platform == platform);
        all.map(|uri| uri.uri.as_str()).collect::<Vec<_>>()
    };
    let scopes = scope_ids(app);
    let claims: Vec<Value> = app.optional_claims.iter().map(|name| json!({ "name": name })).collect();
    let required = app.required.iter().map(|(resource, values)| {
        let ids = directory.app(resource).map(scope_ids).unwrap_or_default();
        let access = ids.iter().filter(|(_, value)| values.contains(value));
        let access: Vec<Value> = access.map(|(id, _)| json!({ "id": id, "type": "Scope" })).collect();
        json!({ "resourceAppId": resource, "resourceAccess": access })
    });
    let clients = app
        .pre_authorized
        .iter()
        .map(|id| json!({ "appId": id, "delegatedPermissionIds": scopes.keys().collect::<Vec<_>>() }));
    let (keys, secrets) = access::shown(&app.access);
    let mut shown = json!({
        "id": object_id(app),
        "appId": app.client_id,
        "displayName": app.display_name,
        "identifierUris": app.identifier_uris,
        "spa": { "redirectUris": uris(Platform::Spa) },
        "web": {
            "redirectUris": uris(Platform::Web),
            "logoutUrl": written("logoutUrl"),
            "implicitGrantSettings": written("implicitGrantSettings"),
        },
        "publicClient": { "redirectUris": uris(Platform::Public) },
        "api": {
            "requestedAccessTokenVersion": app.token_version,
            "oauth2PermissionScopes": scopes.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect::<Vec<_>>(),
            "preAuthorizedApplications": clients.collect::<Vec<_>>(),
            "knownClientApplications": app.known_clients,
            "acceptMappedClaims": written("acceptMappedClaims"),
        },
        "appRoles": list("appRoles"),
        "requiredResourceAccess": required.collect::<Vec<_>>(),
        "optionalClaims": { "accessToken": claims, "idToken": list("idToken"), "saml2Token": list("saml2Token") },
        "keyCredentials": keys,
        "passwordCredentials": secrets,
    });
    if let Value::Object(shown) = &mut shown {
        shown.extend(REST.into_iter().map(|name| (name.to_owned(), written(name))));
    }
    shown
}

fn object_id(app: &App) -> String {
    id_of(&["application", &app.client_id])
}
