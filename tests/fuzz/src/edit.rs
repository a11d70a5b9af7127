//! What a stranger makes of an honest object: members that are missing, of another type, or almost right.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

/// One change of one member.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Drop,
    Put(Value),
    Twist(Twist),
}

/// A text that is almost the honest one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Twist {
    Upper,
    Append(char),
    Prepend(char),
    Shorter,
    Twice,
    Digit(u8),
}

impl Twist {
    pub(crate) fn of(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Append(one) => format!("{text}{one}"),
            Self::Prepend(one) => format!("{one}{text}"),
            Self::Shorter => text.chars().skip(1).collect(),
            Self::Twice => format!("{text}{text}"),
            Self::Digit(at) => {
                let at = usize::from(at) % text.chars().count().max(1);
                text.chars().enumerate().map(|(i, one)| if i == at { other(one) } else { one }).collect()
            }
        }
    }
}

fn other(one: char) -> char {
    if one == '1' { '2' } else { '1' }
}

pub(crate) fn twist() -> impl Strategy<Value = Twist> {
    let one = || select(vec![' ', '/', '.', '\0', '#', '@', 'é', '\n', '&', ':', '?', '\\']);
    prop_oneof![
        Just(Twist::Upper),
        one().prop_map(Twist::Append),
        one().prop_map(Twist::Prepend),
        Just(Twist::Shorter),
        Just(Twist::Twice),
        any::<u8>().prop_map(Twist::Digit),
    ]
}

/// Any value, most of them small.
pub(crate) fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        select(vec![0, 1, 2, 60, 3600, 1 << 31, 1 << 53, (1 << 53) + 1, u64::MAX]).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9]{0,20}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        ".{0,6}".prop_map(|text| json!([text])),
        ".{0,6}".prop_map(|text| json!({ text: 1 })),
    ]
}

/// Up to three changes of these members.
pub(crate) fn edits(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, Edit)>> {
    let edit = prop_oneof![Just(Edit::Drop), odd().prop_map(Edit::Put), twist().prop_map(Edit::Twist)];
    vec((select(names), edit), 0..4)
}

/// An honest object after these changes.
pub(crate) fn edited(mut honest: Value, edits: &[(&'static str, Edit)]) -> Value {
    for (name, edit) in edits {
        let Some(members) = honest.as_object_mut() else { return honest };
        let before = members.get(*name).and_then(Value::as_str).unwrap_or_default();
        let after = match edit {
            Edit::Drop => None,
            Edit::Put(value) => Some(value.clone()),
            Edit::Twist(twist) => Some(twist.of(before).into()),
        };
        match after {
            None => members.remove(*name),
            Some(value) => members.insert((*name).to_owned(), value),
        };
    }
    honest
}

/// A member as a text; empty if it is none.
pub(crate) fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A member as a whole number that JavaScript holds exactly, or its decimal text.
pub(crate) fn number(json: &Value, name: &str) -> Option<u64> {
    let number = match json.get(name)? {
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok()?
        }
        value => value.as_u64()?,
    };
    (number <= 1 << 53).then_some(number)
}

/// Makes a member what it should be.
pub(crate) fn mend(json: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = json.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}
