//! One request over the network: a form, sent without anything that would cost a CORS preflight.

use crate::{Code, Env, Error, Reply, Result, core::Core};
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
/// `network` if the browser is offline, `unreachable` if no answer arrives for another reason.
pub(crate) fn post<E: Env>(core: &Core<E>, url: &str, body: &str, unreachable: Code) -> Posted<E::Json> {
    let asked_at = core.env.now();
    let mut sent = core.env.post_form(url, body);
    Box::pin(poll_fn(move |context| {
        Pin::new(&mut sent).poll(context).map(|reply| match reply {
            Ok(reply) => Ok(Answer { reply, asked_at }),
            Err(no) if no.offline => Err(offline()),
            Err(_) => Err(unreachable.into()),
        })
    }))
}

/// What a call is told that cannot reach anybody.
pub(crate) fn offline() -> Box<Error> {
    Error::new(Code::Network, "This computer is offline: try again.")
}
