//! Content security policies in a browser, and the app within another site's page (powerapps.md §3.3, §7).

use super::{evaluations, publish_library};
use e2e::{Result, Stage, on_stage, until};
use serde_json::Value;
use thirtyfour::By;

/// A form library that tells, in the app's document, whether WebAssembly compiles where it runs.
const PROBE: &str = "
    let wasm = 'allowed';
    try { new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); } catch { wasm = 'refused'; }
    parent.document.body.dataset.wasm = wasm;";

async fn wasm(stage: &Stage, switches: &[&str]) -> Result<String> {
    stage.open_app_with(switches).await?;
    let probed = stage.the("body[data-wasm]").await?;
    Ok(probed.attr("data-wasm").await?.unwrap_or_default())
}

#[test]
fn a_strict_policy_refuses_webassembly_until_an_administrator_allows_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_library(stage, "");
            stage.demo.host().set_web_resource("contoso_account.js", PROBE).unwrap();
            assert_eq!(wasm(stage, &["csp=none"]).await?, "allowed");
            assert_eq!(wasm(stage, &["csp=default"]).await?, "allowed");
            assert_eq!(wasm(stage, &["csp=strict"]).await?, "refused");
            assert_eq!(wasm(stage, &["csp=strict-wasm"]).await?, "allowed");
            assert_eq!(
                wasm(stage, &["csp=strict", "csp-on=main"]).await?,
                "allowed",
                "the frame has no policy"
            );
            assert_eq!(
                wasm(stage, &["csp=strict", "csp-on=main", "frame-src=about:blank"]).await?,
                "refused"
            );
            Ok(())
        },
    )
}

#[test]
fn the_look_alike_itself_works_under_a_strict_policy_without_a_violation() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_library(stage, "");
            stage.open_app_with(&["csp=strict"]).await?;
            let _: Value = stage
                .script(
                    "window.violations = [];
                     new ReportingObserver(
                         (reports) => violations.push(...reports.map(({ body }) => body.effectiveDirective)),
                         { types: ['csp-violation'], buffered: true }, // What came before counts.
                     ).observe();",
                )
                .await?;
            evaluations(stage, "global", 1).await?;
            stage.go_to_grid().await?;
            stage.go_to_dashboard().await?;
            stage.open_record(2).await?;
            stage.the("#open-pane").await?.click().await?;
            stage.the(".side-pane iframe").await?;
            stage.open_quick_create().await?;
            stage.the("dialog.panel .cancel").await?.click().await?;
            let asked = stage
                .ask("Xrm.Navigation.openConfirmDialog({ title: 'A', text: 'B' }, { width: 300, height: 200 })")
                .await?;
            stage.the("dialog .primary").await?.click().await?;
            stage.value(&asked).await?;
            let styled: String = stage.script("return getComputedStyle(document.body).display").await?;
            assert_eq!(styled, "grid");
            assert_eq!(stage.script::<Vec<String>>("return window.violations").await?, [""; 0]);
            // The observer would have told.
            let _: Value = stage.script("document.body.setAttribute('style', 'color: red')").await?;
            until("the violation to be told", async || {
                let told: Vec<String> = stage.script("return window.violations").await?;
                Ok((told == ["style-src-attr"]).then_some(()))
            })
            .await?;
            Ok(())
        },
    )
}

#[test]
fn within_another_sites_page_the_top_window_cannot_be_read() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_library(stage, "");
            stage.open_app_within_another_site(&[]).await?;
            evaluations(stage, "global", 1).await?;
            let refused: bool =
                stage.script("try { return !top.document; } catch { return top !== window; }").await?;
            assert!(refused, "the top window is of the same site");
            stage.open_app_within_another_site(&["csp=default", "framing=outer"]).await?;
            Ok(())
        },
    )
}

#[test]
fn another_site_may_not_frame_the_app_until_an_administrator_allows_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.demo.host().set_switches(&["csp=default"]).unwrap();
            stage.browser.goto(stage.demo.outer_address()).await?;
            until("the refusal to frame", async || {
                stage.browser.enter_default_frame().await?;
                stage.browser.find(By::Id("app")).await?.enter_frame().await?;
                let address: String = stage.script("return location.href").await?;
                Ok(address.starts_with("chrome-error:").then_some(()))
            })
            .await
        },
    )
}
