//! OData's `$filter`, `$select` and `$expand`, as far as a client of environment variables uses them (powerapps.md §4.3). What is not
//! understood is an error, never everything or nothing.

use super::{Row, no_property};
use serde_json::Value;

/// Why a query cannot be answered, as Dataverse would say it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QueryError(pub(super) String);

/// `schemaname eq '…'` and `endswith(schemaname,'…')`, joined with `or`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter(Vec<Term>);

#[derive(Debug, PartialEq, Eq)]
enum Term {
    Equals(String),
    EndsWith(String),
}

/// One navigation property and what is read of its rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expand {
    pub(super) navigation: String,
    pub(super) select: Option<String>,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, QueryError> {
        let wrong = || QueryError(format!("Syntax error or unsupported expression in $filter: {text}"));
        let mut terms = Vec::new();
        let mut rest = text.trim();
        loop {
            let (term, after) = Term::parse(rest).ok_or_else(wrong)?;
            terms.push(term);
            match after.trim_start() {
                "" => return Ok(Self(terms)),
                more => rest = more.strip_prefix("or ").ok_or_else(wrong)?.trim_start(),
            }
        }
    }

    /// Dataverse compares text without regard to case.
    pub(super) fn fits(&self, schema_name: &str) -> bool {
        let name = schema_name.to_lowercase();
        self.0.iter().any(|term| match term {
            Term::Equals(text) => name == text.to_lowercase(),
            Term::EndsWith(text) => name.ends_with(&text.to_lowercase()),
        })
    }
}

impl Term {
    /// The first term and what follows it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(rest) = text.strip_prefix("schemaname eq ") {
            let (value, rest) = literal(rest.trim_start())?;
            return Some((Self::Equals(value), rest));
        }
        let rest = text.strip_prefix("endswith(schemaname,")?;
        let (value, rest) = literal(rest.trim_start())?;
        Some((Self::EndsWith(value), rest.trim_start().strip_prefix(')')?))
    }
}

/// `'it''s'`: a text in quotes, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

impl Expand {
    pub(super) fn parse(text: &str) -> Result<Self, QueryError> {
        let (navigation, options) = match text.split_once('(') {
            Some((navigation, rest)) => (navigation, rest.strip_suffix(')')),
            None => (text, Some("")),
        };
        let select = match options {
            Some("") => Some(None),
            Some(options) => options.strip_prefix("$select=").map(|names| Some(names.to_owned())),
            None => None,
        };
        let select = select
            .ok_or_else(|| QueryError(format!("Syntax error or unsupported option in $expand: {text}")))?;
        Ok(Self { navigation: navigation.to_owned(), select })
    }
}

/// The properties of a row that `$select` names; all without it.
pub(super) fn selected(row: Value, select: Option<&str>, table: &str) -> Result<Row, QueryError> {
    let Value::Object(mut row) = row else { return Ok(Row::new()) };
    let Some(select) = select else { return Ok(row) };
    let names = select.split(',').map(str::trim);
    names.map(|name| row.remove_entry(name).ok_or_else(|| no_property(name, table))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(filter: &str, name: &str) -> bool {
        Filter::parse(filter).unwrap().fits(name)
    }

    #[test]
    fn a_filter_joins_equality_and_endings_with_or() {
        let filter = "schemaname eq 'talxis_TokenBrokerConfig' or endswith(schemaname,'_TokenBrokerClients')";
        assert!(fits(filter, "talxis_TokenBrokerConfig") && fits(filter, "abc_Files_TokenBrokerClients"));
        assert!(!fits(filter, "talxis_TokenBrokerConfig2") && !fits(filter, "abc_TokenBrokerClients2"));
    }

    #[test]
    fn a_filter_knows_no_case_and_quotes_are_doubled() {
        assert!(fits("schemaname eq 'TALXIS_it''s'", "talxis_It's"));
    }

    #[test]
    fn what_a_filter_does_not_mean_is_refused() {
        for filter in [
            "",
            "schemaname eq talxis",
            "schemaname ne 'a'",
            "schemaname eq 'a' and schemaname eq 'b'",
            "schemaname eq 'a' or",
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
