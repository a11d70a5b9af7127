//! Reading an object that a stranger wrote: a member of the wrong type is an error that names it, never one left out.
//! Reading goes on after an error and only the first one counts, so that whoever reads asks once, at the end.

use crate::{Code, Error, Json, Result};

/// An object, what its members are called, and the first rule that it breaks.
pub(crate) struct Members<'a, J> {
    json: &'a J,
    names: Vec<String>,
    path: &'a str,
    broken: Result<()>,
}

impl<'a, J: Json> Members<'a, J> {
    /// The members of an object that is itself called `path`; empty, or ending in a dot.
    pub(crate) fn of(json: &'a J, path: &'a str) -> Self {
        Self { names: json.names(), json, path, broken: Ok(()) }
    }

    /// Refuses members with other names than these.
    pub(crate) fn only(&mut self, known: &[&str]) {
        let unknown = self.names.iter().position(|name| !known.contains(&name.as_str()));
        if let Some(unknown) = unknown.map(|at| self.names.swap_remove(at)) {
            self.check(false, &unknown, "is unknown");
        }
    }

    /// A text; empty if it was left out.
    pub(crate) fn text(&mut self, name: &str) -> String {
        self.value(name, self.json.text(name), "must be a text")
    }

    /// A boolean; false if it was left out.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.value(name, self.json.flag(name), "must be true or false")
    }

    /// A list of texts; empty if it was left out.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        self.value(name, self.json.texts(name), "must be a list of texts")
    }

    /// An object; none if it was left out.
    pub(crate) fn member(&mut self, name: &str) -> Option<J> {
        self.value(name, self.json.member(name).map(Some), "must be an object")
    }

    /// A rule for a member. Its name may be foreign text, so it is cut; its value is never repeated.
    pub(crate) fn check(&mut self, holds: bool, name: &str, rule: &str) {
        if !holds && self.broken.is_ok() {
            self.broken = Err(invalid(&[self.path, name].concat(), rule));
        }
    }

    /// The first rule that was broken, if any.
    pub(crate) fn finish(self) -> Result<()> {
        self.broken
    }

    fn value<T: Default>(&mut self, name: &str, value: Option<T>, rule: &str) -> T {
        let given = value.is_some() || !self.names.iter().any(|own| own == name);
        self.check(given, name, rule);
        value.unwrap_or_default()
    }
}

/// `config_invalid`, which promises to name the field.
pub(crate) fn invalid(field: &str, rule: &str) -> Box<Error> {
    let field = field.get(..field.floor_char_boundary(80)).unwrap_or_default();
    Error::new(Code::ConfigInvalid, &["`", field, "` ", rule, "."].concat())
}
