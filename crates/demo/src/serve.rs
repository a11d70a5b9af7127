//! Binding first, serving later: addresses must be known before the parts that are configured with them exist.
//!
//! Parts speak http. Where the demo is over TLS, a door before each ends it and passes the bytes on. Before the STS, which speaks
//! HTTP/1.1, it passes requests on, so that browsers have HTTP/2 with everybody, as they have in production.

use crate::{StartError, loopback};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    serve::Listener,
};
use entra_dev::{Tls, TlsError};
use reqwest::{Client, redirect::Policy};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// Far more than a part takes.
const LARGEST_BODY: usize = 1024 * 1024;

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
                tasks.spawn(open(listener, tls, behind.local_addr().map_err(failed)?));
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

    /// Starts passing requests on to a part that speaks HTTP/1.1 only, as the ingress before it does in production. Each answer takes
    /// so long on its way.
    pub(crate) async fn pass_on(self, part: SocketAddr, latency: Duration) -> Result<Running, StartError> {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build();
        let http = http.map_err(StartError::Client)?;
        self.serve(Router::new().fallback(pass_on).with_state(Part { http, address: part, latency })).await
    }
}

/// A part behind a door.
#[derive(Clone)]
struct Part {
    http: Client,
    address: SocketAddr,
    latency: Duration,
}

async fn pass_on(State(part): State<Part>, request: Request) -> Response {
    let answered = forward(&part.http, &format!("http://{}", part.address), request).await;
    tokio::time::sleep(part.latency).await;
    match answered {
        Ok(answer) => axum::http::Response::from(answer).map(Body::new),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// Asks the server at `origin` what was asked here.
pub(crate) async fn forward(
    http: &Client,
    origin: &str,
    request: Request,
) -> reqwest::Result<reqwest::Response> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    http.request(head.method, [origin, path].concat())
        .headers(head.headers)
        .body(axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default())
        .send()
        .await
}

/// Ends TLS before a part.
async fn open(mut listener: TcpListener, tls: TlsAcceptor, part: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = tokio::select! {
            taken = Listener::accept(&mut listener) => taken,
            Some(_) = connections.join_next() => continue,
        };
        let tls = tls.clone();
        // Either side may end it at any moment; nobody is interested in why.
        connections.spawn(async move {
            let mut behind = TcpStream::connect(part).await?;
            copy_bidirectional(&mut tls.accept(stream).await?, &mut behind).await
        });
    }
}
