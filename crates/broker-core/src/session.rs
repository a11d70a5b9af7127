//! A signed-in user and what keeps them signed in, in memory only. Here is where storage will put it down and find it again.
//! Decides nothing about prompts; see `flow/sign_in.rs`.

use crate::{Account, Secret};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// One user's session. It outlives its refresh token: signing in again as the same user continues it.
#[derive(Clone)]
pub(crate) struct Session(Rc<State>);

struct State {
    account: Rc<Account>,
    refresh_token: RefCell<Option<RefreshToken>>,
    sign_ins: Cell<u32>,
}

/// A refresh token of a single-page application: 24 hours from the sign-in, however often it is used (entra.md §1.4).
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) secret: Secret,
    /// In milliseconds since the epoch, where Entra says it.
    pub(crate) expires_on: Option<u64>,
    /// When it came: of two that tabs hold, the later one is in force.
    pub(crate) came_on: u64,
}

/// A refresh token that ends this soon, in milliseconds, is not worth a request.
const LEEWAY: u64 = 5 * 60 * 1000;

/// How long before its end a session is renewed where nobody has to be asked, in milliseconds.
const AHEAD: u64 = 2 * 60 * 60 * 1000;

impl Session {
    /// A session that begins.
    pub(crate) fn new(account: Rc<Account>, token: Option<RefreshToken>) -> Self {
        Self(Rc::new(State { account, refresh_token: RefCell::new(token), sign_ins: Cell::new(1) }))
    }

    /// Whose it is.
    pub(crate) fn account(&self) -> &Rc<Account> {
        &self.0.account
    }

    /// Whether both are the one session, not only of the same user.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Whether this account is the session's.
    pub(crate) fn belongs_to(&self, account: &Account) -> bool {
        let own = self.account();
        own.tenant_id == account.tenant_id && own.object_id == account.object_id
    }

    /// The refresh token, if it is good for another while.
    pub(crate) fn refresh_token(&self, now: u64) -> Option<Secret> {
        let held = self.0.refresh_token.borrow();
        let good =
            |token: &&RefreshToken| token.expires_on.is_none_or(|end| end > now.saturating_add(LEEWAY));
        held.as_ref().filter(good).map(|token| token.secret.clone())
    }

    /// The refresh token, for storing; none if it was declared void.
    pub(crate) fn held(&self) -> Option<RefreshToken> {
        self.0.refresh_token.borrow().clone()
    }

    /// Whether it ends so soon that a quiet moment is to be used for the next one.
    pub(crate) fn is_ending(&self, now: u64) -> bool {
        self.refresh_token(now.saturating_add(AHEAD)).is_none()
    }

    /// Whether this one of another tab takes the place of ours: it is newer, or ours is no good.
    pub(crate) fn is_behind(&self, token: &RefreshToken, now: u64) -> bool {
        let is_older = |own: &RefreshToken| own.came_on < token.came_on;
        self.refresh_token(now).is_none() || self.0.refresh_token.borrow().as_ref().is_some_and(is_older)
    }

    /// How often the user signed in to it. Tells whether a refusal speaks of the sign-in that is in force.
    pub(crate) fn sign_ins(&self) -> u32 {
        self.0.sign_ins.get()
    }

    /// The same user signed in again.
    pub(crate) fn resume(&self, token: RefreshToken) {
        self.0.refresh_token.replace(Some(token));
        self.0.sign_ins.set(self.sign_ins().wrapping_add(1));
    }

    /// Entra rotated the refresh token. Where it does not say when the new one ends, it ends with the old one.
    pub(crate) fn rotate(&self, token: RefreshToken) {
        if let Some(held) = self.0.refresh_token.borrow_mut().as_mut() {
            *held = RefreshToken { expires_on: token.expires_on.or(held.expires_on), ..token };
        }
    }

    /// Entra or the STS declared the sign-in void. Nothing happens if the user has signed in again meanwhile.
    pub(crate) fn revoke(&self, sign_ins: u32) {
        if self.sign_ins() == sign_ins {
            self.0.refresh_token.replace(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::account;

    fn token(text: &str, expires_on: Option<u64>) -> RefreshToken {
        RefreshToken { secret: Secret::new(text.to_owned()), expires_on, came_on: 0 }
    }

    fn held_token(text: &str, expires_on: Option<u64>) -> Option<RefreshToken> {
        Some(token(text, expires_on))
    }

    fn held(session: &Session, now: u64) -> Option<String> {
        session.refresh_token(now).map(|token| token.expose().to_owned())
    }

    #[test]
    fn a_refresh_token_is_used_until_five_minutes_before_its_end() {
        let session = Session::new(Rc::new(account()), held_token("a", Some(2 * LEEWAY)));
        assert_eq!(held(&session, LEEWAY - 1).as_deref(), Some("a"));
        assert_eq!(held(&session, LEEWAY), None);
    }

    #[test]
    fn rotation_does_not_prolong_what_entra_does_not_prolong() {
        let session = Session::new(Rc::new(account()), held_token("a", Some(2 * LEEWAY)));
        session.rotate(token("b", None));
        assert_eq!(held(&session, LEEWAY - 1).as_deref(), Some("b"));
        assert_eq!(held(&session, LEEWAY), None);
    }

    #[test]
    fn a_late_refusal_does_not_end_a_newer_sign_in() {
        let session = Session::new(Rc::new(account()), held_token("a", None));
        let before = session.sign_ins();
        session.resume(token("b", None));
        session.revoke(before);
        assert_eq!(held(&session, 0).as_deref(), Some("b"));
        session.revoke(session.sign_ins());
        assert_eq!(held(&session, 0), None);
    }

    #[test]
    fn a_revoked_session_is_not_revived_by_a_late_rotation() {
        let session = Session::new(Rc::new(account()), held_token("a", None));
        session.revoke(session.sign_ins());
        session.rotate(token("b", None));
        assert_eq!(held(&session, 0), None);
    }
}
