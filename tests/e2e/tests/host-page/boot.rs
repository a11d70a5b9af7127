//! One broker, in the window of the app, however many windows load its script.

use e2e::{Result, on_stage};

#[test]
fn the_broker_boots_in_the_app_window() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app().await?;
            let host: bool = stage.script("return talxisBroker.diagnostics().host").await?;
            assert!(host);
            Ok(())
        },
    )
}
