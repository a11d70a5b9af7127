//! One TOML file that says who and what exists: tenants, users, the three kinds of registrations, consents, backends.
//!
//! It seeds entra-dev, and it is projected into the STS's configuration and the broker's, so that nothing is configured
//! twice. This crate only reads and projects: it opens no socket, and decides nothing about tokens.
//!
//! Names of properties are Microsoft Graph's `application` names where Graph has one.

mod app;
mod certificates;
mod project;
mod provision;

pub use app::{App, FederatedCredential};
pub use certificates::{CertificateError, Certificates};
pub use project::Addresses;
pub use provision::{ProvisionError, provision};

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Everything that exists, as written in the file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Estate {
    /// The shared single-page-app registration that signs the user in.
    pub broker: Broker,
    /// Control clients by name: one app registration per control.
    pub controls: BTreeMap<String, Control>,
    /// The APIs that controls call, by name.
    pub backends: BTreeMap<String, Backend>,
    /// Any other registrations, by name: web applications, other single-page apps, whatever a test needs.
    #[serde(default)]
    pub apps: BTreeMap<String, App>,
    /// Tenants by name.
    pub tenants: BTreeMap<String, Tenant>,
    /// Where it runs for real; only [`provision()`] needs it.
    #[serde(default)]
    pub deployment: Option<Deployment>,
}

/// Where an estate runs for real.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The Security Token Service's origin.
    pub sts: String,
    /// Entra's origin.
    #[serde(default = "entra")]
    pub authority: String,
    /// Name of the tenant that holds the registrations; may be left out where only one uses them.
    #[serde(default)]
    pub home: Option<String>,
}

/// The broker registration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// `appId`, a GUID.
    pub client_id: String,
    /// What consent pages call it.
    pub display_name: String,
    /// `spa.redirectUris`; `{app}` stands for the environment's address.
    pub redirect_uris: Vec<String>,
}

/// The registration of one control.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// `appId`, a GUID.
    pub client_id: String,
    /// What consent pages call it.
    pub display_name: String,
    /// The name under which control code asks for it, in the broker's `clients`.
    pub alias: String,
    /// `requiredResourceAccess`, which is also the STS's allow-list: backend name → delegated scopes.
    pub backends: BTreeMap<String, Vec<String>>,
    /// Whether its code answers claims challenges of its backends: the STS says so to Entra, and tokens may live for a day.
    #[serde(default)]
    pub cp1: bool,
}

/// An API that controls call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// `appId`, a GUID.
    pub client_id: String,
    /// What consent pages call it.
    pub display_name: String,
    /// `identifierUris`; the first one is what scopes are written with.
    pub identifier_uris: Vec<String>,
    /// Values of its `oauth2PermissionScopes`.
    pub scopes: Vec<String>,
    /// Those of `scopes` that only an administrator can grant (`type` Admin).
    #[serde(default)]
    pub admin_scopes: Vec<String>,
    /// `requestedAccessTokenVersion`: 1 or 2.
    #[serde(default = "version_2")]
    pub requested_access_token_version: u8,
    /// `optionalClaims.accessToken`, for example `xms_cc` and `acrs`.
    #[serde(default)]
    pub optional_claims: Vec<String>,
    /// Whether somebody else registered it, under this very `client_id`. So it is with Microsoft Graph, in any case.
    #[serde(default)]
    pub registered_elsewhere: bool,
}

/// One directory.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The tenant id, a GUID.
    pub id: String,
    /// Its verified domain.
    pub domain: String,
    /// Names of the registrations that have a service principal here (`broker`, a control's or a backend's name).
    pub service_principals: Vec<String>,
    /// Tenant-wide delegated grants (`oauth2PermissionGrants` with `consentType` AllPrincipals).
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Members of the tenant.
    #[serde(default)]
    pub users: Vec<User>,
    /// Origins of its Power Apps environments; none for the one that is there when the parts start.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// A tenant-wide delegated grant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Name of the registration that may ask.
    pub client: String,
    /// Name of the registration that is asked for.
    pub resource: String,
    /// Granted scope values.
    pub scopes: Vec<String>,
}

/// A person.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The object id, a GUID.
    pub id: String,
    /// `userPrincipalName`.
    pub username: String,
    /// Display name.
    pub name: String,
    /// Whether the user may consent for everybody.
    #[serde(default)]
    pub admin: bool,
    /// Where the user is a guest: tenant name → the object id there.
    #[serde(default)]
    pub guest_of: BTreeMap<String, String>,
}

