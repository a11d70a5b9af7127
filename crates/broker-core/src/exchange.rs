//! The token exchange as the broker sees it (contract §4, RFC 8693): the request as text, the answer judged by the
//! contract's table. Knows no Entra number; the STS has already said what they mean.

use crate::{Code, Error, Json, Reply, cache::Token, encoding, token::milliseconds};
use sts_wire::{ErrorCode, ExchangeRequest};

/// Why there is no backend token.
pub(crate) struct Refusal {
    pub(crate) error: Box<Error>,
    pub(crate) remedy: Remedy,
}

/// What the broker can do about it without the user.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Remedy {
    /// Bring a new client token, once.
    NewClientToken,
    /// Ask again after a while, once.
    Wait,
    /// Nothing.
    Nothing,
}

/// What the STS's errors mean; any other one is `sts_rejected`.
const MEANINGS: [(ErrorCode, Code, Remedy); 8] = [
    (ErrorCode::AccessDenied, Code::BlockedByPolicy, Remedy::Nothing),
    (ErrorCode::ConsentRequired, Code::ConsentRequired, Remedy::Nothing),
    (ErrorCode::InteractionRequired, Code::InteractionRequired, Remedy::Nothing),
    (ErrorCode::InvalidScope, Code::ScopeNotAllowed, Remedy::Nothing),
    (ErrorCode::InvalidTarget, Code::AppNotInTenant, Remedy::Nothing),
    (ErrorCode::LoginRequired, Code::LoginRequired, Remedy::Nothing),
    (ErrorCode::TemporarilyUnavailable, Code::StsUnavailable, Remedy::Wait),
    (ErrorCode::UnauthorizedClient, Code::ClientNotAllowed, Remedy::Nothing),
];

/// The exchange endpoint below the STS's base URL.
pub(crate) fn endpoint(sts: &str) -> String {
    [sts, sts_wire::PATH].concat()
}

/// The body of a request.
pub(crate) fn body(request: &ExchangeRequest<'_>) -> String {
    encoding::form("", &request.fields())
}

/// Judges an answer. `asked_at` is the clock before the request was sent; `asked` the scopes, which count as granted where
/// the STS does not say (RFC 8693 §2.2.1).
pub(crate) fn judge(reply: &Reply<impl Json>, asked: &str, asked_at: u64) -> Result<Token, Refusal> {
    if reply.status == 200 {
        let token = reply
            .body
            .as_ref()
            .filter(|body| body.text("issued_token_type").as_deref() == Some(sts_wire::ACCESS_TOKEN_TYPE));
        return token.and_then(|body| Token::read(body, asked, asked_at)).ok_or_else(|| {
            let message = "The token service's answer is no token response: check the address in `sts`.";
            Refusal { error: Error::new(Code::StsRejected, message), remedy: Remedy::Nothing }
        });
    }
    let text = |name| reply.body.as_ref().map(|body| body.text_or_empty(name)).unwrap_or_default();
    let error = text("error").parse().ok();
    let (code, remedy) = match (reply.status, error) {
        (429, _) => (Code::Throttled, Remedy::Wait),
        // Not the STS's own words: a gateway in front of it that has lost it.
        (502..=504, None) => (Code::StsUnavailable, Remedy::Wait),
        (_, Some(ErrorCode::InvalidRequest)) if text("suberror") == sts_wire::INVALID_SUBJECT_TOKEN => {
            (Code::StsRejected, Remedy::NewClientToken)
        }
        (_, error) => MEANINGS
            .iter()
            .find(|row| Some(row.0) == error)
            .map_or((Code::StsRejected, Remedy::Nothing), |row| (row.1, row.2)),
    };
    let mut error = Box::<Error>::from(code);
    if let Some(body) = &reply.body {
        error.aadsts = body.numbers("error_codes").first().copied();
        error.claims = body.text("claims").filter(|_| code == Code::InteractionRequired);
    }
    let seconds = reply.retry_after.or_else(|| reply.body.as_ref()?.number("retry_after"));
    error.retry_after_ms = seconds.map(milliseconds);
    Err(Refusal { error, remedy })
}

