//! The on-behalf-of request (entra.md §2.1): what is sent to Entra, built and not sent.
//!
//! Only parameters of our own: nothing of the caller's headers goes along (Entra refuses a confidential client's request
//! that carries `Origin`), and never `offline_access`, so that no refresh token comes back.

use crate::{
    ids::{ClientId, TenantId},
    origin::Origin,
    policy::Scopes,
    secret::Secret,
    verify::VerifiedToken,
};

/// The token endpoint of a tenant: never `common`, which is wrong for guests.
pub(crate) fn token_endpoint(authority: &Origin, tenant: TenantId) -> String {
    format!("{authority}/{tenant}/oauth2/v2.0/token")
}

/// One on-behalf-of request.
pub(crate) struct OnBehalfOf<'a> {
    /// The control client, which asks.
    pub(crate) client: ClientId,
    /// The user's token for it.
    pub(crate) token: &'a VerifiedToken<'a>,
    /// Its proof of itself.
    pub(crate) assertion: &'a Secret,
    /// What is asked for.
    pub(crate) scopes: &'a Scopes,
    /// The claims challenge to be met.
    pub(crate) claims: Option<&'a str>,
    /// `client-request-id`.
    pub(crate) correlation_id: &'a str,
}

impl OnBehalfOf<'_> {
    /// The form fields.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
            ("requested_token_use", "on_behalf_of".to_owned()),
            ("client_id", self.client.to_string()),
            ("assertion", self.token.text().to_owned()),
            ("scope", self.scopes.as_str().to_owned()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", self.assertion.expose().to_owned()),
            ("client-request-id", self.correlation_id.to_owned()),
        ];
        fields.extend(self.claims.map(|claims| ("claims", claims.to_owned())));
        fields
    }
}
