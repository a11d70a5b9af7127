//! What an answer of Entra's token endpoint means for the broker: a pure function of status and body (contract §4, entra.md §1.10).
//!
//! A known AADSTS number decides; else `suberror` and `error` do. Numbers that nobody knows yet survive as data, and so do
//! `suberror` and the ids that a support person asks for. `error_description` may hold e-mail addresses: it is read for a
//! number where `error_codes` is missing, and goes no further.

use crate::{http::Answer, secret::Secret};
use serde::{Deserialize, Deserializer};
use sts_wire::{ErrorCode, INVALID_SUBJECT_TOKEN};

/// What Entra granted.
pub(crate) struct Granted {
    pub(crate) access_token: Secret,
    /// Seconds left.
    pub(crate) expires_in: u64,
    /// Granted scopes, where Entra named them.
    pub(crate) scope: Option<String>,
}

/// An error of Entra, translated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct EntraError {
    pub(crate) code: ErrorCode,
    /// Throttled rather than out of order: the status is 429.
    pub(crate) throttled: bool,
    /// Whether it befalls whoever asks next as well: an outage, or a throttle of the tenant or the application.
    pub(crate) of_everybody: bool,
    pub(crate) suberror: Option<String>,
    pub(crate) error_codes: Vec<u64>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) timestamp: Option<String>,
    /// The challenge to be met, untouched.
    pub(crate) claims: Option<String>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

/// Judges an answer.
pub(crate) fn judge(answer: &Answer) -> Result<Granted, Box<EntraError>> {
    if answer.status == 200
        && let Ok(grant) = serde_json::from_slice::<Grant>(&answer.body)
        && grant.token_type.eq_ignore_ascii_case("bearer")
        && !grant.access_token.is_empty()
    {
        let access_token = Secret::new(grant.access_token);
        return Ok(Granted { access_token, expires_in: grant.expires_in, scope: grant.scope });
    }
    // A body that is no OAuth error is a proxy's or an outage's; without `error` it is judged as one.
    Err(Box::new(refusal(answer, serde_json::from_slice(&answer.body).unwrap_or_default())))
}

/// A successful answer; what else is in it (a refresh token, an id token) is not even read.
#[derive(Deserialize)]
struct Grant {
    access_token: String,
    token_type: String,
    #[serde(deserialize_with = "seconds")]
    expires_in: u64,
    scope: Option<String>,
}

/// Entra sends a number, and its v1 endpoints the decimal text of one.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(u64),
        Text(String),
    }
    match Seconds::deserialize(from)? {
        Seconds::Number(seconds) => Ok(seconds),
        Seconds::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// An OAuth error (RFC 6749 §5.2) with Entra's members.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OAuthError {
    error: String,
    error_description: String,
    suberror: Option<String>,
    error_codes: Vec<u64>,
    correlation_id: Option<String>,
    trace_id: Option<String>,
    timestamp: Option<String>,
    claims: Option<String>,
}

fn refusal(answer: &Answer, body: OAuthError) -> EntraError {
    let error_codes =
        if body.error_codes.is_empty() { described(&body.error_description) } else { body.error_codes };
    let body = OAuthError { error_codes, ..body };
    let (code, throttled) = meaning(answer.status, &body);
    let looping = body.error_codes.contains(&LOOP);
    // A page in place of an answer may be a firewall's word on this one request: what a caller put in `claims` is in it.
    let page = body.error.is_empty() && answer.status < 500 && answer.status != 429;
    let of_everybody = code == ErrorCode::TemporarilyUnavailable && !looping && !page;
    let suberror = match code {
        ErrorCode::InvalidRequest => Some(INVALID_SUBJECT_TOKEN.to_owned()),
        _ => body.suberror,
    };
    EntraError {
        code,
        throttled,
        of_everybody,
        suberror,
        error_codes: body.error_codes,
        correlation_id: body.correlation_id,
        trace_id: body.trace_id,
        timestamp: body.timestamp,
        claims: body.claims,
        retry_after: answer.retry_after.or(looping.then_some(LOOP_SECONDS)),
    }
}