fn entra() -> String {
    "https://login.microsoftonline.com".to_owned()
}

pub(crate) fn version_2() -> u8 {
    2
}

/// Why an estate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    /// The file could not be read.
    #[error("cannot read the estate {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is not an estate.
    #[error("the estate is not valid: {0}")]
    Parse(#[from] toml::de::Error),
    /// A name is used that nothing has.
    #[error("the estate names {name:?} in {place}, but no registration has that name")]
    UnknownName {
        /// Where.
        place: String,
        /// The name nobody has.
        name: String,
    },
    /// A scope is used that its backend does not expose.
    #[error(
        "the estate asks for scope {scope:?} of {backend:?} in {place}, which that backend does not expose"
    )]
    UnknownScope {
        /// Where.
        place: String,
        /// The backend.
        backend: String,
        /// The scope it lacks.
        scope: String,
    },
    /// Two registrations share a name.
    #[error("the estate has two registrations named {0:?}")]
    DuplicateName(String),
    /// Two registrations share an id.
    #[error("the estate gives client_id {0} to two registrations")]
    DuplicateId(String),
}

impl Estate {
    /// The one delegated scope that every control client exposes (contract §7).
    pub const CONTROL_SCOPE: &str = "access_as_user";

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, is not an estate, or names what does not exist.
    pub fn load(path: &Path) -> Result<Self, EstateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| EstateError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    /// Reads and checks a text.
    ///
    /// # Errors
    /// When it is not an estate, or names what does not exist.
    pub fn parse(text: &str) -> Result<Self, EstateError> {
        let estate: Self = toml::from_str(text)?;
        estate.check()?;
        Ok(estate)
    }

    /// The id of the registration with this name.
    #[must_use]
    pub fn client_id(&self, name: &str) -> Option<&str> {
        if name == "broker" {
            return Some(&self.broker.client_id);
        }
        self.controls
            .get(name)
            .map(|control| control.client_id.as_str())
            .or_else(|| self.backends.get(name).map(|backend| backend.client_id.as_str()))
            .or_else(|| self.apps.get(name).map(|app| app.client_id.as_str()))
    }

    fn check(&self) -> Result<(), EstateError> {
        let names = self.controls.keys().chain(self.backends.keys()).chain(self.apps.keys());
        let mut seen = BTreeSet::from(["broker"]);
        if let Some(name) = names.map(String::as_str).find(|name| !seen.insert(name)) {
            return Err(EstateError::DuplicateName(name.to_owned()));
        }
        let mut ids = vec![&self.broker.client_id];
        ids.extend(self.controls.values().map(|control| &control.client_id));
        ids.extend(self.backends.values().map(|backend| &backend.client_id));
        ids.extend(self.apps.values().map(|app| &app.client_id));
        ids.sort();
        if let Some([id, _]) = ids.array_windows().find(|[one, next]| one == next) {
            return Err(EstateError::DuplicateId((*id).clone()));
        }
        for (name, control) in &self.controls {
            for (backend, scopes) in &control.backends {
                self.check_scopes(&format!("controls.{name}.backends"), backend, scopes)?;
            }
        }
        for (name, app) in &self.apps {
            for (resource, scopes) in &app.backends {
                self.check_scopes(&format!("apps.{name}.backends"), resource, scopes)?;
            }
            for other in app.pre_authorized_applications.iter().chain(&app.known_client_applications) {
                let unknown =
                    || EstateError::UnknownName { place: format!("apps.{name}"), name: other.clone() };
                self.client_id(other).ok_or_else(unknown)?;
            }
        }
        for (name, tenant) in &self.tenants {
            for home in tenant.users.iter().flat_map(|user| user.guest_of.keys()) {
                let place = format!("tenants.{name}.users");
                self.tenants
                    .get(home)
                    .ok_or_else(|| EstateError::UnknownName { place, name: home.clone() })?;
            }
            let unknown = |place: &str, of: &str| EstateError::UnknownName {
                place: format!("tenants.{name}.{place}"),
                name: of.to_owned(),
            };
            for principal in &tenant.service_principals {
                self.client_id(principal).ok_or_else(|| unknown("service_principals", principal))?;
            }
            for grant in &tenant.grants {
                self.client_id(&grant.client).ok_or_else(|| unknown("grants", &grant.client))?;
                self.check_scopes(&format!("tenants.{name}.grants"), &grant.resource, &grant.scopes)?;
            }
        }
        Ok(())
    }

