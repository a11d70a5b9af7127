//! The configuration: TOML text in, typed values out, or the name of the field that is wrong.
//!
//! It is parsed once and not checked again. Certificates, keys and secrets are named by path and read when the server starts.
//! An error never repeats the value it complains about: somebody may have put a secret where a path belongs.

mod client;
mod service;
mod value;

use crate::{ids::TenantId, origin::Origin};
use client::ClientEntry;
use ipnet::IpNet;
use serde::Deserialize;
use service::{CacheEntry, LimitsEntry, TlsEntry};
use std::{
    collections::{HashMap, HashSet},
    fs,
    net::SocketAddr,
    path::Path,
    time::Duration,
};
use tracing::level_filters::LevelFilter;
use value::{GUID, ORIGIN, Place, wrong};

pub(crate) use client::ClientConfig;
pub(crate) use service::{CacheConfig, LimitsConfig, RedisConfig, TlsFiles};

const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// Who may ask this service for what, and where it listens.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) public_url: Option<Origin>,
    pub(crate) authority: Origin,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) drain: Duration,
    pub(crate) log_hits: bool,
    pub(crate) limits: LimitsConfig,
    pub(crate) cache: CacheConfig,
    pub(crate) tenants: HashMap<TenantId, HashSet<Origin>>,
    pub(crate) other_tenants: Option<HashSet<Origin>>,
    pub(crate) clients: Vec<ClientConfig>,
    pub(crate) trusted: Option<String>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is not TOML, or has another shape.
    #[error("the configuration is wrong in line {line}: {problem}")]
    Shape {
        /// The line, counted from one.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A field has a value that it cannot have.
    #[error("the configuration's {field} {problem}")]
    Field {
        /// The field, with its place in a list.
        field: String,
        /// What it must be.
        problem: &'static str,
    },
}

impl Config {
    /// Reads a file. Relative paths in it start from its folder.
    ///
    /// # Errors
    /// When it cannot be read or breaks a rule.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.display().to_string(), source })?;
        Self::read(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// How fine this service's own lines are: with `log_hits` those of answers from a cache too.
    #[must_use]
    pub fn log_level(&self) -> LevelFilter {
        if self.log_hits { LevelFilter::DEBUG } else { LevelFilter::INFO }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// When it breaks a rule.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(text, Path::new(""))
    }

    fn read(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| value::shape(text, &error))?;
        let top = Place::top(folder);
        let tenants = tenants(file.tenants, &top)?;
        let others =
            file.other_tenants.map(|entry| top.at("other_tenants").values("origins", &entry.origins, ORIGIN));
        let other_tenants = others.transpose()?;
        let clients = client::clients(file.clients, &top, &tenants, file.development)?;
        let port = "must be an address and a port, such as 127.0.0.1:8080";
        let network = "must be a network such as 10.0.0.0/8";
        let authority = file.authority.as_deref().unwrap_or(PUBLIC_CLOUD);
        Ok(Self {
            listen: top.value("listen", &file.listen, port)?,
            metrics: top.optional("metrics", file.metrics.as_deref(), port)?,
            public_url: top.optional("public_url", file.public_url.as_deref(), ORIGIN)?,
            authority: top.value("authority", authority, ORIGIN)?,
            tls: file.tls.map(|entry| entry.read(&top.at("tls"))).transpose()?,
            trusted_proxies: top.values("trusted_proxies", &file.trusted_proxies, network)?,
            drain: Duration::from_secs(file.drain_seconds),
            log_hits: file.log_hits,
            limits: file.limits.read(&top.at("limits"))?,
            cache: file.cache.read(&top.at("cache"))?,
            tenants,
            other_tenants,
            clients,
            trusted: None,
        })
    }

