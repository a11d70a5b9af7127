//! The invitation to sign in, for calls without a click of the user. A later call that has a click, or `signIn()`, takes it
//! over: it opens the window of the same sign-in, and the invitation goes away.

use crate::{
    Code, Env, Invitation, Result,
    authorize::{Prompt, wish},
    core::{Core, signed_out},
    flow::attempt::Ask,
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
    /// Empty: the page itself would leave, and there is no window.
    url: String,
    /// How much of it comes before the wish at its end.
    bare: usize,
    end: RefCell<End<P>>,
}

/// What an invitation came to.
pub(crate) enum Invited<P> {
    /// A window is open.
    Window(P),
    /// There is no window, and the page may leave, as this one wishes.
    Page(Option<Rc<Ask>>),
    /// The user signed in in another tab.
    Elsewhere,
}

enum End<P> {
    NotYet(Option<Waker>),
    Came(Invited<P>),
    CalledOff,
}

/// Shows the invitation until a window is open, or without an address until the page may leave, or until the user signed in elsewhere.
///
/// # Errors
/// `user_cancelled`, `popup_blocked`, and `login_required` if the user signs out instead.
pub(crate) async fn invite<E: Env>(core: &Core<E>, url: &str, bare: usize) -> Result<Invited<E::Popup>> {
    let open = Rc::new(Open { url: url.to_owned(), bare, end: RefCell::new(End::NotYet(None)) });
    core.invitation.replace(Some(open.clone()));
    let answer = race(open.end(), core.env.invite(url)).await;
    // Not `take`: after a sign-out another sign-in's invitation may be open already.
    if core.invitation.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, &open)) {
        core.invitation.replace(None);
    }
    match answer {
        First::Left(end) => end,
        First::Right(Invitation::Opened(popup)) => Ok(Invited::Window(popup)),
        First::Right(Invitation::Accepted) => Ok(Invited::Page(None)),
        First::Right(Invitation::Blocked) => Err(Code::PopupBlocked.into()),
        First::Right(Invitation::Declined) => Err(Code::UserCancelled.into()),
    }
}

/// Opens the window of an open invitation's sign-in, if this caller may: it has a click, or it is `signIn()`, whose wish for an
/// account or a choice takes the place of the invitation's.
///
/// # Errors
/// `popup_blocked` for `signIn()` without a click; for other callers the invitation stays.
pub(crate) fn take_over<E: Env>(core: &Core<E>, ask: &Rc<Ask>) -> Result<()> {
    let open = core.invitation.borrow().clone();
    let (is_sign_in, clicked) = (ask.is_sign_in(), core.env.activated());
    // Only `signIn()` is a click for leaving the page: another one would lose what is unsaved on it.
    let may = |open: &Rc<Open<E::Popup>>| is_sign_in || !open.url.is_empty() && clicked;
    let Some(open) = open.filter(may) else { return Ok(()) };
    let wishes = is_sign_in && (ask.request.select_account || !ask.request.login_hint.is_empty());
    if open.url.is_empty() {
        open.finish(End::Came(Invited::Page(wishes.then(|| ask.clone()))));
        return Ok(());
    }
    let url = match open.url.get(..open.bare) {
        Some(bare) if wishes => wish(bare, &ask.request, "", Prompt::AsNeeded),
        _ => open.url.clone(),
    };
    match core.env.open_popup(&url) {
        Some(popup) => open.finish(End::Came(Invited::Window(popup))),
        None if is_sign_in && !clicked => return Err(Code::PopupBlocked.into()),
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
        self.finish(End::Came(Invited::Elsewhere));
    }

    fn finish(&self, end: End<P>) {
        if let End::NotYet(Some(waiting)) = self.end.replace(end) {
            waiting.wake();
        }
    }

    /// How it ended without the user's answer: a caller took it over, or it was met elsewhere.
    fn end(&self) -> impl Future<Output = Result<Invited<P>>> + Unpin {
        poll_fn(|context| {
            let waiting = End::NotYet(Some(context.waker().clone()));
            match self.end.replace(waiting) {
                End::NotYet(_) => Poll::Pending,
                End::Came(invited) => Poll::Ready(Ok(invited)),
                End::CalledOff => Poll::Ready(Err(signed_out())),
            }
        })
    }
}
