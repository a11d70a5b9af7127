//! Dialogs and notifications (powerapps.md §5): what closes them, what their promises say, and when.

use super::publish_library;
use e2e::{Asked, Result, Stage, on_stage};
use serde_json::{Value, json};
use thirtyfour::Key;

const ALERT: &str =
    "Xrm.Navigation.openAlertDialog({ title: 'Session', text: 'Sign in to go on.' }).then(() => 'closed')";
const CONFIRM: &str =
    "Xrm.Navigation.openConfirmDialog({ title: 'Session', text: 'Sign in?', confirmButtonLabel: 'Sign in' })";

/// A page on which only the dialogs are alive.
async fn open(stage: &Stage, switches: &[&str]) -> Result {
    publish_library(stage, "");
    stage.open_app_with(switches).await
}

async fn press(stage: &Stage, key: Key) -> Result {
    Ok(stage.browser.action_chain().send_keys(key).perform().await?)
}

async fn button(stage: &Stage, text: &str) -> Result {
    let path = format!("//dialog//button[text()='{text}']");
    Ok(stage.browser.find(thirtyfour::By::XPath(path)).await?.click().await?)
}

async fn value(stage: &Stage, asked: &Asked) -> Result<Value> {
    stage.value(asked).await
}

#[test]
fn an_alert_resolves_on_esc_without_giving_activation() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            let alert = stage.ask(&format!("{ALERT}.then(() => navigator.userActivation.isActive)")).await?;
            press(stage, Key::Escape).await?;
            assert_eq!(value(stage, &alert).await?, json!(false));
            assert_eq!(stage.count("dialog").await?, 0);
            let alert = stage.ask(&format!("{ALERT}.then(() => navigator.userActivation.isActive)")).await?;
            button(stage, "OK").await?;
            assert_eq!(value(stage, &alert).await?, json!(true));
            Ok(())
        },
    )
}

#[test]
fn a_confirmation_tells_esc_and_cancel_from_yes() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            let asked = stage.ask(CONFIRM).await?;
            press(stage, Key::Escape).await?;
            assert_eq!(value(stage, &asked).await?, json!({ "confirmed": false }));
            let asked = stage.ask(CONFIRM).await?;
            button(stage, "Cancel").await?;
            assert_eq!(value(stage, &asked).await?, json!({ "confirmed": false }));
            let asked = stage.ask(CONFIRM).await?;
            button(stage, "Sign in").await?;
            assert_eq!(value(stage, &asked).await?, json!({ "confirmed": true }));
            Ok(())
        },
    )
}

#[test]
fn a_dialogs_promise_comes_as_late_after_the_click_as_the_switch_says() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            for ms in [300, 1000] {
                open(stage, &[&format!("dialog={ms}")]).await?;
                let _: Value = stage
                    .script("document.addEventListener('click', () => { window.clicked = performance.now(); }, true)")
                    .await?;
                let asked =
                    stage.ask(&format!("{CONFIRM}.then(() => performance.now() - window.clicked)")).await?;
                button(stage, "Sign in").await?;
                let late = value(stage, &asked).await?.as_f64().unwrap();
                assert!(late >= f64::from(ms) - 1.0, "{late} ms instead of {ms}");
            }
            Ok(())
        },
    )
}

#[test]
fn a_dialog_from_a_script_frame_shows_in_the_app_window_keeps_the_focus_and_has_a_name() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &["global-rule=never"]).await?;
            stage.open_record(2).await?;
            let asked = stage
                .ask(&format!("document.getElementById('ClientApiFrame_1').contentWindow.{CONFIRM}"))
                .await?;
            let dialog = stage.the("dialog").await?;
            let name = dialog.attr("aria-labelledby").await?.unwrap_or_default();
            assert_eq!(stage.the(&format!("[id='{name}']")).await?.text().await?, "Session");
            for _ in 0..6 {
                press(stage, Key::Tab).await?;
                let outside: bool = stage
                    .script("return Boolean(document.activeElement.closest('main, nav, header.bar, footer.status'))")
                    .await?;
                assert!(!outside, "the focus left the dialog");
            }
            press(stage, Key::Escape).await?;
            value(stage, &asked).await?;
            Ok(())
        },
    )
}

#[test]
fn a_notification_acts_within_the_click_and_can_be_cleared() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &["global-rule=never", "entity-rules=never"]).await?;
            let add = "Xrm.App.addGlobalNotification({ type: 2, level: 4, message: 'Hello', showCloseButton: true,
                action: { actionLabel: 'Act', eventHandler: () => { window.acted = navigator.userActivation.isActive } } })";
            let asked = stage.ask(add).await?;
            let id = value(stage, &asked).await?;
            stage.accept_notification().await?;
            assert!(stage.script::<bool>("return window.acted").await?);
            let _: Value = stage.script(&format!("return Xrm.App.clearGlobalNotification({id})")).await?;
            assert_eq!(stage.count(".notification").await?, 0);
            let asked = stage.ask(add).await?;
            value(stage, &asked).await?;
            stage.the(".notification .close").await?.click().await?;
            assert_eq!(stage.count(".notification").await?, 0);
            Ok(())
        },
    )
}
