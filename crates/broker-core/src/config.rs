//! `BrokerConfig` (contract §1): parsed, not validated. What comes out of here can be used without another look; what breaks
//! a rule is `config_invalid` and names the field. It may come from a hostile script, so nothing in it sends a byte before
//! it is checked: https only, hosts within the pins, control scopes that are really of their control client.

use crate::{
    Json, Result,
    clients::Clients,
    guid,
    members::Members,
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
    /// The tenant where Power Apps does not say one; empty: none.
    pub(crate) tenant: String,
    /// The redirect page, where it is not the packaged one; empty otherwise.
    pub(crate) redirect_uri: String,
    /// Whom a caller may name.
    pub(crate) clients: Clients,
    /// What to do in the mobile app, where a sign-in window is no good (contract §1).
    pub(crate) mobile: Mobile,
    /// Where the session is kept.
    pub(crate) storage: Storage,
}

/// What happens when a user of the mobile app has to sign in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mobile {
    /// Nothing: `unsupported_client`.
    Unsupported,
    /// A window, as in a browser.
    Popup,
    /// The whole page goes to Entra and comes back.
    Redirect,
}

/// Where the session is kept between page loads (contract §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Until the browser's session ends.
    Session,
    /// Nowhere.
    Memory,
    /// Until it expires.
    Persistent,
}

impl Storage {
    /// The text in a configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Memory => "memory",
            Self::Persistent => "persistent",
        }
    }
}

const FIELDS: [&str; 11] = [
    "version",
    "clientId",
    "sts",
    "authority",
    "tenant",
    "redirectUri",
    "storage",
    "clients",
    "restrict",
    "mobile",
    "prompt",
];
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
        let wanted = members.text("storage");
        let storages = [Storage::Session, Storage::Memory, Storage::Persistent];
        let default = wanted.is_empty().then_some(Storage::Session);
        let storage = default.or_else(|| storages.into_iter().find(|storage| storage.as_str() == wanted));
        members.check(storage.is_some(), "storage", "must be \"session\", \"memory\" or \"persistent\"");
        let mobile = match members.text("mobile").as_str() {
            "" | "unsupported" => Some(Mobile::Unsupported),
            "popup" => Some(Mobile::Popup),
            "redirect" => Some(Mobile::Redirect),
            _ => None,
        };
        members.check(mobile.is_some(), "mobile", "must be \"unsupported\", \"popup\" or \"redirect\"");
        // The shell reads it: which surface asks is no business of the protocol.
        let prompt = matches!(members.text("prompt").as_str(), "" | "notification" | "confirm");
        members.check(prompt, "prompt", "must be \"notification\" or \"confirm\"");
        let restrict = members.flag("restrict");
        let listed = members.member("clients");
        members.finish()?;
        let clients = Clients::read(listed.as_ref(), &client_id, restrict)?;
        let (storage, mobile) = (storage.unwrap_or(Storage::Session), mobile.unwrap_or(Mobile::Unsupported));
        Ok(Self { client_id, sts, authority, tenant, redirect_uri, clients, mobile, storage })
    }

    /// `{authority}/{tenant}`.
    pub(crate) fn tenant_url(&self, tenant: &str) -> String {
        [self.authority.as_str(), "/", tenant].concat()
    }
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
