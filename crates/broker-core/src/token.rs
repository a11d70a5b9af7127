//! The token endpoint (RFC 6749 §4.1.3, §5, §6; entra.md §1.3, §1.4): requests as text, answers judged. Holds the promise of
//! contract §1: the only scopes that ever leave here are OpenID Connect's and one named scope of a control client.

use crate::{
    Code, Error, Json, Reply, Result, Secret, cache::Token, encoding, entra_error::EntraError, scope,
    session::RefreshToken,
};
use std::cell::Cell;

/// What an authorization code is redeemed with.
pub(crate) struct CodeGrant<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) code: &'a Secret,
    pub(crate) verifier: &'a Secret,
}

/// What a refresh token is redeemed with.
pub(crate) struct RefreshGrant<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) refresh_token: &'a Secret,
    /// One named scope of the control client.
    pub(crate) control_scope: &'a str,
    /// A claims challenge, JSON text; empty: none.
    pub(crate) claims: &'a str,
}

/// A good answer.
pub(crate) struct TokenResponse {
    pub(crate) token: Token,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) id_token: Option<Secret>,
    pub(crate) client_info: String,
}

/// The token endpoint. The correlation id is in the query, as MSAL has it: a header would cost a CORS preflight.
pub(crate) fn endpoint(tenant_url: &str, correlation_id: &str) -> String {
    [tenant_url, "/oauth2/v2.0/token?client-request-id=", correlation_id].concat()
}

impl CodeGrant<'_> {
    /// The body. Asks for no access token of use: control clients get theirs from the refresh token.
    pub(crate) fn body(&self) -> String {
        encoding::form(
            "grant_type=authorization_code&client_info=1",
            &[
                ("client_id", self.client_id),
                ("redirect_uri", self.redirect_uri),
                ("code", self.code.expose()),
                ("code_verifier", self.verifier.expose()),
                ("scope", scope::OIDC),
            ],
        )
    }
}

impl RefreshGrant<'_> {
    /// The body.
    pub(crate) fn body(&self) -> String {
        encoding::form(
            "grant_type=refresh_token&client_info=1",
            &[
                ("client_id", self.client_id),
                ("refresh_token", self.refresh_token.expose()),
                ("scope", &[self.control_scope, " ", scope::OIDC].concat()),
                ("claims", self.claims),
            ],
        )
    }
}

impl Token {
    /// The token in the body of an answer, the same at Entra and at the STS (RFC 6749 §5.1). `asked_at` is the clock before
    /// the request was sent, so that a slow network shortens a token's life instead of stretching it; `asked` counts as
    /// granted where the answer does not say.
    pub(crate) fn read(body: &impl Json, asked: &str, asked_at: u64) -> Option<Self> {
        let secret = body.text_or_empty("access_token");
        let bearer = body.text_or_empty("token_type").eq_ignore_ascii_case("Bearer");
        let expires_in = body.number("expires_in").filter(|_| bearer && !secret.is_empty())?;
        // Where nobody says when to renew it: when three quarters of its life are over.
        let refresh_in = body.number("refresh_in").unwrap_or(expires_in - expires_in / 4);
        let scopes = body.text("scope").unwrap_or_else(|| asked.to_owned());
        let (expires_on, refresh_on) = (after(asked_at, expires_in), after(asked_at, refresh_in));
        Some(Self { secret: Secret::new(secret), expires_on, refresh_on: Cell::new(refresh_on), scopes })
    }
}

