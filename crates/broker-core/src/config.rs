//! `BrokerConfig` (contract §1): parsed, not validated. What comes out of here can be used without another look; what breaks
//! a rule is `config_invalid` and names the field. It may come from a hostile script, so nothing in it sends a byte before
//! it is checked: https only, hosts within the pins, control scopes that are really of their control client.

use crate::{
    Code, Error, Json, Result, guid,
    members::{Members, invalid},
    scope,
    url::{self, Address},
};

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
        let members = Members::of(json, "").only(&FIELDS)?;
        if json.number("version") != Some(1) {
            return Err(invalid("version", "must be 1"));
        }
        let client_id = members.text("clientId")?;
        let client_id = guid::parse(&client_id).ok_or_else(|| invalid("clientId", "must be a GUID"))?;
        let authority = members.text("authority")?;
        let authority = if authority.is_empty() { DEFAULT_AUTHORITY } else { &authority };
        let authority = address("authority", authority, pins.authority_host.as_deref())?;
        if !authority.is_origin() {
            return Err(invalid("authority", "must have no path: the tenant has a field of its own"));
        }
        let sts = address("sts", &members.text("sts")?, pins.sts_host.as_deref())?;
        let tenant = members.text("tenant")?;
        if !tenant.is_empty() && !guid::is_guid(&tenant) {
            return Err(invalid("tenant", "must be a GUID"));
        }
        let redirect_uri = members.text("redirectUri")?;
        if !redirect_uri.is_empty() {
            address("redirectUri", &redirect_uri, None)?;
        }
        if !matches!(members.text("storage")?.as_str(), "" | "session" | "memory" | "persistent") {
            return Err(invalid("storage", "must be \"session\", \"memory\" or \"persistent\""));
        }
        Ok(Self {
            clients: read_clients(json, &client_id)?,
            client_id,
            sts: sts.as_str().to_owned(),
            authority: authority.as_str().to_owned(),
            tenant: guid::parse(&tenant),
            redirect_uri: Some(redirect_uri).filter(|uri| !uri.is_empty()),
            restrict: members.flag("restrict")?,
        })
    }

    /// `{authority}/{tenant}`.
    pub(crate) fn tenant_url(&self, tenant: &str) -> String {
        [self.authority.as_str(), "/", tenant].concat()
    }

    /// The control client that a caller names by alias or GUID.
    ///
    /// # Errors
    /// `client_not_allowed` for the broker itself, an unknown alias, and, under `restrict`, a client that is not listed.
    pub(crate) fn control_client(&self, name: &str) -> Result<ControlClient> {
        let id = guid::parse(name);
        let same = |alias: &&Alias| alias.name == name || Some(&alias.client.id) == id.as_ref();
        if let Some(alias) = self.clients.iter().find(same) {
            return Ok(alias.client.clone());
        }
        match id {
            Some(id) if id != self.client_id && !self.restrict => {
                Ok(ControlClient { scope: default_scope(&id), id })
            }
            _ => Err(Error::new(
                Code::ClientNotAllowed,
                "`client` must be the alias or the GUID of a control client that the configuration allows.",
            )),
        }
    }
}

fn read_clients<J: Json>(config: &J, broker: &str) -> Result<Vec<Alias>> {
    let mut list: Vec<Alias> = Vec::new();
    let Some(clients) = config.member("clients") else {
        let left_out = !config.names().iter().any(|name| name == "clients");
        return if left_out { Ok(list) } else { Err(invalid("clients", "must be an object")) };
    };
    for name in clients.names() {
        let path = ["clients.", &name, "."].concat();
        let entry = clients.member(&name);
        let (mut id, mut scope) = (clients.text(&name).unwrap_or_default(), String::new());
        if let Some(entry) = &entry {
            let members = Members::of(entry, &path).only(&["clientId", "scope"])?;
            (id, scope) = (members.text("clientId")?, members.text("scope")?);
        }
        let refused = |rule| Err(invalid(path.strip_suffix('.').unwrap_or(&path), rule));
        // An alias that is a GUID would mean another client than itself; the broker is no control client.
        let Some(id) =
            guid::parse(&id).filter(|id| id != broker && !name.is_empty() && !guid::is_guid(&name))
        else {
            return refused("must be an alias of the GUID of a control client");
        };
        if scope.is_empty() {
            scope = default_scope(&id);
        }
        if !scope::is_of_client(&scope, &id) {
            return refused("must have a `scope` of this very client, and not `.default`");
        }
        // Tokens are kept per client: two scopes for one client would hand out one for the other.
        if list.iter().any(|other| other.client.id == id && other.client.scope != scope) {
            return refused("names a client that another alias names with another scope");
        }
        list.push(Alias { name, client: ControlClient { id, scope } });
    }
    Ok(list)
}

fn default_scope(client: &str) -> String {
    ["api://", client, "/access_as_user"].concat()
}

fn address(field: &str, text: &str, pin: Option<&str>) -> Result<Address> {
    let address = Address::parse(text).ok_or_else(|| {
        invalid(field, "must be an https address, or http on localhost, without user, query and fragment")
    })?;
    if pin.is_some_and(|pin| !url::keeps_pin(address.host(), pin)) {
        return Err(invalid(field, "is a host that this package does not allow"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests;
