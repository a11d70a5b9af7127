//! An Entra and an STS that give what they are asked for. Every token is another text, so that a test sees which one it got.

use super::{Answer, FakeEnv, Kind, Request, reply};
use crate::{Account, Env};
use base64::prelude::*;
use serde_json::{Value, json};

/// The broker registration.
pub const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
/// The tenant.
pub const TENANT: &str = "70000000-0000-4000-8000-000000000001";
/// The user's object.
pub const USER: &str = "d0000000-0000-4000-8000-000000000001";
/// The authority's origin.
pub const AUTHORITY: &str = "https://login.example";
/// The STS's base URL.
pub const STS: &str = "https://sts.example";

/// A caller's correlation id.
pub const CORRELATION_ID: &str = "e0000000-0000-4000-8000-000000000001";

/// A configuration with two aliases, `picker` and `calendar`.
#[must_use]
pub fn config() -> Value {
    json!({
        "version": 1, "clientId": BROKER, "sts": STS, "authority": AUTHORITY,
        "clients": {
            "picker": "c0000000-0000-4000-8000-000000000001",
            "calendar": { "clientId": "c0000000-0000-4000-8000-000000000002" },
        },
    })
}

/// The user who signs in here.
#[must_use]
pub fn account() -> Account {
    Account {
        username: "adele@contoso.example".to_owned(),
        name: Some("Adele".to_owned()),
        tenant_id: TENANT.to_owned(),
        object_id: USER.to_owned(),
        home_account_id: [USER, ".", TENANT].concat(),
        guest: false,
        login_hint: "O.adele".to_owned(),
    }
}

/// A compact JWS of these claims; its signature is none.
#[must_use]
pub fn id_token(claims: &Value) -> String {
    [&base64url("{}"), ".", &base64url(&claims.to_string()), ".x"].concat()
}

fn base64url(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

impl FakeEnv {
    /// The claims of the id token that fits the last window; change them for another.
    #[must_use]
    pub fn claims(&self) -> Value {
        let now = self.now() / 1000;
        json!({
            "aud": BROKER, "tid": TENANT, "iss": format!("{AUTHORITY}/{TENANT}/v2.0"), "oid": USER,
            "nonce": self.parameter("nonce"), "nbf": now, "exp": now + 3600,
            "preferred_username": "adele@contoso.example", "name": "Adele",
            "login_hint": "O.adele",
        })
    }

    /// A good token response with this id token.
    #[must_use]
    pub fn tokens(&self, access_token: &str, scope: &str, claims: &Value) -> Value {
        json!({
            "token_type": "Bearer", "access_token": access_token, "expires_in": 3600, "scope": scope,
            "refresh_token": format!("refresh-{}", self.requests().len()),
            "refresh_token_expires_in": 86_400, "id_token": id_token(claims),
            "client_info": base64url(&json!({ "uid": USER, "utid": TENANT }).to_string()),
        })
    }

    pub(crate) fn honest_answer(&self, request: &Request) -> Answer {
        self.0.minted.set(self.0.minted.get() + 1);
        let number = self.0.minted.get();
        let scope = request.field("scope");
        if request.kind() == Kind::Code {
            let asked = self.parameter("claims");
            self.0.insists.borrow_mut().retain(|(challenge, can_be_met)| *challenge != asked || !can_be_met);
        }
        if request.kind() == Kind::Refresh
            && self.0.insists.borrow().iter().any(|known| known.0 == request.field("claims"))
        {
            let refused =
                json!({ "error": "invalid_grant", "suberror": "basic_action", "error_codes": [50_076] });
            return Ok(reply(400, refused));
        }
        let body = match request.kind() {
            Kind::Code => self.tokens("useless", "openid profile", &self.claims()),
            Kind::Refresh => {
                let control = scope.split(' ').next().unwrap_or_default();
                self.tokens(&format!("client-{number}"), control, &self.claims())
            }
            Kind::Exchange => json!({
                "access_token": format!("backend-{number}"), "token_type": "Bearer", "expires_in": 3600,
                "issued_token_type": sts_wire::ACCESS_TOKEN_TYPE, "scope": scope,
            }),
        };
        Ok(reply(200, body))
    }
}
