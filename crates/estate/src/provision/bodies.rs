//! Bodies of Microsoft Graph requests (entra.md §7.1), and the content security policy: pure values, ids that only Entra knows are holes.

use super::script::hole;
use crate::{Addresses, Backend, Broker, Estate};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// `appId` of Microsoft Graph in every tenant.
pub(super) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// What creates a registration.
pub(super) fn named(display_name: &str, audience: &str) -> Value {
    json!({ "displayName": display_name, "signInAudience": audience })
}

// Where a registration sends codes is said for all three platforms: what somebody left there ends.

/// The broker: one exact redirect URI for each environment, no credential, no permission that is not asked for by name.
pub(super) fn broker(broker: &Broker, audience: &str, environments: &[&str]) -> Value {
    let uris: Vec<String> = environments
        .iter()
        .flat_map(|app| broker.redirect_uris.iter().map(move |uri| uri.replace("{app}", app)))
        .collect();
    json!({
        "displayName": broker.display_name,
        "signInAudience": audience,
        "spa": { "redirectUris": uris },
        "web": { "redirectUris": [] },
        "publicClient": { "redirectUris": [] },
    })
}

/// An API of our own.
pub(super) fn backend(name: &str, backend: &Backend) -> Value {
    let scopes: Vec<Value> = backend
        .scopes
        .iter()
        .map(|value| scope(name, value, if backend.admin_scopes.contains(value) { "Admin" } else { "User" }))
        .collect();
    let claims: Vec<Value> = backend.optional_claims.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "identifierUris": backend.identifier_uris,
        "api": {
            "requestedAccessTokenVersion": backend.requested_access_token_version,
            "oauth2PermissionScopes": scopes,
        },
        "optionalClaims": { "accessToken": claims },
    })
}

/// A control client (contract §7) but for the pre-authorisation. `required`: `appId` of a resource → ids of its scopes.
pub(super) fn control(name: &str, landings: &[String], required: &[(&str, Vec<String>)]) -> Value {
    let required: Vec<Value> = required
        .iter()
        .map(|(resource, ids)| {
            let access: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "type": "Scope" })).collect();
            json!({ "resourceAppId": resource, "resourceAccess": access })
        })
        .collect();
    json!({
        "identifierUris": [format!("api://{}", hole(name))],
        "web": { "redirectUris": landings },
        "spa": { "redirectUris": [] },
        "publicClient": { "redirectUris": [] },
        "api": api(name),
        "requiredResourceAccess": required,
    })
}

/// The broker's pre-authorisation, which may only name a scope that is there already. All of `api` is said again, so that
/// it does not matter how Graph merges it.
pub(super) fn pre_authorized(name: &str) -> Value {
    let broker = hole("broker");
    let ids = [scope_id(name, Estate::CONTROL_SCOPE)];
    let mut api = api(name);
    api.insert("knownClientApplications".to_owned(), json!([broker]));
    let pre_authorized = json!([{ "appId": broker, "delegatedPermissionIds": ids }]);
    api.insert("preAuthorizedApplications".to_owned(), pre_authorized);
    json!({ "api": api })
}

fn api(name: &str) -> Map<String, Value> {
    let scopes = json!([scope(name, Estate::CONTROL_SCOPE, "User")]);
    Map::from_iter([
        ("requestedAccessTokenVersion".to_owned(), json!(2)),
        ("oauth2PermissionScopes".to_owned(), scopes),
    ])
}

fn scope(registration: &str, value: &str, kind: &str) -> Value {
    json!({
        "id": scope_id(registration, value),
        "value": value,
        "type": kind,
        "isEnabled": true,
        "adminConsentDisplayName": value,
        "adminConsentDescription": format!("Lets the application use this one as the signed-in user ({value})."),
    })
}

/// The id of a scope of our own, the same on every run: another one would be another scope.
pub(super) fn scope_id(registration: &str, value: &str) -> String {
    let name = format!("talxis-token-broker/{registration}/{value}");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// `ContentSecurityPolicyConfiguration` of an environment in strict mode (powerapps.md §3.3): what is added to its directives.
pub(super) fn csp(at: &Addresses, apis: &[String]) -> String {
    let sources = |all: &[&str]| {
        let all: Vec<Value> = all.iter().map(|source| json!({ "source": source })).collect();
        json!({ "sources": all })
    };
    let mut connect = vec![at.authority.as_str(), at.sts.as_str()];
    connect.extend(apis.iter().map(String::as_str));
    let mut csp = Map::new();
    csp.insert("Script-Src".to_owned(), sources(&["'wasm-unsafe-eval'"]));
    csp.insert("Connect-Src".to_owned(), sources(&connect));
    csp.insert("Frame-Src".to_owned(), sources(&[&at.authority]));
    Value::Object(csp).to_string()
}

/// What `pac solution import --settings-file` takes: the variable's value is text, whatever is in it.
pub(super) fn deployment_settings(config: &str) -> Value {
    json!({
        "EnvironmentVariables": [{ "SchemaName": "talxis_TokenBrokerConfig", "Value": config }],
        "ConnectionReferences": [],
    })
}
