//! Client token in, backend token out (contract §4): one exchange at the STS, and one more after a wait where the STS is
//! throttled or out of order. Never waits longer than a user would.

use crate::{
    Env,
    cache::Token,
    call::Call,
    core::Core,
    exchange::{self, Refusal, Remedy},
};
use sts_wire::ExchangeRequest;

/// The wait before the second try, in milliseconds, where the STS asks for none.
const PAUSE: u32 = 500;
/// The longest wait that is worth keeping a user for; beyond it the caller is told `retryAfterMs` at once.
const LONGEST_PAUSE: u32 = 5_000;

/// The backend token for a client token.
pub(crate) async fn exchange<E: Env>(core: &Core<E>, call: &Call, subject: &Token) -> Result<Token, Refusal> {
    let refusal = match ask(core, call, subject).await {
        Err(refusal) if refusal.remedy == Remedy::Wait => refusal,
        answer => return answer,
    };
    let [jitter, ..] = core.env.random();
    let pause = match refusal.error.retry_after_ms {
        None => PAUSE,
        Some(wanted) => u32::try_from(wanted).unwrap_or(u32::MAX),
    };
    if pause > LONGEST_PAUSE {
        return Err(refusal);
    }
    core.env.sleep(pause + u32::from(jitter)).await;
    ask(core, call, subject).await
}

async fn ask<E: Env>(core: &Core<E>, call: &Call, subject: &Token) -> Result<Token, Refusal> {
    let scope = call.wanted.scopes.join();
    let request = ExchangeRequest {
        subject_token: subject.secret.expose(),
        scope: &scope,
        client_id: &call.config.client_id,
        claims: call.wanted.claims.as_deref(),
        correlation_id: Some(&call.correlation_id),
    };
    let asked_at = core.env.now();
    let reply = core.env.post_form(&exchange::endpoint(&call.config.sts), exchange::body(&request)).await;
    let reply = reply.map_err(exchange::unreachable)?;
    exchange::judge(&reply, &scope, asked_at)
}
