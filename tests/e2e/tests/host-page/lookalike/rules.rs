//! The enable rule: its library in a script frame, its function found by name, and called again and again (powerapps.md §1.3).

use super::{evaluations, publish_library};
use e2e::{Result, Stage, on_stage};

/// A library whose rule is this function.
fn publish_rule(stage: &Stage, rule: &str) {
    publish_library(
        stage,
        &format!("window.TALXIS = {{ Utils: {{ TokenBroker: {{ isEnabled: {rule} }} }} }};"),
    );
    stage.demo.host().publish();
}

#[test]
fn the_rule_is_evaluated_again_on_each_navigation_selection_and_refresh() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_rule(stage, "() => true");
            stage.open_app_with(&[]).await?;
            let first = evaluations(stage, "global", 1).await?;
            assert_eq!(first[0].frame, "ClientApiFrame_crm_header_global");
            assert_eq!(evaluations(stage, "form", 1).await?[0].frame, "ClientApiFrame_0");
            stage.open_record(2).await?;
            assert_eq!(evaluations(stage, "form", 2).await?[1].frame, "ClientApiFrame_1");
            stage.go_to_grid().await?;
            evaluations(stage, "grid", 1).await?;
            stage.the("tbody tr:first-child input").await?.click().await?;
            evaluations(stage, "grid", 2).await?;
            stage.the("#refresh").await?.click().await?;
            evaluations(stage, "grid", 3).await?;
            let global = evaluations(stage, "global", 4).await?;
            assert_eq!(global.len(), 4, "first paint, two navigations, one refresh");
            assert!(
                global.iter().all(|evaluation| evaluation.enabled && evaluation.why == "value"),
                "{global:?}"
            );
            Ok(())
        },
    )
}

#[test]
fn what_a_rule_comes_to_follows_from_what_it_returns() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            for (rule, enabled, why) in [
                ("() => true", true, "value"),
                ("() => false", false, "value"),
                ("async () => false", false, "promise"),
                ("() => { throw new Error() }", true, "threw"),
                ("async () => { throw new Error() }", true, "threw"),
                ("undefined", true, "missing"),
            ] {
                publish_rule(stage, rule);
                stage.open_app_with(&[]).await?;
                let first = evaluations(stage, "global", 1).await?;
                assert_eq!((first[0].enabled, first[0].why.as_str()), (enabled, why), "{rule}");
            }
            Ok(())
        },
    )
}

#[test]
fn switches_take_rules_away_or_add_them() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_rule(stage, "() => true");
            let bars = async |switches: &[&str]| -> Result<Vec<String>> {
                stage.open_app_with(switches).await?;
                stage.go_to_grid().await?;
                stage.go_to_dashboard().await?;
                stage.open_quick_create().await?;
                stage.the("dialog.panel .cancel").await?.click().await?;
                stage.open_record(2).await?;
                if !switches.contains(&"global-rule=never") {
                    let times = if switches.contains(&"re-evaluation=once") { 1 } else { 4 };
                    evaluations(stage, "global", times).await?;
                }
                let mut bars: Vec<String> =
                    stage.rule_evaluations().await?.into_iter().map(|evaluation| evaluation.bar).collect();
                bars.sort();
                bars.dedup();
                Ok(bars)
            };
            assert_eq!(bars(&[]).await?, ["form", "global", "grid"]);
            assert_eq!(bars(&["global-rule=never"]).await?, ["form", "grid"]);
            assert_eq!(bars(&["entity-rules=never"]).await?, ["global"]);
            assert_eq!(bars(&["dashboard-rule=evaluated"]).await?, ["dashboard", "form", "global", "grid"]);
            assert_eq!(bars(&["global-rule=never", "entity-rules=never"]).await?, [""; 0]);
            assert_eq!(bars(&["re-evaluation=once"]).await?, ["form", "global", "grid"]);
            assert_eq!(evaluations(stage, "global", 1).await?.len(), 1);
            Ok(())
        },
    )
}

#[test]
fn quick_create_loads_the_ribbon_only_where_the_switch_says_so() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_rule(stage, "() => true");
            stage.open_app_with(&["quick-create-rule=evaluated"]).await?;
            stage.open_quick_create().await?;
            assert_eq!(evaluations(stage, "quickcreate", 1).await?[0].frame, "ClientApiFrame_1");
            Ok(())
        },
    )
}

#[test]
fn the_library_runs_once_in_a_frame_unless_the_switch_says_again() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            // In frames only: a control loads it into the app's window.
            publish_library(stage, "if (parent !== window) parent.runs = (parent.runs ?? 0) + 1;");
            for (switch, runs) in [("library=once", 2), ("library=again", 4)] {
                stage.open_app_with(&[switch]).await?;
                evaluations(stage, "global", 1).await?;
                evaluations(stage, "form", 1).await?;
                stage.the("#refresh").await?.click().await?;
                evaluations(stage, "global", 2).await?;
                evaluations(stage, "form", 2).await?;
                assert_eq!(stage.script::<u32>("return window.runs").await?, runs, "{switch}");
            }
            Ok(())
        },
    )
}

#[test]
fn the_first_rule_meets_an_xrm_or_none() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_rule(
                stage,
                "() => { parent.met ??= typeof window.Xrm + typeof parent.Xrm; return true; }",
            );
            for (switch, met) in
                [("xrm=before-rule", "objectobject"), ("xrm=after-rule", "undefinedundefined")]
            {
                stage.open_app_with(&[switch, "entity-rules=never"]).await?;
                evaluations(stage, "global", 1).await?;
                assert_eq!(stage.script::<String>("return window.met").await?, met);
                stage.go_to_grid().await?; // By then it is there.
            }
            Ok(())
        },
    )
}

#[test]
fn controls_start_before_the_rule_or_after_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            publish_rule(
                stage,
                "() => { parent.state ??= parent.document.querySelector('.control .state').textContent; return true; }",
            );
            for (switch, state) in [("controls=before-rule", "Waiting"), ("controls=after-rule", "")] {
                stage.open_app_with(&[switch, "entity-rules=never"]).await?;
                evaluations(stage, "global", 1).await?;
                assert_eq!(stage.script::<String>("return window.state").await?, state, "{switch}");
            }
            Ok(())
        },
    )
}