impl TokenResponse {
    /// Judges an answer; for `asked_at` and `asked` see [`Token::read`].
    ///
    /// # Errors
    /// What Entra's error means; `identity_provider` for an answer that is neither.
    pub(crate) fn judge(reply: &Reply<impl Json>, asked: &str, asked_at: u64) -> Result<Self> {
        if reply.status != 200 {
            return Err(EntraError::read(reply).judge());
        }
        let body = reply.body.as_ref();
        let Some((body, token)) = body.and_then(|body| Some((body, Token::read(body, asked, asked_at)?)))
        else {
            return Err(Error::new(
                Code::IdentityProvider,
                "Entra's answer is no token response: try again.",
            ));
        };
        let secret = |name| body.text(name).filter(|text| !text.is_empty()).map(Secret::new);
        let ends = body.number("refresh_token_expires_in").map(|seconds| after(asked_at, seconds));
        Ok(Self {
            token,
            refresh_token: secret("refresh_token").map(|secret| RefreshToken {
                secret,
                expires_on: ends,
                came_on: asked_at,
            }),
            id_token: secret("id_token"),
            client_info: body.text_or_empty("client_info"),
        })
    }
}

fn after(instant: u64, seconds: u64) -> u64 {
    instant.saturating_add(milliseconds(seconds))
}

/// Seconds in milliseconds. Not `saturating_mul`, which brings multiplication in 128 bits along.
pub(crate) fn milliseconds(seconds: u64) -> u64 {
    seconds.min(u64::MAX / 1000) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::reply;
    use serde_json::{Value, json};

    fn judge(status: u16, body: Value) -> std::result::Result<TokenResponse, Code> {
        TokenResponse::judge(&reply(status, body), "asked", 1_000).map_err(|error| error.code)
    }

    #[test]
    fn a_code_is_redeemed_for_openid_connect_scopes_only() {
        let (code, verifier) = (Secret::new("c".to_owned()), Secret::new("v".to_owned()));
        let grant = CodeGrant { client_id: "b", redirect_uri: "https://r", code: &code, verifier: &verifier };
        assert_eq!(
            grant.body(),
            "grant_type=authorization_code&client_info=1&client_id=b&redirect_uri=https%3A%2F%2Fr&code=c&code_verifier=v\
             &scope=openid%20profile%20offline_access"
        );
    }

    #[test]
    fn a_refresh_asks_for_one_control_scope() {
        let refresh_token = Secret::new("r&".to_owned());
        let grant = RefreshGrant {
            client_id: "b",
            refresh_token: &refresh_token,
            control_scope: "api://c/s",
            claims: "{}",
        };
        assert_eq!(
            grant.body(),
            "grant_type=refresh_token&client_info=1&client_id=b&refresh_token=r%26\
             &scope=api%3A%2F%2Fc%2Fs%20openid%20profile%20offline_access&claims=%7B%7D"
        );
    }

    #[test]
    fn lives_count_from_before_the_request_and_numbers_may_be_texts() {
        let body = json!({ "token_type": "bearer", "access_token": "a", "expires_in": "60",
            "refresh_token": "r", "refresh_token_expires_in": 86_400 });
        let response = judge(200, body).expect("a good answer");
        let refresh = response.refresh_token.expect("a refresh token");
        assert_eq!((response.token.expires_on, refresh.expires_on), (61_000, Some(86_401_000)));
    }

    #[test]
    fn an_answer_without_what_a_token_needs_is_refused() {
        let good = json!({ "token_type": "Bearer", "access_token": "a", "expires_in": 60 });
        assert!(judge(200, good.clone()).is_ok());
        for (name, value) in [
            ("token_type", json!("pop")),
            ("token_type", json!(null)),
            ("access_token", json!("")),
            ("access_token", json!(1)),
            ("expires_in", json!(-1)),
        ] {
            let mut body = good.clone();
            body[name] = value;
            assert_eq!(judge(200, body).err(), Some(Code::IdentityProvider), "{name}");
        }
        assert_eq!(judge(200, json!(null)).err(), Some(Code::IdentityProvider));
    }

    #[test]
    fn an_error_keeps_its_meaning_and_loses_its_description() {
        let body =
            json!({ "error": "invalid_grant", "error_description": "AADSTS65001: adele@contoso.example" });
        let error = TokenResponse::judge(&reply(400, body), "", 0).err().expect("an error");
        assert_eq!((error.code, error.aadsts), (Code::ConsentRequired, Some(65_001)));
        assert!(!error.message.contains("adele"));
    }
}
