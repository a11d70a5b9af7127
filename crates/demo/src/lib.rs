//! Everything on one machine: the stand-in for Entra ID, the Security Token Service, two sample APIs, and a host that
//! serves the model-driven app look-alike and the packed broker the way Power Apps serves them.
//!
//! This crate binds and introduces the parts to each other; what exists comes from the estate, and nothing is configured
//! twice. It must never do a part's work: no token is made, exchanged or cached here.

mod api;
mod host;
mod options;
mod page;
mod serve;

pub use host::{Host, HostRequest, Kind, SwitchError, SystemUser, Variable, WebResourceError};
pub use options::{Options, UsageError};
pub use page::FORM;

use entra_dev::{Clock, Entra, Place, TlsError, Trouble, Weather};
use estate::{Addresses, CertificateError, Certificates, Estate};
use host::{Environment, Imported, Origins, Pages, Switches, TABLE, WebResources};
use serve::{Doors, Running};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// The running demo. Dropping it stops every part.
pub struct Demo {
    estate: Estate,
    app: String,
    graph: String,
    outer: String,
    feed: String,
    broker_config: String,
    host: Host,
    certificates: Certificates,
    entra: Arc<Entra>,
    sts: Option<(Running, sts::Server)>,
    _servers: [Running; 4],
}

