//! Where the broker lives: the packed file in a model-driven app look-alike with its many windows and frames.
//!
//! Needs what the end-to-end tests need; `cargo xtask test --only host-page` sees to all of it. One file for each concern: where it
//! boots, how it is configured, whose tokens it serves, what it costs a form.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod boot;
mod configuration;
mod conformance;
mod form_script;
mod frames;
mod hostile_host;
mod identity;
mod leaving;
mod lookalike;
mod navigation;
mod pages;
mod panel;
mod policy;
mod prompt;
mod recalled;
mod ribbon;
mod stored;
mod switches;
mod token_management;
mod versions;
mod wait_for_broker;

use e2e::Stage;
use entra_dev::{Endpoint, GrantType, Outcome, Request};

const ADELE: &str = "adele@contoso.example";
const GRAPH: &str = "https://graph.microsoft.com/User.Read";
const FEED: &str = "api://a0000000-0000-4000-8000-000000000002/API.AccessAsUser.All";

/// A call of `getToken` for backend scopes.
fn get_token(client: &str, scope: &str) -> String {
    format!("talxisBroker.getToken({{ client: '{client}', scopes: ['{scope}'] }})")
}

/// How many requests of Entra's log match.
fn count(stage: &Stage, matching: impl Fn(&Request) -> bool) -> usize {
    stage.demo.entra().requests().iter().filter(|request| matching(request)).count()
}

/// Answered with tokens, for a grant.
fn granted(request: &Request, grant: GrantType) -> bool {
    request.endpoint == Endpoint::Token { grant } && request.outcome == Outcome::Ok
}
