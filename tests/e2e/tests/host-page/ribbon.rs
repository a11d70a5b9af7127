//! The Application Ribbon of the packed solution: its button and what a click brings, an app that does not want it, and a solution
//! without it.

use crate::ADELE;
use e2e::{Result, Stage, on_stage, until, without_ribbon};
use serde_json::{Value, json};

const BUTTON: &str = "#global-commands button";

/// A value from the status pane's own document.
async fn in_pane(stage: &Stage, expression: &str) -> Result<Value> {
    let pane = "document.querySelector('[data-pane=talxis-broker] iframe')?.contentDocument";
    stage.script(&format!("const page = {pane}; return page && ({expression})")).await
}

async fn pane_says(stage: &Stage, text: &str) -> Result {
    until(&format!("the status pane that says {text:?}"), async || {
        let said = in_pane(stage, "page.querySelector('[role=status]')?.textContent").await?;
        Ok((said == json!(text)).then_some(()))
    })
    .await
}

async fn press_in_pane(stage: &Stage, id: &str) -> Result {
    let frame = stage.the("[data-pane=talxis-broker] iframe").await?;
    frame.enter_frame().await?;
    let pressed = stage.the(id).await?.click().await;
    stage.browser.enter_parent_frame().await?;
    Ok(pressed?)
}

#[test]
fn the_button_opens_a_pane_that_says_who_is_signed_in_and_signs_in_and_out() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let button = stage.the(BUTTON).await?;
            assert_eq!(button.text().await?, "Sign-in status");
            button.click().await?;
            pane_says(stage, "Nobody is signed in.").await?;
            press_in_pane(stage, "#sign-in").await?;
            stage.sign_in_as(ADELE).await?;
            pane_says(stage, &format!("Signed in as {ADELE}.")).await?;
            press_in_pane(stage, "#sign-out").await?;
            pane_says(stage, "Nobody is signed in.").await?;
            stage.the(BUTTON).await?.click().await?;
            pane_says(stage, "Nobody is signed in.").await?;
            let panes: u32 = stage.script("return document.querySelectorAll('[data-pane]').length").await?;
            assert_eq!(panes, 1, "the second click shows the same pane");
            Ok(())
        },
    )
}

#[test]
fn rules_of_forms_and_grids_bring_the_broker_and_show_no_button() -> Result {
    on_stage(
        |options| options.switches = vec!["global-rule=never".to_owned()],
        async |stage| {
            stage.open_app().await?;
            let evaluated = until("the form's rule", async || {
                let all = stage.rule_evaluations().await?;
                Ok(all.into_iter().find(|evaluation| evaluation.bar == "form"))
            });
            let evaluated = evaluated.await?;
            assert_eq!((evaluated.enabled, evaluated.why.as_str()), (false, "value"));
            let buttons: u32 =
                stage.script("return document.querySelectorAll('[data-command]').length").await?;
            assert_eq!(buttons, 0);
            Ok(())
        },
    )
}

#[test]
fn an_app_that_does_not_want_it_has_no_button_and_its_ribbon_brings_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            // A dashboard has no controls that ask by themselves.
            let app = format!("{}?pagetype=dashboard", stage.demo.address());
            for (setting, there) in [("app-setting=no", false), ("app-setting=yes", true)] {
                stage.demo.host().set_switches(&[setting]).unwrap();
                stage.browser.goto(&app).await?;
                let evaluated = until("the global rule", async || {
                    let all = stage.rule_evaluations().await?;
                    Ok(all.into_iter().find(|evaluation| evaluation.bar == "global"))
                });
                assert_eq!(evaluated.await?.enabled, there, "{setting}");
                let buttons: u32 =
                    stage.script("return document.querySelectorAll('[data-command]').length").await?;
                assert_eq!(buttons, u32::from(there), "{setting}");
                let brought: bool = stage
                    .script("return Boolean(window.talxisBroker || document.querySelector('script[src*=tokenmanagement]'))")
                    .await?;
                assert_eq!(brought, there, "{setting}");
            }
            // Who asks for it gets it all the same, and the app's frames with it.
            stage.demo.host().set_switches(&["app-setting=no"]).unwrap();
            stage.browser.goto(&app).await?;
            let version = "const { waitForBroker } = await import('/token-broker.js'); return (await waitForBroker()).version";
            let asked = stage.ask(&format!("(async () => {{ {version} }})()")).await?;
            assert!(stage.value(&asked).await?.is_string());
            Ok(())
        },
    )
}

#[test]
fn without_the_ribbon_controls_bring_the_broker_themselves() -> Result {
    on_stage(without_ribbon, async |stage| {
        stage.open_app().await?;
        let evaluations = stage.rule_evaluations().await?;
        assert!(evaluations.is_empty(), "there is no rule: {evaluations:?}");
        let buttons: u32 = stage.script("return document.querySelectorAll('[data-command]').length").await?;
        assert_eq!(buttons, 0);
        Ok(())
    })
}
