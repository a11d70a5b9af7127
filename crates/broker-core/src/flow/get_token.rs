//! `getToken` (contract §1): cache, then one flight for all equal calls: session, client token, backend token. Decides what a
//! call does about a session that turns out to be over: one more sign-in.

use crate::{
    Code, Env, EventKind, Fact, Result, TokenRequest, TokenResult,
    cache::Token,
    call::Call,
    core::{Core, signed_out},
    flow::{attempt::Ask, backend_token, post::offline, sign_in, silent},
    session::Session,
    single_flight::{Flight, Landing},
};
use std::{future::Future, rc::Rc};

/// Until a renewal ahead of time is tried again, in milliseconds.
const PAUSE: u64 = 5 * 60 * 1000;

/// A token, cached or fetched. Not an `async fn`: a sign-in window must open now, inside the call that may stand in a user's
/// click.
pub(crate) fn get_token<E: Env>(
    core: &Rc<Core<E>>,
    request: TokenRequest,
) -> impl Future<Output = Result<TokenResult>> + use<E> {
    let begun = begin(core, request);
    let core = core.clone();
    async move {
        let (call, landing) = begun?;
        let from_cache = landing.is_none();
        if let Some(landing) = landing {
            landing.await?;
        }
        result(&core, &call, from_cache)
    }
}

/// The call, and the flight that it waits for; none if its token is there.
fn begin<E: Env>(core: &Rc<Core<E>>, request: TokenRequest) -> Result<(Rc<Call>, Option<Landing>)> {
    let call = Rc::new(Call::admit(core, request)?);
    core.part_with_others();
    let found = core.session().filter(|_| call.takes_cached()).and_then(|session| {
        let token = core.cached(call.key(session.account()))?;
        renew_ahead(core, &call, &session, &token);
        Some(())
    });
    let landing = match found {
        Some(()) => None,
        None => Some(core.calls.join(&core.env, call.flight(), &|| depart(core, &call))),
    };
    Ok((call, landing))
}

/// Fetches the next token behind a call that has a good one, if it is time, and somebody sees the page: a tab in the background renews
/// nothing. That is the quiet moment, too, for the next session. No timer, and no second try soon: the next call that misses it will say why.
fn renew_ahead<E: Env>(core: &Rc<Core<E>>, call: &Call, session: &Session, token: &Token) {
    let (now, host) = (core.env.now(), core.env.host());
    if token.refresh_on.get() > now || host.hidden || host.offline {
        return;
    }
    token.refresh_on.set(now.saturating_add(PAUSE));
    let call = call.ahead();
    if session.is_ending(now) {
        drop(silent::join(core, &Rc::new(Ask::for_call(&call))));
    }
    drop(core.calls.join(&core.env, call.flight(), &|| {
        let (core, call, session) = (core.clone(), call.clone(), session.clone());
        Box::pin(async move { backend_token::bring(&core, &call, &session).await })
    }));
}

fn result<E: Env>(core: &Core<E>, call: &Call, from_cache: bool) -> Result<TokenResult> {
    // The user may have changed, or become known, while the call was under way.
    core.part_with_others();
    let session = core.session().ok_or_else(signed_out)?;
    let token = core.brought(call.key(session.account()))?;
    Ok(call.result(session.account(), &token, from_cache))
}

fn depart<E: Env>(core: &Rc<Core<E>>, call: &Rc<Call>) -> Flight {
    let session = session_or_sign_in(core, call);
    let (core, call) = (core.clone(), call.clone());
    Box::pin(async move {
        let landed = fly(&core, &call, session).await;
        let (id, client) = (&call.request.correlation_id, &call.client.id);
        if landed.is_ok() {
            core.emit(EventKind::Token, id, client, None);
        }
        landed.map_err(|mut error| {
            // Contract §1: whoever may not ask is told to, whatever it was that brought no session.
            if !call.may_prompt() && matches!(error.code, Code::LoginRequired | Code::SilentTimeout) {
                let aadsts = error.aadsts;
                error = Code::InteractionRequired.into();
                error.aadsts = aadsts;
            }
            core.report(id, client, error)
        })
    })
}

/// The session, or the sign-in that brings it: one for all who wait. Offline there is neither, at once.
fn session_or_sign_in<E: Env>(core: &Rc<Core<E>>, call: &Call) -> Landing {
    match core.usable_session() {
        _ if core.env.host().offline => Landing::ready(Err(offline())),
        Some(_) => Landing::ready(Ok(())),
        None => sign_in::join(core, Ask::for_call(call)),
    }
}

async fn fly<E: Env>(core: &Rc<Core<E>>, call: &Rc<Call>, mut next: Landing) -> Result<()> {
    let mut call = call.clone();
    let (mut signed_in, mut signed_in_again) = (core.usable_session().is_none(), false);
    let (mut challenged, mut stepped_up) = (false, false);
    loop {
        next.await?;
        let session = core.session().ok_or_else(signed_out)?;
        let sign_ins = session.sign_ins();
        let Err(error) = backend_token::bring(core, &call, &session).await else { return Ok(()) };
        let error = call.explain(session.account(), error);
        // A call that lands after a sign-out fails with this code too; it must not ask the user to sign in again.
        let over = error.code == Code::LoginRequired && core.is_current(&session);
        if over {
            core.revoke(&session, sign_ins);
        }
        if over && signed_in {
            // A frame would bring the same again, for each call: Entra takes that for a loop (50196).
            core.env.remember(Fact::FramesFail, true);
        }
        let challenge = error.claims.as_deref().unwrap_or(&call.request.claims);
        next = if over && !signed_in_again && call.may_prompt() {
            (signed_in, signed_in_again) = (true, true);
            session_or_sign_in(core, &call)
        } else if error.code != Code::InteractionRequired || challenge.is_empty() || stepped_up {
            return Err(error);
        } else {
            // Entra may have what it needs already; the user is asked only if it says no.
            let says_no = challenged || call.request.claims == challenge;
            challenged = true;
            call = call.challenged(challenge);
            if !says_no {
                Landing::ready(Ok(()))
            } else if call.may_prompt() {
                let sign_in = sign_in::join(core, Ask::for_challenge(&call, session.account()));
                // There is one sign-in at a time: after one for something else, the challenge is still to be asked.
                let asked = core.asking.borrow();
                stepped_up = asked.as_ref().is_some_and(|asked| asked.claims == call.request.claims);
                sign_in
            } else {
                return Err(error);
            }
        };
    }
}
