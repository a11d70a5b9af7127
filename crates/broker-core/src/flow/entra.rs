//! One request to Entra's token endpoint, of either grant: sent, judged, and the user in it verified.

use crate::{
    Account, Code, Env, Json, Result, core::Core, encoding, id_token, id_token::Expected, token,
    token::TokenResponse,
};

/// Asks the token endpoint. The account is none where Entra sent no id token.
///
/// # Errors
/// What Entra's error means; `network`; `identity_provider` for an id token that is not as expected.
pub(crate) async fn ask<E: Env>(
    core: &Core<E>,
    expected: &Expected<'_>,
    scope: &str,
    correlation_id: &str,
    body: String,
) -> Result<(TokenResponse, Option<Account>)> {
    let asked_at = core.env.now();
    let reply = core.env.post_form(&token::endpoint(expected.tenant_url, correlation_id), body).await;
    let reply = reply.map_err(|unreachable| token::unreachable(unreachable, Code::Network))?;
    let response = TokenResponse::judge(&reply, scope, asked_at)?;
    let Some(id_token) = &response.id_token else { return Ok((response, None)) };

    let parse = |text: Option<String>| core.env.parse_json(&text?).filter(|json| !json.names().is_empty());
    let claims = parse(id_token::payload(id_token.expose())).ok_or(Code::IdentityProvider)?;
    let client_info =
        parse(response.client_info.as_deref().and_then(|text| encoding::parse_base64url(text.as_bytes())));
    let account = expected.account(&claims, client_info.as_ref(), core.env.now())?;
    Ok((response, Some(account)))
}
