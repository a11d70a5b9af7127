//! The redirect response (RFC 6749 §4.1.2): form text that anybody can put into an address. The only one that is believed says our state
//! exactly, once, with a code and without an error.

use crate::{
    Target, Verdict,
    edit::{Twist, mend, twist},
    must,
};
use broker_core::{
    Code, Env,
    testing::{FakeEnv, judges},
};
use form_urlencoded::Serializer;
use proptest::{collection::vec, prelude::*, sample::select};

const STATE: &str = "07070707070707070707070707070707.0a0b0c0d0a0b0c0d0a0b0c0d0a0b0c0d";

/// The fields, which the rule looks at, and whether the judge is shown another state than came.
#[derive(Clone, Debug)]
struct Response {
    fields: Vec<(String, String)>,
    noise: Option<String>,
    mended: bool,
}

pub(crate) fn target() -> Target {
    Target::new(
        "redirect response",
        responses(),
        judge,
        rule,
        &[("state", |response| response.mended = true)],
    )
}

fn responses() -> impl Strategy<Value = Response> {
    let name =
        select(vec!["state", "code", "error", "session_state", "error_subcode", "error_description", "iss"]);
    let value = prop_oneof![
        4 => Just(STATE.to_owned()),
        3 => twist().prop_map(|twist: Twist| twist.of(STATE)),
        3 => "[a-z0-9._+% -]{0,12}",
        1 => ".{0,12}",
    ];
    let honest = vec![("code".to_owned(), "good".to_owned()), ("state".to_owned(), STATE.to_owned())];
    let strange = vec((name.prop_map(str::to_owned), value), 0..5);
    let fields = prop_oneof![
        1 => Just(honest.clone()),
        4 => strange.clone(),
        // One honest field replaced, or another one added.
        5 => (any::<bool>(), strange).prop_map(move |(keep, strange)| {
            let kept = honest.iter().filter(|(name, _)| keep || !strange.iter().any(|(other, _)| other == name));
            kept.cloned().chain(strange.clone()).collect()
        }),
    ];
    (fields, proptest::option::weighted(0.1, ".{0,40}")).prop_map(|(fields, noise)| Response {
        fields,
        noise,
        mended: false,
    })
}

fn judge(response: &Response) -> Result<String, Code> {
    let text = response
        .noise
        .clone()
        .unwrap_or_else(|| Serializer::new(String::new()).extend_pairs(&response.fields).finish());
    let mut read = FakeEnv::new().parse_form(&text);
    if response.mended {
        mend(&mut read, "state", STATE);
    }
    judges::redirect_response(STATE, &read).map_err(|error| error.code)
}

fn rule(response: &Response, judged: &Result<String, Code>) -> Verdict {
    let all = |name: &str| -> Vec<&str> {
        response.fields.iter().filter(|field| field.0 == name).map(|field| field.1.as_str()).collect()
    };
    let repeated = response.fields.iter().any(|(name, _)| all(name).len() > 1);
    let ours = response.noise.is_none() && !repeated && all("state") == [STATE];
    let filled = |name: &str| all(name).into_iter().find(|value| !value.is_empty());
    match judged {
        Ok(code) => {
            must(ours, "a response with another state was believed")?;
            must(filled("error").is_none(), "an error was taken for a success")?;
            must(filled("code") == Some(code), "the code is not the one that came")
        }
        Err(code) if ours && filled("error").is_none() && filled("code").is_some() => {
            Err(format!("the answer to our request was refused with {code:?}"))
        }
        Err(code) if !ours => must(*code == Code::IdentityProvider, "a foreign response was given a meaning"),
        Err(_) => Ok(()),
    }
}
