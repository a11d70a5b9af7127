//! One sign-in for all who wait for one (design, "First call of the day"): window or invitation, response, code, session.
//! Decides when the user may be asked, and keeps nothing of a response that is not exactly the answer to its request.

use crate::{
    Account, Code, Env, Error, EventKind, Inbox, Result, SignInRequest,
    authorize::{AuthorizationRequest, Pending},
    call::Call,
    config::{Config, Mobile},
    core::{Core, signed_out},
    flow::{
        entra,
        invitation::{invite, take_over},
        post::{Answer, Posted, offline, post},
    },
    id_token::Expected,
    members::invalid,
    race::{First, race},
    request::check_correlation_id,
    scope,
    single_flight::{Flight, Landing},
    token::{self, CodeGrant},
    url::Address,
};
use std::{future::Future, rc::Rc};

/// Who asks for a sign-in, and how.
pub(crate) struct Ask {
    config: Rc<Config>,
    /// Empty: `signIn()`, which is a click by promise, so that nothing has to invite.
    client: String,
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
    /// How often somebody had signed out when it began.
    sign_outs: u32,
}

/// A sign-in whose window is open, unless there has to be an invitation first.
struct Opened<E: Env> {
    attempt: Attempt,
    inbox: E::Inbox,
    popup: Option<E::Popup>,
}

/// The packaged redirect page, below the environment's address (contract §3).
const REDIRECT_PAGE: &str = "/WebResources/talxis_/tokenbroker/redirect.html";
/// For how long an open window may be silent, in milliseconds: a second factor on another device takes its time.
const LONGEST_WAIT: u32 = 5 * 60 * 1000;

/// `signIn()`: no invitation, and an earlier refusal is forgotten.
pub(crate) fn sign_in<E: Env>(
    core: &Rc<Core<E>>,
    request: SignInRequest,
) -> impl Future<Output = Result<Rc<Account>>> + use<E> {
    let id = request.correlation_id.clone();
    let landing = begin(core, request);
    let core = core.clone();
    async move {
        let account = landing.await.and_then(|()| core.account().ok_or_else(signed_out));
        account.map_err(|error| core.report(&id, "", error))
    }
}

fn begin<E: Env>(core: &Rc<Core<E>>, request: SignInRequest) -> Landing {
    let config = match check_correlation_id(&request.correlation_id).and_then(|()| core.config()) {
        Ok(config) => config,
        Err(error) => return Landing::ready(Err(error)),
    };
    core.refused.set(false);
    core.part_with_others();
    let ask = Ask { config, client: String::new(), request };
    match core.usable_session() {
        Some(session) if !ask.wants_another(session.account()) => Landing::ready(Ok(())),
        _ => join(core, ask),
    }
}

/// Joins the sign-in under way, or starts one, whose window opens before this returns if it may open at all.
pub(crate) fn join<E: Env>(core: &Rc<Core<E>>, ask: Ask) -> Landing {
    let host = core.env.host();
    let barred = if core.refused.get() {
        Err(Code::UserCancelled.into())
    } else if host.offline {
        Err(offline())
    } else if host.mobile && ask.config.mobile == Mobile::Unsupported {
        Err(Code::UnsupportedClient.into())
    } else {
        take_over(core, ask.is_sign_in(), ask.request.select_account)
    };
    let ask = Rc::new(ask);
    match barred {
        Err(error) => Landing::ready(Err(error)),
        Ok(()) => core.sign_ins.join(&core.env, String::new(), &|| depart(core, &ask)),
    }
}

/// Not an `async fn`: the window opens now, inside the call that may stand in a user's click.
fn depart<E: Env>(core: &Rc<Core<E>>, ask: &Rc<Ask>) -> Flight {
    let opened = open(core, ask);
    let (core, ask) = (core.clone(), ask.clone());
    Box::pin(async move {
        let landed = fly(&core, &ask, opened).await;
        landed.map_err(|mut error| {
            core.refused.set(core.refused.get() || error.code == Code::UserCancelled);
            error.correlation_id = Some(ask.request.correlation_id.clone());
            error
        })
    })
}

