//! Bodies of Microsoft Graph requests (entra.md §7.1), and the content security policy: pure values, ids that only Entra knows are holes.

use super::script::hole;
use crate::{Addresses, Backend, Broker, Estate};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// `appId` of Microsoft Graph in every tenant.
pub(super) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// What the broker asks Entra for, by itself (contract §7).
pub(super) const OIDC: [&str; 3] = ["openid", "profile", "offline_access"];

/// What creates a registration.
pub(super) fn named(display_name: &str, audience: &str) -> Value {
    json!({ "displayName": display_name, "signInAudience": audience })
}

/// A registration as the estate has it. Whoever made it could have set anything: all that decides who gets a token, and what is in it,
/// is said, so that what the estate does not say ends.
fn whole(open: Value) -> Value {
    let mut all = json!({
        "isFallbackPublicClient": false, // else anybody signs users in by a device code, under this name
        "isDeviceOnlyAuthSupported": false,
        "identifierUris": [],
        "spa": { "redirectUris": [] },
        "web": web(&[]),
        "publicClient": { "redirectUris": [] },
        "defaultRedirectUri": null,
        "appRoles": [],
        "requiredResourceAccess": [],
        "optionalClaims": claims(&[], &[]),
        "groupMembershipClaims": null,
        "tokenEncryptionKeyId": null,
        // Nobody adds credentials to the service principals of other tenants.
        "servicePrincipalLockConfiguration": { "isEnabled": true, "allProperties": true },
    });
    if let (Value::Object(all), Value::Object(open)) = (&mut all, open) {
        all.extend(open);
    }
    all
}

fn web(uris: &[String]) -> Value {
    json!({
        "redirectUris": uris,
        "logoutUrl": null,
        "implicitGrantSettings": { "enableAccessTokenIssuance": false, "enableIdTokenIssuance": false },
    })
}

fn claims(access: &[String], id: &[&str]) -> Value {
    let access: Vec<Value> = access.iter().map(|name| json!({ "name": name })).collect();
    let id: Vec<Value> = id.iter().map(|name| json!({ "name": name })).collect();
    json!({ "accessToken": access, "idToken": id, "saml2Token": [] })
}

/// `api` but for clients that need no consent.
fn api(version: u8, scopes: &[Value]) -> Map<String, Value> {
    Map::from_iter([
        ("requestedAccessTokenVersion".to_owned(), json!(version)),
        ("oauth2PermissionScopes".to_owned(), json!(scopes)),
        ("acceptMappedClaims".to_owned(), json!(false)),
    ])
}

/// `api` with these clients: all of it is said each time, so that it does not matter how Graph merges it.
fn api_for(mut api: Map<String, Value>, pre_authorized: Value, known: Value) -> Value {
    api.insert("preAuthorizedApplications".to_owned(), pre_authorized);
    api.insert("knownClientApplications".to_owned(), known);
    Value::Object(api)
}

/// The broker: one exact redirect URI for each environment, no credential, no permission that is not asked for by name.
/// `oidc`: ids of [`OIDC`]. By `login_hint` Entra knows whose session a sign-out ends.
pub(super) fn broker(broker: &Broker, environments: &[&str], oidc: Vec<String>) -> Value {
    let uris: Vec<String> = environments
        .iter()
        .flat_map(|app| broker.redirect_uris.iter().map(move |uri| uri.replace("{app}", app)))
        .collect();
    whole(json!({
        "spa": { "redirectUris": uris },
        "api": api_for(api(2, &[]), json!([]), json!([])),
        "requiredResourceAccess": required(&[(GRAPH_ID, oidc)]),
        "optionalClaims": claims(&[], &["login_hint"]),
    }))
}

/// An API of our own.
pub(super) fn backend(name: &str, backend: &Backend) -> Value {
    let scopes: Vec<Value> = backend
        .scopes
        .iter()
        .map(|value| scope(name, value, if backend.admin_scopes.contains(value) { "Admin" } else { "User" }))
        .collect();
    whole(json!({
        "identifierUris": backend.identifier_uris,
        "api": api_for(api(backend.requested_access_token_version, &scopes), json!([]), json!([])),
        "optionalClaims": claims(&backend.optional_claims, &[]),
    }))
}

/// A control client (contract §7) but for the pre-authorisation. `resources`: `appId` of a resource → ids of its scopes.
pub(super) fn control(name: &str, landings: &[String], resources: &[(&str, Vec<String>)]) -> Value {
    whole(json!({
        "identifierUris": [format!("api://{}", hole(name))],
        "web": web(landings),
        "api": control_api(name),
        "requiredResourceAccess": required(resources),
    }))
}

fn required(resources: &[(&str, Vec<String>)]) -> Value {
    let all = resources.iter().map(|(resource, ids)| {
        let access: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "type": "Scope" })).collect();
        json!({ "resourceAppId": resource, "resourceAccess": access })
    });
    all.collect()
}

/// The broker's pre-authorisation, which may only name a scope that is there already.
pub(super) fn pre_authorized(name: &str) -> Value {
    let broker = hole("broker");
    let ids = [scope_id(name, Estate::CONTROL_SCOPE)];
    let pre_authorized = json!([{ "appId": broker, "delegatedPermissionIds": ids }]);
    json!({ "api": api_for(control_api(name), pre_authorized, json!([broker])) })
}

fn control_api(name: &str) -> Map<String, Value> {
    api(2, &[scope(name, Estate::CONTROL_SCOPE, "User")])
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
