//! The `claims` parameter of an exchange (contract §4, OpenID Connect Core §5.5): what of it may go on to Entra.
//!
//! Only `access_token` passes, and within it not `xms_cc`: capabilities are this service's to state, not its callers'.

use crate::refusal::Refusal;
use serde_json::{Map, Value, json};

/// The claims to send to Entra; none if nothing is left of them.
pub(crate) fn filter(text: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let mut claims: Map<String, Value> = serde_json::from_str(text).map_err(|_| Refusal::Claims)?;
    let Some(Value::Object(mut wanted)) = claims.remove("access_token") else { return Err(Refusal::Claims) };
    if !claims.is_empty() {
        return Err(Refusal::Claims);
    }
    wanted.remove("xms_cc");
    if wanted.is_empty() {
        return Ok(None);
    }
    claims.insert("access_token".to_owned(), Value::Object(wanted));
    Ok(Some(Value::Object(claims).to_string()))
}

/// The claims for Entra once this service has stated what the control client is capable of.
///
/// `cp1`: it understands claims challenges of the backend, so its tokens may live long (entra.md §1.8).
pub(crate) fn with_capabilities(filtered: Option<&str>, cp1: bool) -> Option<String> {
    if !cp1 {
        return filtered.map(str::to_owned);
    }
    let claims: Value = filtered.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut wanted = claims.get("access_token").and_then(Value::as_object).cloned().unwrap_or_default();
    wanted.insert("xms_cc".to_owned(), json!({ "values": ["CP1"] }));
    Some(json!({ "access_token": wanted }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_stand_beside_a_challenge_and_by_themselves() {
        let capable = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;
        assert_eq!(with_capabilities(None, true).as_deref(), Some(capable));
        let both = with_capabilities(Some(r#"{"access_token":{"acrs":{"value":"c25"}}}"#), true);
        let both: Value = serde_json::from_str(&both.unwrap()).unwrap();
        assert_eq!(both["access_token"]["acrs"]["value"], "c25");
        assert_eq!(both["access_token"]["xms_cc"]["values"][0], "CP1");
        assert_eq!(with_capabilities(None, false), None);
        assert_eq!(with_capabilities(Some("{}"), false).as_deref(), Some("{}"));
    }

    #[test]
    fn a_challenge_passes_without_the_callers_capabilities() {
        let challenge =
            r#"{"access_token":{"acrs":{"essential":true,"value":"c25"},"xms_cc":{"values":["cp1"]}}}"#;
        let passed = filter(Some(challenge));
        assert_eq!(
            passed,
            Ok(Some(r#"{"access_token":{"acrs":{"essential":true,"value":"c25"}}}"#.to_owned()))
        );
    }

    #[test]
    fn capabilities_alone_leave_nothing_to_send() {
        assert_eq!(filter(Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)), Ok(None));
        assert_eq!(filter(None), Ok(None));
    }

    #[test]
    fn anything_but_one_access_token_object_is_refused() {
        for bad in
            ["", "[]", "{}", "null", "{", r#"{"access_token":"x"}"#, r#"{"access_token":{},"id_token":{}}"#]
        {
            assert_eq!(filter(Some(bad)), Err(Refusal::Claims), "{bad}");
        }
    }
}
