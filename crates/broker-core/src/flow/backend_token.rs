//! Client token in, backend token out (contract §4). Decides what is tried again, each once: a client token that the STS no
//! longer takes is renewed, and an STS that is throttled or out of order gets a pause, though never longer than a user waits.

use crate::{
    Code, Env, Result,
    cache::Token,
    call::Call,
    core::Core,
    exchange::{self, Refusal, Remedy},
    flow::{
        client_token::client_token,
        post::{Answer, Posted, post},
    },
    session::Session,
};
use std::rc::Rc;
use sts_wire::ExchangeRequest;

/// The pause before the second try, in milliseconds, where the STS asks for none.
const PAUSE: u64 = 500;
/// The longest pause that is worth keeping a user for; beyond it the caller is told `retryAfterMs` at once.
const LONGEST_PAUSE: u64 = 5_000;

/// Brings the token that a call wants: the client token itself where the call has no scopes.
pub(crate) async fn bring<E: Env>(core: &Rc<Core<E>>, call: &Rc<Call>, session: &Session) -> Result<()> {
    let (mut cached, mut renewed, mut paused) = (call.takes_cached(), false, false);
    loop {
        client_token(core, call, session, cached).await?;
        let subject = core.brought(call.client_token_key(session.account()))?;
        if call.scopes.is_empty() {
            return Ok(());
        }
        // From here on: another call may have replaced the client token that the STS refuses.
        cached = true;

        let answer = request(core, call, &subject).await;
        let Err(refusal) = accept(core, call, session, answer) else { return Ok(()) };

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
                core.env.sleep(pause as u32 + core.jitter()).await;
            }
            _ => return Err(refusal.error),
        }
    }
}

fn request<E: Env>(core: &Core<E>, call: &Call, subject: &Token) -> Posted<E::Json> {
    let body = exchange::body(&ExchangeRequest {
        subject_token: subject.secret.expose(),
        scope: &call.scopes,
        client_id: &call.config.client_id,
        claims: Some(&call.request.claims),
        correlation_id: Some(&call.request.correlation_id),
    });
    post(core, &exchange::endpoint(&call.config.sts), &body, Code::StsUnavailable)
}

fn accept<E: Env>(
    core: &Core<E>,
    call: &Call,
    session: &Session,
    answer: Result<Answer<E::Json>>,
) -> std::result::Result<(), Refusal> {
    let answer = answer.map_err(exchange::unreachable)?;
    let token = exchange::judge(&answer.reply, &call.scopes, answer.asked_at)?;
    core.store(session, call.key(session.account()), token)
        .map_err(|error| Refusal { error, remedy: Remedy::Nothing })
}
