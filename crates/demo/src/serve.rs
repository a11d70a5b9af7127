//! Binding first, serving later: addresses must be known before the parts that are configured with them exist.

use crate::{StartError, loopback};
use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};

/// A bound address that nobody answers on yet.
pub(crate) struct Bound {
    listener: TcpListener,
    origin: String,
}

/// A server that answers until this is dropped.
pub(crate) struct Running(JoinHandle<()>);

impl Bound {
    /// Binds loopback. `name` is a name under `.localhost`, which browsers resolve to loopback (RFC 6761 §6.3).
    pub(crate) async fn bind(name: &str, port: u16) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind(loopback(port)).await.map_err(failed)?;
        let origin = format!("http://{name}:{}", listener.local_addr().map_err(failed)?.port());
        Ok(Self { listener, origin })
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Starts answering.
    pub(crate) fn serve(self, router: Router) -> Running {
        let Self { listener, origin } = self;
        Running(tokio::spawn(async move {
            if let Err(why) = axum::serve(listener, router).await {
                tracing::error!(%origin, %why, "stopped answering");
            }
        }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}
