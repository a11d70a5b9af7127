//! A good configuration, and each rule broken once.

use super::*;
use crate::Code;
use crate::testing::{BROKER, config, parse};
use serde_json::{Value, json};

const PICKER: &str = "c0000000-0000-4000-8000-000000000001";

fn pins() -> Pins {
    Pins { authority_host: Some("login.example".to_owned()), sts_host: Some(".example".to_owned()) }
}

fn refusal(json: &Value) -> String {
    let error = Config::parse(json, &pins()).err().unwrap_or_else(|| panic!("taken: {json}"));
    assert_eq!(error.code, Code::ConfigInvalid);
    error.message
}

#[test]
fn a_small_configuration_is_enough() {
    let json = json!({ "version": 1, "clientId": BROKER.to_uppercase(), "sts": "https://sts.example/base/" });
    let config = Config::parse(&json, &Pins::default()).expect("it is good");
    assert_eq!(config.client_id, BROKER);
    assert_eq!(config.sts, "https://sts.example/base");
    assert_eq!(config.authority, DEFAULT_AUTHORITY);
    assert_eq!(
        config.clients.find(PICKER).ok().map(|c| c.scope.clone()),
        Some(format!("api://{PICKER}/access_as_user"))
    );
}

/// Each rule for a field, broken once.
fn broken_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("version", json!(2)),
        ("version", json!(null)),
        ("clientId", json!("talxis")),
        ("clientId", json!(1)),
        ("sts", json!("http://sts.example")),
        ("sts", json!("https://sts.evil")),
        ("sts", json!("https://sts.example?x=1")),
        ("sts", json!(null)),
        ("authority", json!("https://evil.example")),
        ("authority", json!("https://login.example.evil.example")),
        ("authority", json!("https://login.example@evil.example")),
        ("authority", json!("https://login.example/common")),
        ("authority", json!("javascript:alert(1)")),
        ("authority", json!(["https://login.example"])),
        ("tenant", json!("common")),
        ("tenant", json!("contoso.example")),
        ("tenant", json!(null)),
        ("redirectUri", json!("https://user@app.example/r.html")),
        ("redirectUri", json!("/r.html")),
        ("redirectUri", json!(7)),
        ("storage", json!("cookie")),
        ("storage", json!(true)),
        ("restrict", json!("yes")),
        ("clients", json!("picker")),
        ("mobile", json!("yes")),
        ("prompt", json!("alert")),
        ("constructor", json!({})),
    ]
}

/// Each rule for a client entry, broken once: alias, entry, and the field that is named.
fn broken_entries() -> Vec<(&'static str, Value, &'static str)> {
    let scoped = |scope: &str| json!({ "clientId": PICKER, "scope": scope });
    vec![
        ("a", json!("no guid"), "clients.a"),
        ("a", json!({}), "clients.a"),
        ("a", json!([PICKER]), "clients.a"),
        ("a", json!({ "clientId": PICKER, "secret": "x" }), "clients.a.secret"),
        ("a", json!({ "clientId": PICKER, "scope": 1 }), "clients.a.scope"),
        ("a", scoped("https://graph.microsoft.com/User.Read"), "clients.a"),
        ("a", scoped(&format!("api://{PICKER}/.default")), "clients.a"),
        ("a", scoped(&format!("api://{PICKER}/x https://graph.microsoft.com/y")), "clients.a"),
        ("a", json!(BROKER), "clients.a"),
        (
            PICKER,
            json!("c0000000-0000-4000-8000-000000000002"),
            "clients.c0000000-0000-4000-8000-000000000001",
        ),
        ("", json!(PICKER), "clients."),
    ]
}

#[test]
fn a_configuration_that_breaks_a_rule_is_refused_and_the_field_is_named() {
    for (field, value) in broken_fields() {
        let mut json = config();
        json[field] = value.clone();
        assert!(refusal(&json).starts_with(&format!("`{field}` ")), "{field} {value}");
    }
}