    fn check_scopes(&self, place: &str, resource: &str, scopes: &[String]) -> Result<(), EstateError> {
        if self.controls.contains_key(resource) && scopes.iter().all(|scope| scope == Self::CONTROL_SCOPE) {
            return Ok(());
        }
        let exposed = self
            .backends
            .get(resource)
            .map(|backend| &backend.scopes)
            .or_else(|| self.apps.get(resource).map(|app| &app.scopes))
            .ok_or_else(|| EstateError::UnknownName { place: place.to_owned(), name: resource.to_owned() })?;
        match scopes.iter().find(|scope| !exposed.contains(scope)) {
            None => Ok(()),
            Some(scope) => Err(EstateError::UnknownScope {
                place: place.to_owned(),
                backend: resource.to_owned(),
                scope: scope.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../../www/estate.toml");

    fn refused(from: &str, to: &str) -> String {
        assert!(DEMO.contains(from), "the demo's estate no longer has {from}");
        Estate::parse(&DEMO.replacen(from, to, 1)).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_demos_estate_is_good() {
        let estate = Estate::parse(DEMO).unwrap();
        assert_eq!(estate.controls.len(), 12);
        assert_eq!(estate.scope("graph", "User.Read").unwrap(), "https://graph.microsoft.com/User.Read");
    }

    #[test]
    fn a_grant_to_nobody_is_refused_by_name() {
        let why = refused("client = \"calendar\"", "client = \"calender\"");
        assert!(why.contains("\"calender\"") && why.contains("tenants.contoso.grants"), "{why}");
    }

    #[test]
    fn a_scope_that_its_backend_lacks_is_refused() {
        let why = refused("\"Calendars.ReadWrite\"] }", "\"Calendar.Write\"] }");
        assert!(why.contains("\"Calendar.Write\"") && why.contains("controls.calendar"), "{why}");
    }

    #[test]
    fn two_registrations_cannot_share_an_id() {
        let why = refused("c0000000-0000-4000-8000-000000000002", "c0000000-0000-4000-8000-000000000001");
        assert!(why.contains("c0000000-0000-4000-8000-000000000001"), "{why}");
    }

    #[test]
    fn a_name_means_one_registration() {
        let why = refused("[backends.documents-api]", "[backends.calendar]");
        assert!(why.contains("\"calendar\""), "{why}");
    }

    #[test]
    fn a_misspelt_property_is_refused() {
        assert!(refused("display_name", "displayname").contains("displayname"));
    }

    fn addresses() -> Addresses {
        Addresses {
            app: "https://org.crm4.dynamics.com".to_owned(),
            authority: "https://login.microsoftonline.com".to_owned(),
            sts: "https://talxis-token-exchange.westeurope.azurecontainerapps.io".to_owned(),
        }
    }

    #[test]
    fn the_brokers_configuration_with_twelve_clients_fits_into_an_environment_variable() {
        let text = Estate::parse(DEMO).unwrap().broker_config(&addresses());
        let config: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(config["clients"].as_object().unwrap().len(), 12, "an alias stands for two controls");
        assert!(text.len() < 2_000, "{} characters", text.len());
    }

    #[test]
    fn the_sts_gets_a_control_only_for_tenants_where_it_exists() {
        let estate = Estate::parse(DEMO).unwrap();
        let text = estate.sts_config(&addresses(), "127.0.0.1:0", Path::new("certs"));
        let config: toml::Value = toml::from_str(&text).unwrap();
        let tenants_of = |name: &str| {
            let clients = config["clients"].as_array().unwrap();
            let client = clients.iter().find(|client| client["name"].as_str() == Some(name)).unwrap();
            client["tenants"].as_array().unwrap().len()
        };
        assert_eq!((tenants_of("calendar"), tenants_of("people-grid")), (1, 0));
    }

    #[test]
    fn a_control_that_answers_challenges_is_so_at_the_sts_and_no_other_is() {
        let mut estate = Estate::parse(DEMO).unwrap();
        estate.controls.get_mut("calendar").unwrap().cp1 = true;
        let text = estate.sts_config(&addresses(), "127.0.0.1:0", Path::new("certs"));
        let config: toml::Value = toml::from_str(&text).unwrap();
        let capable = config["clients"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|client| client["cp1"].as_bool() == Some(true));
        assert_eq!(capable.map(|client| client["name"].as_str().unwrap()).collect::<Vec<_>>(), ["calendar"]);
    }
}
