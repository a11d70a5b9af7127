//! The status panel (issue 7): what it says about people, tokens and failures, and *Run checks*, each of which fails in a look-alike that
//! is broken in that way and is fine in the whole one.
//!
//! The panel is opened as a person opens it; what it shows and what it copies is read from its own document.

mod accessible;
mod checks;
mod shows;

use crate::ADELE;
use e2e::{Failure, Result, Stage, until};
use serde_json::Value;
use std::collections::BTreeMap;
use thirtyfour::Key;

const PANE: &str = "[data-pane=talxis-broker] iframe";

/// A check's outcome, and everything that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    outcome: String,
    text: String,
}

/// Opens the app and the panel in it; everything that follows happens in the panel.
async fn open(stage: &Stage, switches: &[&str]) -> Result {
    stage.open_app_with(switches).await?;
    until("the broker", async || {
        let there: bool = stage.script("return Boolean(window.talxisBroker)").await?;
        Ok(there.then_some(()))
    })
    .await?;
    show(stage).await
}

/// Opens the panel in the app, as the ribbon's button does.
async fn show(stage: &Stage) -> Result {
    let _: Value = stage.script("return TALXIS.Utils.TokenBroker.showStatus().then(() => null)").await?;
    enter(stage).await
}

/// Goes into the panel that is open, and comes back when it has found the broker.
async fn enter(stage: &Stage) -> Result {
    stage.the(PANE).await?.enter_frame().await?;
    until("the panel that found the broker", async || {
        let version: String =
            stage.script("return document.getElementById('version')?.textContent ?? ''").await?;
        Ok((!version.is_empty()).then_some(()))
    })
    .await
}

/// Signs Adele in by the panel's button.
async fn sign_in(stage: &Stage) -> Result {
    press(stage, "#sign-in").await?;
    stage.sign_in_as(ADELE).await?;
    enter(stage).await?;
    says(stage, "[role=status]", &format!("Signed in as {ADELE}.")).await
}

/// Presses a button of the panel by its Enter key: what still moves on the page would take a click elsewhere.
async fn press(stage: &Stage, selector: &str) -> Result {
    // One that was replaced meanwhile is pressed as it is now.
    until(selector, async || Ok(stage.the(selector).await?.send_keys(Key::Enter + "").await.ok())).await
}

async fn says(stage: &Stage, selector: &str, text: &str) -> Result {
    until(&format!("{selector} that says {text:?}"), async || {
        let said: String =
            stage.script(&format!("return document.querySelector({selector:?})?.textContent ?? ''")).await?;
        Ok(said.contains(text).then_some(()))
    })
    .await
}

/// Presses *Run checks*, and comes back with the results by id.
async fn run_checks(stage: &Stage) -> Result<BTreeMap<String, Seen>> {
    press(stage, "#run").await?;
    results(stage).await
}

/// The results, once all are there.
async fn results(stage: &Stage) -> Result<BTreeMap<String, Seen>> {
    says(stage, "#note", "Checked:").await?;
    let shown: Vec<[String; 3]> = stage
        .script(
            "return [...document.querySelectorAll('#checks [data-check]')]
                 .map((item) => [item.dataset.check, item.className, item.textContent])",
        )
        .await?;
    Ok(shown.into_iter().map(|[id, outcome, text]| (id, Seen { outcome, text })).collect())
}

/// What *Copy diagnostics* puts on the clipboard.
async fn copied(stage: &Stage) -> Result<Value> {
    let permissions = serde_json::json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    stage.browser.cdp().send_raw("Browser.grantPermissions", permissions).await?;
    press(stage, "#copy").await?;
    says(stage, "#note", "Copied.").await?;
    let text: String = stage
        .script_async("const [done] = arguments; navigator.clipboard.readText().then(done, (error) => done(String(error)))")
        .await?;
    serde_json::from_str(&text)
        .map_err(|why| Failure::wrong(format!("What was copied is not JSON: {why}: {text}")))
}

/// Gives the environment a configuration whose clients all have what they need.
fn all_consented(stage: &Stage) -> Value {
    let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
    let clients = config["clients"].as_object_mut().unwrap();
    clients.retain(|alias, _| ["filePicker", "calendar"].contains(&alias.as_str()));
    stage.configure_with(&config);
    config
}
