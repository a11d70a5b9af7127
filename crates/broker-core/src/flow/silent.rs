//! Sign-in without the user: Entra is asked in a hidden frame with `prompt=none` (OpenID Connect Core §3.1.2.1; msal.md §2.5), for all who
//! wait at once. Where cookies of other sites are blocked that cannot work, so one failure is remembered in the tab until the user has
//! signed in by hand, and one after that as long as the page lives: the first may have had no session to find, the second had one.

use crate::{
    Code, Env, EventKind, Fact, Inbox, Result,
    authorize::Prompt,
    core::{Core, signed_out},
    flow::{
        RENEW,
        attempt::{Ask, Attempt},
        post::blocked,
    },
    race::{First, race},
    single_flight::{Flight, Landing},
    url::origin,
};
use std::rc::Rc;

/// For how long the frame may be silent, in milliseconds. A page that refuses to be framed never answers.
const LONGEST_WAIT: u32 = 6_000;

/// Joins the silent sign-in under way, or starts one, where that may bring anything.
pub(crate) fn join<E: Env>(core: &Rc<Core<E>>, ask: &Rc<Ask>) -> Landing {
    if !is_worth_trying(core) {
        return Landing::ready(Err(Code::InteractionRequired.into()));
    }
    core.silent_sign_ins.join(&core.env, String::new(), &|| depart(core, ask))
}

/// Whether a frame may bring the right user. Where Power Apps does not say who that is, nobody could tell, and no person chose.
pub(crate) fn is_worth_trying<E: Env>(core: &Core<E>) -> bool {
    let host = core.env.host();
    !core.frames_fail.get()
        && ![Fact::FramesFail, Fact::SignedOut].into_iter().any(|fact| core.env.remembers(fact))
        && (host.object_id.is_some() || host.tenant.is_none())
}

/// Whether a prompt may bring what this failure did not.
pub(crate) fn leaves_hope(error: Code) -> bool {
    !matches!(
        error,
        Code::BlockedByPolicy
            | Code::ConfigInvalid
            | Code::ConnectBlockedByCsp
            | Code::Network
            | Code::Throttled
    )
}

fn depart<E: Env>(core: &Rc<Core<E>>, ask: &Rc<Ask>) -> Flight {
    let (core, ask) = (core.clone(), ask.clone());
    Box::pin(async move {
        let landed = fly(&core, &ask).await;
        if let Err(error) = &landed {
            if leaves_hope(error.code) {
                // Who found somebody else at Entra has a frame that works.
                core.frames_fail.set(core.by_hand.get() && error.code != Code::AccountMismatch);
                core.env.remember(Fact::FramesFail, true);
            }
            // The call goes on without a frame. Nobody is told but who listens: an administrator, perhaps.
            if matches!(error.code, Code::FrameBlockedByCsp | Code::SilentTimeout) {
                core.emit(EventKind::Error, &ask.request.correlation_id, &ask.client, Some(error.code));
            }
        }
        landed
    })
}

async fn fly<E: Env>(core: &Rc<Core<E>>, ask: &Ask) -> Result<()> {
    let sign_outs = core.sign_outs();
    let mut turn = core.env.lock(RENEW);
    (&mut turn).await;
    core.still_wanted(sign_outs)?;
    let usable = core.usable_session();
    // Another tab may have signed in meanwhile.
    if usable.as_ref().is_some_and(|session| !session.is_ending(core.env.now())) {
        return Ok(());
    }
    let attempt = Attempt::new(core, ask, &ask.request, Prompt::Never)?;
    let mut inbox = core.env.inbox(attempt.pending.id());
    let frame = core.env.open_frame(&attempt.url);
    let response = match race(inbox.response(), race(frame, core.env.sleep(LONGEST_WAIT))).await {
        First::Left(response) => response,
        First::Right(First::Left(_)) => {
            let authority = origin(&attempt.tenant_url);
            return Err(blocked(Code::FrameBlockedByCsp, "frame-src", authority));
        }
        First::Right(First::Right(_)) => return Err(Code::SilentTimeout.into()),
    };
    drop(inbox);

    let answer = attempt.redeem(core, ask, &response)?.await;
    // In another tab, meanwhile: this would undo it.
    if core.env.remembers(Fact::SignedOut) {
        return Err(signed_out());
    }
    attempt.accept(core, ask, answer)?;
    if usable.is_none() {
        core.tell_signed_in(ask);
    }
    Ok(())
}
