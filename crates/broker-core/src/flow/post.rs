//! One request over the network: a form, sent without anything that would cost a CORS preflight.

use crate::{Code, Env, Error, Reply, Result, Unreachable, core::Core, url};
use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

/// An answer that arrived.
pub(crate) struct Answer<J> {
    pub(crate) reply: Reply<J>,
    /// The clock before the request was sent, so that a slow network shortens a token's life instead of stretching it.
    pub(crate) asked_at: u64,
}

/// The wait for an answer. In a box, so that the browser's part of it exists once.
pub(crate) type Posted<J> = Pin<Box<dyn Future<Output = Result<Answer<J>>>>>;

/// POSTs a form.
///
/// # Errors
/// `network` if the browser is offline, `connect_blocked_by_csp` if the page's policy is in the way, `unreachable` if no answer arrives for another reason.
pub(crate) fn post<E: Env>(core: &Core<E>, url: &str, body: &str, unreachable: Code) -> Posted<E::Json> {
    let asked_at = core.env.now();
    let origin = url::origin(url).to_owned();
    let mut sent = core.env.post_form(url, body);
    Box::pin(poll_fn(move |context| {
        Pin::new(&mut sent).poll(context).map(|reply| match reply {
            Ok(reply) => Ok(Answer { reply, asked_at }),
            Err(Unreachable::Failed) => Err(unreachable.into()),
            Err(Unreachable::Offline) => Err(offline()),
            Err(Unreachable::Refused) => Err(blocked(Code::ConnectBlockedByCsp, "connect-src", &origin)),
        })
    }))
}

/// What a call is told that cannot reach anybody.
pub(crate) fn offline() -> Box<Error> {
    Error::new(Code::Network, "This computer is offline: try again.")
}

/// What a call is told that the page's policy does not let out; `directive` is what an administrator adds the origin to.
pub(crate) fn blocked(code: Code, directive: &str, origin: &str) -> Box<Error> {
    let need = ["The page's Content-Security-Policy blocks sign-in: its ", directive, " needs ", origin, "."];
    Error::new(code, &need.concat())
}
