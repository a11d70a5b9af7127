//! `BrokerConfig` (contract §1): parsed, not validated. What comes out of here can be used without another look; what breaks
//! a rule is `config_invalid` and names the field. It may come from a hostile script, so nothing in it sends a byte before
//! it is checked: https only, hosts within the pins, control scopes that are really of their control client.

use crate::{Code, Error, Json, Result, guid, scope, url, url::Address};

/// The hosts that a package allows. A configuration outside of them is refused.
#[derive(Clone, Default)]
pub struct Pins {
    /// The authority's host: exact, or a suffix that starts with a dot.
    pub authority_host: Option<String>,
    /// The STS's host: exact, or a suffix that starts with a dot.
    pub sts_host: Option<String>,
}

/// A configuration that keeps every rule.
pub(crate) struct Config {
    /// The broker registration.
    pub(crate) client_id: String,
    /// The STS's base URL, without a final slash.
    pub(crate) sts: String,
    /// The authority's origin.
    pub(crate) authority: String,
    /// The tenant where Power Apps does not say one.
    pub(crate) tenant: Option<String>,
    /// The redirect page, where it is not the packaged one.
    pub(crate) redirect_uri: Option<String>,
    clients: Vec<Alias>,
    restrict: bool,
}

/// A control client and the one scope of it that the broker asks for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ControlClient {
    pub(crate) id: String,
    pub(crate) scope: String,
}

struct Alias {
    name: String,
    client: ControlClient,
}

const FIELDS: [&str; 9] =
    ["version", "clientId", "sts", "authority", "tenant", "redirectUri", "storage", "clients", "restrict"];
const DEFAULT_AUTHORITY: &str = "https://login.microsoftonline.com";

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `config_invalid` for the first field that breaks a rule.
    pub(crate) fn parse(json: &impl Json, pins: &Pins) -> Result<Self> {
        let names = json.names();
        if let Some(unknown) = names.iter().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(invalid(unknown, "is not a field of the configuration"));
        }
        let given = |name: &str| names.iter().any(|own| own == name);
        // A member of the wrong type reads as absent; it must not pass for one that was left out.
        let text = |name: &str| match json.text(name) {
            None if given(name) => Err(invalid(name, "must be a text")),
            text => Ok(text),
        };
        if json.number("version") != Some(1) {
            return Err(invalid("version", "must be 1"));
        }
        let client_id = text("clientId")?.as_deref().and_then(guid::parse);
        let client_id =
            client_id.ok_or_else(|| invalid("clientId", "must be the GUID of the broker registration"))?;
        let authority = text("authority")?;
        let authority =
            address("authority", authority.as_deref().unwrap_or(DEFAULT_AUTHORITY), &pins.authority_host)?;
        if !authority.is_origin() {
            return Err(invalid(
                "authority",
                "must be an origin without a path: the tenant has a field of its own",
            ));
        }
        let sts = address("sts", &text("sts")?.unwrap_or_default(), &pins.sts_host)?;
        let tenant = match text("tenant")? {
            None => None,
            Some(tenant) => Some(guid::parse(&tenant).ok_or_else(|| invalid("tenant", "must be a GUID"))?),
        };
        let redirect_uri = text("redirectUri")?;
        if let Some(uri) = &redirect_uri {
            address("redirectUri", uri, &None)?;
        }
        if !matches!(text("storage")?.as_deref(), None | Some("session" | "memory" | "persistent")) {
            return Err(invalid("storage", "must be \"session\", \"memory\" or \"persistent\""));
        }
        let restrict = json.flag("restrict");
        if restrict.is_none() && given("restrict") {
            return Err(invalid("restrict", "must be true or false"));
        }
        let clients = match json.member("clients") {
            Some(clients) => read_clients(&clients, &client_id)?,
            None if given("clients") => return Err(invalid("clients", "must be an object of aliases")),
            None => Vec::new(),
        };
        Ok(Self {
            client_id,
            sts: sts.as_str().to_owned(),
            authority: authority.as_str().to_owned(),
            tenant,
            redirect_uri,
            clients,
            restrict: restrict.unwrap_or(false),
        })
    }

    /// The control client that a caller names by alias or GUID.
    ///
    /// # Errors
    /// `client_not_allowed` for the broker itself, an unknown alias, and, under `restrict`, a client that is not listed.
    pub(crate) fn control_client(&self, name: &str) -> Result<ControlClient> {
        let refused = |message: &str| Error::new(Code::ClientNotAllowed, message);
        if let Some(alias) = self.clients.iter().find(|alias| alias.name == name) {
            return Ok(alias.client.clone());
        }
        let id = guid::parse(name).ok_or_else(|| {
            refused("`client` is neither a GUID nor an alias that the configuration knows.")
        })?;
        if id == self.client_id {
            return Err(refused(
                "The broker registration itself is no control client: ask for the client of your control.",
            ));
        }
        if let Some(alias) = self.clients.iter().find(|alias| alias.client.id == id) {
            return Ok(alias.client.clone());
        }
        if self.restrict {
            return Err(refused(
                "The configuration allows only the clients that it lists, and this one is not among them.",
            ));
        }
        Ok(ControlClient { scope: default_scope(&id), id })
    }
}

