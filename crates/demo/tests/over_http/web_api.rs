//! Dataverse's Web API: environment variables, the user and the organisation, and what is refused in which words (powerapps.md §4.3, §5).

use crate::world::{client, start};
use demo::{Demo, Variable};
use reqwest::StatusCode;
use serde_json::Value;

const BOTH: &str = "schemaname eq 'talxis_TokenBrokerConfig' or endswith(schemaname,'_TokenBrokerClients')";
const EXPAND: &str = "environmentvariabledefinition_environmentvariablevalue($select=value)";

async fn call(demo: &Demo, resource: &str, query: &[(&str, &str)]) -> (StatusCode, Value) {
    let url = format!("{}/api/data/v9.2/{resource}", demo.origin());
    let answer = client("app.localhost").get(url).query(query).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn variables(demo: &Demo) -> (StatusCode, Value) {
    let query = [("$select", "schemaname,defaultvalue"), ("$filter", BOTH), ("$expand", EXPAND)];
    call(demo, "environmentvariabledefinitions", &query).await
}

fn clients(schema_name: &str, default_value: &str) -> Variable {
    Variable {
        schema_name: schema_name.to_owned(),
        default_value: Some(default_value.to_owned()),
        value: None,
    }
}

#[tokio::test]
async fn one_query_reads_the_configuration_and_every_vendors_clients() {
    let demo = start().await.demo;
    demo.host().set_variable(clients("abc_Files_TokenBrokerClients", "{}"));
    demo.host().set_variable(clients("abc_Unrelated", "{}"));
    let (status, body) = variables(&demo).await;
    assert_eq!(status, StatusCode::OK);
    let rows = body["value"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["schemaname"].as_str().unwrap()).collect();
    assert_eq!(names, ["abc_Files_TokenBrokerClients", "talxis_TokenBrokerConfig"]);
    let values = |row: &Value| row["environmentvariabledefinition_environmentvariablevalue"].clone();
    assert_eq!(values(&rows[0]), serde_json::json!([]));
    assert_eq!(rows[0]["defaultvalue"], "{}");
    assert_eq!(values(&rows[1])[0]["value"], demo.broker_config());
    assert!(rows[1].get("displayname").is_none(), "more than was selected");
    demo.host().remove_variable("talxis_TokenBrokerConfig");
    assert_eq!(variables(&demo).await.1["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_missing_privilege_is_named_as_dataverse_names_it() {
    let demo = start().await.demo;
    for (switch, privilege) in [
        ("variables=no-definitions", "prvReadEnvironmentVariableDefinition"),
        ("variables=no-values", "prvReadEnvironmentVariableValue"),
    ] {
        demo.host().set_switches(&[switch]).unwrap();
        let (status, body) = variables(&demo).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::FORBIDDEN, &Value::from("0x80040220")));
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("Principal user (Id=5a0e") && message.contains(privilege), "{message}");
    }
    let without_values = [("$filter", BOTH)];
    let (status, _) = call(&demo, "environmentvariabledefinitions", &without_values).await;
    assert_eq!(status, StatusCode::OK, "definitions alone are readable");
}

#[tokio::test]
async fn what_dataverse_does_not_have_is_refused_in_its_words() {
    let demo = start().await.demo;
    for (resource, query, status, code) in [
        ("tokens", [("$select", "a")], StatusCode::NOT_FOUND, "0x8006088a"),
        (
            "systemusers(00000000-0000-4000-8000-000000000000)",
            [("$select", "fullname")],
            StatusCode::NOT_FOUND,
            "0x80040217",
        ),
        ("environmentvariabledefinitions", [("$select", "secret")], StatusCode::BAD_REQUEST, "0x80060888"),
        (
            "environmentvariabledefinitions",
            [("$filter", "schemaname ne 'a'")],
            StatusCode::BAD_REQUEST,
            "0x80060888",
        ),
        ("environmentvariabledefinitions", [("$expand", "owner")], StatusCode::BAD_REQUEST, "0x80060888"),
        ("environmentvariabledefinitions", [("$skip", "1")], StatusCode::BAD_REQUEST, "0x80060888"),
    ] {
        let (answered, body) = call(&demo, resource, &query).await;
        assert_eq!((answered, &body["error"]["code"]), (status, &Value::from(code)), "{resource} {query:?}");
    }
}

#[tokio::test]
async fn a_host_without_dataverse_answers_with_a_page() {
    let demo = start().await.demo;
    demo.host().set_switches(&["dataverse=off"]).unwrap();
    let url = format!("{}/api/data/v9.2/environmentvariabledefinitions", demo.origin());
    let answer = client("app.localhost").get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn the_organisation_tells_its_tenant() {
    let demo = start().await.demo;
    let current =
        "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')";
    let (status, body) = call(&demo, current, &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["Detail"]["TenantId"], demo.estate().tenants["contoso"].id);
}

#[tokio::test]
async fn a_guests_names_differ_and_the_user_can_change() {
    let demo = start().await.demo;
    assert!(demo.host().run_as("carla@fabrikam.example"));
    assert!(!demo.host().run_as("nobody@contoso.example"));
    let page = client("app.localhost").get(format!("{}/demo.json", demo.origin())).send().await.unwrap();
    let id = page.json::<Value>().await.unwrap()["user"]["id"].as_str().unwrap().to_owned();
    let select = [("$select", "azureactivedirectoryobjectid,windowsliveid,internalemailaddress")];
    let (_, user) = call(&demo, &format!("systemusers({id})"), &select).await;
    assert_eq!(user["windowsliveid"], "carla_fabrikam.example#EXT#@contoso.example");
    assert_eq!(user["internalemailaddress"], "carla@fabrikam.example");
    assert_eq!(user["azureactivedirectoryobjectid"], "d0000000-0000-4000-8000-00000000000f");
}
