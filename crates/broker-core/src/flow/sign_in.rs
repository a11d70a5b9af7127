//! One sign-in for all who wait for one (design, "First call of the day"): window or invitation, response, code, session.
//! Decides when the user may be asked, and keeps nothing of a response that is not exactly the answer to its request.

use crate::{
    Account, Code, Env, Error, EventKind, Inbox, Result, SignInRequest,
    authorize::{AuthorizationRequest, Pending},
    call::Call,
    config::Config,
    core::{Core, signed_out},
    flow::{
        entra,
        invitation::{invite, take_over},
    },
    guid,
    id_token::Expected,
    members::invalid,
    race::{First, race},
    scope,
    session::RefreshToken,
    single_flight::Landing,
    token::CodeGrant,
    url::Address,
};
use std::{future::Future, rc::Rc};

/// Who asks for a sign-in, and how.
pub(crate) struct Ask {
    config: Rc<Config>,
    correlation_id: String,
    /// None: `signIn()`, which is a click by promise, so that nothing has to invite.
    client: Option<String>,
    request: SignInRequest,
}

/// A sign-in under way.
struct Attempt {
    pending: Pending,
    tenant: String,
    tenant_url: String,
    redirect_uri: String,
    /// Where the window goes.
    url: String,
}

/// The packaged redirect page, below the environment's address (contract §3).
const REDIRECT_PAGE: &str = "/WebResources/talxis_/tokenbroker/redirect.html";
/// For how long an open window may be silent, in milliseconds: a second factor on another device takes its time.
const LONGEST_WAIT: u32 = 5 * 60 * 1000;

/// `signIn()`: no invitation, and an earlier refusal is forgotten.
pub(crate) async fn sign_in<E: Env>(core: &Rc<Core<E>>, request: SignInRequest) -> Result<Account> {
    let config = core.config()?;
    core.refused.set(false);
    let correlation_id = guid::from_random(core.env.random());
    let ask = Ask { config, correlation_id: correlation_id.clone(), client: None, request };
    let signed_in = core.usable_session().is_some_and(|session| !ask.wants_another(session.account()));
    let landed = if signed_in { Ok(()) } else { join(core, ask).await };
    match landed.and_then(|()| core.account().ok_or_else(signed_out)) {
        Ok(account) => Ok(account),
        Err(mut error) => {
            core.emit(EventKind::Error, &correlation_id, None, Some(error.code));
            error.correlation_id.get_or_insert(correlation_id);
            Err(error)
        }
    }
}

/// Joins the sign-in under way, or starts one, whose window opens before this returns if it may open at all.
pub(crate) fn join<E: Env>(core: &Rc<Core<E>>, ask: Ask) -> Landing {
    let barred = if core.refused.get() {
        Err(Code::UserCancelled.into())
    } else {
        take_over(core, ask.client.is_none(), ask.request.select_account)
    };
    match barred {
        Err(error) => Landing::ready(Err(error)),
        Ok(()) => core.sign_ins.join(&core.env, String::new(), || depart(core.clone(), ask)),
    }
}

/// Not an `async fn`: the window opens now, inside the call that may stand in a user's click.
fn depart<E: Env>(core: Rc<Core<E>>, ask: Ask) -> impl Future<Output = Result<()>> {
    let opened = Attempt::new(&core, &ask).map(|attempt| {
        let inbox = core.env.inbox(attempt.pending.id());
        let may_open = ask.client.is_none() || core.env.activated();
        let popup = may_open.then(|| core.env.open_popup(&attempt.url)).flatten();
        (attempt, inbox, popup)
    });
    let sign_outs = core.sign_outs();
    async move {
        let result = match opened {
            Ok((attempt, inbox, popup)) => fly(&core, &ask, &attempt, inbox, popup, sign_outs).await,
            Err(error) => Err(error),
        };
        result.map_err(|mut error| {
            if error.code == Code::UserCancelled {
                core.refused.set(true);
            }
            error.correlation_id = Some(ask.correlation_id);
            error
        })
    }
}

