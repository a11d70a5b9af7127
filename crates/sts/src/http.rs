//! The one HTTP client of this service, and an answer as its judges see it.
//!
//! It talks to the authority and to nobody else: no redirect is followed (one from a token endpoint would carry an
//! assertion elsewhere), no proxy is taken from the environment, no cookie or referrer is sent, and nothing but https
//! leaves the machine.

use crate::origin::{Origin, is_loopback};
use reqwest::{
    Certificate, Client, RequestBuilder, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::RETRY_AFTER,
    redirect::Policy,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than the idle time after which Entra closes a connection.
const IDLE: Duration = Duration::from_secs(60);
/// More than any token answer or key set has.
const MAX_BODY: usize = 1024 * 1024;

/// An HTTP answer that arrived whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `Retry-After`, where it is a number of seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// No answer arrived, or more than anybody asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreachable {
    /// Whether it was the connection that failed, and not the time for an answer that ran out.
    pub(crate) retryable: bool,
}

/// A client for this authority, which may trust a certificate authority (PEM) that the machine does not.
pub(crate) fn client(authority: &Origin, trusted: Option<&str>) -> Result<Client, reqwest::Error> {
    let trusted = trusted.map(|pem| Certificate::from_pem(pem.as_bytes())).transpose()?;
    Client::builder()
        .tls_certs_merge(trusted)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE)
        .redirect(Policy::none())
        .https_only(!authority.is_plain_loopback())
        .no_proxy()
        .referer(false)
        .dns_resolver(Arc::new(Localhost))
        .build()
}

/// Sends a request.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, Unreachable> {
    let failed = |error: reqwest::Error| Unreachable { retryable: error.is_connect() || !error.is_timeout() };
    let mut response = request.send().await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err(Unreachable { retryable: false });
        }
    }
    Ok(Answer { status: response.status().as_u16(), retry_after: retry_after(&response), body })
}

fn retry_after(response: &Response) -> Option<u64> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The system's resolver, except for names that are this machine by definition (RFC 6761 §6.3), which it may not know.
struct Localhost;

impl Resolve for Localhost {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            if is_loopback(name.as_str()) {
                let here: Addrs = Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
                return Ok(here);
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, response::Redirect, routing::get};

    /// A server on loopback: its port.
    async fn serve(router: Router) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async { axum::serve(listener, router).await });
        port
    }

    fn loopback() -> Client {
        client(&"http://login.localhost".parse().unwrap(), None).unwrap()
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_a_way() {
        let router = Router::new().route("/a", get(Redirect::temporary("/b"))).route("/b", get("elsewhere"));
        let port = serve(router).await;
        let answer = send(loopback().get(format!("http://login.localhost:{port}/a"))).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (307, b"".as_slice()));
    }

    #[tokio::test]
    async fn with_an_authority_on_https_nothing_leaves_in_the_clear() {
        let port = serve(Router::new().route("/", get("heard"))).await;
        let url = format!("http://login.localhost:{port}/");
        assert!(send(loopback().get(&url)).await.is_ok());
        let strict = client(&"https://login.example".parse().unwrap(), None).unwrap();
        assert!(send(strict.get(&url)).await.is_err());
    }

    #[tokio::test]
    async fn an_endless_body_is_not_read_to_its_end() {
        let port = serve(Router::new().route("/", get(async || "x".repeat(MAX_BODY + 1)))).await;
        assert!(send(loopback().get(format!("http://login.localhost:{port}/"))).await.is_err());
    }
}
