//! The origin on which applications run: MSAL's page, MSAL itself as its authors built it, and the packed broker's web
//! resources. Plain http on a `localhost` name, which browsers take for secure.

use crate::{Result, built, here, packages, system};
use axum::Router;
use std::net::Ipv4Addr;
use tokio::{net::TcpListener, task::JoinHandle};
use tower_http::services::ServeDir;

/// The server of pages. It stops with this.
pub struct Pages {
    origin: String,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Pages {
    /// Starts serving.
    ///
    /// # Errors
    /// When MSAL cannot be installed, or no port is free.
    pub async fn start() -> Result<Self> {
        let msal = packages::node()?.join("node_modules/@azure/msal-browser/lib");
        let router = Router::new()
            .nest_service("/page", ServeDir::new(here().join("page")))
            .nest_service("/msal", ServeDir::new(msal))
            .nest_service("/WebResources", ServeDir::new(built("../dist/webresources")));
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(system("a port for pages"))?;
        let port = listener.local_addr().map_err(system("a port for pages"))?.port();
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { origin: format!("http://app.localhost:{port}"), serving })
    }

    /// `http://app.localhost:PORT`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
