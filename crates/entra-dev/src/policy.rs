//! Conditional Access: what a resource demands of the session, and the `claims` parameter that carries a challenge
//! (entra.md §1.8, §2.5).
//!
//! A demand is met by a session, never by a user: stepping up in one browser leaves another as it was.

use crate::errors::{BLOCKED_BY_POLICY, MALFORMED, Refusal, SECOND_FACTOR};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A policy on one resource.
#[derive(Clone)]
pub(crate) struct Policy {
    /// Its id, which the challenge names.
    pub(crate) id: String,
    /// `appId` of the resource.
    pub(crate) resource: String,
    pub(crate) demand: Demand,
}

/// What a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// A second factor in this session: 50076 with a claims challenge.
    SecondFactor,
    /// Nobody gets in: 53003.
    Block,
}

/// The `claims` parameter, as far as it matters here.
#[derive(Default)]
pub(crate) struct Claims {
    /// `xms_cc` has CP1: the client handles challenges from resources.
    pub(crate) cp1: bool,
    /// Whether it names policies or authentication contexts that need a second factor.
    pub(crate) step_up: bool,
    /// Requested authentication contexts (`acrs`).
    pub(crate) acrs: Vec<String>,
    /// The token must be issued at or after this (`nbf`).
    pub(crate) not_before: Option<u64>,
}

impl Claims {
    /// Reads the parameter.
    pub(crate) fn read(text: Option<&str>) -> Result<Self, Refusal> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self::default()) };
        let value: Value = serde_json::from_str(text).map_err(|_| &MALFORMED)?;
        let access = value.as_object().ok_or(&MALFORMED)?.get("access_token");
        let member = |name: &str| access.and_then(|access| access.get(name));
        let texts = |name: &str| -> Vec<String> {
            let Some(member) = member(name) else { return Vec::new() };
            let many = member.get("values").and_then(Value::as_array).into_iter().flatten();
            many.chain(member.get("value")).filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let acrs = texts("acrs");
        let number = |text: &String| text.parse().ok();
        Ok(Self {
            cp1: texts("xms_cc").iter().any(|capability| capability.eq_ignore_ascii_case("cp1")),
            step_up: member("capolids").or_else(|| member("polids")).is_some() || !acrs.is_empty(),
            acrs,
            not_before: texts("nbf").iter().find_map(number),
        })
    }
}

/// Whether the policies on a resource let a session with or without a second factor in.
pub(crate) fn check(policies: &[Policy], resource: &str, second_factor: bool) -> Result<(), Refusal> {
    for policy in policies.iter().filter(|policy| policy.resource == resource) {
        match policy.demand {
            Demand::Block => return Err((&BLOCKED_BY_POLICY).into()),
            Demand::SecondFactor if !second_factor => {
                let claims =
                    json!({ "access_token": { "capolids": { "essential": true, "values": [policy.id] } } });
                return Err(SECOND_FACTOR.with(resource).claims(claims.to_string()));
            }
            Demand::SecondFactor => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_parameter_is_read_in_every_form_that_clients_send() {
        let claims = Claims::read(Some(
            r#"{"access_token":{"xms_cc":{"values":["cp1"]},"acrs":{"essential":true,"value":"c25"},"nbf":{"essential":true,"value":"17"}}}"#,
        ))
        .ok()
        .unwrap();
        assert!(claims.cp1 && claims.step_up);
        assert_eq!((claims.acrs, claims.not_before), (vec!["c25".to_owned()], Some(17)));
        let msal = r#"{"id_token":{"login_hint":{"essential":false}}}"#;
        assert!(!Claims::read(Some(msal)).ok().unwrap().step_up);
        assert!(Claims::read(Some("[]")).is_err());
        assert!(Claims::read(Some("{")).is_err());
    }

    #[test]
    fn a_challenge_is_a_json_text_that_names_the_policy() {
        let policy = Policy { id: "p".into(), resource: "r".into(), demand: Demand::SecondFactor };
        let refusal = check(std::slice::from_ref(&policy), "r", false).unwrap_err();
        assert_eq!(
            refusal.claims.as_deref(),
            Some(r#"{"access_token":{"capolids":{"essential":true,"values":["p"]}}}"#)
        );
        assert!(Claims::read(refusal.claims.as_deref()).ok().unwrap().step_up);
        assert!(check(std::slice::from_ref(&policy), "r", true).is_ok());
        assert!(check(&[policy], "other", false).is_ok());
    }
}
