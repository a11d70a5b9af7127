//! The id token (OpenID Connect Core §2, §3.1.3.7; entra.md §1.7): whose session this is. Its signature is not verified,
//! because it comes from the token endpoint over TLS (§3.1.3.7, rule 6); every claim that ties it to this sign-in is.

use crate::{Account, Code, Error, Json, Result, Secret, guid};
use base64ct::{Base64UrlUnpadded, Encoding};

/// What an id token must say.
pub(crate) struct Expected<'a> {
    /// The broker registration.
    pub(crate) client_id: &'a str,
    /// `{authority}/{tenant}`.
    pub(crate) tenant_url: &'a str,
    pub(crate) tenant: &'a str,
    /// None on a refresh, where Entra gives none back.
    pub(crate) nonce: Option<&'a str>,
    /// Milliseconds since the epoch.
    pub(crate) now: u64,
}

/// By how many seconds the user's clock may be wrong.
const SKEW: u64 = 300;

impl Expected<'_> {
    /// The account in an id token and its companion `client_info`.
    ///
    /// # Errors
    /// `identity_provider` if a claim is not as expected. The sentence never repeats a claim.
    pub(crate) fn account<J: Json>(
        &self,
        id_token: &Secret,
        client_info: Option<&str>,
        parse: impl Fn(&str) -> Option<J>,
    ) -> Result<Account> {
        let claims = payload(id_token.expose())
            .and_then(|text| parse(&text))
            .ok_or_else(|| wrong("is not readable"))?;
        let says = |name: &str, value: &str| claims.text(name).as_deref() == Some(value);
        if !says("aud", self.client_id) {
            return Err(wrong("is for another application"));
        }
        if !says("tid", self.tenant) || !says("iss", &[self.tenant_url, "/v2.0"].concat()) {
            return Err(wrong("is of another tenant"));
        }
        if self.nonce.is_some_and(|nonce| !says("nonce", nonce)) {
            return Err(wrong("belongs to another sign-in"));
        }
        let now = self.now / 1000;
        if claims.number("exp").is_none_or(|exp| exp.saturating_add(SKEW) <= now) {
            return Err(wrong("has expired: check this computer's clock"));
        }
        if claims.number("nbf").is_some_and(|nbf| nbf > now.saturating_add(SKEW)) {
            return Err(wrong("is not valid yet: check this computer's clock"));
        }
        let object_id =
            claims.text("oid").and_then(|oid| guid::parse(&oid)).ok_or_else(|| wrong("names no user"))?;
        let home = client_info.and_then(decode).and_then(|text| parse(&text));
        let home = |name: &str, here: &str| {
            home.as_ref()
                .and_then(|home| home.text(name))
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| here.to_owned())
        };
        let home_tenant = home("utid", self.tenant);
        Ok(Account {
            username: claims.text("preferred_username").unwrap_or_default(),
            name: claims.text("name"),
            tenant_id: self.tenant.to_owned(),
            home_account_id: [home("uid", &object_id).as_str(), ".", &home_tenant].concat(),
            guest: home_tenant != self.tenant || claims.number("acct") == Some(1),
            object_id,
        })
    }
}

/// The payload of a compact JWS (RFC 7515 §7.1).
fn payload(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| decode(payload)).flatten()
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(Base64UrlUnpadded::decode_vec(text).ok()?).ok()
}

fn wrong(how: &str) -> Box<Error> {
    Error::new(
        Code::IdentityProvider,
        ["The id token that Entra sent ", how, ". Nothing of this sign-in is kept."].concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{base64url, id_token, parse};
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
        token: &str,
        client_info: Option<&str>,
        nonce: Option<&str>,
    ) -> std::result::Result<Account, Code> {
        let tenant_url = format!("https://login.example/{TENANT}");
        let expected =
            Expected { client_id: BROKER, tenant_url: &tenant_url, tenant: TENANT, nonce, now: NOW * 1000 };
        expected.account(&Secret::new(token.to_owned()), client_info, parse).map_err(|error| error.code)
    }

    fn account(claims: &Value, client_info: Option<&str>) -> std::result::Result<Account, Code> {
        read(&id_token(claims), client_info, Some("n"))
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
        };
        assert_eq!(account(&claims(), None), Ok(expected.clone()));
        let info = base64url(&json!({ "uid": USER, "utid": TENANT }).to_string());
        assert_eq!(account(&claims(), Some(&info)), Ok(expected));
    }

    #[test]
    fn a_guest_is_known_by_home_tenant_or_by_acct() {
        let info = base64url(&json!({ "uid": "u", "utid": HOME }).to_string());
        let guest = account(&claims(), Some(&info)).expect("a guest");
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
    fn a_refresh_brings_no_nonce_and_garbage_is_no_token() {
        let mut refreshed = claims();
        refreshed["nonce"] = json!(null);
        assert!(read(&id_token(&refreshed), None, None).is_ok());
        for garbage in ["", "a.b", "a.b.c.d", "a.!.c", &format!("{}.x", id_token(&claims()))] {
            assert_eq!(read(garbage, None, None), Err(Code::IdentityProvider), "{garbage}");
        }
    }
}
