//! What callers ask for and what they get (contract §1): read from foreign JavaScript, so every member is checked.

use crate::{Account, Code, Error, Json, Result, Secret, guid};

/// A call of `getToken`.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// The control client: GUID or alias.
    pub client: String,
    /// Backend scopes of one resource; empty: the client token itself.
    pub scopes: Vec<String>,
    /// A claims challenge, JSON text.
    pub claims: Option<String>,
    /// Whether what is cached is not good enough.
    pub force_refresh: bool,
    /// Whether the user may be asked.
    pub interaction: Interaction,
    /// A GUID that goes to Entra and to the STS; made if absent.
    pub correlation_id: Option<String>,
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
    /// The sign-in name to start with; left out: the one that Power Apps gives.
    pub login_hint: Option<String>,
    /// Whether Entra shows its account picker.
    pub select_account: bool,
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
    pub account: Account,
    /// Whether it was there already.
    pub from_cache: bool,
    /// The correlation id that Entra and the STS saw; of the caller if they saw none.
    pub correlation_id: String,
}

impl TokenRequest {
    /// Reads a request. Members of no concern here (`signal`, `timeoutMs`) are left alone.
    ///
    /// # Errors
    /// The first member that is of the wrong type or form.
    pub fn read(json: &impl Json) -> Result<Self> {
        let names = json.names();
        let given = |name: &str| names.iter().any(|own| own == name);
        let client = json.text("client").ok_or_else(|| {
            Error::new(Code::ClientNotAllowed, "`client` must be the GUID or the alias of a control client.")
        })?;
        let scopes = match json.texts("scopes") {
            Some(scopes) => scopes,
            None if given("scopes") => {
                return Err(Error::new(Code::ScopeNotAllowed, "`scopes` must be a list of texts."));
            }
            None => Vec::new(),
        };
        let interaction = match json.text("interaction").as_deref() {
            Some("auto") => Interaction::Auto,
            Some("never") => Interaction::Never,
            None if !given("interaction") => Interaction::Auto,
            _ => return Err(wrong("`interaction` must be \"auto\" or \"never\".")),
        };
        let claims = json.text("claims");
        if claims.is_none() && given("claims") {
            return Err(wrong("`claims` must be the JSON text of a claims challenge."));
        }
        let force_refresh = json.flag("forceRefresh");
        if force_refresh.is_none() && given("forceRefresh") {
            return Err(wrong("`forceRefresh` must be true or false."));
        }
        let correlation_id = json.text("correlationId");
        if given("correlationId") && !correlation_id.as_deref().is_some_and(guid::is_guid) {
            return Err(wrong("`correlationId` must be a GUID."));
        }
        let force_refresh = force_refresh.unwrap_or(false);
        Ok(Self { client, scopes, claims, force_refresh, interaction, correlation_id })
    }
}

impl SignInRequest {
    /// Reads the options of `signIn`.
    ///
    /// # Errors
    /// The first member that is of the wrong type.
    pub fn read(json: &impl Json) -> Result<Self> {
        let names = json.names();
        let given = |name: &str| names.iter().any(|own| own == name);
        let login_hint = json.text("loginHint");
        if login_hint.is_none() && given("loginHint") {
            return Err(wrong("`loginHint` must be a text."));
        }
        let select_account = json.flag("selectAccount");
        if select_account.is_none() && given("selectAccount") {
            return Err(wrong("`selectAccount` must be true or false."));
        }
        Ok(Self { login_hint, select_account: select_account.unwrap_or(false) })
    }
}

/// The contract has no code for a misspelt argument; this one promises to name the member.
fn wrong(message: &'static str) -> Box<Error> {
    Error::new(Code::ConfigInvalid, message)
}
