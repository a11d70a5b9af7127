//! The invitation to sign in, for calls without a click of the user. A later call that has a click, or `signIn()`, takes it
//! over: it opens the window of the same sign-in, and the invitation goes away.

use crate::{
    Code, Env, Error, Invitation, Result,
    core::Core,
    entra_error::sentence,
    flow::sign_in::{Ask, Attempt},
    race::{First, race},
};
use std::{
    cell::RefCell,
    future::poll_fn,
    mem,
    rc::Rc,
    task::{Poll, Waker},
};

/// An invitation that the user sees.
pub(crate) struct Open<P> {
    attempt: Rc<Attempt>,
    end: RefCell<End<P>>,
}

enum End<P> {
    NotYet(Option<Waker>),
    TakenOver(P),
    CalledOff,
}

/// Shows the invitation until a window is open.
///
/// # Errors
/// `user_cancelled`, `popup_blocked`, and `login_required` if the user signs out instead.
pub(crate) async fn invite<E: Env>(core: &Core<E>, attempt: &Rc<Attempt>) -> Result<E::Popup> {
    let open = Rc::new(Open { attempt: attempt.clone(), end: RefCell::new(End::NotYet(None)) });
    core.invitation.replace(Some(open.clone()));
    let url = attempt.url(&attempt.ask);
    let answer = race(open.end(), core.env.invite(&url)).await;
    // Not `take`: after a sign-out another sign-in's invitation may be open already.
    if core.invitation.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, &open)) {
        core.invitation.replace(None);
    }
    match answer {
        First::Left(Some(popup)) | First::Right(Invitation::Opened(popup)) => Ok(popup),
        First::Left(None) => {
            Err(Error::new(Code::LoginRequired, "The user signed out instead of signing in."))
        }
        First::Right(Invitation::Blocked) => Err(blocked()),
        First::Right(Invitation::Declined) => {
            Err(Error::new(Code::UserCancelled, sentence(Code::UserCancelled)))
        }
    }
}

/// Opens the window of an open invitation's sign-in, if this caller may: it has a click, or it is `signIn()`.
///
/// # Errors
/// `popup_blocked` for `signIn()`; for other callers the invitation stays.
pub(crate) fn take_over<E: Env>(core: &Core<E>, ask: &Ask) -> Result<()> {
    let open = core.invitation.borrow().clone();
    let Some(open) = open.filter(|_| !ask.may_invite || core.env.activated()) else { return Ok(()) };
    match core.env.open_popup(&open.attempt.url(ask)) {
        Some(popup) => open.finish(End::TakenOver(popup)),
        None if ask.may_invite => {}
        None => return Err(blocked()),
    }
    Ok(())
}

/// The browser refused the window.
pub(crate) fn blocked() -> Box<Error> {
    Error::new(
        Code::PopupBlocked,
        "The browser blocked the sign-in window: call signIn() in the handler of a click.",
    )
}

impl<P> Open<P> {
    /// Withdraws the invitation.
    pub(crate) fn call_off(&self) {
        self.finish(End::CalledOff);
    }

    fn finish(&self, end: End<P>) {
        if let End::NotYet(Some(waiting)) = self.end.replace(end) {
            waiting.wake();
        }
    }

    /// The window of the caller that took over; none if the invitation was called off.
    async fn end(&self) -> Option<P> {
        poll_fn(|context| {
            let waiting = End::NotYet(Some(context.waker().clone()));
            match mem::replace(&mut *self.end.borrow_mut(), waiting) {
                End::NotYet(_) => Poll::Pending,
                End::TakenOver(popup) => Poll::Ready(Some(popup)),
                End::CalledOff => Poll::Ready(None),
            }
        })
        .await
    }
}
