//! The running service: started in a process that has others, on any free port, and stopped when dropped.

use crate::{
    backend::{Backend, Shared, SharedCacheError},
    clock::Clock,
    config::{ClientConfig, Config},
    credential::{CredentialError, CredentialFiles, Credentials},
    entra::Entra,
    exchange::Exchange,
    http,
    keys::KeyStore,
    lane::Lanes,
    limits::Limits,
    looping::Loops,
    newcomers::Newcomers,
    policy::{ControlClient, Policy},
    proxy::Proxies,
    router::{private, router},
    serve::{Door, listen, serve},
    service::Service,
    tls::{Tls, TlsError},
    verify::Memory,
};
use std::{future::pending, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::JoinHandle,
    time::{interval, timeout},
};

/// How long requests under way may take to end after [`Server::shutdown`].
const DRAIN: Duration = Duration::from_secs(15);

/// How often the service keeps house.
const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// The share of the cache's bytes that remembers verified tokens: as many as there are backend tokens beside them.
const MEMORY_SHARE: u64 = 8;

/// A running service. Dropping it stops it.
pub struct Server {
    service: Arc<Service>,
    address: SocketAddr,
    private: Option<SocketAddr>,
    origin: String,
    drain: Duration,
    /// Held, not sent: its end is the signal to stop.
    running: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    /// What runs beside, until the end.
    beside: Vec<Stopped>,
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A control client's certificate or key cannot be used.
    #[error("control client {client} cannot be used: {source}")]
    Credential {
        /// Its name in the configuration.
        client: String,
        /// What is wrong.
        source: CredentialError,
    },
    /// Its own certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The shared cache cannot be used.
    #[error("cache.redis: {0}")]
    SharedCache(#[from] SharedCacheError),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
    /// The address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

impl Server {
    /// Reads all certificates, binds the addresses and serves.
    ///
    /// # Errors
    /// When a credential is unusable or an address is taken.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let http = http::client(&config.authority, config.trusted.as_deref())?;
        let policy = policy(&config)?;
        let keys = KeyStore::new(&config.authority, policy.tenants(), policy.knows_others(), &http, &clock);
        let entra = Entra {
            authority: config.authority.clone(),
            http,
            lanes: Lanes::default(),
            loops: Loops::default(),
            clock: clock.clone(),
        };
        let shared = config.cache.redis.as_ref().map(|redis| Shared::new(redis, &clock)).transpose()?;
        let exchange = Exchange {
            authority: config.authority,
            policy,
            keys,
            verified: Memory::new(config.cache.bytes / MEMORY_SHARE),
            newcomers: Newcomers::new(config.limits.address_per_minute, &clock),
            limits: Limits::new(config.limits.per_minute, &clock),
            backend: Backend::new(config.cache.bytes - config.cache.bytes / MEMORY_SHARE, shared, entra),
            clock,
        };
        let tls = config.tls.map(Tls::load).transpose()?.map(Arc::new);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let proxies = Proxies::new(config.trusted_proxies);
        let service = Arc::new(Service::new(exchange, proxies.clone(), tls.clone()));
        let door = Door {
            tls,
            proxies,
            connections: config.limits.connections,
            connections_per_address: config.limits.connections_per_address,
            open: service.metrics.connections.clone(),
        };

        let (listener, address) = bind(config.listen)?;
        let origin = config.public_url.map_or_else(|| format!("{scheme}://{address}"), |url| url.to_string());
        let (running, stopped) = oneshot::channel::<()>();
        let router = router(Arc::clone(&service), &origin);
        let serving = tokio::spawn(serve(listener, router, door, async {
            stopped.await.ok();
        }));
        let mut beside = vec![Stopped(tokio::spawn(keep_house(Arc::clone(&service))))];
        let mut private_address = None;
        if let Some(at) = config.metrics {
            let (listener, address) = bind(at)?;
            private_address = Some(address);
            let serving = serve(listener, private(Arc::clone(&service)), Door::private(), pending());
            beside.push(Stopped(tokio::spawn(serving)));
        }
        let (drain, private) = (config.drain, private_address);
        Ok(Self { service, address, private, origin, drain, running, serving, beside })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of metrics and details, if there is one.
    #[must_use]
    pub fn private_address(&self) -> Option<SocketAddr> {
        self.private
    }

    /// The origin that callers use: `public_url` of the configuration, else the address.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Does now what it does every half minute by itself: fetches keys that are old, reads credentials that changed, and
    /// forgets what has ended.
    pub async fn housekeep(&self) {
        self.service.housekeep().await;
    }

    /// Says that it is not ready, takes requests for as long as its balancer needs to notice, then no new ones, and waits a
    /// while for those under way.
    pub async fn shutdown(self) {
        self.service.drain();
        tokio::time::sleep(self.drain).await;
        drop(self.running);
        timeout(DRAIN, self.serving).await.ok();
        drop(self.beside);
    }
}

/// A task that ends when this is dropped.
struct Stopped(JoinHandle<()>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn keep_house(service: Arc<Service>) {
    let mut ticks = interval(HOUSEKEEPING);
    loop {
        ticks.tick().await;
        service.housekeep().await;
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = listen(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Who may ask for what, with all credentials read.
pub(crate) fn policy(config: &Config) -> Result<Policy, StartError> {
    let clients = config.clients.iter().map(control_client).collect::<Result<_, _>>()?;
    Ok(Policy::new(config.tenants.clone(), config.other_tenants.clone(), clients))
}

/// Whether the files of TLS and of the shared cache can be used.
pub(crate) fn check_files(config: &Config, clock: &Clock) -> Result<(), StartError> {
    config.tls.clone().map(Tls::load).transpose()?;
    config.cache.redis.as_ref().map(|redis| Shared::new(redis, clock)).transpose()?;
    Ok(())
}

fn control_client(config: &ClientConfig) -> Result<ControlClient, StartError> {
    if config.credentials.iter().any(|files| matches!(files, CredentialFiles::Secret { .. })) {
        tracing::warn!(client = config.name, "A client secret is in use: use a certificate in production.");
    }
    let credentials = Credentials::load(config.credentials.clone())
        .map_err(|source| StartError::Credential { client: config.name.clone(), source })?;
    let (name, rules) = (config.name.clone(), config.rules.clone());
    Ok(ControlClient { id: config.client_id, name, rules, credentials })
}
