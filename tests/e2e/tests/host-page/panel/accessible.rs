//! The panel for everybody: axe-core finds nothing in it, light and dark, and nobody needs a mouse.

use super::{PANE, all_consented, enter, open, press, run_checks, says, sign_in};
use crate::{ADELE, prompt::assert_accessible};
use e2e::{Result, Stage, on_stage, until};
use serde_json::{Value, json};
use thirtyfour::Key;

#[test]
fn axe_finds_nothing_in_the_panel_before_and_after_the_checks_and_with_failures() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            assert_accessible(stage, "html").await?;
            sign_in(stage).await?;
            says(stage, "#problems", "consent_required").await?;
            run_checks(stage).await?;
            assert!(stage.count("#checks .failed").await? > 0 && stage.count("#problems li").await? > 0);
            assert_accessible(stage, "html").await?;
            refuse_copying(stage).await?;
            press(stage, "#copy").await?;
            stage.the("#report").await?;
            assert_accessible(stage, "html").await
        },
    )
}

#[test]
fn axe_finds_nothing_where_the_policy_is_in_the_way() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &["csp=strict"]).await?;
            let seen = run_checks(stage).await?;
            assert_eq!((seen["csp"].outcome.as_str(), seen["sts"].outcome.as_str()), ("failed", "unknown"));
            assert_accessible(stage, "html").await
        },
    )
}

#[test]
fn everything_in_the_panel_is_done_by_keyboard_alone() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            all_consented(stage);
            open(stage, &[]).await?;
            let _: Value = stage.script("window.focus(); return null").await?;
            tab_to(stage, "#sign-in").await?;
            key(stage, Key::Enter).await?;
            stage.sign_in_as(ADELE).await?;
            enter(stage).await?;
            says(stage, "[role=status]", ADELE).await?;
            tab_to(stage, "#run").await?;
            key(stage, Key::Enter).await?;
            says(stage, "#note", "Checked:").await?;
            assert!(is_focused(stage, "#run").await?, "the focus went away while the checks ran");
            tab_to(stage, "#try-window").await?;
            key(stage, Key::Enter).await?;
            says(stage, "[data-check=coop]", "keeps its link").await?;
            until("the focus that comes back", async || {
                Ok(is_focused(stage, "#try-window").await?.then_some(()))
            })
            .await?;
            refuse_copying(stage).await?;
            tab_to(stage, "#copy").await?;
            key(stage, Key::Enter).await?;
            // By hand, then: the text has the focus and is selected.
            until("the text to copy", async || Ok(is_focused(stage, "#report").await?.then_some(()))).await?;
            let selected: String = stage
                .script("const { value, selectionStart, selectionEnd } = document.activeElement; return value.slice(selectionStart, selectionEnd)")
                .await?;
            let copied: Value = serde_json::from_str(&selected).unwrap();
            assert_eq!(copied["diagnostics"]["signedIn"], json!(true));
            tab_to(stage, "#sign-out").await?;
            key(stage, Key::Enter).await?;
            says(stage, "[role=status]", "Nobody is signed in.").await
        },
    )
}

#[test]
fn in_a_contrast_theme_nothing_of_the_panel_disappears() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            run_checks(stage).await?;
            let emulated = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
            stage.browser.cdp().send_raw("Emulation.setEmulatedMedia", emulated).await?;
            let seen: Value = stage
                .script(
                    "const is = matchMedia('(forced-colors: active)').matches;
                     const ground = getComputedStyle(document.body).backgroundColor;
                     const shown = ['#run', '#checks .list', '.card'].map((selector) => getComputedStyle(document.querySelector(selector)))
                         .every(({ borderTopStyle, borderTopColor }) => borderTopStyle === 'solid' && borderTopColor !== ground);
                     const signs = [...document.querySelectorAll('#checks svg')].every((sign) => getComputedStyle(sign).color !== ground);
                     return [is, shown, signs]",
                )
                .await?;
            assert_eq!(seen, json!([true, true, true]));
            Ok(())
        },
    )
}

async fn key(stage: &Stage, key: Key) -> Result {
    Ok(stage.browser.action_chain().send_keys(key).perform().await?)
}

async fn is_focused(stage: &Stage, selector: &str) -> Result<bool> {
    stage.script(&format!("return Boolean(document.activeElement?.matches({selector:?}))")).await
}

/// Presses Tab until this has the focus. The focus leaves the panel at its end and comes back round the whole page.
async fn tab_to(stage: &Stage, selector: &str) -> Result {
    until(selector, async || {
        key(stage, Key::Tab).await?;
        Ok(is_focused(stage, selector).await?.then_some(()))
    })
    .await
}

/// The browser lets no page write to the clipboard.
async fn refuse_copying(stage: &Stage) -> Result {
    for name in ["clipboard-write", "clipboard-sanitized-write"] {
        let denied = json!({ "permission": { "name": name }, "setting": "denied" });
        let _ = stage.browser.cdp().send_raw("Browser.setPermission", denied).await;
    }
    stage.browser.enter_parent_frame().await?;
    stage.the(PANE).await?;
    enter(stage).await
}