fn read_clients<J: Json>(clients: &J, broker: &str) -> Result<Vec<Alias>> {
    let mut list: Vec<Alias> = Vec::new();
    for name in clients.names() {
        let field = ["clients.", &name].concat();
        let entry = clients.member(&name);
        let own_names = entry.as_ref().map(Json::names).unwrap_or_default();
        if let Some(unknown) = own_names.iter().find(|own| !["clientId", "scope"].contains(&own.as_str())) {
            return Err(invalid(&[&field, ".", unknown].concat(), "is not a field of a client"));
        }
        let id = clients.text(&name).or_else(|| entry.as_ref()?.text("clientId"));
        let id = id.as_deref().and_then(guid::parse);
        let id = id.ok_or_else(|| invalid(&field, "must be a GUID or an object with a `clientId`"))?;
        // Otherwise a GUID would mean another client than itself, or the broker would be its own control client.
        if guid::is_guid(&name) || name.is_empty() || id == broker {
            return Err(invalid(&field, "must be an alias, no GUID, of another client than the broker"));
        }
        let scope = match entry.as_ref().and_then(|entry| entry.text("scope")) {
            Some(scope) => scope,
            None if own_names.iter().any(|own| own == "scope") => {
                return Err(invalid(&[&field, ".scope"].concat(), "must be a text"));
            }
            None => default_scope(&id),
        };
        if !scope::is_of_client(&scope, &id) {
            return Err(invalid(
                &[&field, ".scope"].concat(),
                "must be one named scope of this client, never `.default`",
            ));
        }
        // Tokens are kept per client: two scopes for one client would hand out one for the other.
        if list.iter().any(|other| other.client.id == id && other.client.scope != scope) {
            return Err(invalid(&field, "names a client that another alias names with another scope"));
        }
        list.push(Alias { name, client: ControlClient { id, scope } });
    }
    Ok(list)
}

fn default_scope(client: &str) -> String {
    ["api://", client, "/access_as_user"].concat()
}

fn address(field: &str, text: &str, pin: &Option<String>) -> Result<Address> {
    let address = Address::parse(text).ok_or_else(|| {
        invalid(field, "must be an https address (http for localhost only) without user, query and fragment")
    })?;
    if pin.as_deref().is_some_and(|pin| !url::keeps_pin(address.host(), pin)) {
        return Err(invalid(field, "is a host that this package does not allow"));
    }
    Ok(address)
}

/// The field's name may be foreign text, so it is cut; values are never repeated.
pub(crate) fn invalid(field: &str, rule: &str) -> Box<Error> {
    let field: String = field.chars().take(80).collect();
    Error::new(Code::ConfigInvalid, ["`", &field, "` ", rule, "."].concat())
}

#[cfg(test)]
mod tests;
