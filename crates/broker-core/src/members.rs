//! Reading an object that a stranger wrote: a member of the wrong type is an error that names it, never one left out.

use crate::{Code, Error, Json, Result};

/// An object and what its members are called.
pub(crate) struct Members<'a, J> {
    json: &'a J,
    names: Vec<String>,
    path: &'a str,
}

impl<'a, J: Json> Members<'a, J> {
    /// The members of an object that is itself called `path`; empty, or ending in a dot.
    pub(crate) fn of(json: &'a J, path: &'a str) -> Self {
        Self { names: json.names(), json, path }
    }

    /// Refuses members with other names than these.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self> {
        match self.names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(self.invalid(unknown, "is unknown")),
            None => Ok(self),
        }
    }

    /// A text; empty if it was left out.
    pub(crate) fn text(&self, name: &str) -> Result<String> {
        self.value(name, self.json.text(name), "must be a text")
    }

    /// A boolean; false if it was left out.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        self.value(name, self.json.flag(name), "must be true or false")
    }

    /// A list of texts; empty if it was left out.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.value(name, self.json.texts(name), "must be a list of texts")
    }

    /// The error for a member that breaks a rule. Its name may be foreign text, so it is cut; its value is never repeated.
    pub(crate) fn invalid(&self, name: &str, rule: &str) -> Box<Error> {
        invalid(&[self.path, name].concat(), rule)
    }

    fn value<T: Default>(&self, name: &str, value: Option<T>, rule: &str) -> Result<T> {
        if value.is_none() && self.names.iter().any(|own| own == name) {
            return Err(self.invalid(name, rule));
        }
        Ok(value.unwrap_or_default())
    }
}

/// `config_invalid`, which promises to name the field.
pub(crate) fn invalid(field: &str, rule: &str) -> Box<Error> {
    let field: String = field.chars().take(80).collect();
    Error::new(Code::ConfigInvalid, &["`", &field, "` ", rule, "."].concat())
}
