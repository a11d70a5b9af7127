//! The identity provider of the measurement: key set and on-behalf-of, as fast as it can, on a thread of its own.
//!
//! It believes everybody and checks nothing, so that what is measured is the server in front of it. A backend token says
//! in clear whose it is, so that a wrong answer is seen. Whoever asks for an id token and `client_info`, as MSAL does, gets them.

use crate::{
    load::{Failure, Load, Measured},
    secure::{Door, Secure},
    tokens::{Request, TENANT, earned},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio_rustls::TlsConnector;

/// The length of a backend token, in bytes: about what Graph's are.
const TOKEN: usize = 1_800;

/// A running identity provider. It ends with the process.
pub(crate) struct Authority {
    address: SocketAddr,
    connector: TlsConnector,
    asked: Arc<AtomicUsize>,
}

impl Authority {
    /// Takes a free port; connections wait there until it serves.
    pub(crate) fn bind() -> io::Result<(TcpListener, String)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let origin = format!("https://{}", listener.local_addr()?);
        Ok((listener, origin))
    }

    /// Serves this key set.
    pub(crate) fn serve(listener: TcpListener, secure: &Secure, key_set: Value) -> io::Result<Self> {
        let (address, connector) = (listener.local_addr()?, secure.connector.clone());
        let (acceptor, asked) = (secure.acceptor.clone(), Arc::new(AtomicUsize::new(0)));
        let router = router(key_set, &format!("https://{address}"), Arc::clone(&asked));
        thread::spawn(move || {
            let serve = async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(Door { listener, acceptor }, router).await
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Err(error) = runtime.and_then(|runtime| runtime.block_on(serve)) {
                eprintln!("the identity provider stopped: {error}");
            }
        });
        Ok(Self { address, connector, asked })
    }

    /// How often its token endpoint was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Its own time, seen from the generator: so many requests, one after the other.
    pub(crate) async fn direct(&self, number: usize) -> Result<Measured, Failure> {
        let claims = json!({ "aud": "direct" });
        let assertion = format!("e30.{}.e30", BASE64.encode(claims.to_string()));
        let body = format!("assertion={assertion}&padding={}", "x".repeat(2_500));
        let head = format!(
            "POST /{TENANT}/oauth2/v2.0/token HTTP/1.1\r\nHost: login.localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let bytes = (head + &body).into_bytes();
        let earned = earned(["direct", TENANT, "", "", "", ""]);
        let requests = (0..number).map(|_| Request::new(bytes.clone(), &earned)).collect();
        Load::new(self.address, requests, 1).over_tls(self.connector.clone()).once().await
    }
}

struct Provider {
    /// What makes a backend token as long as they are.
    padding: String,
    origin: String,
    key_set: Value,
    asked: Arc<AtomicUsize>,
}

fn router(key_set: Value, origin: &str, asked: Arc<AtomicUsize>) -> Router {
    let provider = Provider { padding: "x".repeat(TOKEN), origin: origin.to_owned(), key_set, asked };
    Router::new()
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(metadata))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .with_state(Arc::new(provider))
}

async fn metadata(State(provider): State<Arc<Provider>>, Path(tenant): Path<String>) -> Json<Value> {
    let at = format!("{}/{tenant}", provider.origin);
    Json(json!({
        "issuer": format!("{at}/v2.0"), "jwks_uri": format!("{at}/discovery/v2.0/keys"),
        "token_endpoint": format!("{at}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{at}/oauth2/v2.0/authorize"),
        "end_session_endpoint": format!("{at}/oauth2/v2.0/logout"),
    }))
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(provider.key_set.clone())
}

async fn token(
    State(provider): State<Arc<Provider>>,
    Path(tenant): Path<String>,
    body: Bytes,
) -> Json<Value> {
    provider.asked.fetch_add(1, Ordering::Relaxed);
    let form: HashMap<_, _> = form_urlencoded::parse(&body).collect();
    let claims = form.get("assertion").and_then(|assertion| claims_of(assertion)).unwrap_or_default();
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let scope = form.get("scope").and_then(|scope| scope.split(' ').next()).unwrap_or_default();
    let whose = earned([text("aud"), &tenant, text("oid"), text("azp"), text("uti"), scope]);
    let id_token = form.get("scope").filter(|scope| scope.contains("openid")).map(|_| {
        let issued = json!({
            "aud": text("aud"), "iss": format!("{}/{tenant}/v2.0", provider.origin), "tid": tenant, "ver": "2.0",
            "oid": text("oid"), "sub": text("sub"), "exp": claims.get("exp"),
            "preferred_username": text("preferred_username"),
        });
        format!("e30.{}.{}", BASE64.encode(issued.to_string()), "s".repeat(342))
    });
    let client_info = form.get("client_info").map(|_| {
        let info = json!({ "uid": text("oid"), "utid": tenant });
        BASE64.encode(info.to_string())
    });
    Json(json!({
        "token_type": "Bearer", "expires_in": 4_799, "ext_expires_in": 4_799,
        "scope": "https://graph.microsoft.com/User.Read", "access_token": format!("{whose}{}", provider.padding),
        "id_token": id_token, "client_info": client_info,
    }))
}

fn claims_of(assertion: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64.decode(assertion.split('.').nth(1)?).ok()?).ok()
}
