//! Connections: taken, served and let go, how many there may be, and how long a stranger may hold one without asking.
//!
//! Not axum's own loop: that waits for ever for the head of a request, so that as many half-sent heads as there are file
//! descriptors would keep everybody else out, and so would peers that went away without a word or never read an answer.

use crate::{
    patience::Patient,
    proxy::Proxies,
    share::{Share, Shares},
    tls::Tls,
};
use axum::{Router, body::Body, response::Response};
use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use std::{
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::Service;

/// The longest wait for the head of a request, the next one of a kept connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// The same behind proxies: longer than the minute for which they keep theirs, so that none is closed under a request.
const PROXY_HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// The longest that a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a write may make no progress: whoever asks and does not read is let go.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// What the system may hold of a connection in each direction, in bytes: Linux takes twice that, and by itself megabytes.
const SOCKET_BUFFER: u32 = 64 * 1024;
/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;
/// The largest head, in bytes; the router refuses one of half of that, readable for the page that sent it.
const MAX_HEAD: u32 = 32 * 1024;
/// Requests at once on one connection of HTTP/2: more than one page has controls.
const MAX_STREAMS: u32 = 32;
/// The pause after a connection that could not be taken, as when there is no file descriptor left.
const PAUSE: Duration = Duration::from_secs(1);
/// How long connections are served on after the last was taken, before those that ask for nothing are closed: what was sent
/// before its sender could know is still answered.
const LINGER: Duration = Duration::from_secs(1);

/// Who may come in, and how many at once.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) proxies: Proxies,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) open: Gauge,
}

impl Door {
    /// To the private port: for a handful of machines.
    pub(crate) fn private() -> Self {
        let (tls, proxies, open) = (None, Proxies::default(), Gauge::default());
        Self { tls, proxies, connections: 64, connections_per_address: 64, open }
    }
}

/// The address at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Listens at an address; its connections have buffers of a bounded size.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As for every server: a restart need not wait for the last connections of the process before.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stopped`, and then what is under way.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    door: Door,
    stopped: impl Future<Output = ()>,
) {
    let hall = Arc::new(Hall::new(router, door));
    let places = Arc::new(Semaphore::new(hall.door.connections));
    // Each connection listens; when the last has gone, this is closed.
    let (stop, stopping) = watch::channel(());
    let mut stopped = pin!(stopped);
    loop {
        let taken = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, taken) = tokio::select! {
            () = &mut stopped => break,
            taken = taken => taken,
        };
        let Ok((stream, peer)) = taken else {
            tracing::error!("A connection could not be taken.");
            sleep(PAUSE).await;
            continue;
        };
        hall.welcome(stream, peer.ip(), place, places.available_permits(), stopping.clone());
    }
    // Whoever was connected before the door closes is served too.
    while let Ok(Ok((stream, peer))) = timeout(Duration::ZERO, listener.accept()).await {
        let place = Arc::clone(&places).try_acquire_owned().ok();
        hall.welcome(stream, peer.ip(), place, hall.door.connections, stopping.clone());
    }
    drop((listener, stopping));
    tokio::select! {
        () = sleep(LINGER) => {}
        () = all_gone(&places, hall.door.connections) => {}
    }
    stop.send_replace(());
    stop.closed().await;
}

async fn all_gone(places: &Semaphore, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    places.acquire_many(number).await.ok();
}

/// What all connections share.
struct Hall {
    http: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    head: Duration,
    router: Router,
    door: Door,
    shares: Arc<Shares>,
}

