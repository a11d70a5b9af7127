//! The stand-in, the service, and requests as the broker makes them.

use entra_dev::{Entra, MintRequest};
use estate::{Addresses, Certificates, Estate};
use reqwest::header::{HeaderMap, ORIGIN};
use serde_json::Value;
use std::{path::PathBuf, sync::LazyLock};
use sts_wire::{ACCESS_TOKEN_TYPE, GRANT_TYPE};

pub(crate) const APP: &str = "http://app.localhost:1";
pub(crate) const NORTHWIND_ID: &str = "70000000-0000-4000-8000-000000000003";
pub(crate) const CONTOSO: &str = "70000000-0000-4000-8000-000000000001";
pub(crate) const NORTHWIND_APP: &str = "http://northwind.localhost:1";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const USER_READ: &str = "https://graph.microsoft.com/User.Read";
pub(crate) const DATA_FEED: &str = "api://a0000000-0000-4000-8000-000000000002/API.AccessAsUser.All";

/// A tenant with one control client. Its origin is not the first tenant's.
const NORTHWIND: &str = r#"
[tenants.northwind]
id = "70000000-0000-4000-8000-000000000003"
domain = "northwind.example"
service_principals = ["broker", "graph", "file-picker"]
grants = [{ client = "file-picker", resource = "graph", scopes = ["User.Read"] }]

[[tenants.northwind.users]]
id = "d0000000-0000-4000-8000-00000000001f"
username = "fred@northwind.example"
name = "Fred"
guest_of = { contoso = "d0000000-0000-4000-8000-0000000000ff" }
"#;

static ESTATE: LazyLock<(Estate, Certificates)> = LazyLock::new(|| {
    let text = format!("{}{NORTHWIND}", include_str!("../../../../www/estate.toml"));
    let estate = Estate::parse(&text).unwrap();
    let certificates =
        Certificates::ensure(&estate, &PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sts-api")).unwrap();
    (estate, certificates)
});

pub(crate) struct World {
    pub(crate) entra: Entra,
    pub(crate) server: sts::Server,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::configured("", "").await
    }

    /// With these lines at the top of the service's configuration, and these tables at its end.
    pub(crate) async fn configured(top: &str, tables: &str) -> Self {
        let entra = Self::entra().await;
        let server = Self::server(&entra, &Self::configuration(&entra, top, tables)).await;
        Self::of(entra, server)
    }

    pub(crate) fn of(entra: Entra, server: sts::Server) -> Self {
        Self { entra, server, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// With a configuration that was changed in this way.
    pub(crate) async fn edited(change: impl FnOnce(&mut toml::Table)) -> Self {
        let entra = Self::entra().await;
        let mut config: toml::Table = Self::configuration(&entra, "", "").parse().unwrap();
        change(&mut config);
        let server = Self::server(&entra, &toml::to_string(&config).unwrap()).await;
        Self::of(entra, server)
    }

    pub(crate) async fn entra() -> Entra {
        let (estate, certificates) = &*ESTATE;
        Entra::start(entra_dev::Options {
            estate: estate.clone(),
            app: APP.to_owned(),
            certificates: certificates.clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            clock: entra_dev::Clock::system(),
        })
        .await
        .unwrap()
    }

    /// The service's configuration for this authority, as TOML.
    pub(crate) fn configuration(entra: &Entra, top: &str, tables: &str) -> String {
        let (estate, certificates) = &*ESTATE;
        let at = Addresses { app: APP.to_owned(), authority: entra.origin().to_owned(), sts: String::new() };
        let config = estate.sts_config(&at, "127.0.0.1:0", certificates.folder());
        let (first, northwind) = config.split_once("000000000003\"\norigins").unwrap();
        let northwind = northwind.replacen(APP, NORTHWIND_APP, 1);
        format!("{top}\n{first}000000000003\"\norigins{northwind}\n{tables}")
    }

    /// A service with this configuration and this authority's clock.
    pub(crate) async fn server(entra: &Entra, configuration: &str) -> sts::Server {
        let clock = entra.clock().clone();
        let config = sts::Config::parse(configuration).unwrap();
        sts::Server::start(config, sts::Clock::from_fn(move || clock.now())).await.unwrap()
    }

    /// The folder in which the control clients' certificates are.
    pub(crate) fn certificates() -> PathBuf {
        ESTATE.1.folder().to_owned()
    }

    /// Another process's service with the same authority.
    pub(crate) fn beside(&self, server: sts::Server) -> Beside<'_> {
        Beside { world: self, server }
    }

    /// An exchange of a good token of the file picker for Graph, as the broker asks for it.
    pub(crate) fn good(&self) -> Call<'_> {
        self.call(MintRequest::new("file-picker"))
    }

    /// An exchange of this token for Graph.
    pub(crate) fn call(&self, token: MintRequest) -> Call<'_> {
        self.call_with(&self.entra.mint(token))
    }

    pub(crate) fn call_with(&self, token: &str) -> Call<'_> {
        let fields = [
            ("grant_type", GRANT_TYPE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN_TYPE),
            ("scope", USER_READ),
            ("client_id", BROKER),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Call { world: self, server: &self.server, origin: Some(APP), fields }
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, so: impl Fn() -> bool) {
        while !so() {
            tokio::task::yield_now().await;
        }
    }

    /// How often the stand-in's token endpoint was asked.
    pub(crate) fn asked(&self) -> usize {
        self.entra.requests().len()
    }
}

