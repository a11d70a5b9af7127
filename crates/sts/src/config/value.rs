//! Reading single values, each with the name of its place and the rule that it must keep.

use super::ConfigError;
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

pub(super) const GUID: &str = "must be a GUID";
pub(super) const ORIGIN: &str = "must be an origin as a browser writes it: https://host or https://host:port, without a path \
                                 (http only for this machine)";
const PATH: &str = "must be the path of a file, not its content";

/// A table of the configuration.
pub(super) struct Place<'a> {
    folder: &'a Path,
    name: String,
}

impl<'a> Place<'a> {
    /// The whole file; relative paths start from `folder`.
    pub(super) fn top(folder: &'a Path) -> Self {
        Self { folder, name: String::new() }
    }

    /// A table in this one.
    pub(super) fn at(&self, name: &str) -> Self {
        Self { folder: self.folder, name: self.field(name) }
    }

    /// The full name of a field.
    pub(super) fn field(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }

    pub(super) fn value<T: FromStr>(
        &self,
        name: &str,
        text: &str,
        rule: &'static str,
    ) -> Result<T, ConfigError> {
        text.parse().map_err(|_| wrong(self.field(name), rule))
    }

    pub(super) fn optional<T: FromStr>(
        &self,
        name: &str,
        text: Option<&str>,
        rule: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        text.map(|text| self.value(name, text, rule)).transpose()
    }

    pub(super) fn values<T: FromStr, C: FromIterator<T>>(
        &self,
        name: &str,
        texts: &[String],
        rule: &'static str,
    ) -> Result<C, ConfigError> {
        let each = texts.iter().enumerate();
        each.map(|(at, text)| self.value(&format!("{name}[{at}]"), text, rule)).collect()
    }

    /// A path, and not the key that somebody pasted in its place.
    pub(super) fn path(&self, name: &str, text: &str) -> Result<PathBuf, ConfigError> {
        if text.is_empty() || text.contains("-----") || text.contains('\n') {
            return Err(wrong(self.field(name), PATH));
        }
        Ok(self.folder.join(text))
    }
}

pub(super) fn wrong(field: String, problem: &'static str) -> ConfigError {
    ConfigError::Field { field, problem }
}

/// What the TOML reader says, without the line it quotes and without the value that has the wrong type.
pub(super) fn shape(text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.get(..start).unwrap_or_default().matches('\n').count();
    let key = text.lines().nth(line).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
    let message = error.message();
    let problem = match (message.starts_with("invalid "), message.rsplit_once(", expected")) {
        (true, Some((_, expected))) => {
            format!("{} has another type than the expected{expected}", key.unwrap_or("a value"))
        }
        _ => message.to_owned(),
    };
    ConfigError::Shape { line: line + 1, problem }
}
