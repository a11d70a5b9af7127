//! `BrokerConfig` (contract §1): parsed, not validated. What comes out of here can be used without another look; what breaks
//! a rule is `config_invalid` and names the field. It may come from a hostile script, so nothing in it sends a byte before
//! it is checked: https only, hosts within the pins, control scopes that are really of their control client.

use crate::{
    Code, Error, Json, Result, guid,
    members::{Members, invalid},
    scope,
    url::{self, Address},
};
use std::rc::Rc;

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
    /// The tenant where Power Apps does not say one; empty: none.
    pub(crate) tenant: String,
    /// The redirect page, where it is not the packaged one; empty otherwise.
    pub(crate) redirect_uri: String,
    clients: Vec<Rc<ControlClient>>,
    restrict: bool,
}

/// A control client and the one scope of it that the broker asks for.
pub(crate) struct ControlClient {
    /// Empty for one that is not listed.
    alias: String,
    pub(crate) id: String,
    pub(crate) scope: String,
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
        let mut members = Members::of(json, "");
        members.only(&FIELDS);
        members.check(json.number("version") == Some(1), "version", "must be 1");
        let client_id = members.text("clientId").to_ascii_lowercase();
        members.check(guid::is_guid(&client_id), "clientId", "must be a GUID");
        let mut authority = members.text("authority");
        if authority.is_empty() {
            DEFAULT_AUTHORITY.clone_into(&mut authority);
        }
        let authority = address(&mut members, "authority", &authority, pins.authority_host.as_deref());
        let sts = members.text("sts");
        let sts = address(&mut members, "sts", &sts, pins.sts_host.as_deref());
        let tenant = members.text("tenant").to_ascii_lowercase();
        members.check(tenant.is_empty() || guid::is_guid(&tenant), "tenant", "must be a GUID");
        let redirect_uri = members.text("redirectUri");
        if !redirect_uri.is_empty() {
            address(&mut members, "redirectUri", &redirect_uri, None);
        }
        let storage = members.text("storage");
        let known = matches!(storage.as_str(), "" | "session" | "memory" | "persistent");
        members.check(known, "storage", "must be \"session\", \"memory\" or \"persistent\"");
        let restrict = members.flag("restrict");
        let listed = members.member("clients");
        members.finish()?;
        let clients = listed.map_or_else(|| Ok(Vec::new()), |listed| read_clients(&listed, &client_id))?;
        Ok(Self { client_id, sts, authority, tenant, redirect_uri, clients, restrict })
    }

    /// `{authority}/{tenant}`.
    pub(crate) fn tenant_url(&self, tenant: &str) -> String {
        [self.authority.as_str(), "/", tenant].concat()
    }

    /// The control client that a caller names by alias or GUID.
    ///
    /// # Errors
    /// `client_not_allowed` for the broker itself, an unknown alias, and, under `restrict`, a client that is not listed.
    pub(crate) fn control_client(&self, name: &str) -> Result<Rc<ControlClient>> {
        let id = name.to_ascii_lowercase();
        // No alias is empty or a GUID, and every id is a GUID.
        let same = |client: &&Rc<ControlClient>| client.alias == name || client.id == id;
        if let Some(client) = self.clients.iter().find(same) {
            return Ok(client.clone());
        }
        if !guid::is_guid(&id) || id == self.client_id || self.restrict {
            return Err(Error::new(
                Code::ClientNotAllowed,
                "`client` must be the alias or the GUID of a control client that the configuration allows.",
            ));
        }
        Ok(Rc::new(ControlClient { alias: String::new(), scope: default_scope(&id), id }))
    }
}

fn read_clients<J: Json>(clients: &J, broker: &str) -> Result<Vec<Rc<ControlClient>>> {
    let mut list: Vec<Rc<ControlClient>> = Vec::new();
    for alias in clients.names() {
        let path = ["clients.", &alias].concat();
        let inside = [&path, "."].concat();
        let (mut id, mut scope) = (clients.text(&alias).unwrap_or_default(), String::new());
        if let Some(entry) = clients.member(&alias) {
            let mut members = Members::of(&entry, &inside);
            members.only(&["clientId", "scope"]);
            (id, scope) = (members.text("clientId"), members.text("scope"));
            members.finish()?;
        }
        id.make_ascii_lowercase();
        if scope.is_empty() {
            scope = default_scope(&id);
        }
        let broken = if !guid::is_guid(&id) || id == broker || alias.is_empty() || guid::is_guid(&alias) {
            // An alias that is a GUID would mean another client than itself; the broker is no control client.
            "must be an alias of the GUID of a control client"
        } else if !scope::is_of_client(&scope, &id) {
            "must have a `scope` of this very client, and not `.default`"
        } else if list.iter().any(|other| other.id == id && other.scope != scope) {
            // Tokens are kept per client: two scopes for one client would hand out one for the other.
            "names a client that another alias names with another scope"
        } else {
            list.push(Rc::new(ControlClient { alias, id, scope }));
            continue;
        };
        return Err(invalid(&path, broken));
    }
    Ok(list)
}

fn default_scope(client: &str) -> String {
    ["api://", client, "/access_as_user"].concat()
}

/// An address without its final slash, checked.
fn address(members: &mut Members<'_, impl Json>, field: &str, text: &str, pin: Option<&str>) -> String {
    let rule = match Address::parse(text) {
        None => "must be an https address, or http on localhost, without user, query and fragment",
        Some(address) if pin.is_some_and(|pin| !url::keeps_pin(address.host, pin)) => {
            "is a host that this package does not allow"
        }
        Some(address) if field == "authority" && !address.is_origin => {
            "must have no path: the tenant has a field of its own"
        }
        Some(address) => return address.text.to_owned(),
    };
    members.check(false, field, rule);
    String::new()
}

#[cfg(test)]
mod tests;
