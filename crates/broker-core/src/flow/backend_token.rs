//! Client token in, backend token out (contract §4). Decides what is tried again, each once: a client token that the STS no
//! longer takes is renewed, and an STS that is throttled or out of order gets a pause, though never longer than a user waits.

use crate::{
    Code, Env, Result,
    call::Call,
    core::Core,
    exchange::{self, Remedy},
    flow::client_token::client_token,
    session::Session,
};
use std::rc::Rc;
use sts_wire::ExchangeRequest;

/// The pause before the second try, in milliseconds, where the STS asks for none.
const PAUSE: u64 = 500;
/// The longest pause that is worth keeping a user for; beyond it the caller is told `retryAfterMs` at once.
const LONGEST_PAUSE: u64 = 5_000;

/// The backend token that a call wants.
pub(crate) async fn backend_token<E: Env>(
    core: &Rc<Core<E>>,
    call: &Rc<Call>,
    session: &Session,
) -> Result<()> {
    let (mut cached, mut renewed, mut paused) = (call.takes_cached(), false, false);
    loop {
        let subject = client_token(core, call, session, cached).await?;
        // From here on: another call may have replaced the client token that the STS refuses.
        cached = true;

        let request = ExchangeRequest {
            subject_token: subject.secret.expose(),
            scope: call.scopes.as_str(),
            client_id: &call.config.client_id,
            claims: Some(call.claims.as_str()),
            correlation_id: Some(&call.correlation_id),
        };
        let asked_at = core.env.now();
        let reply = core.env.post_form(&exchange::endpoint(&call.config.sts), exchange::body(&request)).await;
        let answer = reply.map_err(exchange::unreachable);
        let refusal = match answer.and_then(|reply| exchange::judge(&reply, call.scopes.as_str(), asked_at)) {
            Ok(token) => return core.store(session, call.key(session.account()), token),
            Err(refusal) => refusal,
        };

        let spent = matches!(refusal.error.code, Code::LoginRequired | Code::InteractionRequired);
        if spent || refusal.remedy == Remedy::NewClientToken {
            core.discard(&subject);
        }
        let pause = refusal.error.retry_after_ms.unwrap_or(PAUSE);
        match refusal.remedy {
            Remedy::NewClientToken if !renewed => renewed = true,
            Remedy::Wait if !paused && pause <= LONGEST_PAUSE => {
                paused = true;
                // Twenty calls that were refused together do not come back together.
                let [jitter, ..] = core.env.random();
                core.env.sleep(pause as u32 + u32::from(jitter)).await;
            }
            _ => return Err(refusal.error),
        }
    }
}
