//! What a registration and a service principal each have by themselves (entra.md §7.1): owners, client secrets, certificates, and
//! the registration alone federated credentials. Whoever has one of them needs nothing of the other object.

use super::{
    Answer, Refusal,
    bodies::{KeyCredential, NewFederated, NewPassword, Reference},
    read,
};
use crate::{
    certificate::Certificate,
    directory::{Access, App, Directory, Federated, NamedCertificate, Secret},
};
use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Whose part is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of<'a> {
    Application,
    /// Its service principal in this tenant.
    Principal(&'a str),
}

/// A request for a part of either; none if there is no such part.
pub(super) fn part(
    directory: &mut Directory,
    app_id: &str,
    of: Of<'_>,
    request: (&str, &str),
    body: Value,
) -> Option<Answer> {
    match (of, request) {
        (_, ("GET", "owners")) => {
            let people = directory.people.clone();
            let name = |id: &str| people.iter().find(|person| person.oid == id).map(|person| &person.name);
            let owners = &access(directory, app_id, of)?.owners;
            let owners = owners.iter().map(|id| json!({ "id": id, "displayName": name(id) }));
            Some(Ok((StatusCode::OK, json!({ "value": owners.collect::<Vec<_>>() }))))
        }
        (_, ("POST", "owners/$ref")) => Some(read(body).and_then(|Reference { id }| {
            let access = access(directory, app_id, of).ok_or(Refusal::NotFound(id.clone()))?;
            access.owners.extend(id.rsplit('/').next().map(str::to_owned));
            Ok((StatusCode::NO_CONTENT, Value::Null))
        })),
        (_, ("POST", "addPassword")) => Some(read(body).and_then(|NewPassword { password_credential }| {
            let name = password_credential.display_name;
            let (key_id, text) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
            let shown = json!({ "keyId": key_id, "displayName": name, "secretText": text });
            let access = access(directory, app_id, of).ok_or(Refusal::NotFound(app_id.to_owned()))?;
            access.secrets.push(Secret { key_id, name, text });
            Ok((StatusCode::OK, shown))
        })),
        (Of::Application, ("GET", "federatedIdentityCredentials")) => {
            let all = directory.app(app_id)?.federated.iter().map(|one| {
                json!({
                    "id": super::id_of(&[app_id, &one.issuer, &one.subject]),
                    "name": one.name,
                    "issuer": one.issuer,
                    "subject": one.subject,
                    "audiences": [one.audience],
                })
            });
            Some(Ok((StatusCode::OK, json!({ "value": all.collect::<Vec<_>>() }))))
        }
        (Of::Application, ("POST", "federatedIdentityCredentials")) => {
            Some(read(body).and_then(|new: NewFederated| {
                let [audience] = <[String; 1]>::try_from(new.audiences)
                    .map_err(|_| Refusal::Bad("There must be exactly one audience.".to_owned()))?;
                let app = application(directory, app_id).ok_or(Refusal::NotFound(app_id.to_owned()))?;
                let (name, issuer, subject) = (new.name, new.issuer, new.subject);
                app.federated.push(Federated { name, issuer, subject, audience });
                Ok((StatusCode::CREATED, Value::Null))
            }))
        }
        _ => None,
    }
}

fn application<'a>(directory: &'a mut Directory, app_id: &str) -> Option<&'a mut App> {
    directory.apps.iter_mut().find(|app| app.client_id == app_id).map(Arc::make_mut)
}

fn access<'a>(directory: &'a mut Directory, app_id: &str, of: Of<'_>) -> Option<&'a mut Access> {
    match of {
        Of::Application => application(directory, app_id).map(|app| &mut app.access),
        Of::Principal(tenant) => {
            Some(directory.tenant_mut(tenant)?.access.entry(app_id.to_owned()).or_default())
        }
    }
}

/// The whole list becomes this one. A certificate that is there already needs no more than its `keyId`: it comes without `key`.
pub(super) fn set_certificates(
    directory: &mut Directory,
    app_id: &str,
    of: Of<'_>,
    keys: Vec<KeyCredential>,
) -> Result<(), Refusal> {
    let access = access(directory, app_id, of).ok_or_else(|| Refusal::NotFound(app_id.to_owned()))?;
    let unreadable = || Refusal::Bad("A keyCredential is no certificate to verify with.".to_owned());
    let mut certificates = Vec::new();
    for new in keys {
        let before = access.certificates.iter().find(|one| Some(&one.key_id) == new.key_id.as_ref());
        certificates.push(match (new.key, before) {
            (None, Some(before)) => before.clone(),
            (Some(key), _) if new.kind == "AsymmetricX509Cert" && new.usage == "Verify" => {
                let der = STANDARD.decode(&key).map_err(|_| unreadable())?;
                NamedCertificate {
                    key_id: new.key_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
                    name: new.display_name,
                    certificate: Certificate::read_der(&der).map_err(|_| unreadable())?,
                }
            }
            _ => return Err(unreadable()),
        });
    }
    access.certificates = certificates;
    Ok(())
}

/// `keyCredentials` and `passwordCredentials`, as Graph shows them.
pub(super) fn shown(access: &Access) -> (Value, Value) {
    let keys = access.certificates.iter().map(|one| {
        json!({
            "keyId": one.key_id,
            "displayName": one.name,
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "key": STANDARD.encode(&one.certificate.der),
        })
    });
    let secrets = access.secrets.iter().map(|one| json!({ "keyId": one.key_id, "displayName": one.name }));
    (keys.collect(), secrets.collect())
}
