//! A call that policy let in: who may ask for what is decided here, before anything is looked up or sent.

use crate::{
    Account, Code, Env, Error, Interaction, Json, Result, TokenRequest, TokenResult,
    cache::{Key, Token},
    config::{self, Config, ControlClient},
    core::Core,
    scope::Scopes,
};
use std::rc::Rc;

/// A call of `getToken` whose every part is good.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) config: Rc<Config>,
    pub(crate) wanted: Wanted,
    pub(crate) correlation_id: String,
}

/// What makes two calls equal, so that one flight serves both.
#[derive(Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) client: ControlClient,
    /// Empty: the client token itself.
    pub(crate) scopes: Scopes,
    pub(crate) claims: Option<String>,
    pub(crate) force_refresh: bool,
    pub(crate) interaction: Interaction,
}

impl Call {
    /// Lets a request in.
    ///
    /// # Errors
    /// `not_configured`, `client_not_allowed`, `scope_not_allowed`, and `config_invalid` for claims that are none.
    pub(crate) fn admit<E: Env>(
        core: &Core<E>,
        request: TokenRequest,
        correlation_id: String,
    ) -> Result<Self> {
        let config = core.config()?;
        let client = config.control_client(&request.client)?;
        let scopes = Scopes::parse(&request.scopes)?;
        let is_challenge = |claims: &String| {
            claims.len() <= sts_wire::MAX_CLAIMS
                && core.env.parse_json(claims).is_some_and(|claims| claims.member("access_token").is_some())
        };
        if !request.claims.as_ref().is_none_or(is_challenge) {
            return Err(config::invalid(
                "claims",
                "must be the JSON text of a claims challenge, at most 4 kB",
            ));
        }
        let TokenRequest { claims, force_refresh, interaction, .. } = request;
        let wanted = Wanted { client, scopes, claims, force_refresh, interaction };
        Ok(Self { config, wanted, correlation_id })
    }

    /// Whether a token that is there already is good enough.
    pub(crate) fn takes_cached(&self) -> bool {
        !self.wanted.force_refresh && self.wanted.claims.is_none()
    }

    /// Where the token that is wanted is remembered.
    pub(crate) fn key(&self, account: &Account) -> Key {
        Key::new(&self.wanted.client.id, account, self.wanted.scopes.clone())
    }

    /// Where the client token behind it is remembered.
    pub(crate) fn client_token_key(&self, account: &Account) -> Key {
        Key::new(&self.wanted.client.id, account, Scopes::default())
    }

    /// A token as the caller gets it.
    pub(crate) fn result(&self, account: &Account, token: Token, from_cache: bool) -> TokenResult {
        TokenResult {
            access_token: token.secret,
            expires_on: token.expires_on,
            scopes: token.scopes,
            client_id: self.wanted.client.id.clone(),
            account: account.clone(),
            from_cache,
            correlation_id: self.correlation_id.clone(),
        }
    }

    /// A failure as the caller gets it: with the call's id and, where consent helps, the address for an administrator of the
    /// tenant that the session was verified for.
    pub(crate) fn explain(&self, account: Option<&Account>, mut error: Box<Error>) -> Box<Error> {
        error.correlation_id.get_or_insert_with(|| self.correlation_id.clone());
        if let (Code::AppNotInTenant | Code::ConsentRequired, Some(account)) = (error.code, account) {
            let (authority, client) = (self.config.authority.as_str(), self.wanted.client.id.as_str());
            let url = [authority, "/", &account.tenant_id, "/adminconsent?client_id=", client].concat();
            error.consent_url = Some(url);
        }
        error
    }
}
