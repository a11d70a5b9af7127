//! The invitation to sign in, for calls without a click of the user. A later call that has a click, or `signIn()`, takes it
//! over: it opens the window of the same sign-in, and the invitation goes away.

use crate::{
    Code, Env, Invitation, Result,
    core::{Core, signed_out},
    race::{First, race},
};
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    rc::Rc,
    task::{Poll, Waker},
};

/// An invitation that the user sees.
pub(crate) struct Open<P> {
    url: String,
    end: RefCell<End<P>>,
}

enum End<P> {
    NotYet(Option<Waker>),
    TakenOver(P),
    CalledOff,
    Met,
}

/// Shows the invitation until a window is open; none if the user signed in in another tab instead.
///
/// # Errors
/// `user_cancelled`, `popup_blocked`, and `login_required` if the user signs out instead.
pub(crate) async fn invite<E: Env>(core: &Core<E>, url: &str) -> Result<Option<E::Popup>> {
    let open = Rc::new(Open { url: url.to_owned(), end: RefCell::new(End::NotYet(None)) });
    core.invitation.replace(Some(open.clone()));
    let answer = race(open.end(), core.env.invite(url)).await;
    // Not `take`: after a sign-out another sign-in's invitation may be open already.
    if core.invitation.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, &open)) {
        core.invitation.replace(None);
    }
    match answer {
        First::Left(end) => end,
        First::Right(Invitation::Opened(popup)) => Ok(Some(popup)),
        // A window was asked for; no other answer means that there is one.
        First::Right(Invitation::Accepted | Invitation::Blocked) => Err(Code::PopupBlocked.into()),
        First::Right(Invitation::Declined) => Err(Code::UserCancelled.into()),
    }
}

/// Opens the window of an open invitation's sign-in, if this caller may: it has a click, or it is `signIn()`, whose wish to
/// choose another account is respected.
///
/// # Errors
/// `popup_blocked` for `signIn()`; for other callers the invitation stays.
pub(crate) fn take_over<E: Env>(core: &Core<E>, is_sign_in: bool, select_account: bool) -> Result<()> {
    let open = core.invitation.borrow().clone();
    let Some(open) = open.filter(|_| is_sign_in || core.env.activated()) else { return Ok(()) };
    let wish = if select_account { "&prompt=select_account" } else { "" };
    match core.env.open_popup(&[open.url.as_str(), wish].concat()) {
        Some(popup) => open.finish(End::TakenOver(popup)),
        None if is_sign_in => return Err(Code::PopupBlocked.into()),
        None => {}
    }
    Ok(())
}

impl<P> Open<P> {
    /// Withdraws the invitation.
    pub(crate) fn call_off(&self) {
        self.finish(End::CalledOff);
    }

    /// Withdraws it, because the user signed in in another tab.
    pub(crate) fn be_met(&self) {
        self.finish(End::Met);
    }

    fn finish(&self, end: End<P>) {
        if let End::NotYet(Some(waiting)) = self.end.replace(end) {
            waiting.wake();
        }
    }

    /// The window of the caller that took over; none if the invitation was met elsewhere.
    fn end(&self) -> impl Future<Output = Result<Option<P>>> + Unpin {
        poll_fn(|context| {
            let waiting = End::NotYet(Some(context.waker().clone()));
            match self.end.replace(waiting) {
                End::NotYet(_) => Poll::Pending,
                End::TakenOver(popup) => Poll::Ready(Ok(Some(popup))),
                End::Met => Poll::Ready(Ok(None)),
                End::CalledOff => Poll::Ready(Err(signed_out())),
            }
        })
    }
}
