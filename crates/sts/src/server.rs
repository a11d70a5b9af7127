//! The running service: started in a process that has others, on any free port, and stopped when dropped.

use crate::{
    assertion::{Credential, CredentialError},
    clock::Clock,
    config::{ClientConfig, Config},
    exchange::Exchange,
    http,
    keys::KeyStore,
    policy::{ControlClient, Policy, Rules},
    router::router,
    serve::serve,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};

/// How long requests under way may take to end after [`Server::shutdown`].
const DRAIN: Duration = Duration::from_secs(15);

/// A running service. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    origin: String,
    /// Held, not sent: its end is the signal to stop.
    running: oneshot::Sender<()>,
    serving: JoinHandle<()>,
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
    /// Reads all certificates, binds the address and serves.
    ///
    /// # Errors
    /// When a credential is unusable or the address is taken.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let http = http::client(&config.authority, config.trusted.as_deref())?;
        let clients = config.clients.into_iter().map(control_client).collect::<Result<_, _>>()?;
        let policy = Policy::new(config.tenants, clients);
        let keys = KeyStore::new(&config.authority, policy.tenants(), &http, &clock);
        let exchange = Exchange { authority: config.authority, policy, keys, http, clock };

        let failed = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let origin = config.public_url.map_or_else(|| format!("http://{address}"), |url| url.to_string());
        let (running, stopped) = oneshot::channel::<()>();
        let router = router(Arc::new(exchange), &origin);
        let serving = tokio::spawn(serve(listener, router, async {
            stopped.await.ok();
        }));
        Ok(Self { address, origin, running, serving })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin that callers use: `public_url` of the configuration, else the address.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Takes no new request, and waits a while for those under way.
    pub async fn shutdown(self) {
        drop(self.running);
        timeout(DRAIN, self.serving).await.ok();
    }
}

fn control_client(config: ClientConfig) -> Result<ControlClient, StartError> {
    let credential = Credential::load(&config.certificate, &config.private_key)
        .map_err(|source| StartError::Credential { client: config.name, source })?;
    let rules = Rules { brokers: config.brokers, tenants: config.tenants, scopes: config.scopes };
    Ok(ControlClient { id: config.client_id, rules, credential })
}
