//! Sign-in by leaving the page: in which tab it comes back, and what strangers left for it. That it comes back to the exact page is in the
//! end-to-end tests.

use crate::{ADELE, identity::silently};
use e2e::{Result, Stage, on_stage, until};
use entra_dev::GrantType;
use serde_json::Value;

/// The app as a mobile client that leaves the page to sign in; the user has agreed to it and is at Entra.
async fn has_left(stage: &Stage) -> Result {
    stage.configure_but("mobile", "redirect");
    stage.demo.host().set_switches(&["client=mobile"]).unwrap();
    stage.open_app().await?;
    stage.accept_notification().await?;
    stage.the("#username").await?;
    Ok(())
}

#[test]
fn two_tabs_that_both_left_both_come_back() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            has_left(stage).await?;
            let first = stage.browser.window().await?;
            let second = stage.browser.new_tab().await?;
            stage.browser.switch_to_window(second.clone()).await?;
            has_left(stage).await?;
            for tab in [first, second] {
                stage.browser.switch_to_window(tab).await?;
                stage.the("#username").await?.clear().await?;
                stage.the("#username").await?.send_keys(ADELE).await?;
                stage.the("#sign-in").await?.click().await?;
                until("five answers", async || {
                    Ok((stage.count(".control[data-state=answered]").await? == 5).then_some(()))
                })
                .await?;
            }
            assert_eq!(crate::count(stage, |request| crate::granted(request, GrantType::Code)), 2);
            Ok(())
        },
    )
}

#[test]
fn a_planted_response_that_is_no_text_hurts_nobody() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            has_left(stage).await?;
            stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
            let planted: usize = stage
                .script(
                    "const ids = Object.keys(localStorage).flatMap((key) => key.match(/^talxis-broker:pending:(.*)/)?.[1] ?? []);
                     for (const id of ids) localStorage.setItem(`talxis-broker:response:${id}`, JSON.stringify({ v: 1, at: Date.now(), payload: 7 }));
                     return ids.length;",
                )
                .await?;
            assert_eq!(planted, 1);
            stage.open_app().await?;
            let asked = stage.ask(&silently()).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            assert_eq!(stage.script::<Value>("return talxisBroker.diagnostics().restarts").await?, 0);
            Ok(())
        },
    )
}
