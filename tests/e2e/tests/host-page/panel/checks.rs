//! *Run checks*: fine in the whole look-alike, and each check fails in one that is broken in that way, and says what to do.

use super::{
    PANE, Seen, all_consented, copied, enter, open, press, results, run_checks, says, show, sign_in,
};
use crate::{GRAPH, count, get_token};
use demo::{Options, Variable};
use e2e::{Result, Stage, on_stage, until, without_ribbon};
use entra_dev::{Demand, Endpoint, GrantType, Place, Trouble, Weather};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The checks of every environment; beside them each client has one.
const CHECKS: [&str; 8] = ["ribbon", "host", "tenant", "variables", "redirect", "sts", "csp", "coop"];

/// Asserts how a check came out, and that it says all this.
fn expect(seen: &BTreeMap<String, Seen>, id: &str, outcome: &str, says: &[&str]) {
    let check = &seen[id];
    assert_eq!(check.outcome, outcome, "{id}: {}", check.text);
    for text in says {
        assert!(check.text.contains(text), "{id} does not say {text:?}: {}", check.text);
    }
}

/// Runs the checks in a look-alike that is broken in one way, by switches or before it starts.
fn broken(
    set: impl FnOnce(&mut Options),
    switches: &[&str],
    test: impl FnOnce(&BTreeMap<String, Seen>),
) -> Result {
    on_stage(set, async |stage| {
        open(stage, switches).await?;
        test(&run_checks(stage).await?);
        Ok(())
    })
}

#[test]
fn in_a_whole_environment_every_check_is_fine_and_no_code_is_redeemed() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            all_consented(stage);
            open(stage, &[]).await?;
            sign_in(stage).await?;
            let redeemed = |stage: &Stage| {
                count(stage, |request| request.endpoint == Endpoint::Token { grant: GrantType::Code })
            };
            let before = redeemed(stage);
            let seen = run_checks(stage).await?;
            for (id, Seen { outcome, text }) in &seen {
                assert_eq!(outcome, "ok", "{id}: {text}");
            }
            let mut wanted: Vec<&str> = CHECKS.to_vec();
            wanted.extend(["client:filePicker", "client:calendar"]);
            wanted.sort_unstable();
            assert_eq!(seen.keys().map(String::as_str).collect::<Vec<_>>(), wanted);
            expect(&seen, "ribbon", "ok", &["button", "ClientApiFrame_crm_header_global", "forms and grids"]);
            expect(&seen, "redirect", "ok", &["(code)"]);
            assert_eq!(redeemed(stage), before, "the code of the check was redeemed");
            Ok(())
        },
    )
}

#[test]
fn what_is_copied_holds_every_check_and_no_secret() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            sign_in(stage).await?;
            run_checks(stage).await?;
            // A failure with a challenge, which is the caller's alone.
            stage.browser.enter_parent_frame().await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            let token = stage.value(&asked).await?;
            stage.demo.entra().demand("contoso", "graph", Demand::SecondFactor).unwrap();
            let challenged = format!(
                "talxisBroker.getToken({{ client: 'calendar', scopes: ['{GRAPH}'], forceRefresh: true, interaction: 'never' }})
                     .catch(({{ code, claims }}) => [code, typeof claims])"
            );
            let asked = stage.ask(&challenged).await?;
            assert_eq!(stage.value(&asked).await?, json!(["interaction_required", "string"]));
            enter(stage).await?;
            let copied = copied(stage).await?;
            assert_eq!(copied["diagnostics"]["failures"][0]["code"], "interaction_required");
            let ids: Vec<&str> = copied["checks"]
                .as_array()
                .unwrap()
                .iter()
                .map(|check| check["id"].as_str().unwrap())
                .collect();
            for id in CHECKS {
                assert!(ids.contains(&id), "{id} is not among {ids:?}");
            }
            let tokens = copied["diagnostics"]["tokens"].as_array().unwrap();
            assert!(tokens.len() > 2, "{tokens:?}");
            // The address of consent names the client and the tenant, and is for everybody to see.
            let text = copied.to_string();
            let objects = &token["account"];
            for secret in [
                token["accessToken"].as_str().unwrap(),
                "eyJ",
                "@",
                "Adele",
                objects["objectId"].as_str().unwrap(),
                objects["homeAccountId"].as_str().unwrap(),
                "code=",
                "code_challenge",
                "claims",
            ] {
                assert!(!text.contains(secret), "{secret} was copied: {text}");
            }
            Ok(())
        },
    )
}

