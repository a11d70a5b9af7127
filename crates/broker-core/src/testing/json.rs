//! `Json` over serde_json, with the same rules as the browser's.

use crate::{Json, Reply};
use serde_json::Value;

impl Json for Value {
    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<u64> {
        number(self.get(name)?)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| value.is_object() || value.is_array()).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.get(name)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }

    fn numbers(&self, name: &str) -> Vec<u64> {
        self.get(name)
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(number).collect())
            .unwrap_or_default()
    }
}

fn number(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
        _ => return None,
    };
    (number <= 1 << 53).then_some(number)
}

/// JSON text as a value.
#[must_use]
pub fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// An answer with this body.
#[must_use]
pub fn reply(status: u16, body: Value) -> Reply<Value> {
    Reply { status, retry_after: None, body: Some(body) }
}
