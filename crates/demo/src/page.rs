//! What the app's page is told: which controls are on the form, what each asks for and calls, and the broker's
//! configuration. The ids and scopes come from the estate; only the choice of controls is made here.

use estate::Estate;
use serde_json::{Value, json};

/// The form: controls by their names in the estate, each with the backends that it calls.
pub const FORM: [(&str, &[&str]); 7] = [
    ("file-picker", &["graph"]),
    ("calendar", &["graph"]),
    ("address-picker", &["graph", "data-feed"]),
    ("resource-scheduler", &["graph"]),
    ("map-picker", &["data-feed"]),
    ("people-grid", &["graph"]),
    ("invoice-recognition", &["data-feed"]),
];

/// The JSON that the page reads.
pub(crate) fn page(
    estate: &Estate,
    form_libraries: &[String],
    broker_config: &str,
    graph: &str,
    feed: &str,
) -> Value {
    let call = |control: &estate::Control, backend: &str| {
        let scopes: Vec<String> =
            control.backends.get(backend)?.iter().filter_map(|value| estate.scope(backend, value)).collect();
        let url = if backend == "graph" { format!("{graph}/v1.0/me") } else { format!("{feed}/feed") };
        Some(json!({ "api": api(backend), "scopes": scopes, "url": url }))
    };
    let controls: Vec<Value> = FORM
        .iter()
        .filter_map(|(name, backends)| {
            let control = estate.controls.get(*name)?;
            let calls: Vec<Value> = backends.iter().filter_map(|backend| call(control, backend)).collect();
            Some(json!({
                "name": name,
                "alias": control.alias,
                "displayName": control.display_name,
                "clientId": control.client_id,
                "calls": calls,
            }))
        })
        .collect();
    let tenant =
        estate.tenants.values().next().map(|tenant| json!({ "id": tenant.id, "domain": tenant.domain }));
    let broker: Value = serde_json::from_str(broker_config).unwrap_or_default();
    let app = json!({ "id": "0e000000-0000-4000-8000-000000000003", "name": "Sales Hub" });
    json!({
        "app": app,
        "tenant": tenant,
        "controls": controls,
        "formLibraries": form_libraries,
        "broker": broker,
        "graph": graph,
        "feed": feed,
    })
}

fn api(backend: &str) -> &'static str {
    if backend == "graph" { "Graph" } else { "Data Feed" }
}
