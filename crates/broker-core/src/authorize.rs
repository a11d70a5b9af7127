//! The authorization request and its response (RFC 6749 §4.1.1, §4.1.2; OpenID Connect Core §3.1.2; entra.md §1.2).
//! Asks for OpenID Connect scopes only, whatever a caller wants, and believes no response whose state is not exactly its own.

use crate::{
    Code, Error, Result, Secret,
    entra_error::{self, EntraError},
    form, guid, pkce, scope,
};

/// What one sign-in needs to know again when its response arrives.
pub(crate) struct Pending {
    /// Names the channel on which the redirect page answers (contract §5); half of the state.
    pub(crate) id: String,
    /// Comes back in the id token.
    pub(crate) nonce: String,
    /// Proves at the token endpoint that the code is ours.
    pub(crate) verifier: Secret,
    secret: String,
}

/// What stays the same for every sign-in of one configuration and place.
pub(crate) struct AuthorizationRequest<'a> {
    /// `{authority}/{tenant}`.
    pub(crate) tenant_url: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) login_hint: Option<&'a str>,
    pub(crate) select_account: bool,
    pub(crate) correlation_id: &'a str,
}

/// Longer than any code that Entra makes; a longer text is not looked at.
const LONGEST_RESPONSE: usize = 16 * 1024;

impl Pending {
    /// A new sign-in from three independent lots of unpredictable bytes.
    pub(crate) fn new(state: [u8; 32], nonce: [u8; 32], verifier: [u8; 32]) -> Self {
        let (id, secret) = state.split_at(16);
        Self {
            id: guid::hex(id),
            secret: guid::hex(secret),
            nonce: guid::hex(&nonce),
            verifier: pkce::verifier(verifier),
        }
    }

    /// The address that the window goes to.
    pub(crate) fn url(&self, request: &AuthorizationRequest<'_>) -> String {
        let state = self.state();
        let challenge = pkce::challenge(&self.verifier);
        let fields = [
            ("client_id", request.client_id),
            ("response_type", "code"),
            ("redirect_uri", request.redirect_uri),
            ("response_mode", "fragment"),
            ("scope", scope::OIDC),
            ("state", &state),
            ("nonce", &self.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("client_info", "1"),
            ("client-request-id", request.correlation_id),
        ];
        let hint = request.login_hint.map(|hint| ("login_hint", hint));
        let prompt = request.select_account.then_some(("prompt", "select_account"));
        let query = form::write(fields.into_iter().chain(hint).chain(prompt));
        [request.tenant_url, "/oauth2/v2.0/authorize?", &query].concat()
    }

    /// The code in a response.
    ///
    /// # Errors
    /// `identity_provider` for a response that is not an answer to this request; what Entra's error means otherwise.
    pub(crate) fn code(&self, response: &str) -> Result<Secret> {
        let refused = |message: &str| Error::new(Code::IdentityProvider, message);
        if response.len() > LONGEST_RESPONSE {
            return Err(refused("The sign-in response is too long to be one: sign in again."));
        }
        let fields: Vec<_> = form_urlencoded::parse(response.as_bytes()).collect();
        let repeated = |at: usize, name: &str| fields.iter().skip(at + 1).any(|other| other.0 == name);
        if fields.iter().enumerate().any(|(at, field)| repeated(at, &field.0)) {
            return Err(refused("The sign-in response holds a parameter twice: sign in again."));
        }
        let take = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.to_string());
        if take("state").as_deref() != Some(self.state().as_str()) {
            return Err(refused("The sign-in response does not belong to this sign-in: sign in again."));
        }
        if let Some(error) = take("error") {
            let suberror = take("suberror").or_else(|| take("error_subcode")).unwrap_or_default();
            let numbers = entra_error::numbers_in(&take("error_description").unwrap_or_default());
            let claims = take("claims");
            return Err(EntraError { error, suberror, numbers, claims, ..EntraError::default() }.judge());
        }
        let code = take("code").filter(|code| !code.is_empty());
        code.map(Secret::new).ok_or_else(|| refused("The sign-in response holds no code: sign in again."))
    }

    fn state(&self) -> String {
        [self.id.as_str(), ".", &self.secret].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "07070707070707070707070707070707.07070707070707070707070707070707";

    fn pending() -> Pending {
        Pending::new([7; 32], [8; 32], [9; 32])
    }

    fn code(response: &str) -> std::result::Result<String, Code> {
        pending()
            .code(&response.replace("STATE", STATE))
            .map(|code| code.expose().to_owned())
            .map_err(|e| e.code)
    }

    fn request() -> AuthorizationRequest<'static> {
        AuthorizationRequest {
            tenant_url: "https://login.example/t",
            client_id: "b",
            redirect_uri: "https://app.example/r.html?",
            login_hint: None,
            select_account: false,
            correlation_id: "i",
        }
    }

    #[test]
    fn the_request_is_exactly_this() {
        let expected = "https://login.example/t/oauth2/v2.0/authorize?client_id=b&response_type=code\
            &redirect_uri=https%3A%2F%2Fapp.example%2Fr.html%3F&response_mode=fragment\
            &scope=openid+profile+offline_access&state=07070707070707070707070707070707.07070707070707070707070707070707\
            &nonce=0808080808080808080808080808080808080808080808080808080808080808\
            &code_challenge=g80hPkaKL7rbUpYj1pvTaDr7jxOh8KvDFn00a94wNxk&code_challenge_method=S256\
            &client_info=1&client-request-id=i";
        assert_eq!(pending().url(&request()), expected);
        let hinted = AuthorizationRequest { login_hint: Some("a@b&c"), select_account: true, ..request() };
        assert_eq!(
            pending().url(&hinted),
            [expected, "&login_hint=a%40b%26c&prompt=select_account"].concat()
        );
    }

    #[test]
    fn a_code_with_our_state_is_taken() {
        assert_eq!(code("code=a%2Bb&state=STATE&session_state=s").as_deref(), Ok("a+b"));
    }

    #[test]
    fn a_response_that_is_not_ours_is_refused_before_its_error_is_read() {
        let long = ["code=", &"x".repeat(LONGEST_RESPONSE), "&state=STATE"].concat();
        for wrong in [
            "",
            "code=x",
            "code=x&state=",
            "code=x&state=07070707070707070707070707070707.07070707070707070707070707070708",
            "code=x&state=07070707070707070707070707070707",
            "code=x&state=STATEx",
            "code=x&code=x&state=STATE",
            "code=x&state=STATE&state=STATE",
            "state=STATE",
            "code=&state=STATE",
            "error=access_denied&error_subcode=cancel&state=x",
            &long,
        ] {
            assert_eq!(code(wrong), Err(Code::IdentityProvider), "{wrong}");
        }
    }

    #[test]
    fn an_error_of_entra_keeps_its_meaning() {
        assert_eq!(code("error=access_denied&error_subcode=cancel&state=STATE"), Err(Code::UserCancelled));
        assert_eq!(
            code("error=access_denied&error_description=AADSTS65004%3A+no&state=STATE"),
            Err(Code::UserCancelled)
        );
        assert_eq!(code("error=server_error&code=x&state=STATE"), Err(Code::Network));
    }
}