#[test]
fn where_no_rule_of_the_ribbon_runs_that_is_said() -> Result {
    broken(
        |_| {},
        &["global-rule=never", "entity-rules=never"],
        |seen| {
            expect(seen, "ribbon", "failed", &["No rule of the ribbon ran", "managed solution"]);
        },
    )
}

#[test]
fn a_window_without_xrm_and_a_foreign_token_management_are_found() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            for (breaks, says) in [
                ("Object.defineProperty(TALXIS.Utils, 'TokenManagement', { value: {} })", "another script's"),
                ("delete window.Xrm", "without Xrm"),
            ] {
                stage.browser.enter_parent_frame().await?;
                let _: Value = stage.script(&format!("{breaks}; return null")).await?;
                enter(stage).await?;
                expect(&run_checks(stage).await?, "host", "failed", &[says]);
            }
            Ok(())
        },
    )
}

#[test]
fn in_a_page_of_another_site_the_checks_work_and_say_so() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_within_another_site(&["framing=outer"]).await?;
            until("the broker", async || {
                let there: bool = stage.script("return Boolean(window.talxisBroker)").await?;
                Ok(there.then_some(()))
            })
            .await?;
            show(stage).await?;
            let seen = run_checks(stage).await?;
            expect(&seen, "host", "ok", &["a page of another site shows"]);
            expect(&seen, "redirect", "ok", &[]);
            Ok(())
        },
    )
}

#[test]
fn where_no_broker_comes_the_panel_says_so_and_checks_what_it_can() -> Result {
    on_stage(without_ribbon, async |stage| {
        stage.demo.host().set_web_resource("talxis_tokenmanagement.js", "// Gone.").unwrap();
        stage.open_app_with(&[]).await?;
        let page = "{ pageType: 'webresource', webresourceName: 'talxis_/tokenbroker/status.html' }";
        let opening = format!(
            "const [done] = arguments;
             Xrm.App.sidePanes.createPane({{ paneId: 'talxis-broker' }}).then((pane) => pane.navigate({page})).then(() => done(null))"
        );
        let _: Value = stage.script_async(&opening).await?;
        stage.the(PANE).await?.enter_frame().await?;
        says(stage, "[role=status]", "The Token Broker is not there.").await?;
        let seen = run_checks(stage).await?;
        expect(&seen, "host", "failed", &["No broker runs in this page"]);
        expect(&seen, "ribbon", "failed", &[]);
        expect(&seen, "variables", "ok", &[]);
        expect(&seen, "sts", "unknown", &[]);
        Ok(())
    })
}

#[test]
fn a_check_that_breaks_leaves_the_others() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            stage.browser.enter_parent_frame().await?;
            let _: Value = stage.script("performance.getEntriesByName = 1; return null").await?;
            enter(stage).await?;
            let seen = run_checks(stage).await?;
            expect(&seen, "ribbon", "unknown", &["could not be made"]);
            expect(&seen, "tenant", "ok", &[]);
            Ok(())
        },
    )
}

#[test]
fn when_and_by_whom_the_tenant_is_told_is_seen() -> Result {
    for (switches, outcome, says) in [
        (["tenant=tenantId", "organization=readable"], "ok", "tenantId"),
        (["tenant=late", "organization=readable"], "ok", "first call"),
        (["tenant=absent", "organization=readable"], "ok", "Dataverse or its configuration"),
        (["tenant=absent", "organization=refused"], "failed", "sets tenant"),
    ] {
        on_stage(
            |_| {},
            async |stage| {
                open(stage, &switches).await?;
                if switches[0] == "tenant=late" {
                    stage.browser.enter_parent_frame().await?;
                    until("the tenant", async || {
                        let told = "return Boolean(Xrm.Utility.getGlobalContext().organizationSettings.organizationTenant)";
                        let told: bool = stage.script(told).await?;
                        Ok(told.then_some(()))
                    })
                    .await?;
                    enter(stage).await?;
                }
                expect(&run_checks(stage).await?, "tenant", outcome, &[says]);
                Ok(())
            },
        )?;
    }
    Ok(())
}

