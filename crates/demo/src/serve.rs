//! Binding first, serving later: addresses must be known before the parts that are configured with them exist.
//!
//! Parts speak http. Where the demo is over TLS, a door before each ends it and passes the bytes on, as a proxy does in production.

use crate::{StartError, loopback};
use axum::{Router, serve::Listener};
use entra_dev::{Tls, TlsError};
use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// How the parts are reached.
pub(crate) struct Doors(Option<TlsAcceptor>);

/// A bound address that nobody answers on yet.
pub(crate) struct Bound {
    listener: TcpListener,
    origin: String,
    tls: Option<TlsAcceptor>,
}

/// A server that answers until this is dropped.
pub(crate) struct Running(#[expect(dead_code, reason = "dropping it is its use")] JoinSet<()>);

impl Doors {
    /// Over TLS, with a certificate that is made now, or not.
    pub(crate) fn new(tls: bool) -> Result<Self, TlsError> {
        let names =
            ["app.localhost", "sts.localhost", "graph.localhost", "feed.localhost", "outer.localhost"];
        Ok(Self(tls.then(|| Tls::new(names)).transpose()?.map(|tls| tls.acceptor)))
    }

    /// Binds loopback. `name` is a name under `.localhost`, which browsers resolve to loopback (RFC 6761 §6.3).
    pub(crate) async fn bind(&self, name: &str, port: u16) -> Result<Bound, StartError> {
        let failed = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind(loopback(port)).await.map_err(failed)?;
        let scheme = if self.0.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{name}:{}", listener.local_addr().map_err(failed)?.port());
        Ok(Bound { listener, origin, tls: self.0.clone() })
    }
}

impl Bound {
    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Starts answering.
    pub(crate) async fn serve(self, router: Router) -> Result<Running, StartError> {
        let mut tasks = JoinSet::new();
        let Self { listener, origin, tls } = self;
        let listener = match tls {
            None => listener,
            Some(tls) => {
                let failed = |source| StartError::Listen { port: 0, source };
                let behind = TcpListener::bind(loopback(0)).await.map_err(failed)?;
                tasks.spawn(open(listener, Some(tls), behind.local_addr().map_err(failed)?));
                behind
            }
        };
        tasks.spawn(async move {
            if let Err(why) = axum::serve(listener, router).await {
                tracing::error!(%origin, %why, "stopped answering");
            }
        });
        Ok(Running(tasks))
    }

    /// Starts passing on to a part that listens elsewhere.
    pub(crate) fn pass_on(self, part: SocketAddr) -> Running {
        let mut tasks = JoinSet::new();
        tasks.spawn(open(self.listener, self.tls, part));
        Running(tasks)
    }
}

/// Passes connections on to a part.
async fn open(mut listener: TcpListener, tls: Option<TlsAcceptor>, part: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        let (mut stream, _) = tokio::select! {
            taken = Listener::accept(&mut listener) => taken,
            Some(_) = connections.join_next() => continue,
        };
        let tls = tls.clone();
        // Either side may end it at any moment; nobody is interested in why.
        connections.spawn(async move {
            let mut behind = TcpStream::connect(part).await?;
            match tls {
                None => copy_bidirectional(&mut stream, &mut behind).await,
                Some(tls) => copy_bidirectional(&mut tls.accept(stream).await?, &mut behind).await,
            }
        });
    }
}
