//! A call that policy let in: who may ask for what is decided here, before anything is looked up or sent.

use crate::{
    Account, Code, Env, Error, Interaction, Json, Result, TokenRequest, TokenResult,
    cache::{Key, Token},
    clients::ControlClient,
    config::Config,
    core::Core,
    members::invalid,
    request, scope,
};
use std::rc::Rc;

/// A call of `getToken` whose every part is good.
pub(crate) struct Call {
    pub(crate) config: Rc<Config>,
    pub(crate) client: Rc<ControlClient>,
    /// Sorted; empty: the client token itself.
    pub(crate) scopes: String,
    /// As it was asked.
    pub(crate) request: TokenRequest,
}

impl Call {
    /// Lets a request in.
    ///
    /// # Errors
    /// `not_configured`, `client_not_allowed`, `scope_not_allowed`, and `config_invalid` for what is no claims challenge or no
    /// correlation id.
    pub(crate) fn admit<E: Env>(core: &Core<E>, request: TokenRequest) -> Result<Self> {
        match judge(core, &request) {
            Ok((config, client, scopes)) => Ok(Self { config, client, scopes, request }),
            Err(error) => Err(core.report(&request.correlation_id, "", error)),
        }
    }

    /// The same call, to meet a challenge: what it brings replaces what was there.
    pub(crate) fn challenged(&self, claims: &str) -> Rc<Self> {
        self.with(TokenRequest { claims: claims.to_owned(), ..self.request.clone() })
    }

    /// The same call, ahead of time: for a new token, and asking nobody.
    pub(crate) fn ahead(&self) -> Rc<Self> {
        let interaction = Interaction::Never;
        self.with(TokenRequest { force_refresh: true, interaction, ..self.request.clone() })
    }

    fn with(&self, request: TokenRequest) -> Rc<Self> {
        Rc::new(Self {
            config: self.config.clone(),
            client: self.client.clone(),
            scopes: self.scopes.clone(),
            request,
        })
    }

    /// Whether the user may be asked.
    pub(crate) fn may_prompt(&self) -> bool {
        self.request.interaction == Interaction::Auto
    }

    /// Whether a token that is there already is good enough.
    pub(crate) fn takes_cached(&self) -> bool {
        !self.request.force_refresh && self.request.claims.is_empty()
    }

    /// What makes two calls equal, so that one flight serves both. No part but the last can hold a line break.
    pub(crate) fn flight(&self) -> String {
        let force = if self.request.force_refresh { "\nforce\n" } else { "\n\n" };
        let prompt = if self.may_prompt() { "prompt\n" } else { "\n" };
        [&self.client.id, "\n", &self.scopes, force, prompt, &self.request.claims].concat()
    }

    /// What makes two calls need the same client token.
    pub(crate) fn refresh_flight(&self) -> String {
        [&self.client.id, "\n", &self.request.claims].concat()
    }

    /// Where the token that is wanted is remembered.
    pub(crate) fn key<'a>(&'a self, account: &'a Rc<Account>) -> Key<'a> {
        Key { client: &self.client.id, account, scopes: &self.scopes }
    }

    /// Where the client token behind it is remembered.
    pub(crate) fn client_token_key<'a>(&'a self, account: &'a Rc<Account>) -> Key<'a> {
        Key { scopes: "", ..self.key(account) }
    }

    /// A token as the caller gets it.
    pub(crate) fn result(&self, account: &Rc<Account>, token: &Token, from_cache: bool) -> TokenResult {
        TokenResult {
            access_token: token.secret.clone(),
            expires_on: token.expires_on,
            scopes: scope::list(&token.scopes),
            client_id: self.client.id.clone(),
            account: account.clone(),
            from_cache,
            correlation_id: self.request.correlation_id.clone(),
        }
    }

    /// A failure as the caller gets it: where consent helps, with the address for an administrator of the tenant that the
    /// session was verified for.
    pub(crate) fn explain(&self, account: &Account, mut error: Box<Error>) -> Box<Error> {
        if matches!(error.code, Code::AppNotInTenant | Code::ConsentRequired) {
            let tenant_url = self.config.tenant_url(&account.tenant_id);
            error.consent_url = Some([&tenant_url, "/adminconsent?client_id=", &self.client.id].concat());
        }
        error
    }
}

fn judge<E: Env>(core: &Core<E>, request: &TokenRequest) -> Result<(Rc<Config>, Rc<ControlClient>, String)> {
    let config = core.config()?;
    let client = config.clients.find(&request.client)?;
    let scopes = scope::parse(&request.scopes)?;
    let claims = &request.claims;
    let challenge = || core.env.parse_json(claims).member("access_token");
    if !claims.is_empty() && (claims.len() > sts_wire::MAX_CLAIMS || challenge().is_none()) {
        return Err(invalid("claims", "must be the JSON text of a claims challenge, at most 4 kB"));
    }
    request::check_correlation_id(&request.correlation_id)?;
    Ok((config, client, scopes))
}
