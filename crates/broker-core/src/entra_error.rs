//! What an error of Entra means for the caller (entra.md §1.9, §1.10). Decides by AADSTS number first, then by `suberror`,
//! then by `error`. `error_description` is read only for its numbers: it may name people, so it goes nowhere else.

use crate::{Code, Error, Json, Reply, token::milliseconds};

/// An error as Entra gave it, at the redirect or at the token endpoint.
#[derive(Default)]
pub(crate) struct EntraError {
    /// The HTTP status; 0 at the redirect.
    pub(crate) status: u16,
    pub(crate) error: String,
    pub(crate) suberror: String,
    /// AADSTS numbers, the most telling first.
    pub(crate) numbers: Vec<u64>,
    pub(crate) claims: Option<String>,
    /// In seconds.
    pub(crate) retry_after: Option<u64>,
}

impl EntraError {
    /// Reads the answer of a token endpoint that is not 200.
    pub(crate) fn read(reply: &Reply<impl Json>) -> Self {
        let Some(body) = &reply.body else {
            return Self { status: reply.status, retry_after: reply.retry_after, ..Self::default() };
        };
        let mut numbers = body.numbers("error_codes");
        if numbers.is_empty() {
            numbers = numbers_in(&body.text_or_empty("error_description"));
        }
        Self {
            status: reply.status,
            error: body.text_or_empty("error"),
            suberror: body.text_or_empty("suberror"),
            numbers,
            claims: body.text("claims"),
            retry_after: reply.retry_after,
        }
    }

    /// What the caller is told.
    pub(crate) fn judge(self) -> Box<Error> {
        let code = self.code();
        let mut error = Box::<Error>::from(code);
        error.aadsts = self.numbers.first().copied();
        error.retry_after_ms = self.retry_after.map(milliseconds);
        if code == Code::InteractionRequired {
            error.claims = self.claims;
        }
        error
    }

    fn code(&self) -> Code {
        if let Some(code) = self.numbers.iter().find_map(|number| by_number(*number)) {
            // A block that comes with a challenge can be met (entra.md §1.10, 53003).
            let met = code == Code::BlockedByPolicy && self.claims.is_some();
            return if met { Code::InteractionRequired } else { code };
        }
        if let Some(row) = BY_SUBERROR.iter().find(|row| row.0 == self.suberror) {
            return row.1;
        }
        match (self.status, self.error.as_str()) {
            (429, _) => Code::Throttled,
            (500.., _) => Code::Network,
            (_, error) => {
                BY_ERROR.iter().find(|row| row.0 == error).map_or(Code::IdentityProvider, |row| row.1)
            }
        }
    }
}

const BY_SUBERROR: [(&str, Code); 9] = [
    ("additional_action", Code::InteractionRequired),
    ("bad_token", Code::LoginRequired),
    ("basic_action", Code::InteractionRequired),
    ("cancel", Code::UserCancelled),
    ("consent_required", Code::ConsentRequired),
    ("interrupted_user", Code::InteractionRequired),
    ("message_only", Code::BlockedByPolicy),
    ("ui_not_allowed", Code::InteractionRequired),
    ("user_password_expired", Code::InteractionRequired),
];

const BY_ERROR: [(&str, Code); 7] = [
    ("bad_token", Code::LoginRequired),
    ("consent_required", Code::ConsentRequired),
    ("interaction_required", Code::InteractionRequired),
    // A grant that is no good for a reason without a name here: only a new one helps.
    ("invalid_grant", Code::LoginRequired),
    ("login_required", Code::LoginRequired),
    ("server_error", Code::Network),
    ("temporarily_unavailable", Code::Network),
];

const BY_NUMBER: [(Code, &[u32]); 8] = [
    (Code::AppNotInTenant, &[50_001, 500_011, 650_052]),
    (
        Code::BlockedByPolicy,
        &[
            50_053, 50_057, 50_105, 53_000, 53_001, 53_002, 53_003, 53_004, 53_010, 53_011, 500_021, 500_022,
            500_212, 500_213, 530_032, 530_035,
        ],
    ),
    (Code::ConsentRequired, &[65_001, 90_094, 90_095]),
    (
        Code::InteractionRequired,
        &[
            16_001, 16_002, 50_055, 50_058, 50_072, 50_074, 50_076, 50_078, 50_079, 50_097, 50_125, 50_127,
            50_129, 50_131, 50_140, 50_155, 50_158, 50_187, 50_199, 160_021, 700_020, 9_002_341,
        ],
    ),
    (Code::LoginRequired, &[50_132, 50_133, 50_173, 70_000, 70_008, 70_043, 700_082, 700_084]),
    (Code::Network, &[50_033, 50_087, 50_088, 90_006, 90_012, 90_024, 90_033, 90_090]),
    (Code::Throttled, &[50_196, 90_055]),
    (Code::UserCancelled, &[65_004]),
];

