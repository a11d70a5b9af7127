//! Who the user is and where, as the page tells it: tenant, `__preload`, client, and the Web API (powerapps.md §5).

use super::publish_library;
use e2e::{Result, Stage, on_stage, until};
use serde_json::{Value, json};

const SETTINGS: &str = "Xrm.Utility.getGlobalContext().organizationSettings";

async fn open(stage: &Stage, switches: &[&str]) -> Result {
    publish_library(stage, "");
    stage.open_app_with(switches).await
}

async fn look(stage: &Stage, expression: &str) -> Result<Value> {
    stage.script(&format!("return {expression} ?? null")).await
}

#[test]
fn the_tenant_is_where_the_switch_says_and_comes_when_it_says() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let tenant = json!(stage.tenant());
            let of = async |switch: &str| -> Result<(Value, Value)> {
                open(stage, &[switch]).await?;
                let organization_tenant = look(stage, &format!("{SETTINGS}.organizationTenant")).await?;
                Ok((organization_tenant, look(stage, &format!("{SETTINGS}.tenantId")).await?))
            };
            assert_eq!(of("tenant=organizationTenant").await?, (tenant.clone(), Value::Null));
            assert_eq!(of("tenant=tenantId").await?, (Value::Null, tenant.clone()));
            assert_eq!(of("tenant=absent").await?, (Value::Null, Value::Null));
            assert_eq!(of("tenant=late").await?, (json!(""), Value::Null));
            until("the tenant", async || {
                let now = look(stage, &format!("{SETTINGS}.organizationTenant")).await?;
                Ok((now == tenant).then_some(()))
            })
            .await
        },
    )
}

#[test]
fn preload_is_in_the_windows_that_the_switch_names() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            stage.demo.host().run_as("boris@contoso.example");
            let boris = json!({
                "aadLoginHint": "boris@contoso.example",
                "aadObjectId": "d0000000-0000-4000-8000-000000000002",
            });
            for (switch, main, frame) in [
                ("preload=main", boris.clone(), Value::Null),
                ("preload=everywhere", boris.clone(), boris.clone()),
                ("preload=absent", Value::Null, Value::Null),
                ("preload=late", Value::Null, Value::Null),
            ] {
                open(stage, &[switch, "global-rule=never"]).await?;
                stage.the("iframe[id^=ClientApiFrame_]").await?;
                assert_eq!(look(stage, "window.__preload").await?, main, "{switch}");
                until(switch, async || {
                    let seen =
                        look(stage, "document.querySelector('iframe').contentWindow.__preload").await?;
                    Ok((seen == frame).then_some(()))
                })
                .await?;
            }
            until(
                "the late one",
                async || Ok((look(stage, "window.__preload").await? == boris).then_some(())),
            )
            .await
        },
    )
}

#[test]
fn the_client_is_the_one_of_the_switch() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let seen = "(({ client, ...context }) => [client.getClient(), client.getClientState(), client.getFormFactor(),
                client.isOffline(), client.isNetworkAvailable(), context.getCurrentAppUrl() === null])
                (Xrm.Utility.getGlobalContext())";
            open(stage, &[]).await?;
            assert_eq!(look(stage, seen).await?, json!(["Web", "Online", 1, false, true, false]));
            open(stage, &["client=mobile", "client-state=offline"]).await?;
            assert_eq!(look(stage, seen).await?, json!(["Mobile", "Offline", 3, true, false, true]));
            Ok(())
        },
    )
}

#[test]
fn an_xrm_that_was_kept_is_stale_after_a_navigation_if_the_switch_says_so() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let stale = "(() => { try { return !window.kept.Utility; } catch { return true; } })()";
            for (switch, expected) in [("xrm-lifetime=page-load", false), ("xrm-lifetime=navigation", true)] {
                open(stage, &[switch]).await?;
                let _: Value = stage.script("window.kept = Xrm").await?;
                stage.go_to_grid().await?;
                assert_eq!(look(stage, stale).await?, json!(expected), "{switch}");
                stage.open_record(2).await?;
            }
            Ok(())
        },
    )
}

#[test]
fn the_page_itself_calls_no_web_api_and_scripts_read_it_with_their_users_privileges() -> Result {
    on_stage(
        |_| {},
        async |stage| {
            let read = "Xrm.WebApi.retrieveMultipleRecords('environmentvariabledefinition',
                \"?$select=schemaname&$filter=schemaname eq 'talxis_tokenbrokerconfig'\")";
            open(stage, &[]).await?;
            stage.go_to_grid().await?;
            assert_eq!(stage.demo.host().web_api_calls(), 0);
            let asked =
                stage.ask(&format!("{read}.then(({{ entities }}) => entities[0].schemaname)")).await?;
            assert_eq!(stage.value(&asked).await?, "talxis_TokenBrokerConfig");
            assert_eq!(stage.demo.host().web_api_calls(), 1);

            let me = "Xrm.WebApi.online.retrieveRecord('systemuser', Xrm.Utility.getGlobalContext().userSettings.userId,
                '?$select=windowsliveid').then(({ windowsliveid }) => windowsliveid)";
            let asked = stage.ask(me).await?;
            assert_eq!(stage.value(&asked).await?, "adele@contoso.example");

            open(stage, &["variables=no-definitions"]).await?;
            let asked = stage
                .ask(&format!("{read}.catch(({{ errorCode, message }}) => ({{ errorCode, message }}))"))
                .await?;
            let refusal = stage.value(&asked).await?;
            assert_eq!(refusal["errorCode"], 0x8004_0220_u32);
            assert!(
                refusal["message"].as_str().unwrap().contains("prvReadEnvironmentVariableDefinition"),
                "{refusal}"
            );
            Ok(())
        },
    )
}
