//! Whether an estate says all that a real tenant needs, and what is missing, in words.
//!
//! Whoever runs the script may have the estate from somebody else: what its texts may be is decided here, before any is written.

use super::script::is_hole;
use crate::{Deployment, Estate, Tenant};
use serde_json::Value;
use uuid::Uuid;

/// Why an estate cannot be provisioned.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProvisionError {
    /// It is not said where the STS is.
    #[error("the estate has no [deployment]: add it, with sts = \"https://…\"")]
    NoDeployment,
    /// No tenant uses anything.
    #[error("no tenant of the estate has service_principals")]
    NoTenant,
    /// Several tenants could hold the registrations, or none has the name that is given.
    #[error("deployment.home must name the tenant that holds the registrations, one of: {0}")]
    Home(String),
    /// A tenant has no environment.
    #[error("tenants.{0}.environments is empty: the broker needs a redirect URI for each environment")]
    NoEnvironment(String),
    /// An address is more, or less, than an origin.
    #[error("{place} is {value:?}, and should be an origin as https://contoso.crm4.dynamics.com")]
    NotAnOrigin {
        /// Where.
        place: String,
        /// What stands there.
        value: String,
    },
    /// An id is no GUID.
    #[error("{place} is {value:?}, and should be a GUID")]
    NotAGuid {
        /// Where.
        place: String,
        /// What stands there.
        value: String,
    },
    /// A name cannot stand in names of files and variables.
    #[error("{0:?} should be a name of lower-case letters, digits and hyphens")]
    BadName(String),
    /// A scope has letters that would need quoting.
    #[error("{place} is {value:?}, and should have only letters, digits and . _ : / -")]
    BadScope {
        /// Where.
        place: String,
        /// What stands there.
        value: String,
    },
    /// A text has what nobody would see, or would see as something else, in the script.
    #[error("{place} is {value:?}, and should be one line of letters that can be seen")]
    BadText {
        /// Where.
        place: String,
        /// What stands there.
        value: String,
    },
    /// A tenant has control clients and no broker, or a grant without its service principals.
    #[error("tenants.{tenant}.service_principals lacks {missing:?}, which the tenant uses")]
    NoPrincipal {
        /// The tenant.
        tenant: String,
        /// The name of the registration.
        missing: String,
    },
}

/// Tenants that use the estate.
pub(super) fn users(estate: &Estate) -> impl Iterator<Item = (&str, &Tenant)> {
    let all = estate.tenants.iter().map(|(name, tenant)| (name.as_str(), tenant));
    all.filter(|(_, tenant)| !tenant.service_principals.is_empty())
}

/// The deployment, and the id of the tenant that holds the registrations.
pub(super) fn ready(estate: &Estate) -> Result<(&Deployment, &str), ProvisionError> {
    let deployment = estate.deployment.as_ref().ok_or(ProvisionError::NoDeployment)?;
    origin("deployment.sts", &deployment.sts)?;
    origin("deployment.authority", &deployment.authority)?;
    texts("", &serde_json::to_value(estate).unwrap_or_else(|why| why.to_string().into()))?;
    names(estate)?;
    ids(estate)?;
    scopes(estate)?;
    for (name, tenant) in users(estate) {
        guid(&format!("tenants.{name}.id"), &tenant.id)?;
        if tenant.environments.is_empty() {
            return Err(ProvisionError::NoEnvironment(name.to_owned()));
        }
        for environment in &tenant.environments {
            origin(&format!("tenants.{name}.environments"), environment)?;
        }
        let used = tenant.grants.iter().flat_map(|grant| [grant.client.as_str(), grant.resource.as_str()]);
        if let Some(missing) = std::iter::once("broker")
            .chain(used)
            .find(|used| !tenant.service_principals.iter().any(|p| p == used))
        {
            let (tenant, missing) = (name.to_owned(), missing.to_owned());
            return Err(ProvisionError::NoPrincipal { tenant, missing });
        }
    }
    let names: Vec<&str> = users(estate).map(|(name, _)| name).collect();
    if names.is_empty() {
        return Err(ProvisionError::NoTenant);
    }
    let is_home = |name: &str| deployment.home.as_deref().map_or(names.len() == 1, |home| home == name);
    let home = users(estate).find(|(name, _)| is_home(name));
    let (_, tenant) = home.ok_or_else(|| ProvisionError::Home(names.join(", ")))?;
    Ok((deployment, &tenant.id))
}

