//! Script frames come and go with pages and panels; each has an Xrm of its own (powerapps.md §2).

use super::{LIBRARY, evaluations, publish_library};
use e2e::{HEADER_FRAME as HEADER, Result, on_stage, until};
use serde_json::Value;

#[test]
fn each_page_has_a_script_frame_that_goes_when_the_page_goes() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&[]).await?;
            evaluations(stage, "global", 1).await?;
            assert_eq!(stage.script_frames().await?, ["ClientApiFrame_0", HEADER]);
            assert_eq!(stage.page_frame().await?, "ClientApiFrame_0");
            stage.open_record(2).await?;
            assert_eq!(stage.script_frames().await?, [HEADER, "ClientApiFrame_1"]);
            assert_eq!(stage.the("h1").await?.text().await?, "Account: Fabrikam");
            stage.go_to_grid().await?;
            assert_eq!(stage.script_frames().await?, [HEADER, "ClientApiFrame_2"]);
            stage.go_to_dashboard().await?;
            assert_eq!(stage.script_frames().await?, [HEADER, "ClientApiFrame_3"]);
            stage.browser.back().await?;
            stage.the("table").await?;
            assert_eq!(stage.script_frames().await?, [HEADER, "ClientApiFrame_4"]);
            let reloads: u32 =
                stage.script("return performance.getEntriesByType('navigation').length").await?;
            assert_eq!(reloads, 1, "the page was loaded anew");
            Ok(())
        },
    )
}

#[test]
fn a_form_script_runs_in_the_frame_of_its_page_and_of_quick_create() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&["global-rule=never"]).await?;
            stage.open_record(3).await?;
            let loaded = "return document.getElementById(arguments[0]).contentWindow.Contoso?.Account.loaded";
            let loaded = |id: &str| loaded.replace("arguments[0]", &format!("'{id}'"));
            assert_eq!(stage.script::<Vec<String>>(&loaded("ClientApiFrame_1")).await?, ["3"]);
            assert!(stage.script::<bool>("return window.Contoso === undefined").await?);

            stage.open_quick_create().await?;
            assert_eq!(stage.script_frames().await?, ["ClientApiFrame_1", "ClientApiFrame_2"]);
            assert_eq!(stage.page_frame().await?, "ClientApiFrame_2");
            until("the panel's script", async || {
                let ran: Option<Vec<Option<String>>> = stage.script(&loaded("ClientApiFrame_2")).await?;
                Ok((ran == Some(vec![None])).then_some(()))
            })
            .await?;
            stage.the("dialog.panel .cancel").await?.click().await?;
            assert_eq!(stage.script_frames().await?, ["ClientApiFrame_1"]);

            let asked = stage
                .ask("Xrm.Navigation.openForm({ entityName: 'account', useQuickCreateForm: true })")
                .await?;
            stage.the("dialog.panel input").await?.send_keys("Tailspin Toys").await?;
            stage.the("dialog.panel .primary").await?.click().await?;
            assert_eq!(stage.value(&asked).await?["savedEntityReference"][0]["name"], "Tailspin Toys");
            Ok(())
        },
    )
}

#[test]
fn each_frame_has_an_xrm_of_its_own() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&[]).await?;
            evaluations(stage, "global", 1).await?;
            let different: bool = stage
                .script(
                    "const all = [window, ...[...document.querySelectorAll('iframe[id^=ClientApiFrame]')].map((frame) => frame.contentWindow)];
                     return new Set(all.map(({ Xrm }) => Xrm)).size === 3 && all.every(({ Xrm }) => Xrm.Utility);",
                )
                .await?;
            assert!(different);
            Ok(())
        },
    )
}

#[test]
fn a_header_frame_is_renewed_only_when_it_must_be() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let mark = format!("document.getElementById('{HEADER}')");
            for (switches, stays) in [(&["header-frame=renewed"][..], false), (&[], true)] {
                stage.open_app_with(switches).await?;
                evaluations(stage, "global", 1).await?;
                let _: Value = stage.script(&format!("window.kept = {mark}")).await?;
                stage.go_to_grid().await?;
                evaluations(stage, "global", 2).await?;
                assert_eq!(stage.script::<bool>(&format!("return window.kept === {mark}")).await?, stays);
            }
            stage.destroy_script_frame(HEADER).await?;
            stage.go_to_dashboard().await?;
            evaluations(stage, "global", 3).await?;
            assert_eq!(stage.count(&format!("#{HEADER}")).await?, 1);
            Ok(())
        },
    )
}

#[test]
fn a_navigation_ends_when_its_frame_is_destroyed_in_the_middle_of_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&[]).await?;
            publish_library(
                stage,
                "for (const frame of parent.document.querySelectorAll('iframe')) frame.remove();",
            );
            stage.demo.host().publish();
            stage.open_app_with(&["global-rule=never"]).await?;
            stage.open_record(2).await?;
            until("the frames to be gone", async || Ok(stage.script_frames().await?.is_empty().then_some(())))
                .await
        },
    )
}

#[test]
fn a_frame_can_be_blank_named_by_an_id_or_sandboxed() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&["frame-src=about:blank", "frame-name=id", "frame-sandbox=scripts"]).await?;
            evaluations(stage, "global", 1).await?;
            stage.open_record(2).await?;
            assert_eq!(stage.script_frames().await?, [HEADER, "ClientApiFrame_id-1293"]);
            let frame = stage.the("#ClientApiFrame_id-1293").await?;
            assert_eq!(frame.attr("sandbox").await?.as_deref(), Some("allow-same-origin allow-scripts"));
            let address: String = stage
                .script(
                    "return document.getElementById('ClientApiFrame_id-1293').contentWindow.location.href",
                )
                .await?;
            assert_eq!(address, "about:blank");
            Ok(())
        },
    )
}

#[test]
fn a_side_pane_stays_while_pages_change_and_sees_xrm_if_it_may() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            for (switch, text) in [
                ("pane-xrm=reachable", "Opened by Adele Novák."),
                ("pane-xrm=sandboxed", "Nobody is known here."),
            ] {
                stage.open_app_with(&[switch]).await?;
                stage.the("#open-pane").await?.click().await?;
                stage.go_to_grid().await?;
                stage.the(".side-pane iframe").await?.enter_frame().await?;
                assert_eq!(stage.the("h1").await?.text().await?, "Account: Contoso");
                assert_eq!(stage.the("#user").await?.text().await?, text, "{switch}");
                stage.browser.enter_default_frame().await?;
            }
            Ok(())
        },
    )
}

#[test]
fn a_web_resource_is_downloaded_once_for_each_version() -> Result {
    on_stage(
        |options| options.tls = false, // Chromium caches nothing that comes over TLS which nobody trusts.
        async |stage| {
            publish_library(stage, "");
            for (published, downloads) in [(false, 1), (false, 1), (true, 2)] {
                if published {
                    stage.demo.host().publish();
                }
                stage.open_app_with(&[]).await?;
                evaluations(stage, "global", 1).await?;
                evaluations(stage, "form", 1).await?;
                assert_eq!(stage.demo.host().downloads(LIBRARY), downloads);
            }
            stage.open_app_with(&["web-resource-cache=never"]).await?;
            stage.demo.host().publish();
            stage.open_app_with(&["web-resource-cache=never"]).await?;
            evaluations(stage, "form", 1).await?;
            assert!(stage.demo.host().downloads(LIBRARY) > 3);
            Ok(())
        },
    )
}