fn by_number(number: u64) -> Option<Code> {
    let has = |numbers: &[u32]| numbers.iter().any(|other| u64::from(*other) == number);
    BY_NUMBER.iter().find(|row| has(row.1)).map(|row| row.0)
}

/// All `AADSTS<digits>` in a text, in their order.
pub(crate) fn numbers_in(description: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    for (at, window) in description.as_bytes().windows(6).enumerate() {
        if window == b"AADSTS" {
            // No number of Entra's is longer, and this many digits do not overflow.
            let digits = description.bytes().skip(at + 6).take(15).take_while(u8::is_ascii_digit);
            let number = digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
            numbers.extend((number > 0).then_some(number));
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(error: &str, suberror: &str, numbers: &[u64], status: u16) -> Code {
        let (error, suberror) = (error.to_owned(), suberror.to_owned());
        EntraError { status, error, suberror, numbers: numbers.to_vec(), ..EntraError::default() }
            .judge()
            .code
    }

    #[test]
    fn every_known_error_has_its_code() {
        for (error, suberror, number, status, expected) in [
            ("invalid_resource", "", 500_011, 400, Code::AppNotInTenant),
            ("invalid_client", "", 650_052, 400, Code::AppNotInTenant),
            ("invalid_grant", "consent_required", 65_001, 400, Code::ConsentRequired),
            ("interaction_required", "", 65_001, 400, Code::ConsentRequired),
            ("access_denied", "", 65_004, 0, Code::UserCancelled),
            ("invalid_grant", "basic_action", 50_076, 400, Code::InteractionRequired),
            ("invalid_grant", "", 700_084, 400, Code::LoginRequired),
            ("invalid_grant", "", 50_173, 400, Code::LoginRequired),
            ("invalid_grant", "", 50_132, 400, Code::LoginRequired),
            ("invalid_grant", "", 70_043, 400, Code::LoginRequired),
            ("invalid_grant", "", 700_082, 400, Code::LoginRequired),
            ("access_denied", "", 53_003, 400, Code::BlockedByPolicy),
            ("interaction_required", "", 50_105, 400, Code::BlockedByPolicy),
            ("invalid_grant", "", 50_196, 400, Code::Throttled),
            ("temporarily_unavailable", "", 90_033, 503, Code::Network),
            ("unauthorized_client", "", 700_016, 400, Code::IdentityProvider),
            ("invalid_request", "", 9_002_326, 400, Code::IdentityProvider),
        ] {
            assert_eq!(code(error, suberror, &[number], status), expected, "{error} {number}");
        }
    }

    #[test]
    fn without_a_known_number_suberror_then_error_then_status_decide() {
        for (error, suberror, status, expected) in [
            ("invalid_grant", "bad_token", 400, Code::LoginRequired),
            ("invalid_grant", "", 400, Code::LoginRequired),
            ("invalid_grant", "consent_required", 400, Code::ConsentRequired),
            ("invalid_grant", "message_only", 400, Code::BlockedByPolicy),
            ("access_denied", "cancel", 0, Code::UserCancelled),
            ("access_denied", "", 0, Code::IdentityProvider),
            ("login_required", "", 0, Code::LoginRequired),
            ("interaction_required", "", 400, Code::InteractionRequired),
            ("", "", 429, Code::Throttled),
            ("", "", 503, Code::Network),
            ("server_error", "", 0, Code::Network),
            ("", "", 404, Code::IdentityProvider),
        ] {
            assert_eq!(code(error, suberror, &[123_456], status), expected, "{error} {suberror} {status}");
        }
    }

    #[test]
    fn a_policy_block_that_brings_a_challenge_can_be_met() {
        let claims = Some("{\"access_token\":{}}".to_owned());
        let error =
            EntraError { numbers: vec![53_003], claims: claims.clone(), ..EntraError::default() }.judge();
        assert_eq!((error.code, error.claims), (Code::InteractionRequired, claims));
    }

    #[test]
    fn the_number_that_is_known_wins_and_the_first_is_reported() {
        let error = EntraError { numbers: vec![123, 65_001], ..EntraError::default() }.judge();
        assert_eq!((error.code, error.aadsts), (Code::ConsentRequired, Some(123)));
    }

    #[test]
    fn numbers_are_found_by_hand() {
        assert_eq!(numbers_in("AADSTS65001: x\r\nTrace (AADSTS50196), AADSTS: AADSTSx"), [65_001, 50_196]);
        assert_eq!(numbers_in(""), [0; 0]);
    }
}
