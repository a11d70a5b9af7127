//! An answer of the STS (contract §4, RFC 8693 §2.2): as one of the token endpoint, and it must say that an access token was issued.

use super::token_response::{ASKED, ASKED_AT, answers, is_sound};
use crate::{
    Target,
    edit::{edited, edits, text},
    must,
};
use broker_core::testing::judges;
use proptest::prelude::*;
use serde_json::json;

const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const NAMES: &[&str] = &["token_type", "access_token", "expires_in", "scope", "issued_token_type"];

pub(crate) fn target() -> Target {
    let honest = || {
        json!({ "token_type": "Bearer", "access_token": "token", "expires_in": 3600, "scope": "granted",
            "issued_token_type": TYPE })
    };
    let bodies = edits(NAMES).prop_map(move |edits| edited(honest(), &edits));
    Target::new(
        "STS answer",
        answers(bodies),
        |answer| judges::exchange(&answer.reply(), ASKED, ASKED_AT).map_err(|error| error.code),
        |answer, judged| {
            let said = answer.body.as_ref().map(|body| text(body, "issued_token_type"));
            match judged {
                Ok(_) => must(said == Some(TYPE), "a token that is no access token was taken")?,
                // Refused for that alone.
                Err(_) if said != Some(TYPE) => return Ok(()),
                Err(_) => {}
            }
            is_sound(answer, judged)
        },
        &[
            ("status", |answer| answer.status = 200),
            ("issued token type", |answer| answer.mend("issued_token_type", TYPE)),
            ("token type", |answer| answer.mend("token_type", "Bearer")),
        ],
    )
}
