//! Sign-in by leaving the page, where a window is no good (contract §5; msal.md §2.4). What is pending is a value in storage and not a
//! suspended future: the page that comes back is another one. It goes on from that value alone, and only for the response that
//! is exactly the answer to it.

use crate::{
    Account, Code, Env, Fact, Json, Result, Secret, SignInRequest,
    authorize::{Pending, Prompt},
    core::{Core, signed_out},
    flow::attempt::{Ask, Attempt},
};
use std::rc::Rc;

/// A sign-in that left the page, to be stored until it comes back.
pub struct Departure {
    /// The authority and the broker registration that it is for.
    pub issuer: String,
    /// `<id>.<secret>`; the id names the response.
    pub state: String,
    /// Comes back in the id token.
    pub nonce: String,
    /// Redeems the code.
    pub verifier: Secret,
    /// The tenant.
    pub tenant: String,
    /// The redirect page.
    pub redirect_uri: String,
    /// The correlation id of the call that left.
    pub correlation_id: String,
}

/// Leaves for Entra.
///
/// # Errors
/// `storage_unavailable`: the page is still here, because nothing could be stored to come back to.
pub(crate) async fn leave<E: Env>(
    core: &Rc<Core<E>>,
    ask: &Ask,
    wish: &SignInRequest,
    prompt: Prompt,
) -> Result<()> {
    let attempt = Attempt::new(core, ask, wish, prompt)?;
    depart(core, ask, &attempt).await
}

/// Leaves for the address of an attempt.
///
/// # Errors
/// As [`leave`].
pub(crate) async fn depart<E: Env>(core: &Core<E>, ask: &Ask, attempt: &Attempt) -> Result<()> {
    let departure = Departure {
        issuer: core.issuer(),
        state: attempt.pending.state.clone(),
        nonce: attempt.pending.nonce.clone(),
        verifier: attempt.pending.verifier.clone(),
        tenant: attempt.tenant.clone(),
        redirect_uri: attempt.redirect_uri.clone(),
        correlation_id: ask.request.correlation_id.clone(),
    };
    core.env.keep(&departure).await;
    core.still_wanted(attempt.sign_outs)?;
    core.env.leave(&attempt.url).await;
    Err(Code::StorageUnavailable.into())
}

/// Comes back to a stored departure with the response that the redirect page took.
///
/// # Errors
/// `identity_provider` for a departure of another configuration; else as any sign-in.
pub(crate) async fn come_back<E: Env>(
    core: Rc<Core<E>>,
    stored: E::Json,
    response: E::Json,
) -> Result<Rc<Account>> {
    let landed = land(&core, &stored, &response).await;
    let account = landed.and_then(|()| core.account().ok_or_else(signed_out));
    account.map_err(|error| core.report(&stored.text_or_empty("correlationId"), "", error))
}

async fn land<E: Env>(core: &Rc<Core<E>>, stored: &E::Json, response: &E::Json) -> Result<()> {
    let (config, text) = (core.config()?, |name| stored.text_or_empty(name));
    if text("issuer") != core.issuer() {
        return Err(Code::IdentityProvider.into());
    }
    let request = SignInRequest { correlation_id: text("correlationId"), ..SignInRequest::default() };
    let tenant = text("tenant");
    let attempt = Attempt {
        pending: Pending {
            state: text("state"),
            nonce: text("nonce"),
            verifier: Secret::new(text("verifier")),
        },
        tenant_url: config.tenant_url(&tenant),
        tenant,
        redirect_uri: text("redirectUri"),
        url: String::new(),
        bare: 0,
        sign_outs: core.sign_outs(),
    };
    let ask = Ask::for_sign_in(config, request);
    let answer = attempt.redeem(core, &ask, response)?.await;
    attempt.accept(core, &ask, answer)?;
    core.tell_signed_in(&ask);
    core.env.remember(Fact::FramesFail, false);
    Ok(())
}
