//! One day's work under every answer to what nobody is sure of about Power Apps: the form signs in once, five controls get their
//! answers and two are refused clearly, however the look-alike is switched.

use crate::{ADELE, GRAPH};
use e2e::{Result, Stage, on_stage, until};
use serde_json::Value;
use std::{fs, path::Path};

/// Values under which something else is expected; each has a test of its own.
const ELSEWHERE: [&str; 8] = [
    "csp=strict",           // policy.rs: WebAssembly is blocked
    "csp=default",          // policy.rs
    "csp=strict-wasm",      // policy.rs
    "csp=strict-only-wasm", // panel/checks.rs
    "framing=outer",        // lookalike/
    "dataverse=off",        // configuration.rs
    "client=mobile",        // identity.rs
    "client-state=offline", // configuration.rs, identity.rs
];

/// Every switch with every value but its default.
fn answers() -> Vec<String> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/switches.json");
    let table: Vec<Value> = serde_json::from_str(&fs::read_to_string(table).unwrap()).unwrap();
    let mut answers = Vec::new();
    for row in &table {
        let name = row["name"].as_str().unwrap();
        for value in row["values"].as_array().unwrap().iter().filter(|value| **value != row["default"]) {
            answers.push(format!("{name}={}", value.as_str().unwrap()));
        }
    }
    answers
}

/// The form in this app, from the first visit to five answers and two refusals, once more after a navigation.
async fn work(stage: &Stage, switches: &[&str]) -> Result {
    stage.open_app_with(switches).await?;
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    all_said(stage, switches).await?;
    stage.open_record(2).await?;
    all_said(stage, switches).await?;
    let one: bool = stage
        .script("return talxisBroker.diagnostics().host && talxisBroker.diagnostics().restarts === 0")
        .await?;
    assert!(one, "{switches:?}");
    assert_eq!(stage.count(".notification").await?, 0, "{switches:?}: somebody is asked again");
    let asked = stage.ask(&crate::get_token("filePicker", GRAPH)).await?;
    stage.value(&asked).await?;
    Ok(())
}

async fn all_said(stage: &Stage, switches: &[&str]) -> Result {
    let what = format!("{switches:?}: five answers and two refusals");
    until(&what, async || {
        let answered = stage.count(".control[data-state=answered]").await?;
        let refused = stage.count(".control[data-state=refused]").await?;
        Ok(((answered, refused) == (5, 2)).then_some(()))
    })
    .await
}

/// Plays the day under each of these.
fn each(answers: &[&str]) -> Result {
    for answer in answers {
        on_stage(|_| {}, async |stage| work(stage, &[answer]).await)?;
    }
    Ok(())
}

fn of(names: &[&str]) -> Result {
    let answers = answers();
    let wanted = |answer: &&String| names.iter().any(|name| answer.split('=').next() == Some(name));
    let answers: Vec<&str> = answers.iter().filter(wanted).map(String::as_str).collect();
    let answers: Vec<&str> = answers.into_iter().filter(|answer| !ELSEWHERE.contains(answer)).collect();
    each(&answers)
}

/// The switches by what they are about; together they are the whole table.
const RULES: [&str; 8] = [
    "app-setting",
    "global-rule",
    "entity-rules",
    "dashboard-rule",
    "quick-create-rule",
    "re-evaluation",
    "controls",
    "library",
];
const FRAMES: [&str; 7] =
    ["frame-src", "frame-name", "frame-sandbox", "header-frame", "xrm", "xrm-lifetime", "pane-xrm"];
const PEOPLE: [&str; 3] = ["tenant", "preload", "client"];
const PLATFORM: [&str; 7] =
    ["csp-on", "csp-platform", "coop", "organization", "html-query", "web-resource-cache", "variables"];
const OTHERS: [&str; 5] = ["csp", "framing", "dataverse", "client-state", "dialog"];

#[test]
fn whenever_and_however_often_rules_are_evaluated() -> Result {
    of(&RULES)
}

#[test]
fn whatever_script_frames_are_like() -> Result {
    of(&FRAMES)
}

#[test]
fn wherever_the_user_is_told() -> Result {
    of(&PEOPLE)
}

#[test]
fn whatever_the_platform_adds() -> Result {
    each(&[
        "dialog=300",
        "dialog=1000",
        "csp-on=main",
        "csp-platform=with-entra",
        "coop=web-resources",
        "organization=refused",
        "html-query=accepted",
        "web-resource-cache=never",
    ])
}

#[test]
fn the_worst_of_everything_at_once() -> Result {
    let worst = [
        "global-rule=never",
        "entity-rules=never",
        "xrm=after-rule",
        "preload=absent",
        "tenant=late",
        "frame-sandbox=scripts",
    ];
    on_stage(|_| {}, async |stage| work(stage, &worst).await)
}

#[test]
fn no_switch_is_forgotten() {
    let groups = [RULES.as_slice(), &FRAMES, &PEOPLE, &PLATFORM, &OTHERS].concat();
    for answer in answers() {
        let name = answer.split('=').next().unwrap();
        assert_eq!(
            groups.iter().filter(|group| **group == name).count(),
            1,
            "{name} is in no group, or in two"
        );
    }
}

#[test]
fn a_token_in_addresses_that_changes_between_page_loads_changes_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            work(stage, &[]).await?;
            let before = stage.demo.host().downloads("talxis_tokenmanagement.js");
            stage.open_app().await?;
            all_said(stage, &[]).await?;
            assert_eq!(stage.demo.host().downloads("talxis_tokenmanagement.js"), before, "downloaded twice");
            stage.demo.host().publish();
            stage.open_app().await?;
            all_said(stage, &["published"]).await?;
            assert_eq!(stage.demo.host().downloads("talxis_tokenmanagement.js"), before + 1);
            assert_eq!(stage.count(".notification").await?, 0);
            Ok(())
        },
    )
}
