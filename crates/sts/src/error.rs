//! Every answer of this service that is not a token: an RFC 6749 §5.2 body with Entra's members (contract §4).

use crate::{
    judge::EntraError,
    log::Outcome,
    refusal::{Refusal, TokenFault},
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};
use sts_wire::{ErrorCode, RequestError};

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request breaks a rule of the wire.
    #[error("{0}")]
    Request(RequestError),
    /// This service says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Entra says no.
    #[error("{}", sentence(.0))]
    Entra(Box<EntraError>),
    /// Entra is not asked at the moment, after failures in a row.
    #[error("{}", if *.throttled { THROTTLED } else { OUT_OF_ORDER })]
    Closed {
        /// Whether it was too many requests that failed.
        throttled: bool,
        /// Seconds.
        retry_after: u64,
    },
    /// Too many requests came here.
    #[error("There are too many requests of this {whose}.")]
    Limited {
        /// Of whom.
        whose: &'static str,
        /// Seconds.
        retry_after: u64,
    },
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl From<TokenFault> for ApiError {
    fn from(fault: TokenFault) -> Self {
        Self::Refused(fault.into())
    }
}

impl ApiError {
    /// `error` of the answer.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Request(RequestError::UnsupportedGrantType) => ErrorCode::UnsupportedGrantType,
            Self::Request(_) => ErrorCode::InvalidRequest,
            Self::Refused(refusal) => refusal.code(),
            Self::Entra(error) => error.code,
            Self::Closed { .. } | Self::Limited { .. } => ErrorCode::TemporarilyUnavailable,
        }
    }

    /// Entra's number, where Entra said no.
    pub(crate) fn aadsts(&self) -> Option<u64> {
        match self {
            Self::Entra(error) => error.error_codes.first().copied(),
            _ => None,
        }
    }

    /// Whether it is the control client's credential that Entra does not take.
    pub(crate) fn refuses_credential(&self) -> bool {
        matches!(self, Self::Entra(error) if error.refuses_credential())
    }

    /// When to come back, in seconds.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Entra(error) => error.retry_after,
            Self::Closed { retry_after, .. } | Self::Limited { retry_after, .. } => Some(*retry_after),
            Self::Request(_) | Self::Refused(_) => None,
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Limited { .. } | Self::Closed { throttled: true, .. } => 429,
            Self::Refused(refusal) => refusal.status(),
            Self::Entra(error) if error.throttled => 429,
            other => other.code().status(),
        }
    }

    fn body(&self) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            value.map(|value| body.insert(name.to_owned(), value));
        };
        put("error", Some(self.code().as_str().into()));
        put("error_description", Some(self.to_string().into()));
        match self {
            Self::Request(_) | Self::Closed { .. } | Self::Limited { .. } => {}
            Self::Refused(refusal) => put("suberror", refusal.suberror().map(Value::from)),
            Self::Entra(error) => {
                let text = |text: &Option<String>| text.clone().map(Value::from);
                put("suberror", text(&error.suberror));
                put("error_codes", Some(error.error_codes.clone().into()));
                put("correlation_id", text(&error.correlation_id));
                put("trace_id", text(&error.trace_id));
                put("timestamp", text(&error.timestamp));
                put("claims", text(&error.claims));
            }
        }
        put("retry_after", self.retry_after().map(Value::from));
        Value::Object(body)
    }
}

impl ApiError {
    /// The answer that says so.
    pub(crate) fn to_response(&self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Outcome::of(self));
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.to_response()
    }
}

const THROTTLED: &str = "Entra ID asks for fewer requests.";
const OUT_OF_ORDER: &str = "Entra ID is out of order at the moment.";

/// Entra's answer in a sentence of ours: its own may hold e-mail addresses.
fn sentence(error: &EntraError) -> &'static str {
    match error.code {
        ErrorCode::AccessDenied => "Entra ID refuses access by policy.",
        ErrorCode::ConsentRequired => "The control client lacks consent for the backend.",
        ErrorCode::InteractionRequired => "Entra ID asks the user to act.",
        ErrorCode::InvalidRequest => "Entra ID does not accept the client token.",
        ErrorCode::InvalidScope => "Entra ID does not accept the scopes.",
        ErrorCode::InvalidTarget => "The backend or the control client does not exist in the tenant.",
        ErrorCode::LoginRequired => "The user must sign in again.",
        ErrorCode::TemporarilyUnavailable if error.throttled => THROTTLED,
        ErrorCode::TemporarilyUnavailable => OUT_OF_ORDER,
        ErrorCode::ServerError | ErrorCode::UnauthorizedClient | ErrorCode::UnsupportedGrantType => {
            "Entra ID does not accept this service's credential or configuration."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::Answer, judge::judge};

    fn entra(status: u16, retry_after: Option<u64>, body: &str) -> ApiError {
        ApiError::Entra(judge(&Answer { status, retry_after, body: body.into() }).err().unwrap())
    }

    #[test]
    fn what_entra_adds_stands_beside_the_code_and_its_description_does_not() {
        let error = entra(
            400,
            None,
            r#"{"error":"interaction_required","error_description":"AADSTS50076: adele@contoso.example","suberror":"basic_action",
                "error_codes":[50076],"correlation_id":"c","trace_id":"t","timestamp":"now","claims":"{\"a\":1}"}"#,
        );
        let expected = serde_json::json!({
            "error": "interaction_required", "error_description": "Entra ID asks the user to act.",
            "suberror": "basic_action", "error_codes": [50076], "correlation_id": "c", "trace_id": "t",
            "timestamp": "now", "claims": "{\"a\":1}",
        });
        assert_eq!((error.status(), error.body()), (400, expected));
    }

    #[test]
    fn a_throttle_is_429_and_says_when_to_come_back_in_header_and_body() {
        let error = entra(429, Some(17), "");
        assert_eq!(error.body()["retry_after"], 17);
        let response = error.into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[RETRY_AFTER], "17");
    }

    #[test]
    fn only_a_bad_client_token_carries_the_suberror_that_asks_for_a_new_one() {
        let suberror = |error: ApiError| error.body().get("suberror").cloned();
        assert_eq!(suberror(TokenFault::Expired.into()), Some("invalid_subject_token".into()));
        assert_eq!(suberror(RequestError::Missing("scope").into()), None);
        assert_eq!(suberror(Refusal::Broker.into()), None);
    }

    #[test]
    fn another_grant_has_a_code_of_its_own() {
        let error = ApiError::from(RequestError::UnsupportedGrantType);
        assert_eq!(error.body()["error"], "unsupported_grant_type");
    }
}
