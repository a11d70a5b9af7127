//! The id token (OpenID Connect Core §2, §3.1.3.7; entra.md §1.7): whose session this is. Its signature is not verified,
//! because it comes from the token endpoint over TLS (§3.1.3.7, rule 6); every claim that ties it to this sign-in is.

use crate::{Account, Code, Error, Json, Result, encoding, guid};

/// What an id token must say.
pub(crate) struct Expected<'a> {
    /// The broker registration.
    pub(crate) client_id: &'a str,
    /// `{authority}/{tenant}`.
    pub(crate) tenant_url: &'a str,
    pub(crate) tenant: &'a str,
    /// None on a refresh, where Entra gives none back.
    pub(crate) nonce: Option<&'a str>,
}

/// By how many seconds the user's clock may be wrong.
const SKEW: u64 = 300;

impl Expected<'_> {
    /// The account that the claims of an id token and its companion `client_info` name; `now` in milliseconds since the epoch.
    ///
    /// # Errors
    /// `identity_provider` if a claim is not as expected. The sentence never repeats a claim.
    pub(crate) fn account<J: Json>(&self, claims: &J, client_info: &J, now: u64) -> Result<Account> {
        let now = now / 1000;
        let is = |name: &str, expected: &str| claims.text_or_empty(name) == expected;
        let object_id = claims.text_or_empty("oid").to_ascii_lowercase();
        let rules = [
            (claims.text("aud").is_some(), "cannot be read"),
            (is("aud", self.client_id), "is for another application"),
            (is("tid", self.tenant), "is of another tenant"),
            (is("iss", &[self.tenant_url, "/v2.0"].concat()), "is of another issuer"),
            (self.nonce.is_none_or(|nonce| is("nonce", nonce)), "belongs to another sign-in"),
            (claims.number("exp").unwrap_or(0).saturating_add(SKEW) > now, "has expired: check the clock"),
            (claims.number("nbf").unwrap_or(0) <= now.saturating_add(SKEW), "is early: check the clock"),
            (guid::is_guid(&object_id), "names no user"),
        ];
        if let Some((_, how)) = rules.iter().find(|rule| !rule.0) {
            let message = ["The id token ", how, ": nothing of it is kept."].concat();
            return Err(Error::new(Code::IdentityProvider, &message));
        }
        let home = |name: &str, here: &str| {
            let there = client_info.text_or_empty(name);
            if there.is_empty() { here.to_owned() } else { there }
        };
        let home_tenant = home("utid", self.tenant);
        Ok(Account {
            username: claims.text_or_empty("preferred_username"),
            name: claims.text("name"),
            tenant_id: self.tenant.to_owned(),
            home_account_id: [&home("uid", &object_id), ".", &home_tenant].concat(),
            guest: home_tenant != self.tenant || claims.number("acct") == Some(1),
            object_id,
            login_hint: claims.text_or_empty("login_hint"),
        })
    }
}

/// The payload of a compact JWS (RFC 7515 §7.1), still in base64url, which has no dots: what stands between the first dot and the
/// last one.
pub(crate) fn payload(token: &str) -> &str {
    let (header, _) = encoding::split_before(token, b'.');
    let last = token.bytes().rposition(|byte| byte == b'.').unwrap_or_default();
    token.get(header.len() + 1..last).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Env,
        testing::{FakeEnv, id_token},
    };
    use serde_json::{Value, json};

    const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
    const TENANT: &str = "70000000-0000-4000-8000-000000000001";
    const USER: &str = "d0000000-0000-4000-8000-000000000001";
    const HOME: &str = "70000000-0000-4000-8000-000000000002";
    const NOW: u64 = 1_000_000;

    fn claims() -> Value {
        json!({
            "aud": BROKER, "tid": TENANT, "iss": format!("https://login.example/{TENANT}/v2.0"), "nonce": "n",
            "exp": NOW + 3600, "nbf": NOW, "oid": USER, "preferred_username": "adele@contoso.example", "name": "Adele"
        })
    }

    fn read(
        claims: &Value,
        client_info: Option<Value>,
        nonce: Option<&str>,
    ) -> std::result::Result<Account, Code> {
        let tenant_url = format!("https://login.example/{TENANT}");
        let expected = Expected { client_id: BROKER, tenant_url: &tenant_url, tenant: TENANT, nonce };
        expected.account(claims, &client_info.unwrap_or_default(), NOW * 1000).map_err(|error| error.code)
    }

    fn account(claims: &Value, client_info: Option<Value>) -> std::result::Result<Account, Code> {
        read(claims, client_info, Some("n"))
    }

    #[test]
    fn a_member_is_at_home_in_the_tenant() {
        let expected = Account {
            username: "adele@contoso.example".to_owned(),
            name: Some("Adele".to_owned()),
            tenant_id: TENANT.to_owned(),
            object_id: USER.to_owned(),
            home_account_id: format!("{USER}.{TENANT}"),
            guest: false,
            login_hint: String::new(),
        };
        assert_eq!(account(&claims(), None), Ok(expected.clone()));
        let info = json!({ "uid": USER, "utid": TENANT });
        assert_eq!(account(&claims(), Some(info)), Ok(expected));
    }

    #[test]
    fn a_guest_is_known_by_home_tenant_or_by_acct() {
        let info = json!({ "uid": "u", "utid": HOME });
        let guest = account(&claims(), Some(info)).expect("a guest");
        assert_eq!((guest.home_account_id, guest.guest), (format!("u.{HOME}"), true));
        let mut by_acct = claims();
        by_acct["acct"] = json!(1);
        assert!(account(&by_acct, None).expect("a guest").guest);
    }

    #[test]
    fn a_claim_that_is_not_as_expected_is_refused() {
        for (name, value) in [
            ("aud", json!("c0000000-0000-4000-8000-000000000001")),
            ("aud", json!([BROKER])),
            ("tid", json!(HOME)),
            ("iss", json!(format!("https://login.example/{HOME}/v2.0"))),
            ("iss", json!(format!("https://evil.example/{TENANT}/v2.0"))),
            ("iss", json!(format!("https://login.example/{TENANT}/v2.0/"))),
            ("nonce", json!("N")),
            ("nonce", json!(null)),
            ("exp", json!(NOW - SKEW)),
            ("exp", json!(null)),
            ("nbf", json!(NOW + SKEW + 1)),
            ("oid", json!("adele")),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            assert_eq!(account(&claims, None), Err(Code::IdentityProvider), "{name} {value}");
        }
    }

    #[test]
    fn a_clock_that_is_a_little_wrong_does_no_harm() {
        for (name, value) in [("exp", NOW - SKEW + 1), ("nbf", NOW + SKEW)] {
            let mut claims = claims();
            claims[name] = json!(value);
            assert!(account(&claims, None).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_refresh_brings_no_nonce() {
        let mut refreshed = claims();
        refreshed["nonce"] = json!(null);
        assert!(read(&refreshed, None, None).is_ok());
    }

    #[test]
    fn the_payload_is_the_middle_one_of_three_parts() {
        let token = id_token(&claims());
        assert_eq!(FakeEnv::new().parse_base64url(payload(&token)), claims());
        for garbage in ["", "a", "a.b", "a.b.c.d", &format!("{token}.x")] {
            assert_eq!(FakeEnv::new().parse_base64url(payload(garbage)), Value::Null, "{garbage}");
        }
    }
}
