//! Registrations that are neither the broker, nor a control client, nor a backend: what tests of other shapes need.
//!
//! Names of properties are Microsoft Graph's `application` names where Graph has one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One general registration. Everything but the id and the name may be left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `appId`, a GUID.
    pub client_id: String,
    /// What consent pages call it.
    pub display_name: String,
    /// `spa.redirectUris`; `{app}` stands for the environment's address.
    #[serde(default)]
    pub spa_redirect_uris: Vec<String>,
    /// `web.redirectUris`; `{app}` as above.
    #[serde(default)]
    pub web_redirect_uris: Vec<String>,
    /// `publicClient.redirectUris`; `{app}` as above.
    #[serde(default)]
    pub public_redirect_uris: Vec<String>,
    /// A client secret. Made up: an estate holds nothing that is worth protecting.
    #[serde(default)]
    pub secret: Option<String>,
    /// Whether it has a certificate, made beside those of the control clients.
    #[serde(default)]
    pub certificate: bool,
    /// `federatedIdentityCredentials`.
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredential>,
    /// `requiredResourceAccess`: name of a registration → delegated scopes.
    #[serde(default)]
    pub backends: BTreeMap<String, Vec<String>>,
    /// `identifierUris`.
    #[serde(default)]
    pub identifier_uris: Vec<String>,
    /// Values of its `oauth2PermissionScopes`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Those of `scopes` that only an administrator can grant (`type` Admin).
    #[serde(default)]
    pub admin_scopes: Vec<String>,
    /// `requestedAccessTokenVersion`: 1 or 2.
    #[serde(default = "crate::version_2")]
    pub requested_access_token_version: u8,
    /// `optionalClaims.accessToken`, for example `xms_cc` and `acrs`.
    #[serde(default)]
    pub optional_claims: Vec<String>,
    /// Names of registrations that need no consent for its scopes.
    #[serde(default)]
    pub pre_authorized_applications: Vec<String>,
    /// Names of registrations whose consent covers this one's own permissions.
    #[serde(default)]
    pub known_client_applications: Vec<String>,
}

/// Whose tokens are taken for this registration's credential.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    /// `issuer`; `{authority}` stands for the stand-in's address.
    pub issuer: String,
    /// `subject`.
    pub subject: String,
    /// The one of `audiences`.
    pub audience: String,
}