/// The code for the broker, and whether it is a throttle.
fn meaning(status: u16, body: &OAuthError) -> (ErrorCode, bool) {
    if status == 429 || body.error_codes.iter().any(|number| THROTTLED.contains(number)) {
        return (ErrorCode::TemporarilyUnavailable, true);
    }
    if status >= 500 || body.error.is_empty() {
        return (ErrorCode::TemporarilyUnavailable, false);
    }
    if body.claims.is_some() {
        return (ErrorCode::InteractionRequired, false);
    }
    let known = body.error_codes.iter().find_map(|number| reaction(*number));
    (known.unwrap_or_else(|| by_name(&body.error, body.suberror.as_deref())), false)
}

impl EntraError {
    /// Whether it is the control client's credential that Entra does not take: another one may do.
    pub(crate) fn refuses_credential(&self) -> bool {
        self.error_codes.iter().any(|number| CREDENTIAL.contains(number))
    }

    /// For how many seconds this user is to be left alone, if Entra takes him for a loop.
    pub(crate) fn looping(&self) -> Option<u64> {
        self.retry_after.filter(|_| self.error_codes.contains(&LOOP))
    }
}

/// Certificates that are unknown, expired or not valid yet, assertions that are; secrets that are wrong or expired.
const CREDENTIAL: [u64; 8] = [700024, 700027, 1000502, 7000214, 7000215, 7000222, 7000274, 7000277];

/// One user's client repeats itself.
const LOOP: u64 = 50196;
/// How long he is left alone where Entra does not say: as long as Microsoft's libraries wait after a throttle.
const LOOP_SECONDS: u64 = 60;

/// Too many requests: of the tenant or application, and of one user.
const THROTTLED: [u64; 2] = [90055, LOOP];

/// What the numbers of entra.md §1.10 mean at an on-behalf-of request.
const REACTIONS: [(ErrorCode, &[u64]); 9] = [
    (ErrorCode::InvalidRequest, &[50013, 500133]),
    (ErrorCode::InvalidTarget, &[50001, 500011, 650052, 650054, 700016]),
    (ErrorCode::ConsentRequired, &[65001, 65004, 90094, 90095]),
    (
        ErrorCode::InteractionRequired,
        &[
            50072, 50074, 50076, 50078, 50079, 50097, 50125, 50127, 50129, 50131, 50158, 50187, 700020,
            9002341,
        ],
    ),
    (
        ErrorCode::LoginRequired,
        &[50053, 50055, 50056, 50057, 50058, 50126, 50132, 50133, 50144, 50173, 70008, 70043, 700082, 700084],
    ),
    (
        ErrorCode::AccessDenied,
        &[
            16000, 16003, 50014, 50020, 50034, 50105, 50155, 51004, 53000, 53001, 53002, 53003, 53004, 53010,
            53011, 90072, 500021, 500022, 500212, 500213, 530032, 530035,
        ],
    ),
    (ErrorCode::InvalidScope, &[28002, 28003, 70011, 700022, 700023]),
    (ErrorCode::TemporarilyUnavailable, &[50033, 50087, 50088, 90006, 90012, 90024, 90033, 90090]),
    // The credential, the registration or this service itself: an operator's to repair.
    (
        ErrorCode::ServerError,
        &[
            50012, 50027, 50146, 65005, 70001, 70002, 70003, 240002, 500131, 501461, 650056, 650057, 700011,
            700024, 700025, 700027, 700030, 700038, 7000112, 7000114, 7000214, 7000215, 7000218, 7000222,
            7000274, 7000277, 1000502,
        ],
    ),
];

fn reaction(number: u64) -> Option<ErrorCode> {
    REACTIONS.iter().find(|row| row.1.contains(&number)).map(|row| row.0)
}

