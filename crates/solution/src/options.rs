//! Whose a solution is and what is in it, and what Dataverse would refuse of that. The packer has this file too (`xtask/src/dist/package.rs`),
//! so that it can refuse before it builds anything: nothing here needs a library.

use std::fmt;

/// Whose the solution is, and what is in it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The publisher's prefix.
    pub prefix: String,
    /// The publisher's name, as people read it.
    pub publisher: String,
    /// Four numbers.
    pub version: String,
    /// The id of the broker's web resource, where an environment has one of this name already.
    pub webresource_guid: Option<String>,
    /// Whether the managed solution has the Application Ribbon.
    pub ribbon: bool,
}

/// An option has a value that Dataverse would refuse.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// The option.
    pub option: &'static str,
    /// Its value.
    pub value: String,
    /// What it takes.
    pub takes: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}: it takes {}", self.option, self.value, self.takes)
    }
}

impl std::error::Error for Refused {}

impl Options {
    /// Whether Dataverse would take it.
    ///
    /// # Errors
    /// The first option that it would not.
    pub fn check(&self) -> Result<(), Refused> {
        let refused = |option, value: &str, takes| Err(Refused { option, value: value.to_owned(), takes });
        let prefix = &self.prefix;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let starts = prefix.starts_with(|first: char| first.is_ascii_lowercase());
        if !(2..=8).contains(&prefix.len()) || !starts || !plain(prefix) || prefix.starts_with("mscrm") {
            return refused(
                "--prefix",
                prefix,
                "two to eight small letters and digits, a letter first, and not mscrm",
            );
        }
        if self.publisher_id().is_empty() || self.publisher.contains(['<', '>', '&', '"']) {
            return refused(
                "--publisher",
                &self.publisher,
                "a name with letters, and without < > & and quotes",
            );
        }
        let parts: Vec<_> = self.version.split('.').collect();
        if parts.len() != 4 || parts.iter().any(|part| part.parse::<u16>().is_err()) {
            return refused(
                "--version",
                &self.version,
                "four numbers with dots between them, such as 1.2.0.0",
            );
        }
        match &self.webresource_guid {
            Some(guid) if !is_guid(guid) => refused(
                "--webresource-guid",
                guid,
                "a GUID without braces, such as that of the web resource that is there",
            ),
            _ => Ok(()),
        }
    }

    /// The publisher's unique name: the letters of what people read.
    pub(crate) fn publisher_id(&self) -> String {
        let id: String = self
            .publisher
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .collect();
        id.trim_start_matches(|first: char| first.is_ascii_digit()).to_owned()
    }
}

/// Whether this is a GUID as Dataverse writes it, without braces.
pub(crate) fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn options(prefix: &str) -> Options {
        Options {
            prefix: prefix.to_owned(),
            publisher: "Contoso s.r.o.".to_owned(),
            version: "1.2.3.4".to_owned(),
            webresource_guid: None,
            ribbon: true,
        }
    }

    #[test]
    fn an_option_that_dataverse_would_refuse_is_refused() {
        assert_eq!(options("abc").check(), Ok(()));
        for prefix in ["a", "1abc", "abcdefghi", "ABC", "mscrm", "a_b"] {
            assert!(options(prefix).check().is_err(), "{prefix}");
        }
        for version in ["1.2.3", "1.2.3.x", "1.2.3.70000"] {
            assert!(Options { version: version.to_owned(), ..options("abc") }.check().is_err(), "{version}");
        }
        assert!(Options { publisher: "123".to_owned(), ..options("abc") }.check().is_err());
        assert!(Options { webresource_guid: Some("{x}".to_owned()), ..options("abc") }.check().is_err());
    }
}
