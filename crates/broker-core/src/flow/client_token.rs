//! The client token: from the cache, or from the refresh token (entra.md §1.4). One refresh per client at a time, however
//! many calls wait. What comes back for another user than the session's is not served.

use crate::{
    Code, Env, Result,
    call::Call,
    core::Core,
    flow::{
        RENEW, entra,
        post::{Answer, Posted, post},
    },
    id_token::Expected,
    session::Session,
    single_flight::{Flight, Landing},
    token::{self, RefreshGrant},
};
use std::rc::Rc;

/// The wait for the client token of a call's control client, which is in the cache then.
pub(crate) fn client_token<E: Env>(
    core: &Rc<Core<E>>,
    call: &Rc<Call>,
    session: &Session,
    cached: bool,
) -> Landing {
    if cached && core.cached(call.client_token_key(session.account())).is_some() {
        return Landing::ready(Ok(()));
    }
    core.refreshes.join(&core.env, call.refresh_flight(), &|| depart(core, call, session, cached))
}

fn depart<E: Env>(core: &Rc<Core<E>>, call: &Rc<Call>, session: &Session, cached: bool) -> Flight {
    let (core, call, session) = (core.clone(), call.clone(), session.clone());
    Box::pin(async move {
        let mut turn = core.env.lock(RENEW);
        (&mut turn).await;
        // Another tab may have had it meanwhile.
        if cached && core.cached(call.client_token_key(session.account())).is_some() {
            return Ok(());
        }
        let answer = request(&core, &call, &session)?.await?;
        accept(&core, &call, &session, &answer)
    })
}

fn request<E: Env>(core: &Core<E>, call: &Call, session: &Session) -> Result<Posted<E::Json>> {
    let refresh_token = session.refresh_token(core.env.now()).ok_or(Code::LoginRequired)?;
    let grant = RefreshGrant {
        client_id: &call.config.client_id,
        refresh_token: &refresh_token,
        control_scope: &call.client.scope,
        claims: &call.request.claims,
    };
    let tenant_url = call.config.tenant_url(&session.account().tenant_id);
    let url = token::endpoint(&tenant_url, &call.request.correlation_id);
    Ok(post(core, &url, &grant.body(), Code::Network))
}

fn accept<E: Env>(core: &Core<E>, call: &Call, session: &Session, answer: &Answer<E::Json>) -> Result<()> {
    let account = session.account();
    let expected = Expected {
        client_id: &call.config.client_id,
        tenant_url: &call.config.tenant_url(&account.tenant_id),
        tenant: &account.tenant_id,
        nonce: None,
    };
    let (response, answered) = entra::judge(core, answer, &expected, &call.client.scope)?;
    if answered.is_some_and(|answered| !session.belongs_to(&answered)) {
        return Err(Code::AccountMismatch.into());
    }
    core.store(session, call.client_token_key(account), response.token)?;
    if let Some(newer) = response.refresh_token {
        session.rotate(newer);
    }
    Ok(())
}
