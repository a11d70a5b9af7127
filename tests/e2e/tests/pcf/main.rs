//! The sample control for PCF developers, as `pcf-scripts` built it: on forms of the look-alike, hosted as the platform hosts a virtual
//! control, and in Microsoft's own harness, `pcf-start`, unmodified.
//!
//! Needs what the end-to-end tests need, and the built sample; `cargo xtask test --only pcf` sees to all of it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod form;
mod harness;

use e2e::{Result, Stage};
use entra_dev::{Endpoint, GrantType, Outcome, Request};
use std::path::{Path, PathBuf};

const ADELE: &str = "adele@contoso.example";
/// The files that the sample API serves.
const FILES: [&str; 3] = ["Nabídka.docx", "Plan 2027.xlsx", "Route.pdf"];

/// A file of the sample's folder.
fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg-template/samples/pcf-file-list").join(path)
}

/// The names of the files that the controls on the page show.
async fn files(stage: &Stage) -> Result<Vec<String>> {
    let script = "return [...document.querySelectorAll('.contoso-file-list li a')].map(({ textContent }) => textContent)";
    stage.script(script).await
}

/// How many tokens for the sample's scope the STS got at Entra.
fn exchanges(stage: &Stage) -> usize {
    count(stage, GrantType::OnBehalfOf, |request| {
        let mut graph =
            request.scopes.iter().filter(|scope| scope.starts_with("https://graph.microsoft.com/"));
        graph.next().is_some_and(|scope| scope.ends_with("/Files.Read")) && graph.next().is_none()
    })
}

/// How many client tokens of the sample's registration the browser got; another control of the form has the same.
fn client_tokens(stage: &Stage) -> usize {
    let client = &stage.demo.estate().controls["file-picker"].client_id;
    count(stage, GrantType::RefreshToken, |request| request.resource.as_ref() == Some(client))
}

fn count(stage: &Stage, grant: GrantType, of: impl Fn(&Request) -> bool) -> usize {
    let granted =
        |request: &&Request| request.endpoint == Endpoint::Token { grant } && request.outcome == Outcome::Ok;
    stage.demo.entra().requests().iter().filter(granted).filter(|request| of(request)).count()
}
