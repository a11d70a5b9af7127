//! Metadata: OpenID configuration of versions 2 and 1, the keys, and instance discovery (entra.md §1.1).

use crate::{
    authorize::is_any,
    directory::Directory,
    errors::{INSTANCE_UNKNOWN, Refusal, TENANT_UNKNOWN},
    site::Site,
};
use serde_json::{Value, json};

/// Which protocol version's metadata.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// The OpenID configuration of a tenant. `common` and `organizations` have a template for an issuer, braces included.
pub(crate) fn configuration(
    tenant: &str,
    version: Version,
    origin: &str,
    directory: &Directory,
) -> Result<Value, Refusal> {
    let id = find(tenant, directory)?.unwrap_or("{tenantid}");
    // Version 1 is served for those who verify version 1 tokens; its endpoints are not.
    let (issuer, keys) = match version {
        Version::V1 => (format!("{origin}/{id}/"), "discovery/keys"),
        Version::V2 => (format!("{origin}/{id}/v2.0"), "discovery/v2.0/keys"),
    };
    let base = format!("{origin}/{}", if id == "{tenantid}" { tenant } else { id });
    Ok(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/{keys}"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "email",
        ],
        "request_uri_parameter_supported": false,
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "tenant_region_scope": null,
    }))
}

/// The keys of a tenant, or of all: each with the issuer that it signs for.
pub(crate) fn keys(
    tenant: &str,
    version: Version,
    origin: &str,
    directory: &Directory,
) -> Result<Value, Refusal> {
    let id = find(tenant, directory)?;
    let tenants = directory.tenants.iter().filter(|tenant| id.is_none_or(|id| tenant.id == id));
    let keys: Vec<Value> = tenants
        .flat_map(|tenant| tenant.keys.iter().map(move |key| (tenant, key)))
        .map(|(tenant, key)| {
            let mut jwk = key.jwk();
            let suffix = if version == Version::V2 { "v2.0" } else { "" };
            crate::claims::add(&mut jwk, json!({ "issuer": format!("{origin}/{}/{suffix}", tenant.id) }));
            jwk
        })
        .collect();
    Ok(json!({ "keys": keys }))
}

/// Instance discovery. MSAL fails a sign-in when this is missing.
pub(crate) fn instance(
    authorization_endpoint: &str,
    site: &Site,
    origin: &str,
    directory: &Directory,
) -> Result<Value, Refusal> {
    let path = site.strip_origin(authorization_endpoint).ok_or(&INSTANCE_UNKNOWN)?;
    let tenant = path.split('/').nth(1).unwrap_or_default();
    find(tenant, directory)?;
    let hosts: Vec<&str> = site.hosts().collect();
    let aliases: Vec<Value> = hosts
        .iter()
        .map(|host| json!({ "preferred_network": host, "preferred_cache": host, "aliases": [host] }))
        .collect();
    Ok(json!({
        "tenant_discovery_endpoint": format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": aliases,
    }))
}

/// The id of a tenant; none where the path leaves it open.
fn find<'a>(tenant: &str, directory: &'a Directory) -> Result<Option<&'a str>, Refusal> {
    match directory.tenant(tenant) {
        Some(tenant) => Ok(Some(&tenant.id)),
        None if is_any(tenant) => Ok(None),
        None => Err(TENANT_UNKNOWN.with(tenant)),
    }
}
