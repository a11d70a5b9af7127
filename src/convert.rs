//! Results out, as plain objects: nothing to free, good in every realm, and still there after the instance is gone.
//!
//! The only place where a token leaves the broker, towards a caller or into storage. One recursive type instead of a derived one per result: a
//! third of their size.

use broker_core::{
    Account, CachedToken, Departure, Diagnostics, Error, Event, Snapshot, StoredToken, TokenResult,
};
use js_sys::Object;
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// Contract §1, `TokenResult`.
pub(crate) fn token_result(result: &TokenResult) -> JsValue {
    object(&[
        ("accessToken", Member::Text(result.access_token.expose())),
        ("tokenType", Member::Text("Bearer")),
        ("expiresOn", number(result.expires_on)),
        ("scopes", Member::Texts(&result.scopes)),
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
        ("name", text(account.name.as_deref().unwrap_or_default())),
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
        ("correlationId", optional(&error.correlation_id)),
        ("retryable", Member::Flag(error.code.retryable())),
        ("interactionRequired", Member::Flag(error.code.interaction_required())),
        ("claims", optional(&error.claims)),
        ("consentUrl", optional(&error.consent_url)),
        ("aadsts", error.aadsts.map_or(Member::Absent, number)),
        ("retryAfterMs", error.retry_after_ms.map_or(Member::Absent, number)),
    ])
}

/// Contract §1, `BrokerEvent`.
pub(crate) fn event(event: &Event<'_>, at: u64) -> JsValue {
    object(&[
        ("type", Member::Text(event.kind.as_str())),
        ("at", number(at)),
        ("correlationId", text(event.correlation_id)),
        ("client", text(event.client)),
        ("code", event.code.map_or(Member::Absent, |code| Member::Text(code.as_str()))),
    ])
}

/// What is stored for a later page load; [`broker_core::Core::restore`] reads it.
pub(crate) fn snapshot(snapshot: &Snapshot) -> JsValue {
    object(&[
        ("v", number(1)),
        ("issuer", Member::Text(&snapshot.issuer)),
        ("account", Member::Object(&account_members(&snapshot.account))),
        ("loginHint", text(&snapshot.account.login_hint)),
        ("refreshToken", text(snapshot.refresh_token.expose())),
        ("refreshExpiresOn", number(snapshot.refresh_expires_on)),
        ("refreshCameOn", number(snapshot.refresh_came_on)),
        ("tokens", Member::Stored(&snapshot.tokens)),
    ])
}

/// What is stored of a sign-in that leaves the page; [`broker_core::Core::come_back`] reads it.
pub(crate) fn departure(departure: &Departure) -> JsValue {
    object(&[
        ("issuer", Member::Text(&departure.issuer)),
        ("state", Member::Text(&departure.state)),
        ("nonce", Member::Text(&departure.nonce)),
        ("verifier", Member::Text(departure.verifier.expose())),
        ("tenant", Member::Text(&departure.tenant)),
        ("redirectUri", Member::Text(&departure.redirect_uri)),
        ("correlationId", Member::Text(&departure.correlation_id)),
    ])
}

/// Contract §1, the core's part of `BrokerDiagnostics`.
pub(crate) fn diagnostics(diagnostics: &Diagnostics) -> JsValue {
    object(&[
        ("clientId", text(&diagnostics.client_id)),
        ("authority", text(&diagnostics.authority)),
        ("sts", text(&diagnostics.sts)),
        ("tenant", text(&diagnostics.tenant)),
        ("signedIn", Member::Flag(diagnostics.signed_in)),
        ("refused", Member::Flag(diagnostics.refused)),
        ("problems", Member::Texts(&diagnostics.problems)),
        ("tokens", Member::Tokens(&diagnostics.tokens)),
    ])
}

type Named<'a> = (&'static str, Member<'a>);

enum Member<'a> {
    Absent,
    Flag(bool),
    Number(f64),
    Object(&'a [Named<'a>]),
    Stored(&'a [StoredToken]),
    Text(&'a str),
    Texts(&'a [String]),
    Tokens(&'a [CachedToken]),
}

/// An empty text is none.
fn text(text: &str) -> Member<'_> {
    if text.is_empty() { Member::Absent } else { Member::Text(text) }
}

fn optional(optional: &Option<String>) -> Member<'_> {
    text(optional.as_deref().unwrap_or_default())
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
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Object(members) => {
                let present = members.iter().filter(|(_, member)| !matches!(member, Self::Absent));
                serializer.collect_map(present.map(|(name, member)| (name, member)))
            }
            Self::Stored(tokens) => {
                // Named, because lists of objects are nothing that the core reads; each key is there once.
                let named = |token: &'_ StoredToken| [token.client.as_str(), " ", &token.scopes].concat();
                serializer.collect_map(tokens.iter().map(|token| (named(token), Kept(token))))
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(texts) => serializer.collect_seq(*texts),
            Self::Tokens(tokens) => serializer.collect_seq(tokens.iter().map(Token)),
        }
    }
}

/// A member of the diagnostics' list. A type of its own, so that lists need no memory of their own.
struct Token<'a>(&'a CachedToken);

impl Serialize for Token<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = [
            ("client", Member::Text(&self.0.client)),
            ("scopes", Member::Text(&self.0.scopes)),
            ("expiresOn", number(self.0.expires_on)),
        ];
        Member::Object(&members).serialize(serializer)
    }
}

/// A token in storage.
struct Kept<'a>(&'a StoredToken);

impl Serialize for Kept<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = [
            ("client", Member::Text(&self.0.client)),
            ("scopes", Member::Text(&self.0.scopes)),
            ("granted", Member::Text(&self.0.granted)),
            ("secret", Member::Text(self.0.secret.expose())),
            ("expiresOn", number(self.0.expires_on)),
            ("refreshOn", number(self.0.refresh_on)),
            ("storedOn", number(self.0.stored_on)),
        ];
        Member::Object(&members).serialize(serializer)
    }
}
