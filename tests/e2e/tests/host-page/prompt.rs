//! What the user sees of our own surfaces and of the redirect page, where it takes the browser's tools to look: in light and dark with axe, in
//! another language. What one can do there is in the end-to-end tests, in every engine.

use crate::{GRAPH, get_token};
use e2e::{Result, Stage, on_stage, packages, until};
use serde_json::{Value, json};
use std::path::Path;

async fn code(stage: &Stage, asked: &e2e::Asked) -> Result<String> {
    Ok(stage.refusal(asked).await?.code.unwrap_or_default())
}

#[test]
fn the_redirect_page_speaks_the_users_language() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_redirect_page().await?;
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
            stage.open_redirect_page().await?;
            assert_accessible(stage, "html").await
        },
    )
}
