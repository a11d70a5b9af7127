//! What the user sees and can do: which surface asks, with a mouse, with nothing but a keyboard, under a strict policy, in light and
//! dark; and that nobody is stuck.

use crate::{ADELE, GRAPH, get_token};
use e2e::{Result, Stage, on_stage, packages, until};
use serde_json::{Value, json};
use std::path::Path;
use thirtyfour::{By, Key};

/// The app, configured to ask by the confirm dialog.
async fn open_app_with_confirm(stage: &Stage, switches: &[&str]) -> Result {
    let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
    config["prompt"] = json!("confirm");
    stage.configure_with(&config);
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

async fn press(stage: &Stage, key: Key) -> Result {
    Ok(stage.browser.action_chain().send_keys(key).perform().await?)
}

/// The button with this text in the confirm dialog of Power Apps.
async fn click_in_confirm(stage: &Stage, text: &str) -> Result {
    let path = format!("//dialog[not(@data-talxis-broker)]//button[text()='{text}']");
    let button = until("the confirm dialog", async || {
        Ok(stage.browser.find_all(By::XPath(path.as_str())).await?.pop())
    });
    Ok(button.await?.click().await?)
}

async fn code(stage: &Stage, asked: &e2e::Asked) -> Result<String> {
    Ok(stage.refusal(asked).await?.code.unwrap_or_default())
}

#[test]
fn the_notification_leaves_a_quick_create_as_it_is() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            stage.the(".notification .action").await?;
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
            assert_eq!(code(stage, &asked).await?, "user_cancelled");
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
            assert_eq!(code(stage, &asked).await?, "timed_out");
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
            assert_eq!(code(stage, &asked).await?, "user_cancelled");

            open_redirect_page(stage).await?;
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

/// The redirect page with a response that nobody waits for, when it has done what it can.
async fn open_redirect_page(stage: &Stage) -> Result {
    let page = format!("{}/WebResources/talxis_/tokenbroker/redirect.html", stage.demo.origin());
    stage.browser.goto(&page).await?;
    until("the redirect page", async || {
        let said = stage.the("[role=status]").await?.text().await?;
        Ok((said == "There is no sign-in to finish here. You can close this window.").then_some(()))
    })
    .await
}

#[test]
fn the_redirect_page_speaks_the_users_language() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_redirect_page(stage).await?;
            let english: Value =
                stage.script("return [document.documentElement.lang, document.title]").await?;
            assert_eq!(english, json!(["en", "Signing in"]));
            let locale = json!({ "userAgent": "", "acceptLanguage": "cs-CZ" });
            stage.browser.cdp().send_raw("Emulation.setUserAgentOverride", locale).await?;
            stage.browser.refresh().await?;
            let wanted = json!([
                "cs",
                "Přihlašování",
                "Tady není žádné přihlášení k dokončení. Toto okno můžete zavřít."
            ]);
            until("the redirect page in Czech", async || {
                let czech: Value = stage
                    .script("return [document.documentElement.lang, document.title, document.querySelector('[role=status]').textContent]")
                    .await?;
                Ok((czech == wanted).then_some(()))
            })
            .await
        },
    )
}

/// Runs axe on an element, in both colour schemes. Nothing may be left open either.
pub(crate) async fn assert_accessible(stage: &Stage, selector: &str) -> Result {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe");
    packages::npm(&folder)?;
    let axe = std::fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    let _: Value = stage.script(&axe).await?;
    for scheme in ["light", "dark"] {
        let emulated = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        stage.browser.cdp().send_raw("Emulation.setEmulatedMedia", emulated).await?;
        let found: Value = stage
            .script_async(&format!(
                "const done = arguments[0];
                 const told = (rules) => rules.map(({{ id, nodes }}) => [id, nodes.map(({{ html, failureSummary }}) => [html, failureSummary])]);
                 axe.run({selector:?}).then(({{ violations, incomplete, passes }}) => done({{
                     found: told([...violations, ...incomplete]), contrast: passes.some(({{ id }}) => id === 'color-contrast'),
                     dark: getComputedStyle(document.querySelector({selector:?})).color !== 'rgb(0, 0, 0)',
                 }}), (error) => done(String(error)));"
            ))
            .await?;
        assert_eq!(found, json!({ "found": [], "contrast": true, "dark": scheme == "dark" }), "{scheme}");
    }
    Ok(())
}

#[test]
fn axe_finds_nothing_in_our_own_dialogs() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_configured_page().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the("dialog[data-talxis-broker]").await?;
            assert_accessible(stage, "dialog[data-talxis-broker]").await?;
            stage.click_in_surface("Sign in").await?;
            stage.enter_sign_in_window().await?;
            stage.browser.to_main_window().await?;
            assert_accessible(stage, "dialog[data-talxis-broker]").await?;
            stage.click_in_surface("Cancel").await?;
            assert_eq!(code(stage, &asked).await?, "user_cancelled");
            Ok(())
        },
    )
}

#[test]
fn axe_finds_nothing_in_the_dialog_that_follows_a_lost_click() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            // A bar whose click comes without a gesture.
            stage.open_configured_page().await?;
            let _: Value = stage
                .script("window.Xrm = { App: { addGlobalNotification: async ({ action }) => void setTimeout(action.eventHandler), clearGlobalNotification() {} } }")
                .await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            stage.the("dialog[data-talxis-broker]:modal").await?;
            assert_accessible(stage, "dialog[data-talxis-broker]").await?;
            stage.click_in_surface("Not now").await?;
            assert_eq!(code(stage, &asked).await?, "user_cancelled");
            Ok(())
        },
    )
}

#[test]
fn axe_finds_nothing_on_the_redirect_page() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open_redirect_page(stage).await?;
            assert_accessible(stage, "html").await
        },
    )
}
