//! `cargo xtask dist`: (in the making; to be written by the packer's author, keeping these three signatures)

use crate::run::Outcome;

/// Which hosts a package may talk to (contract §1): exact, or a suffix that starts with a dot.
#[derive(Default)]
pub(crate) struct Pins {
    /// `--authority-host`
    pub(crate) authority_host: Option<String>,
    /// `--sts-host`
    pub(crate) sts_host: Option<String>,
}

impl Pins {
    /// For demo and tests: nothing but this machine.
    pub(crate) fn localhost() -> Self {
        Self { authority_host: Some(".localhost".to_owned()), sts_host: Some(".localhost".to_owned()) }
    }
}

/// The command with its options.
pub(crate) fn command(_arguments: &[String]) -> Outcome {
    dist(&Pins::default())
}

/// Builds dist/ and prints its sizes.
pub(crate) fn dist(_pins: &Pins) -> Outcome {
    Err("Not there yet.".to_owned())
}
