//! What happens in a call, one file per flow, each to be read from top to bottom.

pub(crate) mod backend_token;
pub(crate) mod client_token;
mod entra;
pub(crate) mod get_token;
pub(crate) mod invitation;
pub(crate) mod sign_in;
