//! Errors of Entra and of the STS (contract §1): whatever they say, a caller is told a sentence of ours, never a word of theirs; a challenge is
//! passed on only with the code that asks for it, and a number only if it came.

use super::token_response::{ASKED, ASKED_AT, Answer};
use crate::{
    Target, Verdict,
    edit::{edited, edits},
    must,
};
use broker_core::{Code, Error, testing::judges};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

/// Stands for a person's name in everything that is said.
const CANARY: &str = "adele@contoso.example";
const NAMES: &[&str] = &["error", "suberror", "error_codes", "error_description", "claims", "retry_after"];

#[derive(Clone, Debug)]
struct Refused {
    answer: Answer,
    of_the_sts: bool,
    /// What the code would say if it passed on what it was told.
    passed_on: bool,
}

pub(crate) fn target() -> Target {
    Target::new("error answer", refusals(), judge, rule, &[("silence", |refused| refused.passed_on = true)])
}

fn refusals() -> impl Strategy<Value = Refused> {
    let words = select(vec![
        "invalid_grant",
        "interaction_required",
        "consent_required",
        "login_required",
        "invalid_scope",
        "invalid_target",
        "temporarily_unavailable",
        "access_denied",
        "unauthorized_client",
        "server_error",
        "bad_token",
        "new_error",
    ]);
    let suberrors = select(vec![
        "",
        "basic_action",
        "invalid_subject_token",
        "message_only",
        "bad_token",
        "consent_required",
    ]);
    let numbers = prop_oneof![
        select(vec![50_076_u64, 65_001, 53_003, 700_084, 50_196, 500_011, 90_033, 65_004]),
        0..10_000_000_u64,
        any::<u64>(),
    ];
    let described = (vec(numbers.clone(), 0..4), ".{0,20}").prop_map(|(numbers, text)| {
        let numbers: String = numbers.iter().map(|number| format!("AADSTS{number}: ")).collect();
        format!("{numbers}{CANARY} {text}")
    });
    let body = (words, suberrors, vec(numbers, 0..3), described, edits(NAMES)).prop_map(
        |(error, suberror, codes, description, edits)| {
            let honest = json!({ "error": error, "suberror": suberror, "error_codes": codes, "error_description": description,
                "claims": format!("{{\"access_token\":{{\"{CANARY}\":1}}}}"), "retry_after": 3 });
            edited(honest, &edits)
        },
    );
    let statuses = prop_oneof![select(vec![400, 401, 403, 429, 500, 502, 503]), 201..600_u16];
    (statuses, proptest::option::weighted(0.95, body), proptest::option::of(any::<u64>()), any::<bool>())
        .prop_map(|(status, body, retry_after, of_the_sts)| Refused {
            answer: Answer { status, body, retry_after },
            of_the_sts,
            passed_on: false,
        })
}

fn judge(refused: &Refused) -> Option<Box<Error>> {
    let Refused { answer, of_the_sts, passed_on } = refused;
    let judge = if *of_the_sts { judges::exchange } else { judges::token_response };
    let mut error = judge(&answer.reply(), ASKED, ASKED_AT).err()?;
    if *passed_on {
        let description =
            answer.body.as_ref().and_then(|body| body.get("error_description")).and_then(Value::as_str);
        error.message += description.unwrap_or_default();
    }
    Some(error)
}

fn rule(refused: &Refused, judged: &Option<Box<Error>>) -> Verdict {
    let Some(error) = judged else { return Err("a refusal was taken for a token".to_owned()) };
    let body = refused.answer.body.clone().unwrap_or_default();
    must(error.message == error.code.sentence(), "a caller was told something that is not ours")?;
    must(
        error.claims.is_none() || error.code == Code::InteractionRequired,
        "a challenge came with another code",
    )?;
    let claims = body.get("claims").and_then(Value::as_str);
    must(error.claims.is_none() || error.claims.as_deref() == claims, "the challenge is another one")?;
    let said = error.aadsts.is_none_or(|number| body.to_string().contains(&number.to_string()));
    must(said, "a number was made up")?;
    must(error.consent_url.is_none(), "an address came from outside")
}
