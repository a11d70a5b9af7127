//! The estate in the directory's words.

use crate::{
    certificate::Certificate,
    directory::{
        Access, App, Directory, Federated, GRAPH_ID, GRAPH_URI, Grant, Person, Platform, RedirectUri, Tenant,
    },
    jws::SigningKey,
    server::StartError,
};
use estate::{Certificates, Estate};
use std::{collections::BTreeMap, sync::Arc};

/// Makes the directory. `app` stands for `{app}` in redirect URIs, `authority` for `{authority}` in federated issuers.
pub(crate) fn directory(
    estate: &Estate,
    certificates: &Certificates,
    app: &str,
    authority: &str,
) -> Result<Directory, StartError> {
    let mut apps = vec![broker(estate, app)];
    apps.extend(
        estate
            .backends
            .values()
            .zip(estate.backends.keys())
            .map(|(backend, name)| backend_app(name, backend)),
    );
    for (name, control) in &estate.controls {
        apps.push(control_app(estate, name, control, certificates)?);
    }
    for (name, other) in &estate.apps {
        apps.push(general_app(estate, name, other, certificates, app, authority)?);
    }
    let no_graph = !apps.iter().any(|app| app.identifier_uris.iter().any(|uri| uri == GRAPH_URI));
    if no_graph {
        apps.push(App {
            name: "Microsoft Graph".to_owned(),
            client_id: GRAPH_ID.to_owned(),
            display_name: "Microsoft Graph".to_owned(),
            identifier_uris: vec![GRAPH_URI.to_owned()],
            token_version: 2,
            ..App::default()
        });
    }
    let mut tenants = Vec::new();
    let mut people = Vec::new();
    for (number, (name, tenant)) in estate.tenants.iter().enumerate() {
        let id_of = |name: &String| estate.client_id(name).unwrap_or_default().to_owned();
        let mut principals: std::collections::BTreeSet<String> =
            tenant.service_principals.iter().map(id_of).collect();
        principals.extend(no_graph.then(|| GRAPH_ID.to_owned()));
        let grants = tenant.grants.iter().map(|grant| Grant {
            client: id_of(&grant.client),
            resource: id_of(&grant.resource),
            user: None,
            scopes: grant.scopes.iter().cloned().collect(),
        });
        people.extend(tenant.users.iter().map(|user| {
            Person {
                home: tenant.id.clone(),
                oid: user.id.clone(),
                username: user.username.clone(),
                name: user.name.clone(),
                admin: user.admin,
                guest_of: user
                    .guest_of
                    .iter()
                    .filter_map(|(name, oid)| Some((estate.tenants.get(name)?.id.clone(), oid.clone())))
                    .collect(),
                generation: 0,
            }
        }));
        tenants.push(Tenant {
            name: name.clone(),
            id: tenant.id.clone(),
            domain: tenant.domain.clone(),
            principals,
            access: BTreeMap::new(),
            grants: grants.collect(),
            policies: Vec::new(),
            assignments: BTreeMap::new(),
            keys: vec![SigningKey::pooled(number).map_err(|_| StartError::Keys)?],
        });
    }
    Ok(Directory { tenants, apps: apps.into_iter().map(Arc::new).collect(), people })
}

fn broker(estate: &Estate, app: &str) -> App {
    let uris = estate.redirect_uris(app).into_iter().map(|uri| RedirectUri { platform: Platform::Spa, uri });
    App {
        name: "broker".to_owned(),
        client_id: estate.broker.client_id.clone(),
        display_name: estate.broker.display_name.clone(),
        redirect_uris: uris.collect(),
        token_version: 2,
        ..App::default()
    }
}

fn backend_app(name: &str, backend: &estate::Backend) -> App {
    App {
        name: name.to_owned(),
        client_id: backend.client_id.clone(),
        display_name: backend.display_name.clone(),
        identifier_uris: backend.identifier_uris.clone(),
        scopes: backend.scopes.clone(),
        admin_scopes: backend.admin_scopes.clone(),
        token_version: backend.requested_access_token_version,
        optional_claims: backend.optional_claims.clone(),
        ..App::default()
    }
}

/// A control client as contract §7 registers it: one scope, version 2, the broker pre-authorised and known, a certificate.
fn control_app(
    estate: &Estate,
    name: &str,
    control: &estate::Control,
    certificates: &Certificates,
) -> Result<App, StartError> {
    Ok(App {
        name: name.to_owned(),
        client_id: control.client_id.clone(),
        display_name: control.display_name.clone(),
        identifier_uris: vec![format!("api://{}", control.client_id)],
        scopes: vec![Estate::CONTROL_SCOPE.to_owned()],
        token_version: 2,
        required: required(estate, &control.backends),
        pre_authorized: vec![estate.broker.client_id.clone()],
        known_clients: vec![estate.broker.client_id.clone()],
        access: Access::of(None, Some(Certificate::read(&certificates.certificate(name)?)?)),
        ..App::default()
    })
}

fn general_app(
    estate: &Estate,
    name: &str,
    other: &estate::App,
    certificates: &Certificates,
    app: &str,
    authority: &str,
) -> Result<App, StartError> {
    let ids = |names: &[String]| {
        names.iter().filter_map(|name| estate.client_id(name)).map(str::to_owned).collect()
    };
    let platforms = [
        (Platform::Spa, &other.spa_redirect_uris),
        (Platform::Web, &other.web_redirect_uris),
        (Platform::Public, &other.public_redirect_uris),
    ];
    let redirect_uris = platforms.into_iter().flat_map(|(platform, uris)| {
        uris.iter().map(move |uri| RedirectUri { platform, uri: uri.replace("{app}", app) })
    });
    let certificate = other
        .certificate
        .then(|| -> Result<_, StartError> { Ok(Certificate::read(&certificates.certificate(name)?)?) })
        .transpose()?;
    Ok(App {
        name: name.to_owned(),
        client_id: other.client_id.clone(),
        display_name: other.display_name.clone(),
        redirect_uris: redirect_uris.collect(),
        identifier_uris: other.identifier_uris.clone(),
        scopes: other.scopes.clone(),
        admin_scopes: other.admin_scopes.clone(),
        token_version: other.requested_access_token_version,
        optional_claims: other.optional_claims.clone(),
        required: required(estate, &other.backends),
        pre_authorized: ids(&other.pre_authorized_applications),
        known_clients: ids(&other.known_client_applications),
        access: Access::of(other.secret.clone(), certificate),
        federated: other
            .federated_credentials
            .iter()
            .map(|one| Federated {
                name: String::new(),
                issuer: one.issuer.replace("{authority}", authority),
                subject: one.subject.clone(),
                audience: one.audience.clone(),
            })
            .collect(),
        ..App::default()
    })
}

fn required(estate: &Estate, backends: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    let id = |name: &String| estate.client_id(name).map(str::to_owned);
    backends.iter().filter_map(|(name, scopes)| Some((id(name)?, scopes.clone()))).collect()
}
