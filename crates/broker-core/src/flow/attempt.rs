//! One way to Entra and back: the authorization request, its response, the code, the session. A window, a hidden frame and a redirect
//! differ only in how the response comes. Keeps nothing of a response that is not exactly the answer to its request.

use crate::{
    Account, Code, Env, Error, Result, SignInRequest,
    authorize::{AuthorizationRequest, Pending, Prompt, wish},
    call::Call,
    config::Config,
    core::Core,
    flow::{
        entra,
        post::{Answer, Posted, post},
    },
    id_token::Expected,
    members::invalid,
    scope,
    token::{self, CodeGrant},
    url::Address,
};
use std::rc::Rc;

/// Who asks for a sign-in, and how.
pub(crate) struct Ask {
    pub(crate) config: Rc<Config>,
    /// Empty: `signIn()`, which is a click by promise, so that nothing has to invite.
    pub(crate) client: String,
    /// Whether the user may be asked.
    pub(crate) may_prompt: bool,
    /// A claims challenge that only the user can meet, JSON text; empty: none.
    pub(crate) claims: String,
    pub(crate) request: SignInRequest,
}

/// A sign-in under way.
pub(crate) struct Attempt {
    pub(crate) pending: Pending,
    pub(crate) tenant: String,
    pub(crate) tenant_url: String,
    pub(crate) redirect_uri: String,
    /// Where the window goes.
    pub(crate) url: String,
    /// How much of it comes before the wish at its end.
    pub(crate) bare: usize,
    /// How often somebody had signed out when it began.
    pub(crate) sign_outs: u32,
}

/// The packaged redirect page, below the environment's address (contract §3). `cargo xtask dist --prefix` sets another.
const REDIRECT_PAGE: &str = match option_env!("TALXIS_BROKER_REDIRECT_PAGE") {
    Some(page) => page,
    None => "/WebResources/talxis_/tokenbroker/redirect.html",
};

impl Ask {
    /// `signIn()`, and whatever else is nobody's call of `getToken`.
    pub(crate) fn for_sign_in(config: Rc<Config>, request: SignInRequest) -> Self {
        Self { config, client: String::new(), may_prompt: true, claims: String::new(), request }
    }

    /// A call of `getToken` needs a session.
    pub(crate) fn for_call(call: &Call) -> Self {
        Self {
            config: call.config.clone(),
            client: call.client.id.clone(),
            may_prompt: call.may_prompt(),
            claims: String::new(),
            request: SignInRequest {
                correlation_id: call.request.correlation_id.clone(),
                ..SignInRequest::default()
            },
        }
    }

    /// A call whose challenge Entra does not take as met: whoever is signed in has to do more.
    pub(crate) fn for_challenge(call: &Call, account: &Account) -> Self {
        let mut ask = Self::for_call(call);
        ask.claims.clone_from(&call.request.claims);
        ask.request.login_hint.clone_from(&account.username);
        ask
    }

    /// Whether this is `signIn()`.
    pub(crate) fn is_sign_in(&self) -> bool {
        self.client.is_empty()
    }

    /// Whether it is about somebody else than this.
    pub(crate) fn wants_another(&self, account: &Account) -> bool {
        let hint = &self.request.login_hint;
        self.request.select_account || !hint.is_empty() && !hint.eq_ignore_ascii_case(&account.username)
    }
}

impl Attempt {
    /// The next one for whoever asks, with this wish, or this prompt where it wishes none.
    ///
    /// # Errors
    /// `config_invalid` where neither Power Apps nor the configuration says where to sign in.
    pub(crate) fn new<E: Env>(
        core: &Core<E>,
        ask: &Ask,
        request: &SignInRequest,
        prompt: Prompt,
    ) -> Result<Self> {
        let (config, host) = (&ask.config, core.env.host());
        let tenant = core.tenant(config);
        if tenant.is_empty() {
            return Err(invalid("tenant", "is needed outside of Power Apps"));
        }
        let environment = host.client_url.as_deref().and_then(Address::parse);
        let redirect_uri = match environment {
            Some(environment) if config.redirect_uri.is_empty() => [environment.text, REDIRECT_PAGE].concat(),
            _ => config.redirect_uri.clone(),
        };
        if redirect_uri.is_empty() {
            return Err(invalid("redirectUri", "is needed outside of Power Apps"));
        }
        let tenant_url = config.tenant_url(&tenant);

        let pending = Pending::new(&core.env.random(), core.env.random(), core.env.random());
        let url = pending.url(&AuthorizationRequest {
            tenant_url: &tenant_url,
            client_id: &config.client_id,
            redirect_uri: &redirect_uri,
            claims: &ask.claims,
            correlation_id: &ask.request.correlation_id,
        });
        let url = if prompt == Prompt::Never { url } else { by_relay(host.framed, &redirect_uri, url) };
        let bare = url.len();
        let url = wish(&url, request, host.login_hint.as_deref().unwrap_or_default(), prompt);
        Ok(Self { pending, tenant, tenant_url, redirect_uri, url, bare, sign_outs: core.sign_outs() })
    }

    /// Redeems the code in a response.
    ///
    /// # Errors
    /// What the response says instead; `login_required` if somebody signed out meanwhile.
    pub(crate) fn redeem<E: Env>(
        &self,
        core: &Core<E>,
        ask: &Ask,
        response: &E::Json,
    ) -> Result<Posted<E::Json>> {
        let code = self.pending.code(response)?;
        core.still_wanted(self.sign_outs)?;
        let grant = CodeGrant {
            client_id: &ask.config.client_id,
            redirect_uri: &self.redirect_uri,
            code: &code,
            verifier: &self.pending.verifier,
        };
        let url = token::endpoint(&self.tenant_url, &ask.request.correlation_id);
        Ok(post(core, &url, &grant.body(), Code::Network))
    }

    /// Begins the session. The access token is dropped: it is for no control client.
    ///
    /// # Errors
    /// What Entra refuses, and `account_mismatch` for anybody but the user of Power Apps.
    pub(crate) fn accept<E: Env>(
        &self,
        core: &Core<E>,
        ask: &Ask,
        answer: Result<Answer<E::Json>>,
    ) -> Result<()> {
        let expected = Expected {
            client_id: &ask.config.client_id,
            tenant_url: &self.tenant_url,
            tenant: &self.tenant,
            nonce: Some(&self.pending.nonce),
        };
        let judged = answer.and_then(|answer| entra::judge(core, &answer, &expected, scope::OIDC));
        let (response, account) = judged.map_err(|mut error| {
            // A code that is no good is a failed sign-in, not the end of a session.
            // A code that is no good is a failed sign-in, not the end of a session.
            if error.code == Code::LoginRequired {
                let aadsts = error.aadsts;
                error = Code::IdentityProvider.into();
                error.aadsts = aadsts;
            }
            error
        })?;
        let Some((account, token)) = account.zip(response.refresh_token) else {
            let message = "Entra's answer lacks the id token or the refresh token.";
            return Err(Error::new(Code::IdentityProvider, message));
        };
        core.still_wanted(self.sign_outs)?;
        if !core.env.host().is_user(&account) {
            return Err(Code::AccountMismatch.into());
        }
        core.begin(Rc::new(account), token);
        Ok(())
    }
}

/// A page of Entra's as a window opens it. A window's storage and channels are others than those of a frame in a foreign page. So the
/// redirect page stands between as a relay (msal.md §2.6): it is of this origin, so it keeps its opener whatever Entra's page does.
pub(crate) fn by_relay(framed: bool, redirect_uri: &str, url: String) -> String {
    if framed { [redirect_uri, "#", &url].concat() } else { url }
}