fn open<E: Env>(core: &Core<E>, ask: &Ask) -> Result<Opened<E>> {
    let attempt = Attempt::new(core, ask)?;
    let inbox = core.env.inbox(attempt.pending.id());
    let may_open = ask.is_sign_in() || core.env.activated();
    let popup = may_open.then(|| core.env.open_popup(&attempt.url)).flatten();
    if popup.is_none() && ask.is_sign_in() {
        return Err(Code::PopupBlocked.into());
    }
    Ok(Opened { attempt, inbox, popup })
}

async fn fly<E: Env>(core: &Rc<Core<E>>, ask: &Ask, opened: Result<Opened<E>>) -> Result<()> {
    let Opened { attempt, mut inbox, popup } = opened?;
    core.emit(EventKind::Interaction, &ask.request.correlation_id, &ask.client, None);
    let popup = match popup {
        Some(popup) => popup,
        None => invite(core, &attempt.url).await?,
    };

    let gave_up = race(core.env.given_up(&popup, &attempt.url), core.env.sleep(LONGEST_WAIT));
    let response = match race(inbox.response(), gave_up).await {
        First::Left(response) => response,
        First::Right(First::Left(_)) => return Err(Code::UserCancelled.into()),
        First::Right(First::Right(_)) => return Err(Code::PopupTimeout.into()),
    };
    drop((popup, inbox));

    let answer = attempt.redeem(core, ask, &response)?.await;
    attempt.accept(core, ask, answer)
}

impl Ask {
    /// A call of `getToken` needs a session.
    pub(crate) fn for_call(call: &Call) -> Self {
        Self {
            config: call.config.clone(),
            client: call.client.id.clone(),
            request: SignInRequest {
                correlation_id: call.request.correlation_id.clone(),
                ..SignInRequest::default()
            },
        }
    }

    fn is_sign_in(&self) -> bool {
        self.client.is_empty()
    }

    fn wants_another(&self, account: &Account) -> bool {
        let hint = &self.request.login_hint;
        self.request.select_account || !hint.is_empty() && !hint.eq_ignore_ascii_case(&account.username)
    }
}

impl Attempt {
    fn new<E: Env>(core: &Core<E>, ask: &Ask) -> Result<Self> {
        let (config, wish, host) = (&ask.config, &ask.request, core.env.host());
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
        let (login_hint, prompt) = match (wish.login_hint.as_str(), wish.select_account) {
            ("", false) => (host.login_hint.as_deref().unwrap_or_default(), ""),
            (hint, false) => (hint, ""),
            (hint, true) => (hint, "select_account"),
        };
        let tenant_url = config.tenant_url(&tenant);

        let pending = Pending::new(&core.env.random(), core.env.random(), core.env.random());
        let url = pending.url(&AuthorizationRequest {
            tenant_url: &tenant_url,
            client_id: &config.client_id,
            redirect_uri: &redirect_uri,
            login_hint,
            prompt,
            correlation_id: &ask.request.correlation_id,
        });
        Ok(Self { pending, tenant, tenant_url, redirect_uri, url, sign_outs: core.sign_outs() })
    }

    /// Redeems the code in a response.
    fn redeem<E: Env>(&self, core: &Core<E>, ask: &Ask, response: &E::Json) -> Result<Posted<E::Json>> {
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
    fn accept<E: Env>(&self, core: &Core<E>, ask: &Ask, answer: Result<Answer<E::Json>>) -> Result<()> {
        let expected = Expected {
            client_id: &ask.config.client_id,
            tenant_url: &self.tenant_url,
            tenant: &self.tenant,
            nonce: Some(&self.pending.nonce),
        };
        let judged = answer.and_then(|answer| entra::judge(core, &answer, &expected, scope::OIDC));
        let (response, account) = judged.map_err(|mut error| {
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
        core.emit(EventKind::SignedIn, &ask.request.correlation_id, &ask.client, None);
        Ok(())
    }
}
