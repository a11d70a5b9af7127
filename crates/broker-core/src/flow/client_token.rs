//! The client token: from the cache, or from the refresh token (entra.md §1.4). One refresh per client at a time, however
//! many calls wait. What comes back for another user than the session's is not served.

use crate::{
    Code, Env, Error, Result,
    cache::Token,
    call::Call,
    core::Core,
    entra_error::sentence,
    exchange::words,
    id_token::Expected,
    session::Session,
    token::{self, RefreshGrant, TokenResponse},
};
use std::rc::Rc;

/// The client token of a call's control client.
pub(crate) async fn client_token<E: Env>(
    core: &Rc<Core<E>>,
    call: &Call,
    session: &Session,
    cached: bool,
) -> Result<Token> {
    let wanted = &call.wanted;
    if cached && let Some(token) = core.cached(&call.client_token_key(session.account())) {
        return Ok(token);
    }
    let key = (wanted.client.id.clone(), wanted.claims.clone());
    let landing = core.refreshes.join(&core.env, key, || {
        let (core, call, session) = (core.clone(), call.clone(), session.clone());
        async move { refresh(&core, &call, &session).await }
    });
    landing.await
}

async fn refresh<E: Env>(core: &Core<E>, call: &Call, session: &Session) -> Result<Token> {
    let (config, account) = (&call.config, session.account());
    let asked_at = core.env.now();
    let over = || Error::new(Code::LoginRequired, sentence(Code::LoginRequired));
    let refresh_token = session.refresh_token(asked_at).ok_or_else(over)?;
    let grant = RefreshGrant {
        client_id: &config.client_id,
        refresh_token: &refresh_token,
        control_scope: &call.wanted.client.scope,
        claims: call.wanted.claims.as_deref(),
    };
    let tenant_url = [config.authority.as_str(), "/", &account.tenant_id].concat();
    let reply = core.env.post_form(&token::endpoint(&tenant_url, &call.correlation_id), grant.body()).await;
    let response = TokenResponse::judge(&reply.map_err(token::unreachable)?, asked_at)?;

    if let Some(id_token) = &response.id_token {
        let expected = Expected {
            client_id: &config.client_id,
            tenant_url: &tenant_url,
            tenant: &account.tenant_id,
            nonce: None,
            now: core.env.now(),
        };
        let parse = |text: &str| core.env.parse_json(text);
        if !session.belongs_to(&expected.account(id_token, None, parse)?) {
            let message =
                "Entra answered for another user than the one who is signed in: sign out and sign in again.";
            return Err(Error::new(Code::AccountMismatch, message));
        }
    }
    let scopes = words(response.scope.as_deref().unwrap_or(&call.wanted.client.scope));
    let token = Token { secret: response.access_token, expires_on: response.expires_on, scopes };
    core.store(session, call.client_token_key(account), &token)?;
    if let Some(secret) = response.refresh_token {
        session.rotate(secret, response.refresh_expires_on);
    }
    Ok(token)
}
