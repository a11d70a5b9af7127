//! What the panel shows, while it happens: tokens by client and never a token, failures with what to do, and all of it in the user's language
//! and under a strict policy.

use super::{copied, enter, open, press, run_checks, says, show, sign_in};
use crate::ADELE;
use e2e::{Result, Stage, on_stage, until};
use serde_json::{Value, json};

/// The app's own window, from the panel.
async fn in_app<T: serde::de::DeserializeOwned>(stage: &Stage, script: &str) -> Result<T> {
    stage.browser.enter_parent_frame().await?;
    let value = stage.script(script).await?;
    enter(stage).await?;
    Ok(value)
}

#[test]
fn tokens_appear_by_client_when_they_come_and_go_with_the_sign_out() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            says(stage, "#tokens", "No part of this page has a token yet.").await?;
            sign_in(stage).await?;
            says(stage, "#tokens", "graph.microsoft.com: User.Read").await?;
            let shown: Vec<String> = stage
                .script("return [...document.querySelectorAll('#tokens h3')].map((name) => name.textContent)")
                .await?;
            assert!(shown.contains(&"filePicker".to_owned()), "{shown:?}");
            let hidden: Vec<bool> = stage
                .script("return ['sign-in', 'sign-out', 'sign-out-everywhere'].map((id) => document.getElementById(id).hidden)")
                .await?;
            assert_eq!(hidden, [true, false, false]);
            press(stage, "#sign-out").await?;
            says(stage, "#tokens", "No part of this page has a token yet.").await?;
            says(stage, "[role=status]", "Nobody is signed in.").await
        },
    )
}

#[test]
fn failures_say_what_to_do_with_the_administrators_link_and_come_as_they_happen() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            says(stage, "#problems", "Nothing failed").await?;
            sign_in(stage).await?;
            // Two of the seven controls are refused: one has no consent, one does not exist in the tenant.
            says(stage, "#problems", "consent_required").await?;
            says(stage, "#problems", "app_not_in_tenant").await?;
            let links: Vec<String> =
                stage.script("return [...document.querySelectorAll('#problems a')].map(({ href, rel }) => `${rel} ${href}`)").await?;
            let wanted = format!("noopener noreferrer {}", stage.demo.entra().origin());
            assert!(links.len() == 2 && links.iter().all(|link| link.starts_with(&wanted)), "{links:?}");
            stage.browser.enter_parent_frame().await?;
            let asked = stage.ask("talxisBroker.getToken({ client: 'nobody' })").await?;
            let refused = stage.refusal(&asked).await?;
            enter(stage).await?;
            says(stage, "#problems", &refused.message.unwrap()).await?;
            says(stage, "#problems", &refused.correlation_id.unwrap()).await
        },
    )
}

#[test]
fn whoever_signed_in_with_the_wrong_account_chooses_another_here() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            press(stage, "#sign-in").await?;
            stage.sign_in_as("boris@contoso.example").await?;
            enter(stage).await?;
            says(stage, "#problems", "account_mismatch").await?;
            press(stage, "#sign-in").await?;
            stage.enter_sign_in_window().await?;
            stage.the("#another").await?.click().await?;
            stage.fill_in_sign_in_page(ADELE).await?;
            stage.leave_sign_in_window().await?;
            enter(stage).await?;
            says(stage, "[role=status]", &format!("Signed in as {ADELE}.")).await
        },
    )
}

#[test]
fn equal_failures_are_shown_once_and_aborted_calls_not_at_all() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            stage.browser.enter_parent_frame().await?;
            let aborted = "(() => { const given = new AbortController();
                const call = talxisBroker.getToken({ client: 'filePicker', signal: given.signal }); given.abort(); return call; })()";
            let asked = stage.ask(aborted).await?;
            stage.refusal(&asked).await?;
            for _ in 0..3 {
                let asked = stage.ask("talxisBroker.getToken({ client: 'nobody' })").await?;
                stage.refusal(&asked).await?;
            }
            enter(stage).await?;
            says(stage, "#problems", "3×").await?;
            assert_eq!(stage.count("#problems li").await?, 1);
            Ok(())
        },
    )
}

