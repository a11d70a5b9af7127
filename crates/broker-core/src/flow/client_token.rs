//! The client token: from the cache, or from the refresh token (entra.md §1.4). One refresh per client at a time, however
//! many calls wait. What comes back for another user than the session's is not served.

use crate::{
    Code, Env, Result, cache::Token, call::Call, core::Core, flow::entra, id_token::Expected,
    session::Session, token::RefreshGrant,
};
use std::rc::Rc;

/// The client token of a call's control client.
pub(crate) async fn client_token<E: Env>(
    core: &Rc<Core<E>>,
    call: &Rc<Call>,
    session: &Session,
    cached: bool,
) -> Result<Token> {
    let key = call.client_token_key(session.account());
    if cached && let Some(token) = core.cached(&key) {
        return Ok(token);
    }
    let landing = core.refreshes.join(&core.env, call.refresh_flight(), || {
        let (core, call, session) = (core.clone(), call.clone(), session.clone());
        async move { refresh(&core, &call, &session).await }
    });
    landing.await?;
    core.brought(&key)
}

async fn refresh<E: Env>(core: &Core<E>, call: &Call, session: &Session) -> Result<()> {
    let account = session.account();
    let refresh_token = session.refresh_token(core.env.now()).ok_or(Code::LoginRequired)?;
    let client_id = &call.config.client_id;
    let control_scope = &call.client.scope;
    let grant =
        RefreshGrant { client_id, refresh_token: &refresh_token, control_scope, claims: &call.claims };
    let tenant_url = call.config.tenant_url(&account.tenant_id);
    let expected = Expected { client_id, tenant_url: &tenant_url, tenant: &account.tenant_id, nonce: None };
    let (response, answered) =
        entra::ask(core, &expected, control_scope, &call.correlation_id, grant.body()).await?;

    if answered.is_some_and(|answered| !session.belongs_to(&answered)) {
        return Err(Code::AccountMismatch.into());
    }
    core.store(session, call.client_token_key(account), response.token)?;
    if let Some(newer) = response.refresh_token {
        session.rotate(newer);
    }
    Ok(())
}
