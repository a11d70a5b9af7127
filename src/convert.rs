//! Results out, as plain objects: nothing to free, good in every realm, and still there after the instance is gone.
//!
//! The only place where a token leaves the broker, towards a caller or into storage. One recursive type instead of a derived one per result: a
//! third of their size.

use broker_core::{Account, Diagnostics, Error, Event, Snapshot, TokenResult};
use js_sys::Object;
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// Contract §1, `TokenResult`.
pub(crate) fn token_result(result: &TokenResult) -> JsValue {
    object(&[
        ("accessToken", Member::Text(result.access_token.expose())),
        ("tokenType", Member::Text("Bearer")),
        ("expiresOn", number(result.expires_on)),
        ("scopes", Member::List(result.scopes.iter().map(|scope| Member::Text(scope)).collect())),
        ("clientId", Member::Text(&result.client_id)),
        ("account", Member::Object(&account_members(&result.account))),
        ("fromCache", Member::Flag(result.from_cache)),
        ("correlationId", Member::Text(&result.correlation_id)),
    ])
}

/// Contract §1, `Account`.
pub(crate) fn account(account: &Account) -> JsValue {
    object(&account_members(account))
}

fn account_members(account: &Account) -> [Named<'_>; 6] {
    [
        ("username", Member::Text(&account.username)),
        ("name", text(account.name.as_deref())),
        ("tenantId", Member::Text(&account.tenant_id)),
        ("objectId", Member::Text(&account.object_id)),
        ("homeAccountId", Member::Text(&account.home_account_id)),
        ("guest", Member::Flag(account.guest)),
    ]
}

/// What the facade makes a real `Error` of, in the caller's realm.
pub(crate) fn error(error: &Error) -> JsValue {
    object(&[
        ("code", Member::Text(error.code.as_str())),
        ("message", Member::Text(&error.message)),
        ("correlationId", text(error.correlation_id.as_deref())),
        ("retryable", Member::Flag(error.code.retryable())),
        ("interactionRequired", Member::Flag(error.code.interaction_required())),
        ("claims", text(error.claims.as_deref())),
        ("consentUrl", text(error.consent_url.as_deref())),
        ("aadsts", error.aadsts.map_or(Member::Absent, number)),
        ("retryAfterMs", error.retry_after_ms.map_or(Member::Absent, number)),
    ])
}

/// Contract §1, `BrokerEvent`.
pub(crate) fn event(event: &Event, at: u64) -> JsValue {
    object(&[
        ("type", Member::Text(event.kind.as_str())),
        ("at", number(at)),
        ("correlationId", text(event.correlation_id.as_deref())),
        ("client", text(event.client.as_deref())),
        ("code", event.code.map_or(Member::Absent, |code| Member::Text(code.as_str()))),
    ])
}

/// What is stored for a later page load; [`broker_core::Core::restore`] reads it.
pub(crate) fn snapshot(snapshot: &Snapshot) -> JsValue {
    let (mut tokens, mut times) = (Vec::new(), Vec::new());
    for token in &snapshot.tokens {
        tokens.extend([
            Member::Text(&token.client),
            Member::Text(&token.scopes),
            Member::Text(&token.granted),
            Member::Text(token.secret.expose()),
        ]);
        times.extend([number(token.expires_on), number(token.stored_on)]);
    }
    object(&[
        ("v", number(1)),
        ("issuer", Member::Text(&snapshot.issuer)),
        ("account", Member::Object(&account_members(&snapshot.account))),
        ("refreshToken", text(snapshot.refresh_token.as_ref().map(|token| token.expose()))),
        ("refreshExpiresOn", number(snapshot.refresh_expires_on)),
        ("tokens", Member::List(tokens)),
        ("times", Member::List(times)),
    ])
}

/// Contract §1, the core's part of `BrokerDiagnostics`.
pub(crate) fn diagnostics(diagnostics: &Diagnostics) -> JsValue {
    let tokens: Vec<[Named<'_>; 3]> = diagnostics
        .tokens
        .iter()
        .map(|token| {
            [
                ("client", Member::Text(&token.client)),
                ("scopes", Member::Text(&token.scopes)),
                ("expiresOn", number(token.expires_on)),
            ]
        })
        .collect();
    object(&[
        ("clientId", text(diagnostics.client_id.as_deref())),
        ("authority", text(diagnostics.authority.as_deref())),
        ("sts", text(diagnostics.sts.as_deref())),
        ("tenant", text(diagnostics.tenant.as_deref())),
        ("signedIn", Member::Flag(diagnostics.signed_in)),
        ("refused", Member::Flag(diagnostics.refused)),
        (
            "problems",
            Member::List(diagnostics.problems.iter().map(|problem| Member::Text(problem)).collect()),
        ),
        ("tokens", Member::List(tokens.iter().map(|token| Member::Object(token)).collect())),
    ])
}

type Named<'a> = (&'static str, Member<'a>);

enum Member<'a> {
    Absent,
    Flag(bool),
    List(Vec<Member<'a>>),
    Number(f64),
    Object(&'a [Named<'a>]),
    Text(&'a str),
}

fn text(text: Option<&str>) -> Member<'_> {
    text.map_or(Member::Absent, Member::Text)
}

#[allow(clippy::cast_precision_loss)] // Milliseconds and error numbers are far below 2⁵³.
fn number(number: u64) -> Member<'static> {
    Member::Number(number as f64)
}

/// Nothing here can fail to serialise; an empty object would be the least harm.
fn object(members: &[Named<'_>]) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    Member::Object(members).serialize(&serializer).unwrap_or_else(|_| Object::new().into())
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(members) => serializer.collect_seq(members),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Object(members) => {
                let present = members.iter().filter(|(_, member)| !matches!(member, Self::Absent));
                serializer.collect_map(present.map(|(name, member)| (name, member)))
            }
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}
