//! The `error` values of the STS's answers and the HTTP status of each (contract §4).

use std::{fmt, str::FromStr};

/// `error` in an answer of the STS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// Blocked by policy, and nothing the user does helps (53003 without claims, 50105).
    AccessDenied,
    /// The control client lacks consent for the backend (65001 and kin).
    ConsentRequired,
    /// A step-up is needed; `claims` says which.
    InteractionRequired,
    /// Malformed, or, with suberror `invalid_subject_token`, a client token that is not good.
    InvalidRequest,
    /// A scope outside the allow-list, or scopes of several resources.
    InvalidScope,
    /// Backend or control client does not exist in the tenant (500011, 650052).
    InvalidTarget,
    /// The user's session was revoked.
    LoginRequired,
    /// The STS's own credential or configuration is wrong.
    ServerError,
    /// Throttled or out of order; `retry_after` says for how long where that is known.
    TemporarilyUnavailable,
    /// Unknown control client, foreign broker, tenant or origin not allowed.
    UnauthorizedClient,
    /// Another `grant_type` than the token exchange.
    UnsupportedGrantType,
}

impl ErrorCode {
    const ALL: [(Self, &str, u16); 11] = [
        (Self::AccessDenied, "access_denied", 403),
        (Self::ConsentRequired, "consent_required", 400),
        (Self::InteractionRequired, "interaction_required", 400),
        (Self::InvalidRequest, "invalid_request", 400),
        (Self::InvalidScope, "invalid_scope", 400),
        (Self::InvalidTarget, "invalid_target", 400),
        (Self::LoginRequired, "login_required", 400),
        (Self::ServerError, "server_error", 500),
        (Self::TemporarilyUnavailable, "temporarily_unavailable", 503),
        (Self::UnauthorizedClient, "unauthorized_client", 403),
        (Self::UnsupportedGrantType, "unsupported_grant_type", 400),
    ];

    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("server_error", |row| row.1)
    }

    /// The HTTP status. A throttle is `temporarily_unavailable` too, but with 429.
    #[must_use]
    pub fn status(self) -> u16 {
        Self::ALL.iter().find(|row| row.0 == self).map_or(500, |row| row.2)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An `error` value that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for ErrorCode {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().find(|row| row.1 == text).map(|row| row.0).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_itself() {
        for (code, text, _) in ErrorCode::ALL {
            assert_eq!(text.parse(), Ok(code));
        }
    }
}