/// Every text of the estate, names included.
fn texts(place: &str, value: &Value) -> Result<(), ProvisionError> {
    let text = |place: &str, text: &str| {
        // Line and paragraph separators, and what turns the direction of writing.
        let invisible = |letter| matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let bad = |letter: char| letter.is_control() || invisible(letter) || is_hole(letter);
        let (place, value) = (place.to_owned(), text.to_owned());
        if text.contains(bad) { Err(ProvisionError::BadText { place, value }) } else { Ok(()) }
    };
    match value {
        Value::String(value) => text(place, value),
        Value::Array(values) => values.iter().try_for_each(|value| texts(place, value)),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            text(&format!("a name in {place}"), name)?;
            texts(&if place.is_empty() { name.clone() } else { format!("{place}.{name}") }, value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn names(estate: &Estate) -> Result<(), ProvisionError> {
    let registrations = estate.controls.keys().chain(estate.backends.keys()).chain(estate.apps.keys());
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let good =
        |name: &str| name.chars().all(plain) && name.starts_with(|first: char| first.is_ascii_lowercase());
    match registrations.chain(estate.tenants.keys()).find(|name| !good(name)) {
        Some(name) => Err(ProvisionError::BadName(name.clone())),
        None => Ok(()),
    }
}

fn ids(estate: &Estate) -> Result<(), ProvisionError> {
    guid("broker.client_id", &estate.broker.client_id)?;
    let controls = estate.controls.iter().map(|(name, control)| ("controls", name, &control.client_id));
    let backends = estate.backends.iter().map(|(name, backend)| ("backends", name, &backend.client_id));
    let apps = estate.apps.iter().map(|(name, app)| ("apps", name, &app.client_id));
    controls
        .chain(backends)
        .chain(apps)
        .try_for_each(|(kind, name, id)| guid(&format!("{kind}.{name}.client_id"), id))
}

/// Those that registrations expose: others cannot be asked for (`Estate::check`).
fn scopes(estate: &Estate) -> Result<(), ProvisionError> {
    let backends = estate.backends.iter().map(|(name, backend)| ("backends", name, &backend.scopes));
    let apps = estate.apps.iter().map(|(name, app)| ("apps", name, &app.scopes));
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._:/-".contains(letter);
    for (kind, name, values) in backends.chain(apps) {
        if let Some(value) = values.iter().find(|value| value.is_empty() || !value.chars().all(plain)) {
            let (place, value) = (format!("{kind}.{name}.scopes"), value.clone());
            return Err(ProvisionError::BadScope { place, value });
        }
    }
    Ok(())
}

fn origin(place: &str, value: &str) -> Result<(), ProvisionError> {
    let loopback = |host: &str| {
        let name = host.split(':').next().unwrap_or_default();
        name == "localhost" || name == "127.0.0.1" || name.ends_with(".localhost")
    };
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-:".contains(letter);
    let good = match (value.strip_prefix("https://"), value.strip_prefix("http://")) {
        (Some(host), _) => !host.is_empty() && host.chars().all(plain),
        (_, Some(host)) => loopback(host) && host.chars().all(plain),
        _ => false,
    };
    let (place, value) = (place.to_owned(), value.to_owned());
    if good { Ok(()) } else { Err(ProvisionError::NotAnOrigin { place, value }) }
}

fn guid(place: &str, value: &str) -> Result<(), ProvisionError> {
    let (place, value) = (place.to_owned(), value.to_owned());
    if value.len() == 36 && Uuid::parse_str(&value).is_ok() {
        Ok(())
    } else {
        Err(ProvisionError::NotAGuid { place, value })
    }
}
