//! How the broker is configured: by environment variables of Dataverse, read once; by a script only where there are none.

use crate::{
    FEED, GRAPH, get_token,
    pages::{on_page, run},
};
use demo::Variable;
use e2e::{Result, Stage, on_stage, until};
use serde_json::{Value, json};

const CONFIG: &str = "talxis_TokenBrokerConfig";
const PICKER: &str = "c0000000-0000-4000-8000-000000000001";
const MAP: &str = "c0000000-0000-4000-8000-000000000005";

fn variable(name: &str, value: &str) -> Variable {
    Variable { schema_name: name.to_owned(), default_value: None, value: Some(value.to_owned()) }
}

/// Opens the app with switches and changes to its variables, and asks for something that needs a configuration and no user.
async fn ask(stage: &Stage, switches: &[&str], expression: &str) -> Result<e2e::Asked> {
    stage.demo.host().set_switches(switches).unwrap();
    stage.open_app().await?;
    stage.ask(expression).await
}

const READY: &str = "talxisBroker.ready";

fn silently(client: &str) -> String {
    format!("talxisBroker.getToken({{ client: '{client}', interaction: 'never' }})")
}

/// How many of the Web API calls were for the variables.
fn readings(stage: &Stage) -> usize {
    let requests = stage.demo.host().requests();
    requests.iter().filter(|request| request.path.ends_with("/environmentvariabledefinitions")).count()
}

#[test]
fn nobody_calls_configure_and_one_query_brings_everything() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage
                .demo
                .host()
                .set_variable(variable("abc_Map_TokenBrokerClients", &json!({ "map": MAP }).to_string()));
            let asked = ask(stage, &[], READY).await?;
            stage.value(&asked).await?;
            stage.accept_notification().await?;
            stage.sign_in_as(crate::ADELE).await?;
            let asked = stage.ask(&get_token("map", FEED)).await?;
            assert_eq!(stage.value(&asked).await?["clientId"], MAP);
            assert_eq!(readings(stage), 1);
            Ok(())
        },
    )
}

#[test]
fn a_value_that_is_no_configuration_is_refused_and_named() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
            config["sts"] = json!("https://sts.evil.example");
            for (value, named) in [("{", CONFIG), ("[]", "`version`"), (&config.to_string(), "`sts`")] {
                stage.demo.host().set_variable(variable(CONFIG, value));
                let _: Value = stage.script("sessionStorage.clear()").await.unwrap_or_default();
                let asked = ask(stage, &[], &silently("filePicker")).await?;
                let error = stage.refusal(&asked).await?;
                assert_eq!(error.code.as_deref(), Some("config_invalid"), "{value}");
                assert!(error.message.clone().unwrap_or_default().contains(named), "{error:?}");
                // A script cannot put itself in the place of a variable that is wrong.
                let good = stage.demo.broker_config();
                let asked = stage.ask(&format!("talxisBroker.configure({good})")).await?;
                assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("config_invalid"));
            }
            let elsewhere: Vec<String> = stage
                .script("return performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('evil'))")
                .await?;
            assert_eq!(elsewhere, Vec::<String>::new());
            Ok(())
        },
    )
}

#[test]
fn a_user_who_may_not_read_the_variables_is_told_which_privilege_is_missing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            for (switch, privilege) in [
                ("variables=no-definitions", "prvReadEnvironmentVariableDefinition"),
                ("variables=no-values", "prvReadEnvironmentVariableValue"),
            ] {
                let asked = ask(stage, &[switch], &silently("filePicker")).await?;
                let error = stage.refusal(&asked).await?;
                assert_eq!(error.code.as_deref(), Some("config_unreadable"));
                assert!(error.message.clone().unwrap_or_default().contains(privilege), "{error:?}");
                // Unreadable is not absent: a script may not configure.
                let asked =
                    stage.ask(&format!("talxisBroker.configure({})", stage.demo.broker_config())).await?;
                assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("config_invalid"));
            }
            Ok(())
        },
    )
}