#[test]
fn a_user_who_may_not_read_the_variables_is_told_which_privilege_is_missing() -> Result {
    for (switch, privilege) in [
        ("variables=no-definitions", "prvReadEnvironmentVariableDefinition"),
        ("variables=no-values", "prvReadEnvironmentVariableValue"),
    ] {
        broken(
            |_| {},
            &[switch],
            |seen| {
                expect(seen, "variables", "failed", &[privilege, "security role"]);
                expect(seen, "redirect", "unknown", &["no configuration"]);
                expect(seen, "sts", "unknown", &["no configuration"]);
            },
        )?;
    }
    Ok(())
}

#[test]
fn a_variable_that_is_empty_no_json_or_refused_is_told_apart() -> Result {
    for (value, says) in [
        (None, "no value"),
        (Some("{"), "not JSON"),
        (Some(r#"{ "version": 1, "clientId": "x", "sts": "https://sts.localhost" }"#), "clientId"),
    ] {
        on_stage(
            |_| {},
            async |stage| {
                stage.demo.host().set_variable(Variable {
                    schema_name: "talxis_TokenBrokerConfig".to_owned(),
                    default_value: None,
                    value: value.map(str::to_owned),
                });
                open(stage, &[]).await?;
                expect(&run_checks(stage).await?, "variables", "failed", &[says]);
                Ok(())
            },
        )?;
    }
    Ok(())
}

#[test]
fn a_redirect_uri_that_is_not_registered_is_named_with_its_spelling() -> Result {
    let elsewhere = |options: &mut Options| {
        options.estate.broker.redirect_uris =
            vec!["{app}/WebResources/talxis_/TokenBroker/redirect.html".to_owned()];
    };
    broken(elsewhere, &[], |seen| {
        expect(
            seen,
            "redirect",
            "failed",
            &["not registered", "/WebResources/talxis_/tokenbroker/redirect.html"],
        );
        expect(seen, "sts", "ok", &[]);
    })
}

#[test]
fn an_entra_that_cannot_be_reached_says_nothing_about_the_redirect_uri() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            for place in [Place::Authorize, Place::Metadata] {
                let trouble = Trouble::Drop;
                stage.demo.entra().weather(Weather {
                    place,
                    client_id: None,
                    user: None,
                    trouble,
                    times: None,
                });
            }
            expect(&run_checks(stage).await?, "redirect", "unknown", &["Entra ID cannot be reached"]);
            Ok(())
        },
    )
}

#[test]
fn an_sts_that_does_not_know_this_environment_is_told_its_origin_and_a_sick_one_its_status() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.open_app_with(&[]).await?;
            let graph: String = stage
                .script_async("const [done] = arguments; fetch('/demo.json').then((page) => page.json()).then(({ graph }) => done(graph))")
                .await?;
            // A site that is there and lets nobody else read it; and one that everybody may read, and that has no such page.
            let outer = stage.demo.outer_address();
            let adds = format!("adds {}", stage.demo.origin());
            for (sts, says) in [
                (outer.trim_end_matches('/'), ["does not answer this environment", &adds]),
                (&graph, ["the status 404", "Its operator looks at it"]),
            ] {
                stage.configure_but("sts", sts);
                let _: Value = stage.script("sessionStorage.clear(); return null").await?;
                open(stage, &[]).await?;
                expect(&run_checks(stage).await?, "sts", "failed", &says);
                stage.browser.enter_parent_frame().await?;
            }
            Ok(())
        },
    )
}

#[test]
fn an_sts_that_is_down_is_named_with_its_address() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            stage.demo.stop_sts();
            expect(
                &run_checks(stage).await?,
                "sts",
                "failed",
                &["cannot be reached", "https://sts.localhost"],
            );
            Ok(())
        },
    )
}

