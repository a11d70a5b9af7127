//! Starting and stopping, and the handle of a running stand-in.

use crate::{
    Aadsts, Clock, Command, Demand, MintRequest, Mischief, OriginCheck, Request, ScenarioError, TlsError,
    UnreadableCertificate, Weather,
    claims::Issuing,
    mint, rim, scenario,
    seal::Seal,
    seed,
    shared::Shared,
    site::Site,
    tls::Tls,
    wire::{Switch, Wire},
};
use estate::{CertificateError, Certificates, Estate};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch};

/// What a stand-in is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who and what exists.
    pub estate: Estate,
    /// The application's origin, for `{app}` in redirect URIs.
    pub app: String,
    /// The certificates of the estate's confidential clients.
    pub certificates: Certificates,
    /// Where to listen: a loopback address, port 0 for any.
    pub listen: SocketAddr,
    /// Its time.
    pub clock: Clock,
}

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address could not be bound.
    #[error("entra-dev cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The address can be reached from other machines.
    #[error("entra-dev listens on loopback only, not on {0}: whoever reaches it signs in as anybody")]
    NotLoopback(IpAddr),
    /// A certificate of the estate could not be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A certificate of the estate is not one.
    #[error(transparent)]
    UnreadableCertificate(#[from] UnreadableCertificate),
    /// Keys could not be generated.
    #[error("entra-dev cannot generate its keys")]
    Keys,
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running stand-in. Dropping it stops it.
pub struct Entra {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority: Option<String>,
    running: watch::Sender<()>,
}

impl Entra {
    /// Starts over plain http.
    ///
    /// # Errors
    /// When it cannot listen, or the estate's certificates cannot be read.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::serve(options, "http").await
    }

    /// Starts over TLS, with an authority of its own: see [`Self::authority_pem`].
    ///
    /// # Errors
    /// As [`Self::start`], and when TLS cannot be set up.
    pub async fn start_tls(options: Options) -> Result<Self, StartError> {
        Self::serve(options, "https").await
    }

    async fn serve(options: Options, scheme: &str) -> Result<Self, StartError> {
        let (tcp, address) = bind(options.listen).await?;
        let site = Site::new(scheme, address.port());
        let tls = (scheme == "https").then(|| Tls::new(site.names())).transpose()?;
        let directory = seed::directory(&options.estate, &options.certificates, &options.app, site.main())?;
        let seal = Seal::new().map_err(|_| StartError::Keys)?;
        let shared = Arc::new(Shared::new(site, options.clock, seal, directory));
        let (acceptor, authority) = tls.map(|tls| (tls.acceptor, tls.authority)).unzip();
        let (running, stopped) = watch::channel(());
        run(Wire::new(tcp, acceptor), rim::router(Arc::clone(&shared)), stopped);
        Ok(Self { shared, address, authority, running })
    }

    /// Opens a second port, for scenario control by people and programs in other languages; says where. It closes with
    /// the stand-in. `POST /` takes a [`Command`], `GET /requests` returns the log.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn open_control(&self, listen: SocketAddr) -> Result<SocketAddr, StartError> {
        let (tcp, address) = bind(listen).await?;
        run(Wire::new(tcp, None), scenario::router(Arc::clone(&self.shared)), self.running.subscribe());
        Ok(address)
    }

    /// Its origin; an issuer is `{origin}/{tenant id}/v2.0`.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.shared.site.main()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate (PEM) that clients must trust, if it was started over TLS.
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Everything that was asked and answered, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests()
    }

    /// Empties the log.
    pub fn clear_requests(&self) {
        self.shared.clear_requests();
    }

    /// Makes the next answer of /authorize wrong in this way.
    pub fn next_response(&self, mischief: Mischief) {
        self.shared.plan(mischief);
    }

    /// Makes bad weather.
    pub fn weather(&self, weather: Weather) {
        self.shared.forecast().add(weather);
    }

    /// Throttles /token: 429 with `Retry-After`, so many times.
    pub fn throttle(&self, retry_after: u32, times: u32) {
        let trouble = crate::Trouble::Throttle { retry_after };
        self.weather(Weather {
            place: crate::Place::Token,
            client_id: None,
            user: None,
            trouble,
            times: Some(times),
        });
    }

    /// Refuses the next request at /token with this error of [`Aadsts::ALL`].
    pub fn refuse_next(&self, aadsts: &Aadsts) {
        let trouble = crate::Trouble::Refuse { aadsts: aadsts.number };
        self.weather(Weather {
            place: crate::Place::Token,
            client_id: None,
            user: None,
            trouble,
            times: Some(1),
        });
    }

    /// Ends all bad weather.
    pub fn clear_weather(&self) {
        self.shared.forecast().clear();
    }

    /// Whether sign-in pages carry `Cross-Origin-Opener-Policy: same-origin` (unless the request says `pocd=1`).
    pub fn enforce_coop(&self, on: bool) {
        self.shared.set(|settings| settings.coop = on);
    }

    /// What /token demands of the `Origin` of single-page apps.
    pub fn check_origin(&self, check: OriginCheck) {
        self.shared.set(|settings| settings.origin_check = check);
    }

    /// Puts a policy on a resource, by name, until [`Command::LiftPolicies`].
    ///
    /// # Errors
    /// When tenant or resource do not exist.
    pub fn demand(&self, tenant: &str, resource: &str, demand: Demand) -> Result<(), ScenarioError> {
        self.perform(Command::Demand { tenant: tenant.to_owned(), resource: resource.to_owned(), demand })
            .map(|_| ())
    }

    /// Carries out a command of the scenario port; returns what it returns.
    ///
    /// # Errors
    /// When it names what does not exist.
    pub fn perform(&self, command: Command) -> Result<serde_json::Value, ScenarioError> {
        scenario::perform(&self.shared, command)
    }

    /// Makes a token on order; empty if the request names what does not exist, which no test can mistake for a token.
    #[must_use]
    pub fn mint(&self, request: MintRequest) -> String {
        let issuing = Issuing { origin: self.origin(), now: self.clock().now(), seal: &self.shared.seal };
        mint::mint(&request, &self.shared.directory(), &issuing).unwrap_or_default()
    }

    /// What an API with continuous access evaluation answers to a verified token whose session was revoked: the value of
    /// `WWW-Authenticate`. None while the session stands, and for clients that never said they understand it.
    #[must_use]
    pub fn challenge(&self, access_token: &str) -> Option<String> {
        scenario::challenge(&self.shared, access_token)
    }
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    if !listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(listen.ip()));
    }
    let failed = |source| StartError::Listen { address: listen, source };
    let tcp = TcpListener::bind(listen).await.map_err(failed)?;
    let address = tcp.local_addr().map_err(failed)?;
    Ok((tcp, address))
}

/// Serves until the handle is dropped; then idle connections are closed and busy ones finish.
fn run(wire: Wire, router: axum::Router, mut stopped: watch::Receiver<()>) {
    let service = router.into_make_service_with_connect_info::<Switch>();
    let until = async move {
        // The sender never sends: an error says that it was dropped.
        let _ = stopped.changed().await;
    };
    tokio::spawn(async move {
        if let Err(error) = axum::serve(wire, service).with_graceful_shutdown(until).await {
            tracing::error!(%error, "entra-dev stopped serving");
        }
    });
}
