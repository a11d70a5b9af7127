//! The identity provider of the measurement: key set and on-behalf-of, as fast as it can, on a thread of its own.
//!
//! It believes everybody and checks nothing, so that what is measured is the server in front of it. A backend token names
//! the user of the assertion, so that a wrong answer is seen.

use crate::{
    load::{Failure, Load, Measured},
    tokens::{Request, TENANT},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    thread,
};

/// The length of a backend token, in bytes: about what Graph's are.
const TOKEN: usize = 1_800;

/// A running identity provider. It ends with the process.
pub(crate) struct Authority {
    address: SocketAddr,
}

impl Authority {
    /// Takes a free port; connections wait there until it serves.
    pub(crate) fn bind() -> io::Result<(TcpListener, String)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let origin = format!("http://login.localhost:{}", listener.local_addr()?.port());
        Ok((listener, origin))
    }

    /// Serves this key set.
    pub(crate) fn serve(listener: TcpListener, key_set: Value) -> io::Result<Self> {
        let address = listener.local_addr()?;
        thread::spawn(move || {
            let serve = async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router(key_set)).await
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Err(error) = runtime.and_then(|runtime| runtime.block_on(serve)) {
                eprintln!("the identity provider stopped: {error}");
            }
        });
        Ok(Self { address })
    }

    /// Its own time, seen from the generator: so many requests, one after the other.
    pub(crate) async fn direct(&self, number: usize) -> Result<Measured, Failure> {
        let body = format!("assertion={}&padding={}", assertion_of("direct"), "x".repeat(2_500));
        let head = format!(
            "POST /{TENANT}/oauth2/v2.0/token HTTP/1.1\r\nHost: login.localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let bytes = (head + &body).into_bytes();
        let requests: Vec<Request> =
            (0..number).map(|_| Request { bytes: bytes.clone(), user: "direct".to_owned() }).collect();
        Load::new(self.address, requests, 1).once().await
    }
}

fn router(key_set: Value) -> Router {
    Router::new()
        .route("/{tenant}/discovery/v2.0/keys", get(move || async move { Json(key_set) }))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .with_state("x".repeat(TOKEN))
}

async fn token(State(padding): State<String>, body: Bytes) -> Json<Value> {
    let assertion = form_urlencoded::parse(&body).find(|(name, _)| name == "assertion");
    let user = assertion.and_then(|(_, assertion)| user_of(&assertion)).unwrap_or_default();
    Json(json!({
        "token_type": "Bearer", "expires_in": 4_799, "ext_expires_in": 4_799,
        "scope": "https://graph.microsoft.com/User.Read", "access_token": format!("for.{user}.{padding}"),
    }))
}

fn user_of(assertion: &str) -> Option<String> {
    let claims = BASE64.decode(assertion.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("oid")?.as_str()?.to_owned())
}

fn assertion_of(user: &str) -> String {
    format!("e30.{}.e30", BASE64.encode(json!({ "oid": user }).to_string()))
}
