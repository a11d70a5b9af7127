//! The sample control for PCF developers, as `pcf-scripts` built it: on forms of the look-alike, hosted as the platform hosts a virtual
//! control, and in Microsoft's own harness, `pcf-start`, unmodified.
//!
//! Needs what the end-to-end tests need, and the built sample; `cargo xtask test --only pcf` sees to all of it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod harness;

use e2e::{Result, Stage};
use entra_dev::{Endpoint, GrantType, Outcome};
use std::path::{Path, PathBuf};

const ADELE: &str = "adele@contoso.example";
/// The files that the sample API serves.
const FILES: [&str; 3] = ["Nabídka.docx", "Plan 2027.xlsx", "Route.pdf"];

/// A file of the sample's folder.
fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg-template/samples/pcf-file-list").join(path)
}

/// The names of the files that the one control on the page shows.
async fn files(stage: &Stage) -> Result<Vec<String>> {
    stage.script("return [...document.querySelectorAll('.contoso-file-list a')].map(({ textContent }) => textContent)").await
}

/// How many tokens the STS got at Entra for the sample's scope.
fn exchanges(stage: &Stage) -> usize {
    let requests = stage.demo.entra().requests();
    let of = |request: &&entra_dev::Request| {
        request.endpoint == Endpoint::Token { grant: GrantType::OnBehalfOf }
            && request.outcome == Outcome::Ok
            && request.scopes.iter().any(|scope| scope.ends_with("/Files.Read"))
    };
    requests.iter().filter(of).count()
}
