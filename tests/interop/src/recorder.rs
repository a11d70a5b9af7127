//! Stands in front of the stand-in, on the same port of another loopback address, and writes down what is posted to /token.
//! Nobody is told: both sides have the same name, and every request and answer goes through unchanged.

use crate::{Failure, Result, StandIn, system};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::Response,
};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Path and query.
    pub address: String,
    /// Headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Form fields. One that occurs twice is a failure of its sender, which shows as `field, field`.
    pub fields: BTreeMap<String, String>,
}

/// The recorder. It stops with this.
pub struct Recorder {
    recorded: Arc<Mutex<Vec<Recorded>>>,
    serving: JoinHandle<std::io::Result<()>>,
}

#[derive(Clone)]
struct Between {
    http: reqwest::Client,
    origin: String,
    recorded: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    /// Where the stand-in must listen, so that the recorder can have the address that its name resolves to.
    pub const BEHIND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

    /// Starts in front of a stand-in that listens, over plain http, on [`Self::BEHIND`].
    ///
    /// # Errors
    /// When the port is taken on the other address.
    pub async fn start(stand_in: &StandIn) -> Result<Self> {
        let behind = stand_in.entra.address();
        let front = SocketAddr::from((Ipv4Addr::LOCALHOST, behind.port()));
        let listener = TcpListener::bind(front).await.map_err(system("the recorder's port"))?;
        let http = reqwest::Client::builder().no_proxy().resolve("login.localhost", behind).build();
        let http = http.map_err(|why| Failure::wrong(format!("The recorder has no HTTP client: {why}.")))?;
        let recorded = Arc::<Mutex<Vec<Recorded>>>::default();
        let between =
            Between { http, origin: stand_in.entra.origin().to_owned(), recorded: Arc::clone(&recorded) };
        let router = Router::new().fallback(pass_on).with_state(between);
        Ok(Self { recorded, serving: tokio::spawn(axum::serve(listener, router).into_future()) })
    }

    /// What was posted to /token since the last look.
    #[must_use]
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass_on(
    State(between): State<Between>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::POST && uri.path().ends_with("/token") {
        let recorded = Recorded::read(&uri, &headers, &body);
        between.recorded.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
    }
    let answered = between
        .http
        .request(method, format!("{}{uri}", between.origin))
        .headers(headers)
        .body(body)
        .send()
        .await;
    match answered {
        Ok(answer) => axum::http::Response::from(answer).map(Body::new),
        Err(why) => {
            let mut response = Response::new(Body::from(why.to_string()));
            *response.status_mut() = axum::http::StatusCode::BAD_GATEWAY;
            response
        }
    }
}

impl Recorded {
    fn read(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut fields = BTreeMap::<String, String>::new();
        for (name, value) in form_urlencoded::parse(body) {
            let field = fields.entry(name.into_owned()).or_default();
            *field = if field.is_empty() { value.into_owned() } else { format!("{field}, {value}") };
        }
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()));
        Self { address: uri.to_string(), headers: headers.collect(), fields }
    }
}
