//! The configuration: TOML text in, typed values out, or the name of the field that is wrong.
//!
//! It is parsed once and not checked again. Certificates and keys are named by path and read when the server starts.
//! An error never repeats the value it complains about: somebody may have put a secret where a path belongs.

use crate::{
    ids::{ClientId, TenantId},
    origin::Origin,
};
use serde::Deserialize;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// Who may ask this service for what, and where it listens.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<Origin>,
    pub(crate) authority: Origin,
    pub(crate) tenants: HashMap<TenantId, HashSet<Origin>>,
    pub(crate) clients: Vec<ClientConfig>,
    pub(crate) trusted: Option<String>,
}

/// One control client.
#[derive(Clone, Debug)]
pub(crate) struct ClientConfig {
    pub(crate) client_id: ClientId,
    pub(crate) name: String,
    pub(crate) brokers: HashSet<ClientId>,
    pub(crate) tenants: HashSet<TenantId>,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) certificate: PathBuf,
    pub(crate) private_key: PathBuf,
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
        let mut config = Self::parse(&text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for client in &mut config.clients {
            client.certificate = folder.join(&client.certificate);
            client.private_key = folder.join(&client.private_key);
        }
        Ok(config)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// When it breaks a rule.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| shape_error(text, &error))?;
        let public_url =
            file.public_url.as_deref().map(|url| value("public_url", url, ORIGIN)).transpose()?;
        let tenants = tenants(file.tenants)?;
        let clients = clients(file.clients, &tenants)?;
        Ok(Self {
            listen: value("listen", &file.listen, "must be an address and a port, such as 127.0.0.1:8080")?,
            public_url,
            authority: value("authority", file.authority.as_deref().unwrap_or(PUBLIC_CLOUD), ORIGIN)?,
            tenants,
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
    public_url: Option<String>,
    authority: Option<String>,
    tenants: Vec<TenantEntry>,
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
struct ClientEntry {
    client_id: String,
    name: String,
    brokers: Vec<String>,
    tenants: Vec<String>,
    scopes: Vec<String>,
    certificate: String,
    private_key: String,
}

const GUID: &str = "must be a GUID";
const ORIGIN: &str = "must be an origin as a browser writes it: https://host or https://host:port, without a path \
                      (http only for this machine)";
const SCOPE: &str = "must be a scope with its resource, such as https://graph.microsoft.com/User.Read";
const PEM: &str = "must be the path of a PEM file, not its content";

fn tenants(entries: Vec<TenantEntry>) -> Result<HashMap<TenantId, HashSet<Origin>>, ConfigError> {
    let mut tenants = HashMap::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let field = |name: &str| format!("tenants[{at}].{name}");
        let origins = values(&field("origins"), &entry.origins, ORIGIN)?;
        if tenants.insert(value(&field("id"), &entry.id, GUID)?, origins).is_some() {
            return Err(wrong(field("id"), "is the id of another tenant too"));
        }
    }
    Ok(tenants)
}

fn clients(
    entries: Vec<ClientEntry>,
    known: &HashMap<TenantId, HashSet<Origin>>,
) -> Result<Vec<ClientConfig>, ConfigError> {
    let mut clients: Vec<ClientConfig> = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let field = |name: &str| format!("clients[{at}].{name}");
        let client_id: ClientId = value(&field("client_id"), &entry.client_id, GUID)?;
        if clients.iter().any(|other| other.client_id == client_id) {
            return Err(wrong(field("client_id"), "is the id of another client too"));
        }
        let tenants: HashSet<TenantId> = values(&field("tenants"), &entry.tenants, GUID)?;
        if !tenants.iter().all(|tenant| known.contains_key(tenant)) {
            return Err(wrong(field("tenants"), "names a tenant that is not in [[tenants]]"));
        }
        let brokers: HashSet<ClientId> = values(&field("brokers"), &entry.brokers, GUID)?;
        if brokers.contains(&client_id) {
            return Err(wrong(field("brokers"), "names the control client itself, which is no broker"));
        }
        let scopes: HashSet<BackendScope> = values(&field("scopes"), &entry.scopes, SCOPE)?;
        let certificate: PemPath = value(&field("certificate"), &entry.certificate, PEM)?;
        let private_key: PemPath = value(&field("private_key"), &entry.private_key, PEM)?;
        clients.push(ClientConfig {
            client_id,
            name: entry.name,
            brokers,
            tenants,
            scopes: scopes.into_iter().map(|scope| scope.0).collect(),
            certificate: certificate.0,
            private_key: private_key.0,
        });
    }
    Ok(clients)
}

/// A scope that names its resource. One without is Graph's or OpenID's (`offline_access`), and would bring more than was asked.
#[derive(Eq, Hash, PartialEq)]
struct BackendScope(String);

impl FromStr for BackendScope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let whole =
            text.rsplit_once('/').is_some_and(|(resource, name)| !resource.is_empty() && !name.is_empty());
        if whole && !text.contains(char::is_whitespace) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// A path, and not the key that somebody pasted in its place.
struct PemPath(PathBuf);

impl FromStr for PemPath {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.is_empty() || text.contains("-----") || text.contains('\n') {
            Err(())
        } else {
            Ok(Self(text.into()))
        }
    }
}

fn value<T: FromStr>(field: &str, text: &str, rule: &'static str) -> Result<T, ConfigError> {
    text.parse().map_err(|_| wrong(field.to_owned(), rule))
}

fn values<T: FromStr + Eq + std::hash::Hash>(
    field: &str,
    texts: &[String],
    rule: &'static str,
) -> Result<HashSet<T>, ConfigError> {
    texts.iter().enumerate().map(|(at, text)| value(&format!("{field}[{at}]"), text, rule)).collect()
}

fn wrong(field: String, problem: &'static str) -> ConfigError {
    ConfigError::Field { field, problem }
}

/// What the TOML reader says, without the line it quotes and without the value that has the wrong type.
fn shape_error(text: &str, error: &toml::de::Error) -> ConfigError {
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

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../talxis-sts.example.toml");

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
        assert_eq!(config.clients[0].scopes.len(), 2);
    }

    #[test]
    fn without_an_authority_it_is_the_public_cloud() {
        let config = Config::parse(&GOOD.replace("\nauthority", "\n#")).unwrap();
        assert_eq!(config.authority.as_str(), "https://login.microsoftonline.com");
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
        ] {
            let text = error(from, to);
            assert!(text.contains(&format!("configuration's {field} ")), "{text}");
        }
    }

    #[test]
    fn a_second_client_with_the_same_id_is_refused() {
        let (_, client) = GOOD.split_at(GOOD.find("[[clients]]").unwrap());
        let text = Config::parse(&format!("{GOOD}{client}")).unwrap_err().to_string();
        assert!(text.contains("clients[1].client_id"), "{text}");
    }

    #[test]
    fn an_unknown_member_is_refused_by_name_and_line() {
        let text = error("\nname =", "\nclient_secret = \"hunter2\"\nname =");
        assert!(
            text.contains("line 19") && text.contains("client_secret") && !text.contains("hunter2"),
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