/// Why the demo did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A web resource or page is missing.
    #[error("cannot read the files in {path}: {source}")]
    Files {
        /// The folder.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The packed broker is not where it should be.
    #[error("there is no {name} in what was imported: build it with `cargo xtask dist`")]
    NoBroker {
        /// The web resource.
        name: &'static str,
    },
    /// The solution cannot be imported.
    #[error("cannot import {path}: {why}")]
    Solution {
        /// The zip.
        path: String,
        /// What an import stumbles over.
        why: String,
    },
    /// A file cannot be a web resource.
    #[error(transparent)]
    WebResource(#[from] WebResourceError),
    /// The switches cannot be set as they should be at the start.
    #[error(transparent)]
    Switches(#[from] SwitchError),
    /// An address could not be bound.
    #[error(
        "cannot listen on port {port}: {source}; `--port N` takes N to N+5, so choose another, or none for free ones"
    )]
    Listen {
        /// The port; 0 is any free one.
        port: u16,
        /// The system's reason.
        source: std::io::Error,
    },
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Certificates could not be made.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// The stand-in did not start.
    #[error("the stand-in for Entra ID did not start: {0}")]
    Entra(#[source] entra_dev::StartError),
    /// The STS refused its configuration.
    #[error("the STS refused its configuration: {0}")]
    StsConfig(#[source] sts::ConfigError),
    /// The STS did not start.
    #[error("the STS did not start: {0}")]
    Sts(#[source] sts::StartError),
    /// An HTTP client could not be made.
    #[error("the demo has no HTTP client: {0}")]
    Client(#[source] reqwest::Error),
}

impl Demo {
    /// Starts every part, the app's address first, because Entra's redirect URIs and the STS's origins depend on it.
    ///
    /// # Errors
    /// When a file is missing or a part does not start.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let port = |offset: u16| if options.port == 0 { 0 } else { options.port.saturating_add(offset) };
        let imported = Imported::read(&options.solution)?;
        let own = options.www.join("webresources");
        let web_resources = WebResources::read(imported.web_resources, &own)?;
        let switches = switches(&options)?;
        let pages = Pages::read(&options.www, &options.module)?;
        let certificates = Certificates::ensure(&options.estate, &options.certificates)?;
        let doors = Doors::new(options.tls)?;
        let app = doors.bind("app.localhost", port(0)).await?;
        let sts_door = doors.bind("sts.localhost", port(2)).await?;
        let graph = doors.bind("graph.localhost", port(3)).await?;
        let feed = doors.bind("feed.localhost", port(4)).await?;
        let outer = doors.bind("outer.localhost", port(5)).await?;

        let clock = Clock::system();
        let told = entra_dev::Options {
            estate: options.estate.clone(),
            app: app.origin().to_owned(),
            certificates: certificates.clone(),
            listen: loopback(port(1)),
            clock: clock.clone(),
        };
        let entra = if options.tls { Entra::start_tls(told).await } else { Entra::start(told).await };
        let entra = entra.map(Arc::new).map_err(|why| match why {
            entra_dev::StartError::Listen { address, source } => {
                StartError::Listen { port: address.port(), source }
            }
            why => StartError::Entra(why),
        })?;

        delay(&entra, options.latency);
        let at = Addresses {
            app: app.origin().to_owned(),
            authority: entra.origin().to_owned(),
            sts: sts_door.origin().to_owned(),
        };
        let sts = {
            let mut told = options.estate.clone();
            told.controls.retain(|name, _| !options.unknown_to_sts.contains(name));
            let text = told.sts_config(&at, &loopback(0).to_string(), certificates.folder());
            let config = sts::Config::parse(&text).map_err(StartError::StsConfig)?;
            // One time for all: a test may move it.
            let clock = clock.clone();
            let now = move || clock.now();
            let config = entra.authority_pem().into_iter().fold(config, sts::Config::trusting);
            sts::Server::start(config, sts::Clock::from_fn(now)).await.map_err(StartError::Sts)?
        };

        // Weak: an API that is slow to stop must not keep Entra running.
        let cae = Arc::downgrade(&entra);
        let revocations = Box::new(move |token: &str| cae.upgrade()?.challenge(token));
        let apis = api::Apis::new(&options.estate, &at, clock, revocations, entra.authority_pem())
            .map_err(StartError::Client)?;
        let broker_config = options.estate.broker_config(&at);
        let page = page::page(
            &options.estate,
            &options.form_libraries,
            &broker_config,
            graph.origin(),
            feed.origin(),
        );
        let environment = Environment::new(&options.estate, switches, web_resources, &broker_config, page)
            .with_ribbon(imported.ribbon);
        let origins = Origins {
            at,
            graph: graph.origin().to_owned(),
            feed: feed.origin().to_owned(),
            outer: outer.origin().to_owned(),
        };
        let host = Host::new(pages, origins, environment);
        let router = match &options.serve_for {
            None => host.router(),
            Some(harness) => host::harness::router(&host, harness, &broker_config)?,
        };
        let app_origin = app.origin().to_owned();
        Ok(Self {
            estate: options.estate,
            certificates,
            app: app_origin.clone(),
            graph: graph.origin().to_owned(),
            outer: outer.origin().to_owned(),
            feed: feed.origin().to_owned(),
            broker_config,
            entra,
            sts: Some((sts_door.pass_on(sts.address(), options.latency).await?, sts)),
            _servers: [
                app.serve(router).await?,
                graph.serve(apis.graph()).await?,
                feed.serve(apis.feed()).await?,
                outer.serve(host::outer::router(app_origin)).await?,
            ],
            host,
        })
    }

    /// The origin of the Power Apps look-alike.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.app
    }

    /// Where a person starts.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/main.aspx", self.app)
    }

    /// The origin of the sample API `data-feed`.
    #[must_use]
    pub fn feed_origin(&self) -> &str {
        &self.feed
    }

    /// The sample API that stands for Microsoft Graph.
    #[must_use]
    pub fn graph(&self) -> &str {
        &self.graph
    }

    /// The page of another site that frames the app.
    #[must_use]
    pub fn outer_address(&self) -> String {
        format!("{}/", self.outer)
    }

    /// The Power Apps environment: what its administrator and its publisher can change, and what it was asked.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The broker's configuration in this place (contract §1, `BrokerConfig`), as JSON text.
    #[must_use]
    pub fn broker_config(&self) -> &str {
        &self.broker_config
    }

    /// Who and what exists.
    #[must_use]
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// The control clients' certificates.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The stand-in for Entra ID.
    #[must_use]
    pub fn entra(&self) -> &Entra {
        &self.entra
    }

    /// Takes the STS away, as an outage does.
    pub fn stop_sts(&mut self) {
        self.sts = None;
    }
}

fn switches(options: &Options) -> Result<Switches, StartError> {
    let failed = |source| StartError::Files { path: options.www.display().to_string(), source };
    let table = std::fs::read_to_string(options.www.join(TABLE)).map_err(failed)?;
    Ok(Switches::parse(&table)?.with(options.switches.iter().map(String::as_str))?)
}

/// Makes every answer of Entra take so long on its way.
fn delay(entra: &Entra, latency: Duration) {
    let ms = latency.as_millis().try_into().unwrap_or_default();
    for place in [Place::Authorize, Place::Token, Place::Metadata].into_iter().filter(|_| ms > 0) {
        entra.weather(Weather {
            place,
            client_id: None,
            user: None,
            trouble: Trouble::Delay { ms },
            times: None,
        });
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