#[test]
fn a_frame_that_the_policy_refused_is_said_though_no_call_failed_of_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            // On a grid, where no control has asked before: within a page a frame that brings nothing is not tried again.
            stage.demo.host().set_switches(&["csp=strict-only-wasm"]).unwrap();
            stage.browser.goto(format!("{}?pagetype=entitylist", stage.demo.address())).await?;
            until("the broker", async || {
                let there: bool = stage.script("return Boolean(window.talxisBroker)").await?;
                Ok(there.then_some(()))
            })
            .await?;
            show(stage).await?;
            stage.browser.enter_parent_frame().await?;
            let asked =
                stage.ask("talxisBroker.getToken({ client: 'filePicker', interaction: 'never' })").await?;
            stage.refusal(&asked).await?;
            enter(stage).await?;
            says(stage, "#problems", "frame-src").await
        },
    )
}

#[test]
fn in_czech_and_from_right_to_left_where_power_apps_is() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            let language: Value =
                stage.script("return [document.documentElement.lang, document.documentElement.dir]").await?;
            assert_eq!(language, json!(["en", "ltr"]));
            stage.browser.enter_parent_frame().await?;
            let _: Value = stage
                .script(
                    "const { getGlobalContext } = Xrm.Utility;
                     Xrm.Utility.getGlobalContext = () => {
                         const context = getGlobalContext();
                         return { ...context, userSettings: { ...context.userSettings, languageId: 1029 } };
                     };
                     document.documentElement.dir = 'rtl';
                     return null",
                )
                .await?;
            show(stage).await?;
            let language: Value = stage
                .script("return [document.documentElement.lang, document.documentElement.dir, document.title, document.getElementById('run').textContent]")
                .await?;
            assert_eq!(language, json!(["cs", "rtl", "Stav přihlášení", "Spustit kontroly"]));
            press(stage, "#run").await?;
            says(stage, "#note", "Zkontrolováno:").await?;
            // Nothing may be left without a text, and nothing may stick out.
            let wrong: Value = stage
                .script(
                    "return [document.body.textContent.match(/undefined|\\{\\w+\\}/g),
                         document.documentElement.scrollWidth > document.documentElement.clientWidth]",
                )
                .await?;
            assert_eq!(wrong, json!([null, false]));
            Ok(())
        },
    )
}

#[test]
fn under_a_strict_policy_the_panel_looks_the_same_and_breaks_nothing() -> Result {
    const LOOK: &str = "const style = (selector) => getComputedStyle(document.querySelector(selector));
        return [style('#run').borderRadius, style('#run').minHeight, style('main').color]";
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            let loose: Value = stage.script(LOOK).await?;
            assert_eq!(loose, json!(["4px", "32px", "rgb(36, 36, 36)"]));
            open(stage, &["csp=strict-wasm"]).await?;
            let _: Value = stage
                .script("window.refused = []; document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective)); return null")
                .await?;
            assert_eq!(loose, stage.script::<Value>(LOOK).await?);
            run_checks(stage).await?;
            let refused: Vec<String> = stage.script("return refused").await?;
            assert!(refused.is_empty(), "{refused:?}");
            Ok(())
        },
    )
}

#[test]
fn what_is_not_signed_in_is_said_beside_the_button() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            press(stage, "#sign-in").await?;
            stage.cancel_on_the_sign_in_page().await?;
            enter(stage).await?;
            until("why nobody is signed in", async || {
                let said: String =
                    stage.script("return document.getElementById('account-note').textContent").await?;
                Ok((!said.is_empty()).then_some(()))
            })
            .await?;
            // And the diagnostics can be copied before any check ran.
            let copied = copied(stage).await?;
            assert_eq!(
                (&copied["checks"], &copied["diagnostics"]["signedIn"]),
                (&Value::Null, &json!(false))
            );
            let there: bool =
                in_app(stage, "return Boolean(talxisBroker.diagnostics().failures.length)").await?;
            assert!(there);
            Ok(())
        },
    )
}
