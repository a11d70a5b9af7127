//! A control client's table: what may be asked for in its name, and where its credentials are.

use super::{
    ConfigError,
    value::{GUID, Place, wrong},
};
use crate::{
    credential::CredentialFiles,
    ids::{ClientId, TenantId},
    origin::Origin,
    policy::{Rules, Tenants},
    scope::AllowList,
};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// One control client.
#[derive(Clone, Debug)]
pub(crate) struct ClientConfig {
    pub(crate) client_id: ClientId,
    pub(crate) name: String,
    pub(crate) rules: Rules,
    pub(crate) credentials: Vec<CredentialFiles>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientEntry {
    client_id: String,
    name: String,
    brokers: Vec<String>,
    tenants: Vec<String>,
    scopes: Vec<String>,
    #[serde(default)]
    cp1: bool,
    /// The short form of one credential.
    certificate: Option<String>,
    private_key: Option<String>,
    #[serde(default)]
    credentials: Vec<CredentialEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CredentialEntry {
    certificate: Option<String>,
    private_key: Option<String>,
    pfx: Option<String>,
    password_file: Option<String>,
    federated_token_file: Option<String>,
    client_secret_file: Option<String>,
}

const SCOPE: &str = "must be a scope with its resource, such as https://graph.microsoft.com/User.Read; a star may stand for \
                     the first part of a host, as in https://*.sharepoint.com/.default";
const CREDENTIAL: &str = "must name certificate and private_key, or pfx (and password_file), or federated_token_file, \
                          or client_secret_file";

pub(super) fn clients(
    entries: Vec<ClientEntry>,
    top: &Place<'_>,
    known: &HashMap<TenantId, HashSet<Origin>>,
    development: bool,
) -> Result<Vec<ClientConfig>, ConfigError> {
    let mut clients: Vec<ClientConfig> = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let place = top.at(&format!("clients[{at}]"));
        let client = client(entry, &place, known, development)?;
        if clients.iter().any(|other| other.client_id == client.client_id) {
            return Err(wrong(place.field("client_id"), "is the id of another client too"));
        }
        clients.push(client);
    }
    Ok(clients)
}

fn client(
    entry: ClientEntry,
    place: &Place<'_>,
    known: &HashMap<TenantId, HashSet<Origin>>,
    development: bool,
) -> Result<ClientConfig, ConfigError> {
    let client_id: ClientId = place.value("client_id", &entry.client_id, GUID)?;
    let brokers: HashSet<ClientId> = place.values("brokers", &entry.brokers, GUID)?;
    if brokers.contains(&client_id) {
        return Err(wrong(place.field("brokers"), "names the control client itself, which is no broker"));
    }
    let scopes = entry.scopes.iter().enumerate();
    for (at, scope) in scopes {
        AllowList::new([scope.as_str()]).map_err(|_| wrong(place.field(&format!("scopes[{at}]")), SCOPE))?;
    }
    let scopes = AllowList::new(entry.scopes.iter().map(String::as_str));
    let scopes = scopes.map_err(|_| wrong(place.field("scopes"), SCOPE))?;
    let tenants = tenants(&entry.tenants, place, known)?;
    let short = CredentialEntry {
        certificate: entry.certificate,
        private_key: entry.private_key,
        ..CredentialEntry::default()
    };
    let mut credentials = Vec::new();
    if short.certificate.is_some() || short.private_key.is_some() || entry.credentials.is_empty() {
        credentials.push(credential(short, place, development)?);
    }
    for (at, entry) in entry.credentials.into_iter().enumerate() {
        credentials.push(credential(entry, &place.at(&format!("credentials[{at}]")), development)?);
    }
    let rules = Rules { brokers, tenants, scopes, cp1: entry.cp1 };
    Ok(ClientConfig { client_id, name: entry.name, rules, credentials })
}

fn tenants(
    texts: &[String],
    place: &Place<'_>,
    known: &HashMap<TenantId, HashSet<Origin>>,
) -> Result<Tenants, ConfigError> {
    if texts == ["*"] {
        return Ok(Tenants::Any);
    }
    let tenants: HashSet<TenantId> = place.values("tenants", texts, GUID)?;
    if !tenants.iter().all(|tenant| known.contains_key(tenant)) {
        return Err(wrong(place.field("tenants"), "names a tenant that is not in [[tenants]]"));
    }
    Ok(Tenants::Listed(tenants))
}

fn credential(
    entry: CredentialEntry,
    place: &Place<'_>,
    development: bool,
) -> Result<CredentialFiles, ConfigError> {
    let path = |name: &str, text: &str| place.path(name, text);
    match entry {
        CredentialEntry {
            certificate: Some(certificate),
            private_key: Some(key),
            pfx: None,
            password_file: None,
            federated_token_file: None,
            client_secret_file: None,
        } => Ok(CredentialFiles::Pem {
            certificate: path("certificate", &certificate)?,
            private_key: path("private_key", &key)?,
        }),
        CredentialEntry {
            certificate: None,
            private_key: None,
            pfx: Some(pfx),
            password_file,
            federated_token_file: None,
            client_secret_file: None,
        } => Ok(CredentialFiles::Pfx {
            pfx: path("pfx", &pfx)?,
            password: password_file.map(|file| path("password_file", &file)).transpose()?,
        }),
        CredentialEntry {
            certificate: None,
            private_key: None,
            pfx: None,
            password_file: None,
            federated_token_file: Some(token),
            client_secret_file: None,
        } => Ok(CredentialFiles::Federated { token: path("federated_token_file", &token)? }),
        CredentialEntry {
            certificate: None,
            private_key: None,
            pfx: None,
            password_file: None,
            federated_token_file: None,
            client_secret_file: Some(secret),
        } if development => Ok(CredentialFiles::Secret { secret: path("client_secret_file", &secret)? }),
        CredentialEntry { client_secret_file: Some(_), .. } => Err(wrong(
            place.field("client_secret_file"),
            "is for development: say development = true, or use a certificate",
        )),
        _ => Err(wrong(place.field("credentials"), CREDENTIAL)),
    }
}
