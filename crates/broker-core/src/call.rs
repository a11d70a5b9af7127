//! A call that policy let in: who may ask for what is decided here, before anything is looked up or sent.

use crate::{
    Account, Code, Env, Error, Interaction, Json, Result, TokenRequest, TokenResult,
    cache::{Key, Token},
    config::{Config, ControlClient},
    core::Core,
    guid,
    members::invalid,
    scope::Scopes,
};
use std::rc::Rc;

/// A call of `getToken` whose every part is good.
pub(crate) struct Call {
    pub(crate) config: Rc<Config>,
    pub(crate) client: ControlClient,
    pub(crate) scopes: Scopes,
    /// A claims challenge, JSON text; empty: none.
    pub(crate) claims: String,
    pub(crate) may_prompt: bool,
    pub(crate) correlation_id: String,
    force_refresh: bool,
}

impl Call {
    /// Lets a request in, under this correlation id.
    ///
    /// # Errors
    /// `not_configured`, `client_not_allowed`, `scope_not_allowed`, and `config_invalid` for what is no claims challenge or no
    /// correlation id.
    pub(crate) fn admit<E: Env>(
        core: &Core<E>,
        request: TokenRequest,
        correlation_id: String,
    ) -> Result<Self> {
        let config = core.config()?;
        let client = config.control_client(&request.client)?;
        let scopes = Scopes::parse(&request.scopes)?;
        let claims = request.claims.unwrap_or_default();
        let asks_for = |claims: &str| core.env.parse_json(claims)?.member("access_token");
        if !claims.is_empty() && (claims.len() > sts_wire::MAX_CLAIMS || asks_for(&claims).is_none()) {
            return Err(invalid("claims", "must be the JSON text of a claims challenge, at most 4 kB"));
        }
        if !guid::is_guid(&correlation_id) {
            return Err(invalid("correlationId", "must be a GUID"));
        }
        let may_prompt = request.interaction == Interaction::Auto;
        let force_refresh = request.force_refresh;
        Ok(Self { config, client, scopes, claims, may_prompt, correlation_id, force_refresh })
    }

    /// Whether a token that is there already is good enough.
    pub(crate) fn takes_cached(&self) -> bool {
        !self.force_refresh && self.claims.is_empty()
    }

    /// What makes two calls equal, so that one flight serves both. No part but the last can hold a line break.
    pub(crate) fn flight(&self) -> String {
        let force = if self.force_refresh { "force" } else { "" };
        let prompt = if self.may_prompt { "prompt" } else { "" };
        [&self.client.id, self.scopes.as_str(), force, prompt, &self.claims].join("\n")
    }

    /// What makes two calls need the same client token.
    pub(crate) fn refresh_flight(&self) -> String {
        [self.client.id.as_str(), "\n", &self.claims].concat()
    }

    /// Where the token that is wanted is remembered.
    pub(crate) fn key(&self, account: &Account) -> Key {
        Key::new(&self.client.id, account, self.scopes.clone())
    }

    /// Where the client token behind it is remembered.
    pub(crate) fn client_token_key(&self, account: &Account) -> Key {
        Key::new(&self.client.id, account, Scopes::default())
    }

    /// A token as the caller gets it.
    pub(crate) fn result(&self, account: &Account, token: Token, from_cache: bool) -> TokenResult {
        TokenResult {
            access_token: token.secret,
            expires_on: token.expires_on,
            scopes: token.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
            client_id: self.client.id.clone(),
            account: account.clone(),
            from_cache,
            correlation_id: self.correlation_id.clone(),
        }
    }

    /// A failure as the caller gets it: where consent helps, with the address for an administrator of the tenant that the
    /// session was verified for.
    pub(crate) fn explain(&self, account: &Account, mut error: Box<Error>) -> Box<Error> {
        if matches!(error.code, Code::AppNotInTenant | Code::ConsentRequired) {
            let authority = self.config.authority.as_str();
            let url =
                [authority, "/", &account.tenant_id, "/adminconsent?client_id=", &self.client.id].concat();
            error.consent_url = Some(url);
        }
        error
    }
}