impl Hall {
    fn new(router: Router, door: Door) -> Self {
        let head = if door.proxies.any() { PROXY_HEAD_TIMEOUT } else { HEAD_TIMEOUT };
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD as usize);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2.timer(TokioTimer::new()).max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_HEAD);
        Self { http, http2, head, router, door, shares: Arc::default() }
    }

    fn welcome(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        place: Option<OwnedSemaphorePermit>,
        free: usize,
        stopping: watch::Receiver<()>,
    ) {
        let Some(guest) = Guest::enter(self, peer, place, free) else { return };
        stream.set_nodelay(true).ok();
        let stream = Patient::new(stream, WRITE_TIMEOUT);
        let hall = Arc::clone(self);
        tokio::spawn(async move {
            match hall.door.tls.as_ref().map(|tls| tls.acceptor()) {
                None => hall.converse(stream, peer, stopping).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                        match stream.get_ref().1.alpn_protocol() {
                            Some(b"h2") => hall.converse_in_http2(stream, peer, stopping).await,
                            _ => hall.converse(stream, peer, stopping).await,
                        }
                    }
                }
            }
            drop(guest);
        });
    }

    async fn converse<S>(&self, stream: S, peer: IpAddr, mut stopping: watch::Receiver<()>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answer = hyper::service::service_fn(|request| self.answer(request, peer));
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), answer));
        // A connection that breaks is its peer's affair.
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
        }
        connection.await.ok();
    }

    /// Here no time limit on heads is built in: a connection that asked for nothing for so long is told to go, and then let go.
    async fn converse_in_http2<S>(&self, stream: S, peer: IpAddr, mut stopping: watch::Receiver<()>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Arc::new(());
        let asked = Arc::new(AtomicBool::new(false));
        let answer = hyper::service::service_fn(|request| {
            let under_way = Arc::clone(&pulse);
            asked.store(true, Ordering::Relaxed);
            let answer = self.answer(request, peer);
            async move {
                let answer = answer.await;
                drop(under_way);
                answer
            }
        });
        let mut connection = pin!(self.http2.serve_connection(TokioIo::new(stream), answer));
        let mut told = false;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = stopping.changed(), if !told => {}
                () = sleep(self.head) => {
                    if asked.swap(false, Ordering::Relaxed) || Arc::strong_count(&pulse) > 1 {
                        continue;
                    }
                    if told {
                        return;
                    }
                }
            }
            told = true;
            connection.as_mut().graceful_shutdown();
        }
    }

    fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: IpAddr,
    ) -> impl Future<Output = Result<Response, Infallible>> + use<> {
        request.extensions_mut().insert(Peer(peer));
        // A router is always ready.
        self.router.clone().call(request.map(Body::new))
    }
}

/// A connection that counts.
struct Guest {
    hall: Arc<Hall>,
    _share: Share,
    _place: Option<OwnedSemaphorePermit>,
}

impl Guest {
    /// One address has at most as many connections as are free beside this one, so that a few cannot have them all.
    fn enter(
        hall: &Arc<Hall>,
        peer: IpAddr,
        place: Option<OwnedSemaphorePermit>,
        free: usize,
    ) -> Option<Self> {
        let door = &hall.door;
        let most =
            if door.proxies.trust(peer) { usize::MAX } else { door.connections_per_address.min(free + 1) };
        let share = hall.shares.take(peer, most)?;
        door.open.inc();
        Some(Self { hall: Arc::clone(hall), _share: share, _place: place })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.hall.door.open.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::future::pending;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::oneshot,
    };

    const GET: &str = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

    fn door(connections: usize, connections_per_address: usize) -> Door {
        let (tls, proxies, open) = (None, Proxies::default(), Gauge::default());
        Door { tls, proxies, connections, connections_per_address, open }
    }

    async fn open(door: Door, stopped: impl Future<Output = ()> + Send + 'static) -> SocketAddr {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Router::new().route("/livez", get("alive")), door, stopped));
        address
    }

