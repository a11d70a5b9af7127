//! An answer of Entra's token endpoint, to either grant: judged, and the user in it verified.

use crate::{
    Account, Env, Result, core::Core, flow::post::Answer, id_token, id_token::Expected, token::TokenResponse,
};

/// What the token endpoint answered. The account is none where Entra sent no id token.
///
/// # Errors
/// What Entra's error means; `identity_provider` for an id token that is not as expected.
pub(crate) fn judge<E: Env>(
    core: &Core<E>,
    answer: &Answer<E::Json>,
    expected: &Expected<'_>,
    scope: &str,
) -> Result<(TokenResponse, Option<Account>)> {
    let response = TokenResponse::judge(&answer.reply, scope, answer.asked_at)?;
    let Some(id_token) = &response.id_token else { return Ok((response, None)) };

    let claims = core.env.parse_base64url(id_token::payload(id_token.expose()));
    let client_info = core.env.parse_base64url(&response.client_info);
    let account = expected.account(&claims, &client_info, core.env.now())?;
    Ok((response, Some(account)))
}
