//! What happens in a call, one file per flow, each to be read from top to bottom.

/// The turn of the one tab that asks Entra for something without the user ([`crate::Env::lock`]).
const RENEW: &str = "renew";

pub(crate) mod attempt;
mod backend_token;
mod client_token;
mod entra;
pub(crate) mod get_token;
pub(crate) mod invitation;
mod post;
pub(crate) mod redirect;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
mod silent;
