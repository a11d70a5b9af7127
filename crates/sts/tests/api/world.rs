//! The stand-in, the service, and requests as the broker makes them.

use entra_dev::{Entra, MintRequest};
use estate::{Addresses, Certificates, Estate};
use reqwest::header::{HeaderMap, ORIGIN};
use serde_json::Value;
use std::{path::PathBuf, sync::LazyLock};
use sts_wire::{ACCESS_TOKEN_TYPE, GRANT_TYPE};

pub(crate) const APP: &str = "http://app.localhost:1";
pub(crate) const FABRIKAM_APP: &str = "http://fabrikam.localhost:1";
pub(crate) const BROKER: &str = "b0000000-0000-4000-8000-000000000001";
pub(crate) const USER_READ: &str = "https://graph.microsoft.com/User.Read";
pub(crate) const DATA_FEED: &str = "api://a0000000-0000-4000-8000-000000000002/API.AccessAsUser.All";

/// A tenant with one control client. Its origin is not the first tenant's.
const FABRIKAM: &str = r#"
[tenants.fabrikam]
id = "70000000-0000-4000-8000-000000000002"
domain = "fabrikam.example"
service_principals = ["broker", "graph", "file-picker"]
grants = [{ client = "file-picker", resource = "graph", scopes = ["User.Read"] }]

[[tenants.fabrikam.users]]
id = "d0000000-0000-4000-8000-00000000000f"
username = "fred@fabrikam.example"
name = "Fred"
"#;

static ESTATE: LazyLock<(Estate, Certificates)> = LazyLock::new(|| {
    let text = format!("{}{FABRIKAM}", include_str!("../../../../www/estate.toml"));
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
        let (estate, certificates) = &*ESTATE;
        let entra = Entra::start(entra_dev::Options {
            estate: estate.clone(),
            app: APP.to_owned(),
            certificates: certificates.clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            clock: entra_dev::Clock::system(),
        })
        .await
        .unwrap();
        let at = Addresses { app: APP.to_owned(), authority: entra.origin().to_owned(), sts: String::new() };
        let config = estate.sts_config(&at, "127.0.0.1:0", certificates.folder());
        let (first, fabrikam) = config.split_once("000000000002\"\norigins").unwrap();
        let config = format!("{first}000000000002\"\norigins{}", fabrikam.replacen(APP, FABRIKAM_APP, 1));
        let clock = entra.clock().clone();
        let server = sts::Server::start(
            sts::Config::parse(&config).unwrap(),
            sts::Clock::from_fn(move || clock.now()),
        )
        .await
        .unwrap();
        Self { entra, server, http: reqwest::Client::builder().no_proxy().build().unwrap() }
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
        Call { world: self, origin: Some(APP), fields }
    }

    /// How often the stand-in's token endpoint was asked.
    pub(crate) fn asked(&self) -> usize {
        self.entra.requests().len()
    }
}

pub(crate) struct Call<'w> {
    world: &'w World,
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
        let url = format!("{}{}", self.world.server.origin(), sts_wire::PATH);
        let mut request = self.world.http.post(url).form(&self.fields);
        if let Some(origin) = self.origin {
            request = request.header(ORIGIN, origin);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap() }
    }
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