    /// Trusts one more certificate authority (PEM) for the connection to the identity provider. Not a field of the file: it is for
    /// stand-ins of it that make their own; where a company's proxy opens TLS, the machine's store is the place.
    #[must_use]
    pub fn trusting(self, certificate_authority: &str) -> Self {
        Self { trusted: Some(certificate_authority.to_owned()), ..self }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: String,
    metrics: Option<String>,
    public_url: Option<String>,
    authority: Option<String>,
    #[serde(default)]
    development: bool,
    tls: Option<TlsEntry>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    #[serde(default)]
    drain_seconds: u64,
    #[serde(default)]
    log_hits: bool,
    #[serde(default)]
    limits: LimitsEntry,
    #[serde(default)]
    cache: CacheEntry,
    tenants: Vec<TenantEntry>,
    other_tenants: Option<OtherTenantsEntry>,
    clients: Vec<ClientEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantEntry {
    id: String,
    origins: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherTenantsEntry {
    origins: Vec<String>,
}

fn tenants(
    entries: Vec<TenantEntry>,
    top: &Place,
) -> Result<HashMap<TenantId, HashSet<Origin>>, ConfigError> {
    let mut tenants = HashMap::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let place = top.at(&format!("tenants[{at}]"));
        let origins = place.values("origins", &entry.origins, ORIGIN)?;
        if tenants.insert(place.value("id", &entry.id, GUID)?, origins).is_some() {
            return Err(wrong(place.field("id"), "is the id of another tenant too"));
        }
    }
    Ok(tenants)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../talxis-sts.example.toml");

    fn error(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "the test changes what is there");
        Config::parse(&GOOD.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn the_example_is_read() {
        let config = Config::parse(GOOD).unwrap();
        assert_eq!(config.listen, ([127, 0, 0, 1], 8080).into());
        assert_eq!(
            config.public_url.map(|url| url.to_string()).as_deref(),
            Some("https://sts.contoso.example")
        );
        assert_eq!((config.tenants.len(), config.clients.len()), (1, 1));
        assert_eq!((config.clients[0].credentials.len(), config.clients[0].rules.cp1), (1, true));
    }

    #[test]
    fn without_an_authority_it_is_the_public_cloud() {
        let config = Config::parse(&GOOD.replace("\nauthority", "\n#")).unwrap();
        assert_eq!(config.authority.to_string(), "https://login.microsoftonline.com");
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        for (from, to, field) in [
            ("127.0.0.1:8080", "here", "listen"),
            ("https://login.microsoftonline.com", "http://login.example", "authority"),
            (r#"id = "7"#, r#"id = "x"#, "tenants[0].id"),
            ("https://contoso.crm4.dynamics.com", "https://*.dynamics.com", "tenants[0].origins[0]"),
            (r#"client_id = "c"#, r#"client_id = "x"#, "clients[0].client_id"),
            (r#"client_id = "c"#, r#"client_id = "b"#, "clients[0].brokers"),
            (r#"tenants = ["7"#, r#"tenants = ["8"#, "clients[0].tenants"),
            ("https://graph.microsoft.com/User.Read", "offline_access", "clients[0].scopes[0]"),
            ("https://*.sharepoint.com", "https://*.com", "clients[0].scopes[1]"),
            ("private_key = \"c", "# \"c", "clients[0].credentials"),
            ("10.0.0.4/32", "10.0.0.4/320", "trusted_proxies[0]"),
            ("user_per_minute = 600", "user_per_minute = 0", "limits.user_per_minute"),
            ("megabytes = 64", "megabytes = 0", "cache.megabytes"),
        ] {
            let text = error(from, to);
            assert!(text.contains(&format!("configuration's {field} ")), "{text}");
        }
    }

    #[test]
    fn a_second_client_with_the_same_id_is_refused() {
        let rest = &GOOD[GOOD.find("[[clients]]").unwrap()..];
        let client = &rest[..rest.find("[limits]").unwrap()];
        let text = Config::parse(&format!("{GOOD}{client}")).unwrap_err().to_string();
        assert!(text.contains("clients[1].client_id"), "{text}");
    }

    #[test]
    fn an_unknown_member_is_refused_by_name_and_line() {
        let text = error("\nname =", "\nclient_secret = \"hunter2\"\nname =");
        let line = format!("line {}", GOOD.split("\nname =").next().unwrap().lines().count() + 1);
        assert!(
            text.contains(&line) && text.contains("client_secret") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn an_error_never_repeats_a_value() {
        for (from, to) in [
            (r#"brokers = ["b0000000-0000-4000-8000-000000000001"]"#, r#"brokers = "hunter2""#),
            (r#"brokers = ["b"#, r#"brokers = ["hunter2"#),
            ("\nname =", "\nhunter2 name ="),
            (r#""certificates/file-picker.key.pem""#, "\"\"\"-----BEGIN PRIVATE KEY-----\nhunter2\n\"\"\""),
        ] {
            let text = error(from, to);
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