/// For numbers that nobody knows. `invalid_grant` alone means that the user must act, as Microsoft's libraries read it.
fn by_name(error: &str, suberror: Option<&str>) -> ErrorCode {
    match (error, suberror) {
        (_, Some("consent_required")) | ("consent_required", _) => ErrorCode::ConsentRequired,
        (_, Some("bad_token" | "user_password_expired")) | ("login_required", _) => ErrorCode::LoginRequired,
        (_, Some("message_only")) | ("access_denied", _) => ErrorCode::AccessDenied,
        ("interaction_required" | "invalid_grant", _) => ErrorCode::InteractionRequired,
        ("invalid_resource" | "invalid_target", _) => ErrorCode::InvalidTarget,
        ("invalid_scope", _) => ErrorCode::InvalidScope,
        ("temporarily_unavailable", _) => ErrorCode::TemporarilyUnavailable,
        _ => ErrorCode::ServerError,
    }
}

/// The number in a description that starts with `AADSTS…`.
fn described(description: &str) -> Vec<u64> {
    let digits =
        |rest: &str| rest.split(|letter: char| !letter.is_ascii_digit()).next().and_then(|n| n.parse().ok());
    description.split("AADSTS").skip(1).filter_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn judged(status: u16, body: &Value) -> Box<EntraError> {
        judge(&Answer { status, retry_after: None, body: body.to_string().into_bytes() }).err().unwrap()
    }

    #[test]
    fn each_row_of_the_contract_has_its_answer() {
        use ErrorCode::*;
        let cases = [
            (400, json!({"error": "invalid_grant", "error_codes": [50013]}), InvalidRequest),
            (400, json!({"error": "invalid_grant", "error_codes": [500133]}), InvalidRequest),
            (400, json!({"error": "invalid_scope", "error_codes": [70011]}), InvalidScope),
            (400, json!({"error": "invalid_resource", "error_codes": [500011]}), InvalidTarget),
            (400, json!({"error": "unauthorized_client", "error_codes": [650052]}), InvalidTarget),
            (
                400,
                json!({"error": "invalid_grant", "error_codes": [65001], "suberror": "consent_required"}),
                ConsentRequired,
            ),
            (
                400,
                json!({"error": "interaction_required", "error_codes": [50076], "claims": "{}"}),
                InteractionRequired,
            ),
            (
                400,
                json!({"error": "interaction_required", "error_codes": [53003], "claims": "{}"}),
                InteractionRequired,
            ),
            (400, json!({"error": "invalid_grant", "error_codes": [50173]}), LoginRequired),
            (400, json!({"error": "access_denied", "error_codes": [53003]}), AccessDenied),
            (400, json!({"error": "invalid_grant", "error_codes": [50105]}), AccessDenied),
            (400, json!({"error": "invalid_grant", "error_codes": [90033]}), TemporarilyUnavailable),
            (503, json!({"error": "temporarily_unavailable"}), TemporarilyUnavailable),
            (401, json!({"error": "invalid_client", "error_codes": [700027]}), ServerError),
            (400, json!({"error": "invalid_grant", "error_codes": [500131]}), ServerError),
        ];
        for (status, body, code) in cases {
            assert_eq!(judged(status, &body).code, code, "{body}");
        }
    }

    #[test]
    fn a_refused_client_token_is_told_from_a_malformed_request() {
        let refused =
            judged(400, &json!({"error": "invalid_grant", "error_codes": [500133], "suberror": "x"}));
        assert_eq!(refused.suberror.as_deref(), Some("invalid_subject_token"));
    }

    #[test]
    fn unknown_numbers_are_judged_by_name_and_survive() {
        let unknown = |body: &Value| {
            let error = judged(400, body);
            assert_eq!(error.error_codes, [99_999_999]);
            error.code
        };
        let cases = [
            ("invalid_grant", Some("consent_required"), ErrorCode::ConsentRequired),
            ("invalid_grant", Some("bad_token"), ErrorCode::LoginRequired),
            ("interaction_required", Some("message_only"), ErrorCode::AccessDenied),
            ("invalid_grant", Some("basic_action"), ErrorCode::InteractionRequired),
            ("invalid_grant", None, ErrorCode::InteractionRequired),
            ("invalid_resource", None, ErrorCode::InvalidTarget),
            ("something_new", None, ErrorCode::ServerError),
        ];
        for (error, suberror, code) in cases {
            let body = json!({"error": error, "suberror": suberror, "error_codes": [99_999_999]});
            assert_eq!(unknown(&body), code, "{body}");
        }
    }

    #[test]
    fn a_challenge_and_the_ids_go_through_untouched() {
        let claims = "{ \"access_token\" : {\"polids\":{\"essential\":true,\"values\":[\"x\\u0041\"]}}}";
        let error = judged(
            400,
            &json!({"error": "interaction_required", "suberror": "basic_action", "error_codes": [50076, 7],
                    "claims": claims, "correlation_id": "c", "trace_id": "t", "timestamp": "2026-01-01 00:00:00Z"}),
        );
        assert_eq!(error.claims.as_deref(), Some(claims));
        assert_eq!(error.error_codes, [50076, 7]);
        assert_eq!(error.suberror.as_deref(), Some("basic_action"));
        let ids = [error.correlation_id, error.trace_id, error.timestamp].map(Option::unwrap);
        assert_eq!(ids, ["c", "t", "2026-01-01 00:00:00Z"]);
    }

    #[test]
    fn without_error_codes_the_number_comes_from_the_description_and_nothing_else_does() {
        let described = "AADSTS50105: Adele <adele@contoso.example> is not assigned. Trace ID: 1";
        let error = judged(400, &json!({"error": "invalid_grant", "error_description": described}));
        assert_eq!((error.code, error.error_codes.as_slice()), (ErrorCode::AccessDenied, [50105].as_slice()));
        assert!(!format!("{error:?}").contains("adele"));
    }

    #[test]
    fn a_throttle_is_told_from_an_outage_and_keeps_its_delay() {
        let answer = Answer { status: 429, retry_after: Some(17), body: b"slow down".to_vec() };
        let error = judge(&answer).err().unwrap();
        assert_eq!(
            (error.code, error.throttled, error.retry_after),
            (ErrorCode::TemporarilyUnavailable, true, Some(17))
        );
        assert!(judged(400, &json!({"error": "invalid_grant", "error_codes": [50196]})).throttled);
        assert!(!judged(503, &json!({"error": "x"})).throttled);
    }

    #[test]
    fn what_is_not_json_is_an_outage_whatever_its_status() {
        for status in [200, 302, 400, 403, 502] {
            let answer = Answer { status, retry_after: None, body: b"<html>".to_vec() };
            assert_eq!(judge(&answer).err().unwrap().code, ErrorCode::TemporarilyUnavailable, "{status}");
        }
    }

    #[test]
    fn a_token_is_taken_only_as_bearer_and_with_its_lifetime() {
        let granted = |body: Value| {
            judge(&Answer { status: 200, retry_after: None, body: body.to_string().into_bytes() }).ok()
        };
        let token =
            granted(json!({"access_token": "a", "token_type": "Bearer", "expires_in": "3599", "scope": "s",
                                   "refresh_token": "never"}))
            .unwrap();
        assert_eq!(
            (token.access_token.expose(), token.expires_in, token.scope.as_deref()),
            ("a", 3599, Some("s"))
        );
        assert!(granted(json!({"access_token": "a", "token_type": "pop", "expires_in": 1})).is_none());
        assert!(granted(json!({"access_token": "", "token_type": "Bearer", "expires_in": 1})).is_none());
        assert!(granted(json!({"access_token": "a", "token_type": "Bearer"})).is_none());
    }
}
