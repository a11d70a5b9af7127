//! The packed broker, as a page sees it: in a real browser, against the real STS and the stand-in for Entra.
//!
//! Needs `dist/webresources` built with `--authority-host .localhost --sts-host .localhost`, a WebDriver and its browser;
//! `cargo xtask test --only e2e` sees to all of it. Each test names what it needs beyond that.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Helpers of tests may fail loudly, as tests do.

mod challenge;
mod configure;
mod cookies;
mod exchange;
mod facade;
mod faults;
mod form;
mod framed;
mod frames;
mod hostile;
mod keyboard;
mod listener;
mod private;
mod prompt;
mod redirect;
mod refusals;
mod scenarios;
mod sign_in;
mod storage;
mod tabs;

use e2e::{BrokerError, Result, Stage};
use entra_dev::{Endpoint, GrantType, Outcome, Request};

const ADELE: &str = "adele@contoso.example";
const GRAPH: &str = "https://graph.microsoft.com/User.Read";
const FEED: &str = "api://a0000000-0000-4000-8000-000000000002/API.AccessAsUser.All";

/// A page without the form, where Adele is signed in.
async fn signed_in_page(stage: &Stage) -> Result {
    stage.open_configured_page().await?;
    let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
    stage.sign_in_as(ADELE).await?;
    stage.value(&signing_in).await?;
    Ok(())
}

/// A call of `getToken` for backend scopes.
fn get_token(client: &str, scope: &str) -> String {
    format!("talxisBroker.getToken({{ client: '{client}', scopes: ['{scope}'] }})")
}

/// Asserts that an error is a real one with a code, made by the broker.
#[track_caller]
fn assert_code(error: &BrokerError, code: &str) {
    assert_eq!(error.code.as_deref(), Some(code), "{error:?}");
    assert_eq!(error.name.as_deref(), Some("TalxisBrokerError"), "{error:?}");
    assert!(error.is_error, "{error:?} is no Error object");
    let message = error.message.as_deref().unwrap_or_default();
    assert!(message.ends_with(['.', '?', '!']), "{message:?} is no sentence");
}

/// How many requests of Entra's log match.
fn count(stage: &Stage, matching: impl Fn(&Request) -> bool) -> usize {
    stage.demo.entra().requests().iter().filter(|request| matching(request)).count()
}

/// Sign-ins that a user took part in.
fn interactive(request: &Request) -> bool {
    request.endpoint == Endpoint::Authorize { interactive: true }
}

/// Answered with tokens, for a grant.
fn granted(request: &Request, grant: GrantType) -> bool {
    request.endpoint == Endpoint::Token { grant } && request.outcome == Outcome::Ok
}

/// Waits until no control of the app waits.
async fn all_settled(stage: &Stage) -> Result {
    e2e::until("every control to settle", async || {
        Ok((stage.count(".control[data-state=waiting]").await? == 0).then_some(()))
    })
    .await
}

/// Signs in on the form and waits until no control waits.
async fn signed_in_form(stage: &Stage) -> Result {
    stage.open_app().await?;
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    all_settled(stage).await
}
