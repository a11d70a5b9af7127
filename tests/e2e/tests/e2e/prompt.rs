//! The questions that Power Apps asks for us, and what becomes of the user's click, which engines remember differently: the window opens on it or
//! a real button follows, ESC is a refusal, nobody is stuck, and a strict policy has nothing against what is shown.

use crate::{ADELE, GRAPH, assert_code, get_token, keyboard::press};
use e2e::{Result, Stage, on_stage, until};
use serde_json::{Value, json};
use thirtyfour::{By, Key};

/// The app, configured to ask by the confirm dialog.
async fn open_app_with_confirm(stage: &Stage, switches: &[&str]) -> Result {
    stage.configure_but("prompt", "confirm");
    open_app_with(stage, switches).await
}

/// The app under switches, with a broker.
async fn open_app_with(stage: &Stage, switches: &[&str]) -> Result {
    stage.open_app_with(switches).await?;
    until("the broker in the app", async || {
        let there: bool = stage.script("return Boolean(window.talxisBroker)").await?;
        Ok(there.then_some(()))
    })
    .await
}

/// The button with this text in the confirm dialog of Power Apps.
pub(crate) async fn click_in_confirm(stage: &Stage, text: &str) -> Result {
    let path = format!("//dialog[not(@data-talxis-broker)]//button[text()='{text}']");
    let button = until("the confirm dialog", async || {
        Ok(stage.browser.find_all(By::XPath(path.as_str())).await?.pop())
    });
    Ok(button.await?.click().await?)
}

#[test]
fn the_notification_leaves_a_quick_create_as_it_is() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let asked = stage.the(".notification").await?.text().await?;
            assert!(asked.contains("Some parts of this page need you to sign in."), "{asked}");
            stage.open_quick_create().await?;
            stage.the("dialog.panel input").await?.send_keys("Contoso").await?;
            assert_eq!(
                stage.the("dialog.panel input").await?.prop("value").await?.as_deref(),
                Some("Contoso")
            );
            assert_eq!((stage.count(".notification").await?, stage.count("dialog").await?), (1, 1));
            Ok(())
        },
    )
}

#[test]
fn the_confirm_dialog_asks_once_for_all_and_its_window_opens_on_the_click() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_app_with_confirm(stage, &[]).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the("dialog").await?;
            let more = stage.ask(&get_token("calendar", GRAPH)).await?;
            assert_eq!(stage.count("dialog, .notification").await?, 1);
            click_in_confirm(stage, "Sign in").await?;
            stage.sign_in_as(ADELE).await?;
            stage.value(&asked).await?;
            stage.value(&more).await?;
            assert_eq!(stage.count("dialog, .notification").await?, 0);
            Ok(())
        },
    )
}

#[test]
fn escape_in_the_confirm_dialog_is_a_refusal_and_opens_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_app_with_confirm(stage, &[]).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the("dialog").await?;
            press(stage, Key::Escape).await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");
            assert!(stage.browser.popups().await?.is_empty());
            assert_eq!(stage.count("dialog, .notification").await?, 0);
            Ok(())
        },
    )
}

#[test]
fn a_confirm_dialog_that_tells_too_late_is_followed_by_a_real_button() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_app_with_confirm(stage, &["dialog=6000"]).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            click_in_confirm(stage, "Sign in").await?;
            // A browser forgets a click within a few seconds.
            stage.the("dialog[data-talxis-broker]:modal").await?;
            assert!(stage.browser.popups().await?.is_empty());
            let focused: String = stage.script("return document.activeElement.textContent").await?;
            assert_eq!(focused, "Sign in");
            press(stage, Key::Enter).await?;
            stage.sign_in_as(ADELE).await?;
            stage.value(&asked).await?;
            Ok(())
        },
    )
}

#[test]
fn a_notification_that_was_closed_by_its_x_leaves_nobody_stuck() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let impatient = format!(
                "talxisBroker.getToken({{ client: 'filePicker', scopes: [{GRAPH:?}], timeoutMs: 2000 }})"
            );
            let asked = stage.ask(&impatient).await?;
            stage.the(".notification .close").await?.click().await?;
            assert_code(&stage.refusal(&asked).await?, "timed_out");
            // It asks nothing more by itself.
            let waiting = stage.ask(&get_token("filePicker", GRAPH)).await?;
            let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
            assert_eq!(stage.count(".notification").await?, 0);
            stage.sign_in_as(ADELE).await?;
            assert_eq!(stage.value(&signing_in).await?["username"], ADELE);
            stage.value(&waiting).await?;
            Ok(())
        },
    )
}

#[test]
fn a_strict_policy_refuses_nothing_of_what_is_shown() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_app_with(stage, &["csp=strict-wasm"]).await?;
            let _: Value = stage
                .script(
                    "window.violations = [];
                     document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective))",
                )
                .await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.accept_notification().await?;
            stage.enter_sign_in_window().await?;
            stage.browser.to_main_window().await?;
            stage.the("dialog[data-talxis-broker]").await?;
            let shown: Value = stage
                .script("return [getComputedStyle(document.querySelector('dialog[data-talxis-broker]')).position, violations]")
                .await?;
            assert_eq!(shown, json!(["fixed", []]));
            stage.click_in_surface("Cancel").await?;
            assert_code(&stage.refusal(&asked).await?, "user_cancelled");

            stage.open_redirect_page().await?;
            let policy: bool = stage
                .script_async(
                    "const [done] = arguments;
                     fetch(location).then(({ headers }) => done(/script-src 'self'/.test(headers.get('content-security-policy'))))",
                )
                .await?;
            assert!(policy, "the redirect page has no policy");
            let align: String = stage.script("return getComputedStyle(document.body).textAlign").await?;
            assert_eq!(align, "center");
            Ok(())
        },
    )
}