    async fn answered(stream: &mut TcpStream) -> bool {
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).await.is_ok() && &begin == b"HTTP/1.1 200"
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_is_waited_for_only_so_long() {
        for said in ["", "PRI * HT", "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX-Slow: ", GET] {
            let address = open(door(10, 10), pending()).await;
            let mut stranger = TcpStream::connect(address).await.unwrap();
            stranger.write_all(said.as_bytes()).await.unwrap();
            let closed = timeout(HEAD_TIMEOUT * 10, stranger.read_to_end(&mut Vec::new())).await;
            assert!(closed.is_ok(), "after {said:?} the connection stays open");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_of_http_2_that_asks_for_nothing_ends_as_well_but_not_one_that_asks() {
        let hall = Arc::new(Hall::new(Router::new().route("/livez", get("alive")), door(10, 10)));
        let (_stop, stopping) = watch::channel(());
        let open = || {
            let (here, there) = tokio::io::duplex(64 * 1024);
            let (hall, stopping) = (Arc::clone(&hall), stopping.clone());
            let peer = [127, 0, 0, 1].into();
            (here, tokio::spawn(async move { hall.converse_in_http2(there, peer, stopping).await }))
        };
        let (_silent, served) = open();
        assert!(timeout(HEAD_TIMEOUT * 3, served).await.is_ok());

        let (here, served) = open();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(here)).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..5 {
            sleep(HEAD_TIMEOUT * 2 / 3).await;
            let request = Request::get("http://x/livez").body(Body::empty()).unwrap();
            assert_eq!(sender.send_request(request).await.unwrap().status().as_u16(), 200);
        }
        assert!(timeout(HEAD_TIMEOUT * 3, served).await.is_ok());
    }

    #[tokio::test]
    async fn one_address_cannot_have_more_connections_than_its_share() {
        let address = open(door(10, 2), pending()).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(GET.as_bytes()).await.unwrap();
            assert!(answered(&mut stream).await);
            held.push(stream);
        }
        let mut third = TcpStream::connect(address).await.unwrap();
        third.write_all(GET.as_bytes()).await.ok();
        assert!(!answered(&mut third).await);
        drop(held);
        loop {
            let mut again = TcpStream::connect(address).await.unwrap();
            again.write_all(GET.as_bytes()).await.ok();
            if answered(&mut again).await {
                break;
            }
        }
    }

    #[tokio::test]
    async fn a_few_addresses_cannot_have_all_connections() {
        let address = open(door(20, 20), pending()).await;
        let connect = async |last: u8| {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, last], 0).into()).unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_all(GET.as_bytes()).await.ok();
            answered(&mut stream).await.then_some(stream)
        };
        let (mut held, mut numbers) = (Vec::new(), Vec::new());
        for last in 2..6 {
            let before = held.len();
            while let Ok(Some(stream)) = timeout(Duration::from_secs(5), connect(last)).await {
                held.push(stream);
            }
            numbers.push(held.len() - before);
        }
        assert_eq!(numbers, [10, 5, 3, 1], "each at most as many as are left");
        let another = timeout(Duration::from_secs(5), connect(9)).await;
        assert!(another.is_ok_and(|stream| stream.is_some()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_reads_is_not_kept() {
        let address = open(door(10, 10), pending()).await;
        let mut stranger = TcpStream::connect(address).await.unwrap();
        let asked = GET.repeat(1000);
        let written = timeout(HEAD_TIMEOUT * 3, async {
            let mut written = 0;
            while stranger.write_all(asked.as_bytes()).await.is_ok() {
                written += asked.len();
            }
            written
        });
        let written = written.await.expect("the connection stays open");
        assert!(written > 100_000, "it was served before that: {written}");
    }

    #[tokio::test]
    async fn beyond_all_places_one_waits_until_another_leaves() {
        let address = open(door(1, 10), pending()).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(GET.as_bytes()).await.unwrap();
        assert!(answered(&mut first).await);
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(GET.as_bytes()).await.unwrap();
        assert!(timeout(Duration::from_millis(50), answered(&mut second)).await.is_err());
        drop(first);
        // What was read so far is gone with the read that was given up, so the rest shows that it is answered.
        assert!(second.read(&mut [0; 64]).await.unwrap() > 0);
    }

    #[tokio::test]
    async fn whoever_had_connected_before_the_door_closed_is_served() {
        let (stop, stopped) = oneshot::channel::<()>();
        let address = open(door(100, 100), async { drop(stopped.await) }).await;
        let mut waiting = Vec::new();
        for _ in 0..20 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        drop(stop);
        for mut stream in waiting {
            stream.write_all(GET.as_bytes()).await.unwrap();
            assert!(answered(&mut stream).await);
        }
    }
}