/// What it means that no answer arrived.
pub(crate) fn unreachable(error: Box<Error>) -> Refusal {
    Refusal { error, remedy: Remedy::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::reply;
    use serde_json::{Value, json};

    fn refusal(status: u16, body: Value) -> Refusal {
        judge(&reply(status, body), "s", 0).err().expect("a refusal")
    }

    #[test]
    fn every_row_of_the_contracts_table_has_its_code() {
        let stale = json!({ "error": "invalid_request", "suberror": "invalid_subject_token" });
        let row = |error: &str| json!({ "error": error });
        for (status, body, code, remedy) in [
            (400, stale, Code::StsRejected, Remedy::NewClientToken),
            (400, row("invalid_request"), Code::StsRejected, Remedy::Nothing),
            (403, row("unauthorized_client"), Code::ClientNotAllowed, Remedy::Nothing),
            (400, row("invalid_scope"), Code::ScopeNotAllowed, Remedy::Nothing),
            (400, row("invalid_target"), Code::AppNotInTenant, Remedy::Nothing),
            (400, row("consent_required"), Code::ConsentRequired, Remedy::Nothing),
            (400, row("interaction_required"), Code::InteractionRequired, Remedy::Nothing),
            (400, row("login_required"), Code::LoginRequired, Remedy::Nothing),
            (403, row("access_denied"), Code::BlockedByPolicy, Remedy::Nothing),
            (429, row("temporarily_unavailable"), Code::Throttled, Remedy::Wait),
            (503, row("temporarily_unavailable"), Code::StsUnavailable, Remedy::Wait),
            (500, row("server_error"), Code::StsRejected, Remedy::Nothing),
            (400, row("unsupported_grant_type"), Code::StsRejected, Remedy::Nothing),
            (400, row("something_new"), Code::StsRejected, Remedy::Nothing),
            (502, json!(null), Code::StsUnavailable, Remedy::Wait),
            (404, json!(null), Code::StsRejected, Remedy::Nothing),
        ] {
            let refusal = refusal(status, body.clone());
            assert_eq!((refusal.error.code, refusal.remedy), (code, remedy), "{status} {body}");
        }
    }

    #[test]
    fn claims_number_and_wait_are_passed_on() {
        let claims = "{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}";
        let body = json!({ "error": "interaction_required", "claims": claims, "error_codes": [50_076], "retry_after": 3 });
        let error = refusal(400, body).error;
        assert_eq!(
            (error.claims.as_deref(), error.aadsts, error.retry_after_ms),
            (Some(claims), Some(50_076), Some(3_000))
        );
        let other = json!({ "error": "access_denied", "claims": claims });
        assert_eq!(refusal(403, other).error.claims, None);
    }

    #[test]
    fn the_header_wins_over_the_body() {
        let mut reply = reply(429, json!({ "retry_after": 9 }));
        reply.retry_after = Some(2);
        assert_eq!(judge(&reply, "s", 0).err().expect("a refusal").error.retry_after_ms, Some(2_000));
    }

    #[test]
    fn a_backend_token_is_taken_with_the_scopes_as_granted() {
        let mut body = json!({ "access_token": "t", "issued_token_type": sts_wire::ACCESS_TOKEN_TYPE,
            "token_type": "Bearer", "expires_in": 10, "scope": "a b" });
        let token = judge(&reply(200, body.clone()), "s", 5).ok().expect("a token");
        assert_eq!((token.scopes.as_str(), token.expires_on), ("a b", 10_005));
        body["scope"] = json!(null);
        assert_eq!(judge(&reply(200, body.clone()), "s", 5).ok().expect("a token").scopes, "s");
        for (name, value) in [
            ("access_token", json!("")),
            ("token_type", json!("N_A")),
            ("issued_token_type", json!("urn:ietf:params:oauth:token-type:id_token")),
            ("expires_in", json!(null)),
        ] {
            let mut wrong = body.clone();
            wrong[name] = value;
            assert_eq!(refusal(200, wrong).error.code, Code::StsRejected, "{name}");
        }
    }
}
