//! A long day in the app: fifty navigations, each of which destroys script frames and controls, with the user signed in, and with a
//! sign-in that nobody answers. What they cost is counted by the browser itself.

use crate::{ADELE, GRAPH, get_token};
use e2e::{Result, Stage, on_stage, until};
use serde_json::{Value, json};

const NAVIGATIONS: u32 = 50;
const MEGABYTE: f64 = 1_048_576.0;

/// What the browser counts after collecting its garbage: bytes of heap, documents, and event listeners.
async fn counted(stage: &Stage) -> Result<[f64; 3]> {
    let tools = stage.browser.cdp();
    for _ in 0..3 {
        tools.send_raw("HeapProfiler.collectGarbage", json!({})).await?;
    }
    let answer = tools.send_raw("Performance.getMetrics", json!({})).await?;
    let metrics = answer["metrics"].as_array().cloned().unwrap_or_default();
    let value = |name: &str| {
        metrics
            .iter()
            .find(|metric| metric["name"] == name)
            .and_then(|metric| metric["value"].as_f64())
            .unwrap()
    };
    Ok(["JSHeapUsedSize", "Documents", "JSEventListeners"].map(value))
}

/// To another record, and on each fifth time by way of the grid.
async fn navigate(stage: &Stage, number: u32) -> Result {
    if number.is_multiple_of(5) {
        stage.go_to_grid().await?;
    }
    stage.open_record(1 + number as usize % 2).await
}

async fn a_day(stage: &Stage) -> Result {
    stage.browser.cdp().send_raw("Performance.enable", json!({})).await?;
    let _: Value = stage.script("window.broker = talxisBroker").await?;
    for number in 0..10 {
        navigate(stage, number).await?; // What is made once, is made now.
    }
    let before = counted(stage).await?;
    for number in 0..NAVIGATIONS {
        navigate(stage, number).await?;
    }
    let grown = |after: [f64; 3]| [0, 1, 2].map(|at| after[at] - before[at]);
    // What the last pages leave may take the browser a moment.
    let mut last = [0.0; 3];
    let settled = until("the browser to have let go of the pages", async || {
        last = grown(counted(stage).await?);
        Ok((last[0] < MEGABYTE && last[1] < 5.0 && last[2] < 50.0).then_some(()))
    })
    .await;
    assert!(settled.is_ok(), "{NAVIGATIONS} navigations left heap, documents, listeners: {last:?}");
    let same: Value = stage
        .script("return [talxisBroker === window.broker, talxisBroker.diagnostics().restarts, document.scripts.length < 5]")
        .await?;
    assert_eq!(same, json!([true, 0, true]));
    Ok(())
}

#[test]
fn fifty_navigations_of_a_signed_in_user_leave_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.accept_notification().await?;
            stage.sign_in_as(ADELE).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.value(&asked).await?;
            a_day(stage).await
        },
    )
}

#[test]
fn fifty_navigations_past_a_prompt_that_nobody_answers_leave_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.the(".notification .action").await?;
            a_day(stage).await?;
            assert_eq!(stage.count(".notification").await?, 1);
            Ok(())
        },
    )
}
