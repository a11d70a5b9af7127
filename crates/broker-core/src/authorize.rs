//! The authorization request and its response (RFC 6749 §4.1.1, §4.1.2; OpenID Connect Core §3.1.2; entra.md §1.2).
//! Asks for OpenID Connect scopes only, whatever a caller wants, and believes no response whose state is not exactly its own.

use crate::{
    Code, Error, Json, Result, Secret, SignInRequest, encoding,
    entra_error::{EntraError, numbers_in},
    scope,
};

/// What one sign-in needs to know again when its response arrives.
pub(crate) struct Pending {
    /// Comes back in the response: `<id>.<secret>`.
    pub(crate) state: String,
    /// Comes back in the id token.
    pub(crate) nonce: String,
    /// Proves at the token endpoint that the code is ours.
    pub(crate) verifier: Secret,
}

/// Where a sign-in goes.
pub(crate) struct AuthorizationRequest<'a> {
    /// `{authority}/{tenant}`.
    pub(crate) tenant_url: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    /// Empty: none.
    pub(crate) claims: &'a str,
    pub(crate) correlation_id: &'a str,
}

/// The endpoint, and what every request says.
const ALWAYS: &str = "/oauth2/v2.0/authorize?response_type=code&response_mode=fragment&code_challenge_method=S256&client_info=1";
/// How many digits of the state name the channel.
const ID_DIGITS: usize = 32;

impl Pending {
    /// A new sign-in from three independent random texts (`Env::random`).
    pub(crate) fn new(state: &str, nonce: String, verifier: String) -> Self {
        let (id, secret) = state.split_at_checked(ID_DIGITS).unwrap_or_default();
        Self { state: [id, ".", secret].concat(), nonce, verifier: Secret::new(verifier) }
    }

    /// Names the channel on which the redirect page answers (contract §5).
    pub(crate) fn id(&self) -> &str {
        self.state.get(..ID_DIGITS).unwrap_or_default()
    }

    /// The address that the window goes to, but for its end, which [`wish`] adds.
    pub(crate) fn url(&self, request: &AuthorizationRequest<'_>) -> String {
        encoding::form(
            &[request.tenant_url, ALWAYS].concat(),
            &[
                ("client_id", request.client_id),
                ("redirect_uri", request.redirect_uri),
                ("scope", scope::OIDC),
                ("state", &self.state),
                ("nonce", &self.nonce),
                ("code_challenge", &encoding::s256(self.verifier.expose())),
                ("client-request-id", request.correlation_id),
                ("claims", request.claims),
            ],
        )
    }

    /// The code in a response.
    ///
    /// # Errors
    /// `identity_provider` for a response that is not the answer to this request; what Entra's error means otherwise.
    pub(crate) fn code(&self, response: &impl Json) -> Result<Secret> {
        let take = |name: &str| response.text_or_empty(name);
        let (error, code) = (take("error"), take("code"));
        if take("state") != self.state || (error.is_empty() && code.is_empty()) {
            return Err(Error::new(
                Code::IdentityProvider,
                "The response is not the answer to this sign-in: sign in again.",
            ));
        }
        if error.is_empty() {
            return Ok(Secret::new(code));
        }
        Err(EntraError {
            error,
            suberror: [take("suberror").as_str(), &take("error_subcode")].concat(),
            numbers: numbers_in(&take("error_description")),
            claims: response.text("claims").filter(|claims| !claims.is_empty()),
            ..EntraError::default()
        }
        .judge())
    }
}

/// OpenID Connect's `prompt`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Entra asks what it needs.
    AsNeeded,
    /// It lets the user choose an account.
    Choice,
    /// It shows nothing: the page is in a hidden frame.
    Never,
}

/// The address with its end: whose sign-in it is to be. `hint` and `prompt` are for who wishes no other.
pub(crate) fn wish(url: &str, request: &SignInRequest, hint: &str, prompt: Prompt) -> String {
    let prompt = if request.select_account { Prompt::Choice } else { prompt };
    let login_hint = match request.login_hint.as_str() {
        // A hint would skip the choice.
        "" if prompt != Prompt::Choice => hint,
        own => own,
    };
    let prompt = match prompt {
        Prompt::AsNeeded => "",
        Prompt::Choice => "select_account",
        Prompt::Never => "none",
    };
    encoding::form(url, &[("login_hint", login_hint), ("prompt", prompt)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fields;

    const STATE: &str = "07070707070707070707070707070707.07070707070707070707070707070707";

    fn pending() -> Pending {
        let random = |byte: &str| byte.repeat(32);
        Pending::new(&random("07"), random("08"), random("09"))
    }

    fn code(response: &str) -> std::result::Result<String, Code> {
        pending()
            .code(&fields(&response.replace("STATE", STATE)))
            .map(|code| code.expose().to_owned())
            .map_err(|e| e.code)
    }

    fn request() -> AuthorizationRequest<'static> {
        AuthorizationRequest {
            tenant_url: "https://login.example/t",
            client_id: "b",
            redirect_uri: "https://app.example/r.html?",
            claims: "",
            correlation_id: "i",
        }
    }

    #[test]
    fn the_request_is_exactly_this() {
        let expected = "https://login.example/t/oauth2/v2.0/authorize?response_type=code&response_mode=fragment\
            &code_challenge_method=S256&client_info=1&client_id=b&redirect_uri=https%3A%2F%2Fapp.example%2Fr.html%3F\
            &scope=openid%20profile%20offline_access&state=07070707070707070707070707070707.07070707070707070707070707070707\
            &nonce=0808080808080808080808080808080808080808080808080808080808080808\
            &code_challenge=TN8bhUN3ajixTHlcKDnTcQxiPu4tbJG335xghSnjH6E&client-request-id=i";
        assert_eq!(pending().url(&request()), expected);
        let challenged = AuthorizationRequest { claims: "{}", ..request() };
        assert_eq!(pending().url(&challenged), [expected, "&claims=%7B%7D"].concat());
    }

    #[test]
    fn it_ends_with_whose_sign_in_it_is_to_be() {
        let wish = |login_hint: &str, select_account, prompt| {
            let wished = SignInRequest {
                login_hint: login_hint.to_owned(),
                select_account,
                ..SignInRequest::default()
            };
            super::wish("https://login.example/?a=b", &wished, "power@apps", prompt)
                .replace("https://login.example/?a=b", "")
        };
        assert_eq!(wish("", false, Prompt::AsNeeded), "&login_hint=power%40apps");
        assert_eq!(wish("", false, Prompt::Never), "&login_hint=power%40apps&prompt=none");
        for (wished, prompt) in [(true, Prompt::AsNeeded), (false, Prompt::Choice)] {
            assert_eq!(wish("", wished, prompt), "&prompt=select_account");
        }
        assert_eq!(wish("a@b&c", true, Prompt::AsNeeded), "&login_hint=a%40b%26c&prompt=select_account");
    }

    #[test]
    fn a_code_with_our_state_is_taken() {
        assert_eq!(code("code=a%2Bb&state=STATE&session_state=s").as_deref(), Ok("a+b"));
    }

    #[test]
    fn a_response_that_is_not_ours_is_refused_before_its_error_is_read() {
        for wrong in [
            "",
            "code=x",
            "code=x&state=",
            "code=x&state=07070707070707070707070707070707.07070707070707070707070707070708",
            "code=x&state=07070707070707070707070707070707",
            "code=x&state=STATEx",
            "code=x&state=STATE&state=STATE",
            "state=STATE",
            "code=&state=STATE",
            "error=access_denied&error_subcode=cancel&state=x",
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
