//! What may stand in a body, as much of it as matters here. What does not, is refused by name.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// `application`, as much of it as matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Application {
    pub(super) display_name: Option<String>,
    pub(super) identifier_uris: Option<Vec<String>>,
    pub(super) spa: Option<RedirectUris>,
    pub(super) web: Option<Web>,
    pub(super) public_client: Option<RedirectUris>,
    pub(super) api: Option<Api>,
    pub(super) optional_claims: Option<OptionalClaims>,
    pub(super) required_resource_access: Option<Vec<RequiredResourceAccess>>,
    pub(super) key_credentials: Option<Vec<KeyCredential>>,
    pub(super) app_roles: Option<Vec<AppRole>>,
}

/// Properties of `application` that nothing here depends on: they are kept as they are written, and null where nobody wrote them.
pub(super) const REST: [&str; 7] = [
    "signInAudience",
    "isFallbackPublicClient",
    "isDeviceOnlyAuthSupported",
    "defaultRedirectUri",
    "groupMembershipClaims",
    "tokenEncryptionKeyId",
    "servicePrincipalLockConfiguration",
];

/// `servicePrincipal`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Principal {
    #[serde(rename = "accountEnabled")]
    pub(super) _account_enabled: Option<bool>,
    pub(super) key_credentials: Option<Vec<KeyCredential>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Web {
    pub(super) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(super) logout_url: Value,
    #[serde(default)]
    pub(super) implicit_grant_settings: ImplicitGrantSettings,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ImplicitGrantSettings {
    enable_access_token_issuance: bool,
    enable_id_token_issuance: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AppRole {
    pub(super) id: Uuid,
    allowed_member_types: Vec<String>,
    description: String,
    display_name: String,
    pub(super) is_enabled: bool,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RedirectUris {
    pub(super) redirect_uris: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Api {
    pub(super) requested_access_token_version: Option<u8>,
    pub(super) oauth2_permission_scopes: Option<Vec<PermissionScope>>,
    pub(super) pre_authorized_applications: Option<Vec<PreAuthorizedApplication>>,
    pub(super) known_client_applications: Option<Vec<String>>,
    pub(super) accept_mapped_claims: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PermissionScope {
    pub(super) id: Uuid,
    pub(super) value: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(rename = "isEnabled")]
    pub(super) _is_enabled: bool,
    #[serde(rename = "adminConsentDisplayName")]
    pub(super) _name: String,
    #[serde(rename = "adminConsentDescription")]
    pub(super) _description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PreAuthorizedApplication {
    pub(super) app_id: String,
    pub(super) delegated_permission_ids: Vec<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OptionalClaims {
    #[serde(default)]
    pub(super) access_token: Vec<OptionalClaim>,
    #[serde(default)]
    pub(super) id_token: Vec<OptionalClaim>,
    #[serde(default)]
    pub(super) saml2_token: Vec<OptionalClaim>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OptionalClaim {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequiredResourceAccess {
    pub(super) resource_app_id: String,
    pub(super) resource_access: Vec<ResourceAccess>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceAccess {
    pub(super) id: Uuid,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyCredential {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) usage: String,
    pub(super) key_id: Option<String>,
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) display_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewPassword {
    pub(super) password_credential: PasswordCredential,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PasswordCredential {
    pub(super) display_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFederated {
    pub(super) name: String,
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audiences: Vec<String>,
}

/// An object that is put into a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    #[serde(rename = "@odata.id")]
    pub(super) id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewGrant {
    pub(super) client_id: String,
    pub(super) consent_type: String,
    pub(super) resource_id: String,
    pub(super) scope: String,
}
