//! What was asked and how it was answered: the stand-in's own log, for tests and for `demo --check`.
//!
//! Never holds a token, a code, an assertion, a secret, or a person's name.

use serde::Serialize;
use std::collections::VecDeque;

/// One request that was answered. A page that was shown and abandoned leaves no entry.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// When, in seconds since the epoch.
    pub at: u64,
    /// What was called.
    pub endpoint: Endpoint,
    /// The tenant as it stood in the path.
    pub tenant: String,
    /// The client that asked; empty when the request named none.
    pub client_id: String,
    /// The scopes as they were asked for.
    pub scopes: Vec<String>,
    /// `appId` of the first resource among them, where it is known.
    pub resource: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether a cookie came with it that opens a session; only `/authorize` looks.
    pub had_session: bool,
    /// Which registered certificate signed the client assertion, once it was verified.
    pub signer: Option<Signer>,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// `client-request-id`, or the one that was made up for it.
    pub correlation_id: String,
}

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Endpoint {
    /// `/authorize`, once it answered the application.
    Authorize {
        /// Whether the user had to do something on a page.
        interactive: bool,
    },
    /// `/token`.
    Token {
        /// By which grant.
        grant: GrantType,
    },
    /// A CORS preflight for `/token`.
    Preflight,
    /// `/logout`.
    Logout,
    /// `/adminconsent`.
    AdminConsent,
}

/// `grant_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// `authorization_code`.
    Code,
    /// `refresh_token`.
    RefreshToken,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    OnBehalfOf,
    /// None of these.
    Unsupported,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With what was asked for.
    Ok,
    /// With this AADSTS number.
    Refused(u32),
    /// The user pressed Cancel.
    Cancelled,
    /// With a failure that a scenario asked for: no AADSTS number, maybe no answer at all.
    Failed,
}

/// A certificate that signed a client assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// `x5t#S256`: base64url of the certificate's SHA-256, whichever header named it.
    pub thumbprint: String,
    /// `alg` of the assertion.
    pub alg: String,
}

/// The log keeps this many entries, so that a soak test does not fill the memory.
const KEPT: usize = 100_000;

#[derive(Default)]
pub(crate) struct Log(VecDeque<Request>);

impl Log {
    pub(crate) fn push(&mut self, request: Request) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
