//! One sign-in for all who wait for one (design, "First call of the day"): window or invitation, response, code, session.
//! Decides when the user may be asked, and keeps nothing of a response that is not exactly the answer to its request.

use crate::{
    Account, Code, Env, EventKind, Fact, Inbox, Result, SignInRequest,
    authorize::Prompt,
    config::Mobile,
    core::{Core, signed_out},
    flow::{
        attempt::{Ask, Attempt},
        invitation::{Invited, invite, take_over},
        post::offline,
        redirect, silent,
    },
    race::{First, race},
    request::check_correlation_id,
    single_flight::{Flight, Landing},
};
use std::{future::Future, rc::Rc};

/// A sign-in whose window is open, unless there has to be an invitation first.
struct Opened<E: Env> {
    attempt: Attempt,
    inbox: E::Inbox,
    popup: Option<E::Popup>,
}

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
    core.env.remember(Fact::Refused, false);
    core.part_with_others();
    let ask = Ask::for_sign_in(config, request);
    match core.usable_session() {
        Some(session) if !ask.wants_another(session.account()) => Landing::ready(Ok(())),
        _ => join(core, ask),
    }
}

/// Joins the sign-in under way, or starts one. Its window opens before this returns if it may open at all, and nothing has to be tried
/// without the user first.
pub(crate) fn join<E: Env>(core: &Rc<Core<E>>, ask: Ask) -> Landing {
    let ask = Rc::new(ask);
    let host = core.env.host();
    let barred = if host.offline {
        Err(offline())
    } else if core.env.remembers(Fact::Refused) {
        let code = if ask.may_prompt { Code::UserCancelled } else { Code::InteractionRequired };
        Err(code.into())
    } else if !ask.may_prompt {
        return silent::join(core, &ask);
    } else {
        take_over(core, &ask)
    };
    match barred {
        Err(error) => Landing::ready(Err(error)),
        Ok(()) => core.sign_ins.join(&core.env, String::new(), &|| depart(core, &ask)),
    }
}

/// Not an `async fn`: the window opens now, inside the call that may stand in a user's click, unless a hidden frame is tried first.
fn depart<E: Env>(core: &Rc<Core<E>>, ask: &Rc<Ask>) -> Flight {
    core.asking.replace(Some(ask.clone()));
    let at_once = !tries_silently(core, ask) && !leaves_page(core, ask);
    let opened = at_once.then(|| open(core, ask, Prompt::AsNeeded));
    let (core, ask) = (core.clone(), ask.clone());
    Box::pin(async move {
        let landed = fly(&core, &ask, opened).await;
        landed.map_err(|mut error| {
            if error.code == Code::UserCancelled {
                core.env.remember(Fact::Refused, true);
            }
            error.correlation_id = Some(ask.request.correlation_id.clone());
            error
        })
    })
}

async fn fly<E: Env>(core: &Rc<Core<E>>, ask: &Rc<Ask>, mut opened: Option<Result<Opened<E>>>) -> Result<()> {
    let mut prompt = Prompt::AsNeeded;
    if tries_silently(core, ask) {
        let sign_outs = core.sign_outs();
        match silent::join(core, ask).await {
            Err(error) if silent::leaves_hope(error.code) => {
                // Who signed out meanwhile is not asked to sign in.
                core.still_wanted(sign_outs)?;
                // Somebody else is signed in at Entra: the user has to choose.
                if error.code == Code::AccountMismatch {
                    prompt = Prompt::Choice;
                }
            }
            landed => return landed,
        }
    }
    let (attempt, mut inbox, popup) = loop {
        if leaves_page(core, ask) {
            return leave(core, ask, prompt).await;
        }
        let Opened { attempt, inbox, popup } = opened.take().unwrap_or_else(|| open(core, ask, prompt))?;
        core.emit(EventKind::Interaction, &ask.request.correlation_id, &ask.client, None);
        let invited = match popup {
            Some(popup) => Invited::Window(popup),
            None => invite(core, &attempt.url, attempt.bare).await?,
        };
        match invited {
            Invited::Window(popup) => break (attempt, inbox, popup),
            Invited::Elsewhere => return Ok(()),
            // Then the page leaves, or nobody can sign in here.
            Invited::Page(_) => core.refuses_windows.set(true),
        }
    };

    let gave_up = race(core.env.given_up(&popup), core.env.sleep(LONGEST_WAIT));
    let response = match race(inbox.response(), gave_up).await {
        First::Left(response) => response,
        First::Right(First::Left(_)) => return Err(Code::UserCancelled.into()),
        First::Right(First::Right(_)) => return Err(Code::PopupTimeout.into()),
    };
    drop(inbox);

    let answer = attempt.redeem(core, ask, &response)?.await;
    attempt.accept(core, ask, answer)?;
    // Not before: other tabs ask nobody as long as it is open.
    drop(popup);
    core.tell_signed_in(ask);
    // Whoever is signed in at Entra now may be found there by a hidden frame.
    core.by_hand.set(true);
    core.env.remember(Fact::FramesFail, false);
    Ok(())
}

fn open<E: Env>(core: &Core<E>, ask: &Ask, prompt: Prompt) -> Result<Opened<E>> {
    if core.refuses_windows.get() || core.env.host().mobile && ask.config.mobile != Mobile::Popup {
        return Err(Code::UnsupportedClient.into());
    }
    let attempt = Attempt::new(core, ask, &ask.request, prompt)?;
    let inbox = core.env.inbox(attempt.pending.id());
    let clicked = core.env.activated();
    let popup = (clicked || ask.is_sign_in()).then(|| core.env.open_popup(&attempt.url)).flatten();
    if popup.is_none() && !clicked && ask.is_sign_in() {
        return Err(Code::PopupBlocked.into());
    }
    Ok(Opened { attempt, inbox, popup })
}

/// Whether Entra may answer without the user: not to `signIn()`, whose click must not be lost, and not to what it asked the user for.
fn tries_silently<E: Env>(core: &Core<E>, ask: &Ask) -> bool {
    !ask.is_sign_in() && ask.claims.is_empty() && silent::is_worth_trying(core)
}

/// Whether a sign-in leaves the page, because a window is no good here. Of the mobile app only its configuration says whether it would come back.
fn leaves_page<E: Env>(core: &Core<E>, ask: &Ask) -> bool {
    let host = core.env.host();
    // Never where another page shows the app: that would lead nowhere, and Entra refuses to be framed.
    !host.framed
        && if host.mobile { ask.config.mobile == Mobile::Redirect } else { core.refuses_windows.get() }
}

/// The user is asked first, because what is unsaved on the page would be lost; not for a `signIn()` in the mobile app, whose author knows.
async fn leave<E: Env>(core: &Rc<Core<E>>, ask: &Rc<Ask>, prompt: Prompt) -> Result<()> {
    core.emit(EventKind::Interaction, &ask.request.correlation_id, &ask.client, None);
    let mut wisher = None;
    if !ask.is_sign_in() || core.refuses_windows.get() {
        match invite(core, "", 0).await? {
            Invited::Page(taker) => wisher = taker,
            _ => return Ok(()),
        }
    }
    redirect::leave(core, ask, &wisher.as_ref().unwrap_or(ask).request, prompt).await
}
