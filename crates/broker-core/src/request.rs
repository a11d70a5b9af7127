//! What callers ask for and what they get (contract §1): read from foreign JavaScript, so every member is checked.

use crate::{
    Account, Json, Result, Secret, guid,
    members::{Members, invalid},
};
use std::rc::Rc;

/// A call of `getToken`.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// The control client: GUID or alias.
    pub client: String,
    /// Backend scopes of one resource; empty: the client token itself.
    pub scopes: Vec<String>,
    /// A claims challenge, JSON text; empty: none.
    pub claims: String,
    /// Whether what is cached is not good enough.
    pub force_refresh: bool,
    /// Whether the user may be asked.
    pub interaction: Interaction,
    /// A GUID that goes to Entra and to the STS. The facade makes one for callers who give none.
    pub correlation_id: String,
}

/// Whether a call may ask the user.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Interaction {
    /// It may.
    #[default]
    Auto,
    /// It fails with `interaction_required` instead.
    Never,
}

/// A call of `signIn`.
#[derive(Clone, Default)]
pub struct SignInRequest {
    /// The sign-in name to start with; empty: the one that Power Apps gives.
    pub login_hint: String,
    /// Whether Entra shows its account picker.
    pub select_account: bool,
    /// As [`TokenRequest::correlation_id`].
    pub correlation_id: String,
}

/// A token and what it is good for.
#[derive(Clone)]
pub struct TokenResult {
    /// The token.
    pub access_token: Secret,
    /// When it ends, in milliseconds since the epoch.
    pub expires_on: u64,
    /// The scopes as they were granted.
    pub scopes: Vec<String>,
    /// The control client that it was asked for.
    pub client_id: String,
    /// Whose it is.
    pub account: Rc<Account>,
    /// Whether it was there already.
    pub from_cache: bool,
    /// The correlation id that Entra and the STS saw; of the caller if they saw none.
    pub correlation_id: String,
}

impl TokenRequest {
    /// Reads a request. Members of no concern here (`signal`, `timeoutMs`) are left alone.
    ///
    /// # Errors
    /// `config_invalid` for the first member that is of the wrong type: the contract has no code for a misspelt argument, and
    /// this one promises to name the member.
    pub fn read(json: &impl Json) -> Result<Self> {
        let mut members = Members::of(json, "");
        let interaction = members.text("interaction");
        let silent = interaction == "never";
        let known = silent || matches!(interaction.as_str(), "" | "auto");
        members.check(known, "interaction", "must be \"auto\" or \"never\"");
        let request = Self {
            client: members.text("client"),
            scopes: members.texts("scopes"),
            claims: members.text("claims"),
            force_refresh: members.flag("forceRefresh"),
            interaction: if silent { Interaction::Never } else { Interaction::Auto },
            correlation_id: members.text("correlationId"),
        };
        members.finish().map(|()| request)
    }
}

impl SignInRequest {
    /// Reads the options of `signIn`.
    ///
    /// # Errors
    /// The first member that is of the wrong type.
    pub fn read(json: &impl Json) -> Result<Self> {
        let mut members = Members::of(json, "");
        let request = Self {
            login_hint: members.text("loginHint"),
            select_account: members.flag("selectAccount"),
            correlation_id: members.text("correlationId"),
        };
        members.finish().map(|()| request)
    }
}

/// It becomes part of addresses as it is.
///
/// # Errors
/// `config_invalid` for what is no GUID.
pub(crate) fn check_correlation_id(id: &str) -> Result<()> {
    if guid::is_guid(id) { Ok(()) } else { Err(invalid("correlationId", "must be a GUID")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_read_and_what_is_of_no_concern_is_left_alone() {
        let json = json!({ "client": "c", "scopes": ["a", "b"], "claims": "{}", "forceRefresh": true,
            "interaction": "never", "correlationId": "i", "signal": {}, "timeoutMs": 5 });
        let request = TokenRequest::read(&json).expect("it is good");
        assert_eq!((request.client.as_str(), request.scopes), ("c", vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((request.claims.as_str(), request.force_refresh), ("{}", true));
        assert!(request.interaction == Interaction::Never);
        assert_eq!(request.correlation_id, "i");
        let small = TokenRequest::read(&json!({ "client": "c" })).expect("it is good");
        assert!(small.scopes.is_empty() && small.claims.is_empty() && !small.force_refresh);
        assert!(small.interaction == Interaction::Auto);
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named() {
        for (name, value) in [
            ("client", json!(1)),
            ("scopes", json!("User.Read")),
            ("scopes", json!([1])),
            ("claims", json!({})),
            ("forceRefresh", json!("true")),
            ("interaction", json!("sometimes")),
            ("correlationId", json!(null)),
        ] {
            let mut json = json!({ "client": "c" });
            json[name] = value;
            let error = TokenRequest::read(&json).err().expect("it is refused");
            assert_eq!(error.code, crate::Code::ConfigInvalid);
            assert!(error.message.starts_with(&format!("`{name}` ")), "{}", error.message);
        }
        for (name, value) in
            [("loginHint", json!(1)), ("selectAccount", json!("yes")), ("correlationId", json!(1))]
        {
            let error = SignInRequest::read(&json!({ name: value })).err().expect("it is refused");
            assert!(error.message.starts_with(&format!("`{name}` ")), "{}", error.message);
        }
    }
}
