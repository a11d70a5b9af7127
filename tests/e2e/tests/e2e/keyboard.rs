//! A user who has a keyboard and nothing else.

use crate::{ADELE, GRAPH, assert_code, get_token};
use e2e::{Result, Stage, on_stage, until};
use serde_json::Value;
use thirtyfour::Key;

pub(crate) async fn press(stage: &Stage, key: Key) -> Result {
    Ok(stage.browser.action_chain().send_keys(key).perform().await?)
}

/// Presses Tab until the element that has the focus passes.
async fn tab_to(stage: &Stage, focused: &str) -> Result {
    until(focused, async || {
        press(stage, Key::Tab).await?;
        let there: bool =
            stage.script(&format!("return Boolean(document.activeElement.matches({focused:?}))")).await?;
        Ok(there.then_some(()))
    })
    .await
}

/// Signs in in the open window by the keyboard.
async fn type_sign_in(stage: &Stage) -> Result {
    stage.enter_sign_in_window().await?;
    stage.the("#username:focus").await?;
    // A login hint may be there already.
    let hint = stage.the("#username").await?.prop("value").await?.unwrap_or_default();
    if hint.is_empty() {
        stage.browser.action_chain().send_keys(ADELE).perform().await?;
    }
    tab_to(stage, "#sign-in").await?;
    press(stage, Key::Enter).await?;
    stage.leave_sign_in_window().await
}

#[test]
fn a_user_signs_in_by_keyboard_from_the_notification() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the(".notification .action").await?;
            tab_to(stage, ".notification .action").await?;
            press(stage, Key::Enter).await?;
            type_sign_in(stage).await?;
            assert_eq!(stage.value(&asked).await?["account"]["username"], ADELE);
            Ok(())
        },
    )
}

#[test]
fn a_user_signs_in_by_keyboard_from_our_own_dialog_which_took_no_focus() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let _: Value = stage
                .script("document.body.append(document.createElement('input')); document.querySelector('input').focus()")
                .await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the("dialog[data-talxis-broker]").await?;
            // Whoever is typing types on.
            stage.browser.action_chain().send_keys("Contoso").perform().await?;
            assert_eq!(stage.the("input").await?.prop("value").await?.as_deref(), Some("Contoso"));
            tab_to(stage, "dialog[data-talxis-broker] button").await?;
            press(stage, Key::Enter).await?;
            type_sign_in(stage).await?;
            assert_eq!(stage.value(&asked).await?["account"]["username"], ADELE);
            let back: bool = stage.script("return document.activeElement.localName === 'input'").await?;
            assert!(back, "the focus did not go back to where the user worked");
            Ok(())
        },
    )
}

#[test]
fn escape_in_our_own_dialog_is_a_refusal() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the("dialog[data-talxis-broker]").await?;
            tab_to(stage, "dialog[data-talxis-broker] button").await?;
            press(stage, Key::Escape).await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");
            assert!(stage.browser.popups().await?.is_empty());
            assert_eq!(stage.count("dialog[data-talxis-broker]").await?, 0);
            Ok(())
        },
    )
}
