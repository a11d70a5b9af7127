//! What makes one package differ from another, and how the command line of `cargo xtask dist` says it.

use super::read;
use crate::run::Outcome;
use std::path::Path;

// The solution's own rules, without the libraries of its crate.
#[expect(unreachable_pub, reason = "that crate gives it to others")]
#[path = "../../../crates/solution/src/options.rs"]
mod options;
use options::Options;

/// The options of one package.
pub(crate) struct Package {
    /// What the solution says of itself. Everything of ours in Dataverse begins with its prefix.
    pub(super) solution: Options,
    /// The hosts that it allows its configuration: a host, or a suffix that starts with a dot. None: any.
    pub(super) authority_host: Option<String>,
    pub(super) sts_host: Option<String>,
    /// The configuration where no environment variable says another, JSON text.
    pub(super) config: Option<String>,
}

const OWN_PREFIX: &str = "talxis";

impl Default for Package {
    fn default() -> Self {
        Self {
            solution: Options {
                prefix: OWN_PREFIX.to_owned(),
                publisher: "TALXIS".to_owned(),
                version: concat!(env!("CARGO_PKG_VERSION"), ".0").to_owned(),
                webresource_guid: None,
                ribbon: true,
            },
            authority_host: None,
            sts_host: None,
            config: None,
        }
    }
}

impl Package {
    /// Only for this machine, for demo and tests.
    pub(crate) fn localhost() -> Self {
        let host = Some(".localhost".to_owned());
        Self { authority_host: host.clone(), sts_host: host, ..Self::default() }
    }

    /// The same, as a package that brings a configuration.
    pub(super) fn with_config(self, config: &str) -> Self {
        Self { config: Some(config.to_owned()), ..self }
    }

    /// Reads a command line, and refuses what would be found only when everything is built, or by whoever imports it.
    pub(super) fn parse(arguments: &[String]) -> Outcome<Self> {
        let mut package = Self::default();
        let solution = &mut package.solution;
        let mut words = arguments.iter();
        while let Some(option) = words.next() {
            if option == "--without-ribbon" {
                solution.ribbon = false;
                continue;
            }
            let mut value = || words.next().cloned().ok_or_else(|| format!("{option} needs a value."));
            match option.as_str() {
                "--prefix" => solution.prefix = value()?,
                "--publisher" => solution.publisher = value()?,
                "--version" => solution.version = value()?,
                "--webresource-guid" => solution.webresource_guid = Some(value()?),
                "--authority-host" => package.authority_host = Some(pin(option, value()?)?),
                "--sts-host" => package.sts_host = Some(pin(option, value()?)?),
                "--config" => package.config = Some(read(Path::new(&value()?))?),
                _ => {
                    return Err(format!(
                        "cargo xtask dist does not know {option}: it takes --prefix, --publisher, --version, --webresource-guid, \
                         --without-ribbon, --authority-host, --sts-host and --config."
                    ));
                }
            }
        }
        package.solution.check().map_err(|refused| format!("{refused}."))?;
        Ok(package)
    }

    /// The pins, as the facade gives them to the broker.
    pub(super) fn pins(&self) -> String {
        let pin = |name, host: &Option<String>| host.as_ref().map(|host| format!("{name:?}:{host:?}"));
        let pins = [pin("authorityHost", &self.authority_host), pin("stsHost", &self.sts_host)];
        format!("{{{}}}", pins.into_iter().flatten().collect::<Vec<_>>().join(","))
    }

    /// The configuration that it brings, as a JavaScript expression.
    pub(super) fn packaged(&self) -> String {
        self.config.clone().unwrap_or_else(|| "undefined".to_owned())
    }

    /// Where the redirect page is, if not where the broker expects it by itself.
    pub(super) fn redirect_page(&self) -> Option<String> {
        let prefix = &self.solution.prefix;
        (prefix != OWN_PREFIX).then(|| format!("/WebResources/{prefix}_/tokenbroker/redirect.html"))
    }
}

/// A value that a host can keep as `keeps_pin` of crates/broker-core/src/url.rs compares it; with any other the package would refuse every
/// configuration.
fn pin(option: &str, value: String) -> Outcome<String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let labels = value.strip_prefix('.').unwrap_or(&value);
    if labels.split('.').all(|label| !label.is_empty() && label.bytes().all(plain)) {
        return Ok(value);
    }
    Err(format!(
        "{option} is {value:?}: it takes a host in small letters, without scheme, port and path, such as sts.example.com, or what \
         its end must be, such as .example.com."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Outcome<Package> {
        Package::parse(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn only_given_pins_are_packed() {
        let package = parsed("--sts-host sts.example").unwrap();
        assert_eq!(package.pins(), r#"{"stsHost":"sts.example"}"#);
    }

    #[test]
    fn an_option_without_value_or_of_no_name_is_refused() {
        for words in ["--sts-host", "--prefix", "--without-ribon", "abc"] {
            assert!(parsed(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_value_that_dataverse_or_every_configuration_would_break_on_is_refused_by_its_option() {
        let pins =
            ["https://sts.example", "sts.example:8443", "STS.example", "sts..example", "sts.example/", "."];
        let pins = pins.into_iter().flat_map(|pin| [("--sts-host", pin), ("--authority-host", pin)]);
        let own =
            [("--version", "1.2.3"), ("--prefix", "x"), ("--publisher", "1"), ("--webresource-guid", "{x}")];
        for (option, value) in pins.chain(own) {
            let why = parsed(&format!("{option} {value}")).err().unwrap_or_default();
            assert!(why.starts_with(&format!("{option} is {value:?}: it takes ")), "{option} {value}: {why}");
        }
        for good in ["sts.example", ".sts-1.example", ".localhost", "127.0.0.1"] {
            assert!(parsed(&format!("--sts-host {good}")).is_ok(), "{good}");
        }
    }

    #[test]
    fn another_prefix_moves_the_redirect_page_and_ours_does_not() {
        let moved = parsed("--without-ribbon --prefix abc").unwrap();
        assert!(!moved.solution.ribbon);
        assert_eq!(moved.redirect_page().as_deref(), Some("/WebResources/abc_/tokenbroker/redirect.html"));
        assert_eq!(Package::default().redirect_page(), None);
    }
}
