//! What makes one package differ from another, and how the command line of `cargo xtask dist` says it.

use super::read;
use crate::run::Outcome;
use std::path::Path;

/// The options of one package.
pub(crate) struct Package {
    /// The publisher's prefix, with which everything of ours in Dataverse begins.
    pub(super) prefix: String,
    /// The publisher, as people read it.
    pub(super) publisher: String,
    /// The solution's version.
    pub(super) version: String,
    /// The id of the broker's web resource, where an environment has one of this name already.
    pub(super) webresource_guid: Option<String>,
    /// Whether the managed solution has the Application Ribbon.
    pub(super) ribbon: bool,
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
            prefix: OWN_PREFIX.to_owned(),
            publisher: "TALXIS".to_owned(),
            version: concat!(env!("CARGO_PKG_VERSION"), ".0").to_owned(),
            webresource_guid: None,
            ribbon: true,
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

    /// Reads a command line.
    pub(super) fn parse(arguments: &[String]) -> Outcome<Self> {
        let mut package = Self::default();
        let mut words = arguments.iter();
        while let Some(option) = words.next() {
            if option == "--without-ribbon" {
                package.ribbon = false;
                continue;
            }
            let mut value = || words.next().cloned().ok_or_else(|| format!("{option} needs a value."));
            match option.as_str() {
                "--prefix" => package.prefix = value()?,
                "--publisher" => package.publisher = value()?,
                "--version" => package.version = value()?,
                "--webresource-guid" => package.webresource_guid = Some(value()?),
                "--authority-host" => package.authority_host = Some(value()?),
                "--sts-host" => package.sts_host = Some(value()?),
                "--config" => package.config = Some(read(Path::new(&value()?))?),
                _ => {
                    return Err(format!(
                        "cargo xtask dist does not know {option}: it takes --prefix, --publisher, --version, --webresource-guid, \
                         --without-ribbon, --authority-host, --sts-host and --config."
                    ));
                }
            }
        }
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
        (self.prefix != OWN_PREFIX)
            .then(|| format!("/WebResources/{}_/tokenbroker/redirect.html", self.prefix))
    }
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
    fn another_prefix_moves_the_redirect_page_and_ours_does_not() {
        let moved = parsed("--without-ribbon --prefix abc").unwrap();
        assert!(!moved.ribbon);
        assert_eq!(moved.redirect_page().as_deref(), Some("/WebResources/abc_/tokenbroker/redirect.html"));
        assert_eq!(Package::default().redirect_page(), None);
    }
}
