//! The token exchange between broker and STS (contract §4, RFC 8693), shared by both.
//!
//! Names and rules only: this crate reads no bytes and sends none, has no clock and no dependency. Whoever changes a
//! name here changes it on both sides at once, which is why it exists.

mod error;
mod request;

pub use error::{ErrorCode, UnknownCode};
pub use request::{ExchangeRequest, RequestError};

/// `grant_type` of the exchange (RFC 8693 §2.1).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// `subject_token_type` and `issued_token_type` (RFC 8693 §3).
pub const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The exchange endpoint, below the STS's base URL.
pub const PATH: &str = "/oauth2/token";
/// `suberror` that says the client token itself was refused: get a new one, once.
pub const INVALID_SUBJECT_TOKEN: &str = "invalid_subject_token";
/// Longest `claims` text, in bytes.
pub const MAX_CLAIMS: usize = 4096;
/// Longest `subject_token`, in bytes. Entra's access tokens are about 2 kB; those with many groups stay below 16 kB.
pub const MAX_SUBJECT_TOKEN: usize = 16 * 1024;
