//! `getToken` (contract §1): cache, then one flight for all equal calls: session, client token, backend token. Decides what a
//! call does about a session that turns out to be over and about a client token that the STS no longer takes: once each.

use crate::{
    Code, Env, Error, Event, EventKind, Interaction, Result, TokenRequest, TokenResult,
    cache::Token,
    call::Call,
    core::Core,
    exchange::Remedy,
    flow::{client_token::client_token, exchange::exchange, sign_in},
    guid,
    session::Session,
    single_flight::Landing,
};
use std::{future::Future, rc::Rc};

/// A token, cached or fetched.
pub(crate) async fn get_token<E: Env>(core: &Rc<Core<E>>, mut request: TokenRequest) -> Result<TokenResult> {
    let given = request.correlation_id.take();
    let id = given.unwrap_or_else(|| guid::from_random(core.env.random()));
    let call = Call::admit(core, request, id.clone()).map_err(|error| refuse(core, id, error))?;
    if let Some(session) = core.session().filter(|_| call.takes_cached())
        && let Some(token) = core.cached(&call.key(session.account()))
    {
        return Ok(call.result(session.account(), token, true));
    }
    let wanted = call.wanted.clone();
    core.calls.join(&core.env, wanted, || depart(core.clone(), call)).await
}

/// The flight. Not an `async fn`: a sign-in window must open now, inside the call that may stand in a user's click.
fn depart<E: Env>(core: Rc<Core<E>>, call: Call) -> impl Future<Output = Result<TokenResult>> {
    let session = session_or_sign_in(&core, &call);
    async move {
        let result = fly(&core, &call, session).await;
        let result = result.map_err(|error| call.explain(core.account().as_ref(), error));
        core.report(&call, result.as_ref().err().map(|error| error.code));
        result
    }
}

/// The session, or the sign-in that brings it: one for all who wait.
fn session_or_sign_in<E: Env>(core: &Rc<Core<E>>, call: &Call) -> Landing<Result<Session>> {
    let usable = core.session().filter(|session| session.refresh_token(core.env.now()).is_some());
    if let Some(session) = usable {
        return Landing::ready(Ok(session));
    }
    if call.wanted.interaction == Interaction::Never {
        let message = "The user must sign in, and this call may not ask: call signIn().";
        return Landing::ready(Err(Error::new(Code::InteractionRequired, message)));
    }
    sign_in::join(core, sign_in::Ask::for_call(call))
}

async fn fly<E: Env>(
    core: &Rc<Core<E>>,
    call: &Call,
    session: Landing<Result<Session>>,
) -> Result<TokenResult> {
    let session = session.await?;
    let sign_ins = session.sign_ins();
    let result = tokens(core, call, &session).await;
    // A call that lands after a sign-out fails with this code too; it must not ask the user to sign in again.
    if !matches!(&result, Err(error) if error.code == Code::LoginRequired && core.is_current(&session)) {
        return result;
    }
    session.revoke(sign_ins);
    if call.wanted.interaction == Interaction::Never {
        return result;
    }
    let session = session_or_sign_in(core, call).await?;
    tokens(core, call, &session).await
}

/// Client token, then, unless it is what the caller wants, the backend token.
async fn tokens<E: Env>(core: &Rc<Core<E>>, call: &Call, session: &Session) -> Result<TokenResult> {
    let account = session.account();
    let subject = client_token(core, call, session, call.takes_cached()).await?;
    if call.wanted.scopes.is_empty() {
        return Ok(call.result(account, subject, false));
    }
    let token = backend_token(core, call, session, subject).await?;
    core.store(session, call.key(account), &token)?;
    Ok(call.result(account, token, false))
}

async fn backend_token<E: Env>(
    core: &Rc<Core<E>>,
    call: &Call,
    session: &Session,
    subject: Token,
) -> Result<Token> {
    let refusal = match exchange(core, call, &subject).await {
        Ok(token) => return Ok(token),
        Err(refusal) => refusal,
    };
    let spent = matches!(refusal.error.code, Code::LoginRequired | Code::InteractionRequired);
    if spent || refusal.remedy == Remedy::NewClientToken {
        core.discard(&call.client_token_key(session.account()), &subject);
    }
    if refusal.remedy != Remedy::NewClientToken {
        return Err(refusal.error);
    }
    // From the cache is right here: another call may have replaced the token that was refused.
    let newer = client_token(core, call, session, call.wanted.claims.is_none()).await?;
    exchange(core, call, &newer).await.map_err(|refusal| refusal.error)
}

/// A call that policy does not let in.
fn refuse<E: Env>(core: &Core<E>, correlation_id: String, mut error: Box<Error>) -> Box<Error> {
    let code = Some(error.code);
    error.correlation_id = Some(correlation_id);
    let correlation_id = error.correlation_id.clone();
    core.env.emit(Event { kind: EventKind::Error, correlation_id, client: None, code });
    error
}
