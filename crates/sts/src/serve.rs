//! Connections: taken, served and let go, and how long a stranger may hold one without asking for anything.
//!
//! Not axum's own loop: that waits for ever for the head of a request, so that as many half-sent heads as there are file
//! descriptors would keep everybody else out, and so would peers that went away without a word.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{future::Future, pin::pin, time::Duration};
use tokio::{net::TcpListener, time::sleep};

/// The longest wait for the head of a request, the next one of a kept connection included. Longer than the minute for which
/// proxies keep theirs, so that none is closed under a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// The pause after a connection that could not be taken, as when there is no file descriptor left.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stopped`, and then what is under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, stopped: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let connections = GracefulShutdown::new();
    let mut stopped = pin!(stopped);
    loop {
        let taken = tokio::select! {
            () = &mut stopped => break,
            taken = listener.accept() => taken,
        };
        let Ok((stream, _)) = taken else {
            tracing::error!("A connection could not be taken.");
            sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connections.watch(connection));
    }
    drop(listener);
    connections.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    };

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_is_waited_for_only_so_long() {
        let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
        for said in ["", "PRI * HT", "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX-Slow: ", get] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(serve(listener, Router::new(), pending()));
            let mut stranger = TcpStream::connect(address).await.unwrap();
            stranger.write_all(said.as_bytes()).await.unwrap();
            let closed = timeout(HEAD_TIMEOUT * 10, stranger.read_to_end(&mut Vec::new())).await;
            assert!(closed.is_ok(), "after {said:?} the connection stays open");
        }
    }
}