#[test]
fn a_strict_policy_is_found_with_every_source_that_it_lacks() -> Result {
    broken(
        |_| {},
        &["csp=strict"],
        |seen| {
            let wanted = [
                "'wasm-unsafe-eval'",
                "connect-src https://login.",
                "connect-src https://sts.",
                "frame-src https://login.",
            ];
            expect(seen, "csp", "failed", &wanted);
        },
    )?;
    broken(
        |_| {},
        &["csp=strict-only-wasm"],
        |seen| {
            expect(seen, "csp", "failed", &["connect-src https://sts.", "frame-src https://login."]);
            assert!(!seen["csp"].text.contains("wasm"), "{}", seen["csp"].text);
            expect(seen, "redirect", "unknown", &["keeps Entra ID out of frames"]);
            expect(seen, "sts", "unknown", &["keeps the page from it"]);
        },
    )?;
    broken(
        |_| {},
        &["csp=strict-wasm"],
        |seen| {
            expect(seen, "csp", "ok", &["lets the broker work"]);
            expect(seen, "redirect", "ok", &[]);
            expect(seen, "sts", "ok", &[]);
        },
    )
}

#[test]
fn a_redirect_page_with_an_opener_policy_is_found() -> Result {
    broken(
        |_| {},
        &["coop=web-resources"],
        |seen| {
            expect(seen, "coop", "failed", &["opener policy", "Cross-Origin-Opener-Policy"]);
        },
    )
}

#[test]
fn a_window_shows_whether_it_may_open_and_whether_entra_takes_it_apart() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            // Nobody clicked anything so far.
            let _: Value = stage.script("document.getElementById('run').click()").await?;
            results(stage).await?;
            let _: Value = stage.script("document.getElementById('try-window').click()").await?;
            says(stage, ".failed[data-check=coop]", "did not let a window open").await?;
            for (taken_apart, text) in [(false, "keeps its link"), (true, "separates its windows")] {
                stage.demo.entra().enforce_coop(taken_apart);
                press(stage, "#try-window").await?;
                says(stage, ".ok[data-check=coop]", text).await?;
                if !taken_apart {
                    until("the window to close", async || {
                        Ok(stage.browser.popups().await?.is_empty().then_some(()))
                    })
                    .await?;
                }
            }
            Ok(())
        },
    )
}

#[test]
fn each_client_without_consent_is_found_with_the_administrators_link() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            open(stage, &[]).await?;
            expect(&run_checks(stage).await?, "client:filePicker", "unknown", &["Sign in."]);
            sign_in(stage).await?;
            let seen = run_checks(stage).await?;
            expect(&seen, "client:filePicker", "ok", &[]);
            expect(&seen, "client:peopleGrid", "failed", &["Consent page"]);
            let link: String = stage
                .script("return document.querySelector('[data-check=\"client:peopleGrid\"] a').href")
                .await?;
            let (entra, client) = (stage.demo.entra().origin(), "c0000000-0000-4000-8000-000000000006");
            assert!(link.starts_with(entra) && link.contains(client), "{link}");
            Ok(())
        },
    )
}

#[test]
fn what_the_checks_ask_for_is_no_failure_of_the_app_and_they_can_run_again() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            all_consented(stage);
            open(stage, &[]).await?;
            until("the app's failures", async || Ok((stage.count("#problems li").await? == 5).then_some(())))
                .await?;
            let first = run_checks(stage).await?;
            expect(&first, "client:calendar", "unknown", &["Sign in."]);
            assert_eq!(stage.count("#problems li").await?, 5);
            stage.browser.enter_parent_frame().await?;
            let failed: Vec<String> =
                stage.script("return talxisBroker.diagnostics().failures.map(({ code }) => code)").await?;
            assert!(failed.contains(&"interaction_required".to_owned()), "{failed:?}");
            show(stage).await?;
            let second = run_checks(stage).await?;
            assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
            Ok(())
        },
    )
}
