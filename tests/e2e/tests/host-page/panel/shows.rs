//! x
use super::{open, sign_in, run_checks};
use e2e::{Result, on_stage};
use serde_json::json;
use std::path::Path;

#[test]
fn shots() -> Result {
    on_stage(
        |options| options.estate.broker.redirect_uris = vec!["https://elsewhere.example/".to_owned()].into_iter().chain(options.estate.broker.redirect_uris.clone()).collect(),
        async |stage| {
            open(stage, &[]).await?;
            sign_in(stage).await?;
            run_checks(stage).await?;
            stage.browser.set_window_rect(0, 0, 1320, 2300).await?;
            for scheme in ["light", "dark"] {
                let emulated = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
                stage.browser.cdp().send_raw("Emulation.setEmulatedMedia", emulated).await?;
                stage.browser.enter_parent_frame().await?;
                let pane = stage.the("[data-pane=talxis-broker]").await?;
                pane.screenshot(Path::new(&format!("../../target/e2e/shot-{scheme}.png"))).await?;
                stage.the(super::PANE).await?.enter_frame().await?;
            }
            Ok(())
        },
    )
}
