//! Every sentence that the broker itself shows to a person.

pub(crate) const INVITATION: &str = "Some parts of this page need you to sign in.";
pub(crate) const LABEL: &str = "Sign-in";
pub(crate) const NOT_NOW: &str = "Not now";
pub(crate) const OPEN_AGAIN: &str = "Open again";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const WAITING: &str = "Finish signing in in the other window.";
