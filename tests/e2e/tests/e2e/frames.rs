//! The ribbon's frame and the app's window: one broker, in the app's window, which outlives the frame.

use crate::{ADELE, GRAPH, count, granted, interactive};
use e2e::{Result, Stage, on_stage, with_ribbon};
use entra_dev::GrantType;
use serde_json::Value;

const FRAME: &str = "document.getElementById('ClientApiFrame_crm_header_global')";

/// Signs in on the form.
async fn signed_in_app(stage: &Stage) -> Result {
    stage.open_app().await?;
    stage.accept_notification().await?;
    stage.sign_in_as(ADELE).await?;
    stage.the(".control[data-control=file-picker][data-state=answered]").await?;
    Ok(())
}

fn get_token(force: bool) -> String {
    format!("talxisBroker.getToken({{ client: 'filePicker', scopes: [{GRAPH:?}], forceRefresh: {force} }})")
}

#[test]
fn the_ribbon_frame_and_the_app_window_share_one_broker() -> Result {
    on_stage(with_ribbon, async |stage| {
        signed_in_app(stage).await?;
        let here = stage.ask(&get_token(false)).await?;
        let here = stage.value(&here).await?;
        let there = stage.ask(&format!("{FRAME}.contentWindow.{}", get_token(false))).await?;
        let there = stage.value(&there).await?;
        assert_eq!(here["accessToken"], there["accessToken"]);
        assert_eq!(there["fromCache"], true);
        assert_eq!(count(stage, interactive), 1);
        Ok(())
    })
}

#[test]
fn a_ribbon_frame_that_goes_away_takes_nothing_with_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            signed_in_app(stage).await?;
            let before = count(stage, |request| granted(request, GrantType::OnBehalfOf));
            let _: Value = stage.script(&format!("{FRAME}.remove()")).await?;
            let asked = stage.ask(&get_token(true)).await?;
            assert_eq!(stage.value(&asked).await?["fromCache"], false);
            assert!(count(stage, |request| granted(request, GrantType::OnBehalfOf)) > before);
            Ok(())
        },
    )
}