/// A second service in the same world.
pub(crate) struct Beside<'w> {
    world: &'w World,
    pub(crate) server: sts::Server,
}

impl Beside<'_> {
    pub(crate) fn call_with(&self, token: &str) -> Call<'_> {
        Call { server: &self.server, ..self.world.call_with(token) }
    }
}

pub(crate) struct Call<'w> {
    world: &'w World,
    server: &'w sts::Server,
    origin: Option<&'static str>,
    fields: Vec<(&'static str, String)>,
}

impl Call<'_> {
    pub(crate) fn origin(mut self, origin: Option<&'static str>) -> Self {
        self.origin = origin;
        self
    }

    /// With this value of a parameter, in place of what it had.
    pub(crate) fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.retain(|field| field.0 != name);
        self.also(name, value)
    }

    /// With this parameter too.
    pub(crate) fn also(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(crate) async fn send(self) -> Answer {
        answer(self.request()).await
    }

    /// Sends it at once, whether or not somebody waits.
    pub(crate) fn spawn(self) -> tokio::task::JoinHandle<Answer> {
        tokio::spawn(answer(self.request()))
    }

    fn request(&self) -> reqwest::RequestBuilder {
        self.to(self.server.origin(), &self.world.http)
    }

    /// The request, to a service elsewhere and by another client.
    pub(crate) fn to(&self, origin: &str, client: &reqwest::Client) -> reqwest::RequestBuilder {
        let request = client.post(format!("{origin}{}", sts_wire::PATH)).form(&self.fields);
        match self.origin {
            Some(origin) => request.header(ORIGIN, origin),
            None => request,
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap() }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    /// Whether it is this refusal, in these words of ours, readable by the page that asked.
    pub(crate) fn is(&self, status: u16, error: &str, suberror: Option<&str>, description: &str) {
        let said = (self.status, self.text("error"), self.text("suberror"), self.text("error_description"));
        assert_eq!(said, (status, Some(error), suberror, Some(description)));
        assert_eq!(self.headers["access-control-allow-origin"], APP);
        assert_eq!(self.headers["cache-control"], "no-store");
        assert!(!self.body.as_object().unwrap().contains_key("access_token"));
    }

    /// Whether it refuses the client token itself, for this reason.
    pub(crate) fn is_bad_token(&self, description: &str) {
        self.is(400, "invalid_request", Some("invalid_subject_token"), description);
    }
}

/// The claims of a token, read and not verified.
pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine;
    let payload = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// The file picker's table in a configuration.
pub(crate) fn file_picker(config: &mut toml::Table) -> &mut toml::Table {
    let mut clients = config["clients"].as_array_mut().unwrap().iter_mut();
    let client = clients.find(|client| client["name"].as_str() == Some("file-picker"));
    client.unwrap().as_table_mut().unwrap()
}

/// A fresh certificate that Entra does not know, and its key, in this folder.
pub(crate) fn certificate_files(folder: &std::path::Path) -> (PathBuf, PathBuf) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let paths = (folder.join("fresh.crt.pem"), folder.join("fresh.key.pem"));
    std::fs::write(&paths.0, certificate.pem()).unwrap();
    std::fs::write(&paths.1, key.serialize_pem()).unwrap();
    paths
}
