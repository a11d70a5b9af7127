//! Results out, as plain objects: nothing to free, good in every realm, and still there after the instance is gone.
//!
//! The only place where a token leaves the broker towards a caller.

use broker_core as core;
use js_sys::Object;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// Contract §1, `TokenResult`.
pub(crate) fn token_result(result: &core::TokenResult) -> JsValue {
    plain(&TokenResult {
        access_token: result.access_token.expose(),
        token_type: "Bearer",
        expires_on: result.expires_on,
        scopes: &result.scopes,
        client_id: &result.client_id,
        account: (&result.account).into(),
        from_cache: result.from_cache,
        correlation_id: &result.correlation_id,
    })
}

/// Contract §1, `Account`.
pub(crate) fn account(account: &core::Account) -> JsValue {
    plain(&Account::from(account))
}

/// What the facade makes a real `Error` of, in the caller's realm.
pub(crate) fn error(error: &core::Error) -> JsValue {
    plain(&Failure {
        code: error.code.as_str(),
        message: &error.message,
        correlation_id: error.correlation_id.as_deref(),
        retryable: error.code.retryable(),
        interaction_required: error.code.interaction_required(),
        claims: error.claims.as_deref(),
        consent_url: error.consent_url.as_deref(),
        aadsts: error.aadsts,
        retry_after_ms: error.retry_after_ms,
    })
}

/// Contract §1, `BrokerEvent`.
pub(crate) fn event(event: &core::Event, at: u64) -> JsValue {
    plain(&Event {
        kind: event.kind.as_str(),
        at,
        correlation_id: event.correlation_id.as_deref(),
        client: event.client.as_deref(),
        code: event.code.map(core::Code::as_str),
    })
}

/// Contract §1, the core's part of `BrokerDiagnostics`.
pub(crate) fn diagnostics(diagnostics: &core::Diagnostics) -> JsValue {
    let tokens = diagnostics.tokens.iter();
    plain(&Diagnostics {
        client_id: diagnostics.client_id.as_deref(),
        authority: diagnostics.authority.as_deref(),
        sts: diagnostics.sts.as_deref(),
        tenant: diagnostics.tenant.as_deref(),
        signed_in: diagnostics.signed_in,
        refused: diagnostics.refused,
        tokens: tokens
            .map(|token| CachedToken {
                client: &token.client,
                scopes: &token.scopes,
                expires_on: token.expires_on,
            })
            .collect(),
    })
}

/// Absent members become `undefined`. Nothing here can fail to serialise; an empty object would be the least harm.
fn plain(value: &impl Serialize) -> JsValue {
    let serializer = Serializer::json_compatible().serialize_missing_as_null(false);
    value.serialize(&serializer).unwrap_or_else(|_| Object::new().into())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenResult<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_on: u64,
    scopes: &'a [String],
    client_id: &'a str,
    account: Account<'a>,
    from_cache: bool,
    correlation_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    username: &'a str,
    name: Option<&'a str>,
    tenant_id: &'a str,
    object_id: &'a str,
    home_account_id: &'a str,
    guest: bool,
}

impl<'a> From<&'a core::Account> for Account<'a> {
    fn from(account: &'a core::Account) -> Self {
        Self {
            username: &account.username,
            name: account.name.as_deref(),
            tenant_id: &account.tenant_id,
            object_id: &account.object_id,
            home_account_id: &account.home_account_id,
            guest: account.guest,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
    correlation_id: Option<&'a str>,
    retryable: bool,
    interaction_required: bool,
    claims: Option<&'a str>,
    consent_url: Option<&'a str>,
    aadsts: Option<u64>,
    retry_after_ms: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    at: u64,
    correlation_id: Option<&'a str>,
    client: Option<&'a str>,
    code: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostics<'a> {
    client_id: Option<&'a str>,
    authority: Option<&'a str>,
    sts: Option<&'a str>,
    tenant: Option<&'a str>,
    signed_in: bool,
    refused: bool,
    tokens: Vec<CachedToken<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CachedToken<'a> {
    client: &'a str,
    scopes: &'a str,
    expires_on: u64,
}
