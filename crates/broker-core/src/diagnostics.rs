//! Plain facts for a support person (contract §1, `diagnostics`). Never a token, claims, a user's name or id.

use crate::{Env, core::Core};

/// What the broker is set to and holds.
pub struct Diagnostics {
    /// The broker registration; none before `configure`, like the next two.
    pub client_id: Option<String>,
    /// The authority's origin.
    pub authority: Option<String>,
    /// The STS's base URL.
    pub sts: Option<String>,
    /// The tenant that a sign-in would go to.
    pub tenant: Option<String>,
    /// Whether somebody is signed in.
    pub signed_in: bool,
    /// Whether the user is being asked to sign in.
    pub prompting: bool,
    /// Whether the user refused, so that nothing prompts until `sign_in`.
    pub refused: bool,
    /// What was left out of other solutions' lists of clients, and why.
    pub problems: Vec<String>,
    /// What the cache holds.
    pub tokens: Vec<CachedToken>,
}

/// A cached token, without the token.
pub struct CachedToken {
    /// The control client.
    pub client: String,
    /// The scopes as they were asked for, space separated; empty for the client token itself.
    pub scopes: String,
    /// When it ends, in milliseconds since the epoch.
    pub expires_on: u64,
}

impl<E: Env> Core<E> {
    /// Facts for support.
    pub fn diagnostics(&self) -> Diagnostics {
        let config = self.config().ok();
        Diagnostics {
            client_id: config.as_ref().map(|config| config.client_id.clone()),
            authority: config.as_ref().map(|config| config.authority.clone()),
            sts: config.as_ref().map(|config| config.sts.clone()),
            tenant: config.as_ref().map(|config| self.tenant(config)).filter(|tenant| !tenant.is_empty()),
            signed_in: self.session().is_some(),
            prompting: !self.sign_ins.is_empty(),
            refused: self.refused.get(),
            problems: config.map(|config| config.clients.problems.clone()).unwrap_or_default(),
            tokens: self.cached_tokens(),
        }
    }
}
