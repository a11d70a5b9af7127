//! All targets, one file each.

mod configuration;
mod departure;
mod errors;
mod exchange;
mod id_token;
mod redirect_response;
mod snapshot;
mod token_response;

use crate::Target;

/// Every target.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![
        configuration::target(),
        departure::target(),
        errors::target(),
        exchange::target(),
        id_token::target(),
        redirect_response::target(),
        snapshot::target(),
        token_response::target(),
    ]
}
