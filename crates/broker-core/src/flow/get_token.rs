//! `getToken` (contract §1): cache, then one flight for all equal calls: session, client token, backend token. Decides what a
//! call does about a session that turns out to be over: one more sign-in.

use crate::{
    Code, Env, Error, EventKind, Result, TokenRequest, TokenResult,
    call::Call,
    core::{Core, signed_out},
    flow::{backend_token::backend_token, client_token::client_token, sign_in},
    guid,
    single_flight::Landing,
};
use std::{future::Future, rc::Rc};

/// A token, cached or fetched.
pub(crate) async fn get_token<E: Env>(core: &Rc<Core<E>>, mut request: TokenRequest) -> Result<TokenResult> {
    let given = request.correlation_id.take();
    let id = given.unwrap_or_else(|| guid::from_random(core.env.random()));
    let call = match Call::admit(core, request, id.clone()) {
        Ok(call) => Rc::new(call),
        Err(error) => return Err(report(core, &id, None, error)),
    };
    if let Some(session) = core.session().filter(|_| call.takes_cached())
        && let Some(token) = core.cached(&call.key(session.account()))
    {
        return Ok(call.result(session.account(), token, true));
    }
    core.calls.join(&core.env, call.flight(), || depart(core.clone(), call.clone())).await?;
    let session = core.session().ok_or_else(signed_out)?;
    let token = core.brought(&call.key(session.account()))?;
    Ok(call.result(session.account(), token, false))
}

/// The flight. Not an `async fn`: a sign-in window must open now, inside the call that may stand in a user's click.
fn depart<E: Env>(core: Rc<Core<E>>, call: Rc<Call>) -> impl Future<Output = Result<()>> {
    let session = session_or_sign_in(&core, &call);
    async move {
        let (id, client) = (&call.correlation_id, Some(call.client.id.clone()));
        let landed = fly(&core, &call, session).await;
        if landed.is_ok() {
            core.emit(EventKind::Token, id, client.clone(), None);
        }
        landed.map_err(|error| report(&core, id, client, error))
    }
}

/// The session, or the sign-in that brings it: one for all who wait.
fn session_or_sign_in<E: Env>(core: &Rc<Core<E>>, call: &Call) -> Landing {
    match core.usable_session() {
        Some(_) => Landing::ready(Ok(())),
        None if call.may_prompt => sign_in::join(core, sign_in::Ask::for_call(call)),
        None => Landing::ready(Err(Code::InteractionRequired.into())),
    }
}

async fn fly<E: Env>(core: &Rc<Core<E>>, call: &Rc<Call>, mut next: Landing) -> Result<()> {
    let mut signed_in_again = false;
    loop {
        next.await?;
        let session = core.session().ok_or_else(signed_out)?;
        let (account, sign_ins) = (session.account(), session.sign_ins());
        let landed = if call.scopes.as_str().is_empty() {
            client_token(core, call, &session, call.takes_cached()).await.map(drop)
        } else {
            backend_token(core, call, &session).await
        };
        let Err(error) = landed else { return Ok(()) };
        let error = call.explain(account, error);
        // A call that lands after a sign-out fails with this code too; it must not ask the user to sign in again.
        let over = error.code == Code::LoginRequired && core.is_current(&session);
        if over {
            session.revoke(sign_ins);
        }
        if !over || signed_in_again || !call.may_prompt {
            return Err(error);
        }
        signed_in_again = true;
        next = session_or_sign_in(core, call);
    }
}

/// A failed call, as its caller and the listeners get to know it.
fn report<E: Env>(core: &Core<E>, id: &str, client: Option<String>, mut error: Box<Error>) -> Box<Error> {
    core.emit(EventKind::Error, id, client, Some(error.code));
    error.correlation_id.get_or_insert_with(|| id.to_owned());
    error
}
