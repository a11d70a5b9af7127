//! The look-alike itself: that its frames, rules, dialogs and policies behave as powerapps.md says. The broker plays no part here;
//! where a library is needed, a test publishes one of its own under the broker's name.

mod dialogs;
mod frames;
mod policies;
mod rules;
mod user;

use e2e::{Evaluation, Result, Stage, until};

/// The web resource that the enable rule names.
const LIBRARY: &str = "talxis_tokenmanagement.js";

/// Publishes a library under the broker's name.
fn publish_library(stage: &Stage, script: &str) {
    stage.demo.host().set_web_resource(LIBRARY, script).unwrap();
}

/// Waits until the rule was evaluated so many times on a bar.
async fn evaluations(stage: &Stage, on: &str, times: usize) -> Result<Vec<Evaluation>> {
    until(&format!("evaluation {times} on the bar {on}"), async || {
        let mut all = stage.rule_evaluations().await?;
        all.retain(|evaluation| evaluation.bar == on);
        Ok((all.len() >= times).then_some(all))
    })
    .await
}
