//! One sign-in for all who wait for one (design, "First call of the day"): window or invitation, response, code, session.
//! Decides when the user may be asked, and keeps nothing of a response that is not exactly the answer to its request.

use crate::{
    Account, Code, Env, Error, Event, EventKind, Inbox, Result, SignInRequest,
    authorize::{AuthorizationRequest, Pending},
    call::Call,
    config::{self, Config},
    core::Core,
    entra_error::sentence,
    flow::invitation::{blocked, invite, take_over},
    guid,
    id_token::Expected,
    race::{First, race},
    session::{RefreshToken, Session},
    single_flight::Landing,
    token::{self, CodeGrant, TokenResponse},
    url::Address,
};
use std::{future::Future, rc::Rc};

/// Who asks for a sign-in, and how.
pub(crate) struct Ask {
    /// Without a click: an invitation. `signIn()` is a click by promise.
    pub(crate) may_invite: bool,
    config: Rc<Config>,
    correlation_id: String,
    client: Option<String>,
    request: SignInRequest,
}

/// A sign-in under way.
pub(crate) struct Attempt {
    pub(crate) ask: Ask,
    pending: Pending,
    tenant: String,
    tenant_url: String,
    redirect_uri: String,
}

/// The packaged redirect page, below the environment's address (contract §3).
const REDIRECT_PAGE: &str = "/WebResources/talxis_/tokenbroker/redirect.html";
/// For how long an open window may be silent, in milliseconds: a second factor on another device takes its time.
const LONGEST_WAIT: u32 = 5 * 60 * 1000;

/// `signIn()`: no invitation, and an earlier refusal is forgotten.
pub(crate) async fn sign_in<E: Env>(core: &Rc<Core<E>>, request: SignInRequest) -> Result<Account> {
    let correlation_id = guid::from_random(core.env.random());
    let result = match core.config() {
        Ok(config) => {
            core.refused.set(false);
            let ask = Ask {
                may_invite: false,
                config,
                correlation_id: correlation_id.clone(),
                client: None,
                request,
            };
            signed_in(core, &ask).unwrap_or_else(|| join(core, ask)).await
        }
        Err(error) => Err(error),
    };
    result.map(|session| session.account().clone()).map_err(|mut error| {
        error.correlation_id.get_or_insert_with(|| correlation_id.clone());
        emit(core, EventKind::Error, correlation_id, None, Some(error.code));
        error
    })
}

/// Joins the sign-in under way, or starts one, whose window opens before this returns if it may open at all.
pub(crate) fn join<E: Env>(core: &Rc<Core<E>>, ask: Ask) -> Landing<Result<Session>> {
    if core.refused.get() {
        return Landing::ready(Err(Error::new(Code::UserCancelled, sentence(Code::UserCancelled))));
    }
    if let Err(error) = take_over(core, &ask) {
        return Landing::ready(Err(error));
    }
    core.sign_ins.join(&core.env, (), || depart(core.clone(), ask))
}

/// The session, if it is good and nobody else is asked for.
fn signed_in<E: Env>(core: &Core<E>, ask: &Ask) -> Option<Landing<Result<Session>>> {
    let session = core.session().filter(|session| session.refresh_token(core.env.now()).is_some())?;
    let username = &session.account().username;
    let same = ask.request.login_hint.as_ref().is_none_or(|hint| hint.eq_ignore_ascii_case(username));
    (same && !ask.request.select_account).then(|| Landing::ready(Ok(session)))
}

/// Not an `async fn`: the window opens now, inside the call that may stand in a user's click.
fn depart<E: Env>(core: Rc<Core<E>>, ask: Ask) -> impl Future<Output = Result<Session>> {
    let correlation_id = ask.correlation_id.clone();
    let opened = Attempt::new(&core, ask).map(|attempt| {
        let inbox = core.env.inbox(&attempt.pending.id);
        let may_open = !attempt.ask.may_invite || core.env.activated();
        let popup = may_open.then(|| core.env.open_popup(&attempt.url(&attempt.ask))).flatten();
        (Rc::new(attempt), inbox, popup)
    });
    async move {
        let result = match opened {
            Ok((attempt, inbox, popup)) => fly(&core, &attempt, inbox, popup).await,
            Err(error) => Err(error),
        };
        result.map_err(|mut error| {
            error.correlation_id = Some(correlation_id);
            if error.code == Code::UserCancelled {
                core.refused.set(true);
            }
            error
        })
    }
}

