//! What the interop tests share: packages that nobody here wrote, installed visibly and run unmodified, and the places in
//! which they meet our parts.
//!
//! Nothing here may help a package along: what it cannot do by itself with the documented configuration, it cannot do.

mod chromium;
mod oidc_provider;
mod packages;
mod pages;
mod person;
mod recorder;
mod script;
mod stand_in;

pub use chromium::{Chromium, Outcome};
pub use e2e::{Failure, Result};
pub use oidc_provider::OidcProvider;
pub use pages::Pages;
pub use person::Person;
pub use recorder::{Recorded, Recorder};
pub use script::{Script, announce};
pub use stand_in::{Keys, StandIn, estate};

use std::path::PathBuf;

/// This package's folder.
pub(crate) fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder below the project's build folder.
pub(crate) fn built(name: &str) -> PathBuf {
    here().join("../../target").join(name)
}

/// A system's failure with a file or program.
pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Failure {
    let what = what.into();
    move |source| Failure::System { what, source }
}
