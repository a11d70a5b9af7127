//! An application: how it is found, what a body changes, and what may not be changed (entra.md §7.3).

use super::{
    Refusal,
    bodies::{Api, Application, Reference},
    id_of, quoted, read,
};
use crate::{
    certificate::Certificate,
    directory::{App, Directory, Platform, RedirectUri},
};
use base64::{Engine, engine::general_purpose::STANDARD};
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

pub(super) fn change(directory: &mut Directory, app_id: &str, body: Value) -> Result<(), Refusal> {
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
    for (platform, uris) in
        [(Platform::Spa, new.spa), (Platform::Web, new.web), (Platform::Public, new.public_client)]
    {
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
pub(super) fn scope_ids(app: &App) -> BTreeMap<String, String> {
    if app.scope_ids.is_empty() {
        app.scopes.iter().map(|value| (id_of(&[&app.client_id, value]), value.clone())).collect()
    } else {
        app.scope_ids.clone()
    }
}

/// As Graph shows it.
pub(super) fn shown(app: &App) -> Value {
    let keys = app.certificate.iter().map(|certificate| {
        json!({ "keyId": id_of(&["keyCredential", &certificate.sha256]), "displayName": app.certificate_name })
    });
    let uris = |platform| {
        let all = app.redirect_uris.iter().filter(|uri| uri.platform == platform);
        json!({ "redirectUris": all.map(|uri| uri.uri.as_str()).collect::<Vec<_>>() })
    };
    let secrets =
        app.secret.iter().map(|_| json!({ "keyId": id_of(&["passwordCredential", &app.client_id]) }));
    json!({
        "id": object_id(app),
        "appId": app.client_id,
        "displayName": app.display_name,
        "spa": uris(Platform::Spa),
        "web": uris(Platform::Web),
        "publicClient": uris(Platform::Public),
        "keyCredentials": keys.collect::<Vec<_>>(),
        "passwordCredentials": secrets.collect::<Vec<_>>(),
    })
}

/// Its owners, as Graph shows them.
pub(super) fn owners(directory: &Directory, app: &App) -> Value {
    let name = |id: &str| {
        let person = directory.people.iter().find(|person| person.oid == id);
        person.map(|person| person.name.as_str())
    };
    let shown = app.owners.iter().map(|id| json!({ "id": id, "displayName": name(id) }));
    json!({ "value": shown.collect::<Vec<_>>() })
}

/// What is posted to a part of an application.
pub(super) fn add(
    directory: &mut Directory,
    app_id: &str,
    part: &str,
    body: Value,
) -> Option<Result<(), Refusal>> {
    let app = directory.apps.iter_mut().find(|app| app.client_id == app_id)?;
    let app = Arc::make_mut(app);
    match part {
        "owners/$ref" => Some(read(body).map(|Reference { id }| {
            app.owners.extend(id.rsplit('/').next().map(str::to_owned));
        })),
        "addPassword" => {
            app.secret = Some(Uuid::new_v4().to_string());
            Some(Ok(()))
        }
        _ => None,
    }
}

fn object_id(app: &App) -> String {
    id_of(&["application", &app.client_id])
}