async fn fly<E: Env>(
    core: &Core<E>,
    attempt: &Rc<Attempt>,
    mut inbox: E::Inbox,
    popup: Option<E::Popup>,
) -> Result<Session> {
    let ask = &attempt.ask;
    let sign_outs = core.sign_outs();
    if popup.is_none() && !ask.may_invite {
        return Err(blocked());
    }
    emit(core, EventKind::Interaction, ask.correlation_id.clone(), ask.client.clone(), None);
    let popup = match popup {
        Some(popup) => popup,
        None => invite(core, attempt).await?,
    };

    let url = attempt.url(ask);
    let gave_up = race(core.env.given_up(&popup, &url), core.env.sleep(LONGEST_WAIT));
    let response = match race(inbox.response(), gave_up).await {
        First::Left(response) => response,
        First::Right(First::Left(())) => {
            return Err(Error::new(Code::UserCancelled, sentence(Code::UserCancelled)));
        }
        First::Right(First::Right(())) => {
            return Err(Error::new(
                Code::PopupTimeout,
                "The sign-in window never answered: call signIn() again.",
            ));
        }
    };
    drop((popup, inbox));

    let code = attempt.pending.code(&response)?;
    let signed_out = || core.sign_outs() != sign_outs;
    let ended =
        || Error::new(Code::LoginRequired, "The user signed out while signing in: call signIn() again.");
    if signed_out() {
        return Err(ended());
    }
    let (account, token) = attempt.redeem(core, &code).await?;
    if signed_out() {
        return Err(ended());
    }
    let session = core.begin(account, token);
    emit(core, EventKind::SignedIn, ask.correlation_id.clone(), ask.client.clone(), None);
    Ok(session)
}

impl Ask {
    /// A call of `getToken` needs a session.
    pub(crate) fn for_call(call: &Call) -> Self {
        Self {
            may_invite: true,
            config: call.config.clone(),
            correlation_id: call.correlation_id.clone(),
            client: Some(call.wanted.client.id.clone()),
            request: SignInRequest::default(),
        }
    }
}

impl Attempt {
    fn new<E: Env>(core: &Core<E>, mut ask: Ask) -> Result<Self> {
        let host = core.env.host();
        let tenant = core.tenant(&ask.config)?;
        let redirect_uri =
            match (&ask.config.redirect_uri, host.client_url.as_deref().and_then(Address::parse)) {
                (Some(uri), _) => uri.clone(),
                (None, Some(environment)) => [environment.as_str(), REDIRECT_PAGE].concat(),
                (None, None) => {
                    return Err(config::invalid("redirectUri", "is needed, because this is not Power Apps"));
                }
            };
        if !ask.request.select_account {
            ask.request.login_hint = ask.request.login_hint.or(host.login_hint);
        }
        let [state, nonce, verifier] = [core.env.random(), core.env.random(), core.env.random()];
        let tenant_url = [ask.config.authority.as_str(), "/", &tenant].concat();
        Ok(Self { ask, pending: Pending::new(state, nonce, verifier), tenant, tenant_url, redirect_uri })
    }

    /// Where the window goes, with the wishes of this caller; of whom does not matter to the response.
    pub(crate) fn url(&self, ask: &Ask) -> String {
        let hint = ask.request.login_hint.as_ref();
        let own_hint = self.ask.request.login_hint.as_ref().filter(|_| !ask.request.select_account);
        self.pending.url(&AuthorizationRequest {
            tenant_url: &self.tenant_url,
            client_id: &self.ask.config.client_id,
            redirect_uri: &self.redirect_uri,
            login_hint: hint.or(own_hint).map(String::as_str),
            select_account: ask.request.select_account,
            correlation_id: &self.ask.correlation_id,
        })
    }

    /// Redeems the code. Its access token is dropped: it is for no control client.
    async fn redeem<E: Env>(&self, core: &Core<E>, code: &crate::Secret) -> Result<(Account, RefreshToken)> {
        let client_id = &self.ask.config.client_id;
        let verifier = &self.pending.verifier;
        let grant = CodeGrant { client_id, redirect_uri: &self.redirect_uri, code, verifier };
        let asked_at = core.env.now();
        let endpoint = token::endpoint(&self.tenant_url, &self.ask.correlation_id);
        let reply = core.env.post_form(&endpoint, grant.body()).await.map_err(token::unreachable)?;
        let response = TokenResponse::judge(&reply, asked_at).map_err(|mut error| {
            // A code that is no good is a failed sign-in, not the end of a session.
            if error.code == Code::LoginRequired {
                error.code = Code::IdentityProvider;
                error.message = sentence(Code::IdentityProvider).to_owned();
            }
            error
        })?;
        let incomplete =
            || Error::new(Code::IdentityProvider, "Entra's answer lacks the id token or the refresh token.");
        let id_token = response.id_token.as_ref().ok_or_else(incomplete)?;
        let expected = Expected {
            client_id,
            tenant_url: &self.tenant_url,
            tenant: &self.tenant,
            nonce: Some(&self.pending.nonce),
            now: core.env.now(),
        };
        let parse = |text: &str| core.env.parse_json(text);
        let account = expected.account(id_token, response.client_info.as_deref(), parse)?;
        let secret = response.refresh_token.ok_or_else(incomplete)?;
        Ok((account, RefreshToken { secret, expires_on: response.refresh_expires_on }))
    }
}

fn emit<E: Env>(core: &Core<E>, kind: EventKind, id: String, client: Option<String>, code: Option<Code>) {
    core.env.emit(Event { kind, correlation_id: Some(id), client, code });
}
