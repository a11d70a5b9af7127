//! Plain facts for a support person (contract §1, `diagnostics`). Never a token, claims, a user's name or id.

use crate::{Env, Fact, core::Core};

/// What the broker is set to and holds.
#[derive(Default)]
pub struct Diagnostics {
    /// The broker registration; empty before `configure`, like the next three.
    pub client_id: String,
    /// The authority's origin.
    pub authority: String,
    /// The STS's base URL.
    pub sts: String,
    /// The tenant that a sign-in would go to; empty: none is known.
    pub tenant: String,
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
        let mut facts = Diagnostics {
            signed_in: self.session().is_some(),
            prompting: !self.sign_ins.is_empty(),
            refused: self.env.remembers(Fact::Refused),
            tokens: self.cached_tokens(),
            ..Diagnostics::default()
        };
        if let Ok(config) = self.config() {
            facts.tenant = self.tenant(&config);
            facts.client_id.clone_from(&config.client_id);
            facts.authority.clone_from(&config.authority);
            facts.sts.clone_from(&config.sts);
            facts.problems.clone_from(&config.clients.problems);
        }
        facts
    }
}