#[test]
fn a_client_entry_that_breaks_a_rule_is_refused_and_named() {
    for (alias, entry, field) in broken_entries() {
        let mut json = config();
        json["clients"] = json!({ alias: entry.clone() });
        assert!(refusal(&json).starts_with(&format!("`{field}` ")), "{alias} {entry}");
    }
}

#[test]
fn the_shipped_schema_and_this_file_agree() {
    let schema = include_str!("../../../../pkg-template/config.schema.json");
    let schema = jsonschema::validator_for(&parse(schema).expect("it is JSON")).expect("it is a schema");
    assert!(schema.is_valid(&config()));
    let known = schema_properties(include_str!("../../../../pkg-template/config.schema.json"));
    assert_eq!(known, FIELDS.into_iter().map(str::to_owned).collect());
    let mut unseen = Vec::new();
    for (field, value) in broken_fields() {
        let mut json = config();
        json[field] = value;
        if schema.is_valid(&json) {
            unseen.push(json[field].to_string());
        }
    }
    for (alias, entry, _) in broken_entries() {
        let mut json = config();
        json["clients"] = json!({ alias: entry });
        if schema.is_valid(&json) {
            unseen.push(json["clients"].to_string());
        }
    }
    // What a schema cannot know: a package's pins, and which client a scope is of.
    let beyond = ["sts.evil", "evil.example", "graph.microsoft.com", BROKER];
    unseen.retain(|case| !beyond.iter().any(|reason| case.contains(reason)));
    assert_eq!(unseen, Vec::<String>::new());
}

fn schema_properties(schema: &str) -> std::collections::BTreeSet<String> {
    let schema = parse(schema).expect("it is JSON");
    schema["properties"].as_object().expect("it has properties").keys().cloned().collect()
}

#[test]
fn one_client_has_one_scope_under_all_its_aliases() {
    let mut json = config();
    json["clients"] = json!({ "a": PICKER, "b": { "clientId": PICKER } });
    assert!(Config::parse(&json, &pins()).is_ok());
    json["clients"]["b"] = json!({ "clientId": PICKER, "scope": format!("api://{PICKER}/other") });
    assert!(refusal(&json).starts_with("`clients.b` "));
}

#[test]
fn a_foreign_name_does_not_fill_the_message() {
    let mut json = config();
    json["x".repeat(10_000)] = json!(1);
    assert!(refusal(&json).len() < 200);
    let mut json = config();
    json["x".to_owned() + &"ř".repeat(10_000)] = json!(1);
    assert!(refusal(&json).starts_with("`xřř"), "not cut in the middle of a letter");
}

#[test]
fn what_is_no_object_is_no_configuration() {
    for text in ["null", "[]", "\"version\"", "1"] {
        assert!(refusal(&parse(text).expect("json")).starts_with("`version` "), "{text}");
    }
}

#[test]
fn control_clients_are_found_by_alias_and_guid_and_nothing_else() {
    let mut json = config();
    json["clients"]["picker"] = json!({ "clientId": PICKER, "scope": format!("api://{PICKER}/other") });
    let open = Config::parse(&json, &pins()).expect("it is good");
    json["restrict"] = json!(true);
    let restricted = Config::parse(&json, &pins()).expect("it is good");
    let unlisted = "c0000000-0000-4000-8000-00000000000f";
    for config in [&open, &restricted] {
        let scope = |name: &str| config.clients.find(name).ok().map(|client| client.scope.clone());
        assert_eq!(scope("picker"), Some(format!("api://{PICKER}/other")));
        assert_eq!(scope(&PICKER.to_uppercase()), scope("picker"));
        for wrong in [BROKER, &BROKER.to_uppercase(), "Picker", "", "api://x"] {
            let code = config.clients.find(wrong).err().map(|error| error.code);
            assert_eq!(code, Some(Code::ClientNotAllowed), "{wrong}");
        }
    }
    assert!(open.clients.find(unlisted).is_ok());
    assert_eq!(restricted.clients.find(unlisted).err().map(|error| error.code), Some(Code::ClientNotAllowed));
}