#[test]
fn a_web_api_that_refuses_says_whether_another_try_may_help() -> Result {
    on_page(async |stage| {
        let body = "
            await load(window);
            const seen = [];
            for (const status of [503, 429, 401]) {
                window.fetch = async () => new Response('{}', { status });
                const { code, retryable, correlationId } = await talxisBroker.getToken({ client: 'filePicker' }).catch((error) => error);
                seen.push([code, retryable, correlationId?.length]);
            }
            return seen;";
        let seen: Value = run(stage, body).await?;
        assert_eq!(
            seen,
            json!([["network", true, 36], ["throttled", true, 36], ["config_unreadable", false, 36]])
        );
        Ok(())
    })
}

#[test]
fn a_script_that_configures_before_the_variable_is_read_does_not_replace_it() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let mut other: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
            other["clients"] = json!({ "mine": PICKER });
            // A page of Dataverse where nobody has needed the broker yet.
            stage.browser.goto(format!("{}/uclient/blank.html", stage.demo.origin())).await?;
            let answer: Value = stage
                .script_async(&format!(
                    "const [done] = arguments;
                     const script = document.createElement('script');
                     script.src = '/WebResources/talxis_tokenmanagement.js';
                     const told = [];
                     script.onload = async () => {{
                         talxisBroker.addEventListener('error', ({{ code }}) => told.push(code));
                         talxisBroker.configure({other}); // In time, and yet too late.
                         await talxisBroker.ready;
                         talxisBroker.getToken({{ client: 'mine', interaction: 'never' }}).catch(({{ code }}) => done([told[0], code]));
                     }};
                     document.head.append(script);"
                ))
                .await?;
            assert_eq!(answer, json!(["config_invalid", "client_not_allowed"]));
            Ok(())
        },
    )
}

#[test]
fn where_dataverse_has_no_variable_a_script_may_configure_once() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            for switch in ["dataverse=on", "dataverse=off"] {
                stage.demo.host().remove_variable(CONFIG);
                let asked = ask(stage, &[switch], &silently("filePicker")).await?;
                let configure = format!("talxisBroker.configure({})", stage.demo.broker_config());
                let configured = stage.ask(&configure).await?;
                stage.value(&configured).await?;
                let error = stage.refusal(&asked).await?;
                assert_eq!(error.code.as_deref(), Some("interaction_required"), "{switch}");
                let again = stage.ask(&configure).await?;
                assert_eq!(stage.refusal(&again).await?.code.as_deref(), Some("config_invalid"), "{switch}");
            }
            Ok(())
        },
    )
}

#[test]
fn without_any_configuration_a_call_ends_after_five_seconds() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.demo.host().remove_variable(CONFIG);
            let asked = ask(stage, &[], &silently("filePicker")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("not_configured"));
            Ok(())
        },
    )
}

#[test]
fn a_variable_of_another_solution_adds_names_and_changes_nothing() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let host = stage.demo.host();
            host.set_variable(variable(
                "evil_TokenBrokerClients",
                &json!({ "filePicker": MAP, "x": MAP }).to_string(),
            ));
            host.set_variable(variable("other_TokenBrokerClients", &json!({ "x": PICKER }).to_string()));
            host.set_variable(variable("bad_TokenBrokerClients", "{ no json"));
            let asked = ask(stage, &[], READY).await?;
            stage.value(&asked).await?;
            let asked = stage.ask(&silently("x")).await?;
            let error = stage.refusal(&asked).await?;
            assert_eq!(error.code.as_deref(), Some("config_invalid"));
            let message = error.message.unwrap_or_default();
            assert!(
                message.contains("evil_TokenBrokerClients") && message.contains("other_TokenBrokerClients"),
                "{message}"
            );
            stage.accept_notification().await?;
            stage.sign_in_as(crate::ADELE).await?;
            let asked = stage.ask(&get_token("filePicker", GRAPH)).await?;
            assert_eq!(stage.value(&asked).await?["clientId"], PICKER);
            let problems: Vec<String> = stage.script("return talxisBroker.diagnostics().problems").await?;
            assert!(
                problems.iter().any(|problem| problem.starts_with("evil_TokenBrokerClients: `filePicker`")),
                "{problems:?}"
            );
            assert!(
                problems.iter().any(|problem| problem.starts_with("bad_TokenBrokerClients: ")),
                "{problems:?}"
            );
            Ok(())
        },
    )
}