async fn fly<E: Env>(
    core: &Core<E>,
    ask: &Ask,
    attempt: &Attempt,
    mut inbox: E::Inbox,
    popup: Option<E::Popup>,
    sign_outs: u32,
) -> Result<()> {
    if popup.is_none() && ask.client.is_none() {
        return Err(Code::PopupBlocked.into());
    }
    core.emit(EventKind::Interaction, &ask.correlation_id, ask.client.clone(), None);
    let popup = match popup {
        Some(popup) => popup,
        None => invite(core, &attempt.url).await?,
    };

    let gave_up = race(core.env.given_up(&popup, &attempt.url), core.env.sleep(LONGEST_WAIT));
    let response = match race(inbox.response(), gave_up).await {
        First::Left(response) => response,
        First::Right(First::Left(())) => return Err(Code::UserCancelled.into()),
        First::Right(First::Right(())) => return Err(Code::PopupTimeout.into()),
    };
    drop((popup, inbox));

    let code = attempt.pending.code(&response)?;
    core.still_wanted(sign_outs)?;
    let (account, token) = attempt.redeem(core, ask, &code).await?;
    core.still_wanted(sign_outs)?;
    core.begin(account, token);
    core.emit(EventKind::SignedIn, &ask.correlation_id, ask.client.clone(), None);
    Ok(())
}

impl Ask {
    /// A call of `getToken` needs a session.
    pub(crate) fn for_call(call: &Call) -> Self {
        Self {
            config: call.config.clone(),
            correlation_id: call.correlation_id.clone(),
            client: Some(call.client.id.clone()),
            request: SignInRequest::default(),
        }
    }

    fn wants_another(&self, account: &Account) -> bool {
        let hint = self.request.login_hint.as_deref().unwrap_or(&account.username);
        self.request.select_account || !hint.eq_ignore_ascii_case(&account.username)
    }
}

impl Attempt {
    fn new<E: Env>(core: &Core<E>, ask: &Ask) -> Result<Self> {
        let (config, wish, host) = (&ask.config, &ask.request, core.env.host());
        let tenant = core.tenant(config)?;
        let environment = host.client_url.as_deref().and_then(Address::parse);
        let packaged = environment.map(|environment| [environment.as_str(), REDIRECT_PAGE].concat());
        let redirect_uri = config.redirect_uri.clone().or(packaged);
        let redirect_uri =
            redirect_uri.ok_or_else(|| invalid("redirectUri", "is needed outside of Power Apps"))?;
        let known = host.login_hint.filter(|_| !wish.select_account).unwrap_or_default();
        let tenant_url = config.tenant_url(&tenant);

        let pending = Pending::new(core.env.random(), core.env.random(), core.env.random());
        let url = pending.url(&AuthorizationRequest {
            tenant_url: &tenant_url,
            client_id: &config.client_id,
            redirect_uri: &redirect_uri,
            login_hint: wish.login_hint.as_deref().unwrap_or(&known),
            prompt: if wish.select_account { "select_account" } else { "" },
            correlation_id: &ask.correlation_id,
        });
        Ok(Self { pending, tenant, tenant_url, redirect_uri, url })
    }

    /// Redeems the code. Its access token is dropped: it is for no control client.
    async fn redeem<E: Env>(
        &self,
        core: &Core<E>,
        ask: &Ask,
        code: &crate::Secret,
    ) -> Result<(Account, RefreshToken)> {
        let (client_id, pending) = (&ask.config.client_id, &self.pending);
        let grant =
            CodeGrant { client_id, redirect_uri: &self.redirect_uri, code, verifier: &pending.verifier };
        let nonce = Some(pending.nonce.as_str());
        let expected = Expected { client_id, tenant_url: &self.tenant_url, tenant: &self.tenant, nonce };
        match entra::ask(core, &expected, scope::OIDC, &ask.correlation_id, grant.body()).await {
            Ok((response, account)) => account.zip(response.refresh_token).ok_or_else(|| {
                Error::new(Code::IdentityProvider, "Entra's answer lacks the id token or the refresh token.")
            }),
            // A code that is no good is a failed sign-in, not the end of a session.
            Err(error) if error.code == Code::LoginRequired => {
                let mut failed = Box::<Error>::from(Code::IdentityProvider);
                failed.aadsts = error.aadsts;
                Err(failed)
            }
            Err(error) => Err(error),
        }
    }
}
