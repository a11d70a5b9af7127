//! An answer of the token endpoint (RFC 6749 §5.1): a token is a bearer token, is there, and lasts as long as it says, from before it was
//! asked for.

use crate::{
    Target, Verdict,
    edit::{edited, edits, mend, number, text},
    must,
};
use broker_core::{
    Code, Reply,
    testing::judges::{self, Judged},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

pub(super) const ASKED_AT: u64 = 1_700_000_000_000;
pub(super) const ASKED: &str = "api://c/asked";
const NAMES: &[&str] = &[
    "token_type",
    "access_token",
    "expires_in",
    "scope",
    "refresh_token",
    "refresh_token_expires_in",
    "id_token",
];

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) retry_after: Option<u64>,
}

impl Answer {
    pub(super) fn reply(&self) -> Reply<Value> {
        Reply { status: self.status, retry_after: self.retry_after, body: self.body.clone() }
    }

    pub(super) fn mend(&mut self, name: &str, value: &str) {
        if let Some(body) = &mut self.body {
            mend(body, name, value);
        }
    }
}

/// Answers with a body that is mostly there and a status that is mostly 200.
pub(super) fn answers(bodies: impl Strategy<Value = Value>) -> impl Strategy<Value = Answer> {
    let statuses = prop_oneof![4 => Just(200), 1 => select(vec![0, 201, 204, 302, 400, 429, 500, 503])];
    (statuses, proptest::option::weighted(0.95, bodies), proptest::option::of(any::<u64>()))
        .prop_map(|(status, body, retry_after)| Answer { status, body, retry_after })
}

pub(crate) fn target() -> Target {
    let honest = || {
        json!({ "token_type": "Bearer", "access_token": "token", "expires_in": 3600, "scope": "granted",
            "refresh_token": "refresh", "refresh_token_expires_in": 86_400, "id_token": "a.b.c" })
    };
    let bodies = edits(NAMES).prop_map(move |edits| edited(honest(), &edits));
    Target::new(
        "token response",
        answers(bodies),
        |answer| judges::token_response(&answer.reply(), ASKED, ASKED_AT).map_err(|error| error.code),
        |answer, judged| {
            is_sound(answer, judged)?;
            let refresh_token = answer.body.as_ref().map(|body| text(body, "refresh_token"));
            let same = judged.as_ref().is_ok_and(|token| Some(token.refresh_token.as_str()) == refresh_token);
            must(judged.is_err() || same, "the refresh token is another one")
        },
        &[
            ("status", |answer| answer.status = 200),
            ("token type", |answer| answer.mend("token_type", "Bearer")),
            ("a token", |answer| answer.mend("access_token", "token")),
            ("a life", |answer| answer.mend("expires_in", "3600")),
        ],
    )
}

/// What holds for every token that was taken from an answer, and for every answer that none was taken from.
pub(super) fn is_sound(answer: &Answer, judged: &Result<Judged, Code>) -> Verdict {
    let body = answer.body.clone().unwrap_or_default();
    let life = number(&body, "expires_in");
    let rules = [
        (answer.status == 200, "a refusal was taken for a token"),
        (text(&body, "token_type").eq_ignore_ascii_case("bearer"), "a token of another type was taken"),
        (!text(&body, "access_token").is_empty(), "no token was taken for one"),
        (life.is_some(), "a token without an end was taken"),
    ];
    let Ok(token) = judged else {
        return must(rules.iter().any(|(holds, _)| !holds), "a good answer was refused");
    };
    rules.iter().try_for_each(|(holds, rule)| must(*holds, rule))?;
    must(token.access_token == text(&body, "access_token"), "the token is another one")?;
    let end = u128::from(ASKED_AT) + 1000 * u128::from(life.unwrap_or_default());
    must(u128::from(token.expires_on) <= end, "the token lasts longer than it says")?;
    let scopes = body.get("scope").and_then(Value::as_str).unwrap_or(ASKED);
    must(token.scopes == scopes, "the scopes are others")
}
