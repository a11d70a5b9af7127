//! How this environment behaves where nobody is sure how Power Apps does: one declarative table, `www/switches.json`, read by the
//! server and, through `/demo.json`, by the page.
//!
//! Every behaviour that powerapps.md marks as secondary, inferred or unverified ([S], [I], [U]) has a row with both answers, so that
//! the suite can pass under each. A switch must never add something that no answer about Power Apps would.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file with the table, in the folder of the look-alike.
pub(crate) const TABLE: &str = "switches.json";

/// One row of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    values: Vec<String>,
    default: String,
    /// Section and tag in powerapps.md, held against the code by a test.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people and for the test"))]
    cites: String,
    #[expect(dead_code, reason = "for people")]
    decides: String,
}

/// The value of every switch.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Switches {
    values: BTreeMap<String, String>,
    #[serde(skip)]
    table: Vec<Row>,
}

/// Why switches cannot be set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// The table itself cannot be read.
    #[error("the table of switches, www/{TABLE}, is not valid: {0}")]
    Table(String),
    /// There is no such switch.
    #[error("there is no switch {name:?}: write NAME=VALUE with one of {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What exists.
        known: String,
    },
    /// The switch has no such value.
    #[error("switch {name} has no value {value:?}: it takes {known}")]
    Value {
        /// The switch.
        name: String,
        /// What was asked for.
        value: String,
        /// What it takes.
        known: String,
    },
}

impl Switches {
    /// Reads the table; every switch has its default.
    pub(crate) fn parse(table: &str) -> Result<Self, SwitchError> {
        let table: Vec<Row> =
            serde_json::from_str(table).map_err(|why| SwitchError::Table(why.to_string()))?;
        let values = table.iter().map(|row| (row.name.clone(), row.default.clone())).collect();
        let switches = Self { values, table };
        // A default that is no value is a mistake in the table.
        for row in &switches.table {
            switches.clone().set(&row.name, &row.default)?;
        }
        Ok(switches)
    }

    /// The defaults, changed by words such as `csp=strict`.
    pub(crate) fn with<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Result<Self, SwitchError> {
        let mut switches = self.clone();
        switches.values = switches.table.iter().map(|row| (row.name.clone(), row.default.clone())).collect();
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            switches.set(name, value)?;
        }
        Ok(switches)
    }

    /// Whether a switch has a value now.
    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.values.get(name).is_some_and(|now| now == value)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
        let Some(row) = self.table.iter().find(|row| row.name == name) else {
            let known: Vec<&str> = self.table.iter().map(|row| row.name.as_str()).collect();
            return Err(SwitchError::Unknown { name: name.to_owned(), known: known.join(", ") });
        };
        if !row.values.iter().any(|known| known == value) {
            let known = row.values.join(", ");
            return Err(SwitchError::Value { name: name.to_owned(), value: value.to_owned(), known });
        }
        self.values.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    fn project() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }

    fn table() -> Switches {
        Switches::parse(&fs::read_to_string(project().join("www").join(TABLE)).unwrap()).unwrap()
    }

    /// Every line of code below www/ and crates/demo/src, with its file's name.
    fn lines() -> Vec<String> {
        fn walk(folder: &Path, lines: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if path.is_dir() {
                    walk(&path, lines);
                } else if [".js", ".rs", ".html", ".css"].iter().any(|end| name.ends_with(end))
                    && name != "switches.rs"
                {
                    lines.extend(
                        fs::read_to_string(&path).unwrap().lines().map(|line| format!("{name}: {line}")),
                    );
                }
            }
        }
        let mut lines = Vec::new();
        walk(&project().join("www"), &mut lines);
        walk(&project().join("crates/demo/src"), &mut lines);
        lines
    }

    /// Every line that cites powerapps.md with a tag: section and tag, the line, and the switch it names.
    fn citations() -> Vec<(String, String, Option<String>)> {
        let tags = ["[V]", "[S]", "[I]", "[U]", "[S/I]"];
        let citation = |line: &String| {
            let tag = tags.into_iter().find(|tag| line.contains(tag))?;
            let section = line.split('§').nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let switch = line.split("switch `").nth(1).and_then(|rest| rest.split('`').next());
            Some((format!("§{section} {tag}"), line.clone(), switch.map(str::to_owned)))
        };
        lines().iter().filter_map(citation).collect()
    }

    #[test]
    fn every_citation_that_is_not_certain_has_a_switch() {
        let table = table();
        for (cite, line, switch) in citations() {
            let certain = cite.ends_with("[V]");
            let Some(name) = switch else {
                assert!(certain, "{cite} names no switch: {line}");
                continue;
            };
            let row = table.table.iter().find(|row| row.name == name);
            let row = row.unwrap_or_else(|| panic!("there is no switch {name}: {line}"));
            assert_eq!(row.cites, cite, "the table and this line disagree: {line}");
        }
    }

    #[test]
    fn every_switch_is_cited_where_it_is_obeyed() {
        let cited: BTreeSet<String> = citations().into_iter().filter_map(|(_, _, switch)| switch).collect();
        for row in &table().table {
            assert!(cited.contains(&row.name), "nothing cites switch {}", row.name);
            assert!(row.values.len() > 1, "switch {} has one answer only", row.name);
        }
    }

    #[test]
    fn code_asks_only_for_answers_that_exist() {
        let mut asked = 0;
        for line in lines() {
            for call in line.split("is(\"").skip(1) {
                let mut words = call.split('"');
                let (Some(name), Some(", "), Some(value)) = (words.next(), words.next(), words.next()) else {
                    continue;
                };
                asked += 1;
                table()
                    .with([format!("{name}={value}").as_str()])
                    .unwrap_or_else(|why| panic!("{line}: {why}"));
            }
        }
        assert!(asked > 20, "{asked} calls were found");
    }

    #[test]
    fn words_change_defaults_and_what_was_set_before_is_forgotten() {
        let once = table().with(["csp=strict"]).unwrap();
        assert!(once.is("csp", "strict"));
        let again = once.with(["tenant=late"]).unwrap();
        assert!(again.is("csp", "none") && again.is("tenant", "late"));
    }

    #[test]
    fn a_word_that_means_nothing_is_refused_with_what_would() {
        let unknown = table().with(["cps=strict"]).unwrap_err().to_string();
        assert!(unknown.contains("csp"), "{unknown}");
        let value = table().with(["csp=strikt"]).unwrap_err().to_string();
        assert!(value.contains("strict-wasm"), "{value}");
    }
}
