//! Parameters of a query or a form: each at most once (RFC 6749 §3.1).

use crate::errors::{DUPLICATE_PARAMETER, MISSING_PARAMETER, Refusal};
use std::collections::BTreeMap;

/// Parameters by name; empty ones count as absent.
#[derive(Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Refusal> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if params.contains_key(name.as_ref()) {
                return Err(DUPLICATE_PARAMETER.with(name));
            }
            params.insert(name.into_owned(), value.into_owned());
        }
        Ok(Self(params))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(crate) fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| MISSING_PARAMETER.with(name))
    }
}

/// Writes a query or fragment.
pub(crate) fn write<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