#[test]
fn a_later_page_load_asks_nothing_and_a_changed_value_takes_effect_on_the_next_one() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let asked = ask(stage, &[], READY).await?;
            stage.value(&asked).await?;
            let before = stage.demo.host().web_api_calls();
            let mut config: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
            config["clients"] = json!({ "renamed": PICKER });
            stage.demo.host().set_variable(variable(CONFIG, &config.to_string()));

            // Configured by what was kept: no Web API call, and the old names.
            stage.open_app().await?;
            let asked = stage.ask(&silently("filePicker")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            assert_eq!(stage.demo.host().web_api_calls(), before);

            // When the page's own work is done it looks again, for the next page load only.
            until("the variables to be looked at again", async || Ok((readings(stage) > 1).then_some(())))
                .await?;
            let asked = stage.ask(&silently("filePicker")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            until("the new value to be kept", async || {
                let kept: bool = stage
                    .script("return JSON.stringify(Object.entries(sessionStorage)).includes('renamed')")
                    .await?;
                Ok(kept.then_some(()))
            })
            .await?;
            stage.open_app().await?;
            let asked = stage.ask(&silently("renamed")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            let asked = stage.ask(&silently("filePicker")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("client_not_allowed"));
            Ok(())
        },
    )
}

#[test]
fn offline_nothing_is_read_and_calls_end_at_once() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let asked = ask(stage, &["client-state=offline"], &silently("filePicker")).await?;
            let error = stage.refusal(&asked).await?;
            assert_eq!((error.code.as_deref(), error.retryable), (Some("network"), Some(true)));
            assert_eq!(stage.demo.host().web_api_calls(), 0);
            Ok(())
        },
    )
}

#[test]
fn a_packages_own_default_holds_where_there_is_no_variable_and_yields_to_one() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let path =
                std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/dist/with-default.js");
            let packed = std::fs::read_to_string(path).unwrap();
            let own: Value = serde_json::from_str(stage.demo.broker_config()).unwrap();
            let packed = packed
                .replace("http://sts.localhost:1", own["sts"].as_str().unwrap())
                .replace("http://login.localhost:1", own["authority"].as_str().unwrap());
            stage.demo.host().set_web_resource("talxis_tokenmanagement.js", packed).unwrap();
            stage.demo.host().publish();

            // The variable comes first.
            let asked = ask(stage, &[], &silently("packaged")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("client_not_allowed"));

            stage.demo.host().remove_variable(CONFIG);
            let _: Value = stage.script("sessionStorage.clear()").await?;
            let asked = ask(stage, &[], &silently("packaged")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("interaction_required"));
            let asked = stage.ask(&format!("talxisBroker.configure({own})")).await?;
            assert_eq!(stage.refusal(&asked).await?.code.as_deref(), Some("config_invalid"));
            Ok(())
        },
    )
}

#[test]
fn another_solutions_variable_takes_no_scope_for_its_own_client_and_breaks_no_other() -> Result {
    on_page(async |stage| {
        sign_in_with_variables(
            stage,
            &json!({
                "a_TokenBrokerClients": { "x": { "clientId": MAP, "scope": format!("api://{PICKER}/access_as_user") } },
                "b_TokenBrokerClients": { "y": null },
            }),
        )
        .await?;
        let body =
            format!("return TALXIS.Utils.TokenManagement.getAccessToken(['api://{PICKER}/access_as_user'])");
        let token: String = run(stage, &body).await?;
        assert_eq!(e2e::Claims::of(&token)?.aud, PICKER);
        Ok(())
    })
}

/// Loads the broker into a page of Dataverse with the configuration and these variables of other solutions, and signs Adele in.
async fn sign_in_with_variables(stage: &Stage, others: &Value) -> Result {
    let body = format!(
        "const others = {others};
         const web = window.fetch;
         const value = Object.entries({{ talxis_TokenBrokerConfig: config, ...others }})
             .map(([schemaname, value]) => ({{ schemaname, defaultvalue: JSON.stringify(value) }}));
         window.fetch = (url, init) => url.includes('/api/data/')
             ? Promise.resolve(url.includes('environmentvariable') ? Response.json({{ value }}) : new Response('', {{ status: 404 }}))
             : web(url, init);
         await load(window);"
    );
    let _: Value = run(stage, &body).await?;
    let signing_in = stage.ask_by_click("talxisBroker.signIn()").await?;
    stage.sign_in_as(crate::ADELE).await?;
    stage.value(&signing_in).await?;
    Ok(())
}
