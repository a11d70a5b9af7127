//! The load generator: connections that each send the next request as soon as the last was answered.
//!
//! Requests are bytes made before the clock runs. Every answer is looked at: one that is not 200, or is not for the client
//! token that was sent, ends the measurement.

use crate::tokens::Request;
use std::{
    error::Error,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// Why a measurement ended early.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A server to be asked these requests.
pub(crate) struct Load {
    server: SocketAddr,
    requests: Arc<[Request]>,
    connections: usize,
    tls: Option<TlsConnector>,
    order: Order,
}

/// Which request comes next.
#[derive(Clone, Copy)]
enum Order {
    InTurn,
    /// Some often, most seldom: half of all come from a sixteenth of them. The same in each run.
    Shuffled,
}

impl Order {
    fn pick(self, at: usize, requests: usize) -> usize {
        match self {
            Self::InTurn => at % requests,
            Self::Shuffled => {
                // SplitMix64.
                let mut word = (at as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let (often, any) = (word & 1 == 0, (word >> 1) as usize);
                any % if often { requests.div_ceil(16) } else { requests }
            }
        }
    }
}

/// What came of it.
pub(crate) struct Measured {
    /// Microseconds of each answer, sorted.
    micros: Vec<u32>,
    took: Duration,
}

impl Measured {
    /// Answers in each second.
    pub(crate) fn per_second(&self) -> f64 {
        self.micros.len() as f64 / self.took.as_secs_f64()
    }

    /// How many answers there were.
    pub(crate) fn answers(&self) -> usize {
        self.micros.len()
    }

    /// The time in milliseconds within which this share of answers came.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let at = ((self.micros.len() as f64 * share) as usize).min(self.micros.len().saturating_sub(1));
        self.micros.get(at).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    }
}

/// When a connection stops.
#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    Number(usize),
}

impl Load {
    pub(crate) fn new(server: SocketAddr, requests: Vec<Request>, connections: usize) -> Self {
        Self { server, requests: requests.into(), connections, tls: None, order: Order::InTurn }
    }

    /// The same over TLS.
    pub(crate) fn over_tls(self, connector: TlsConnector) -> Self {
        Self { tls: Some(connector), ..self }
    }

    /// In an order in which some requests come often and most seldom.
    pub(crate) fn shuffled(self) -> Self {
        Self { order: Order::Shuffled, ..self }
    }

    /// So many requests.
    pub(crate) async fn first(&self, number: usize) -> Result<Measured, Failure> {
        self.drive(Until::Number(number)).await
    }

    /// Each request once.
    pub(crate) async fn once(&self) -> Result<Measured, Failure> {
        self.first(self.requests.len()).await
    }

    /// Requests in turn for so long.
    pub(crate) async fn run(&self, time: Duration) -> Result<Measured, Failure> {
        self.drive(Until::Time(Instant::now() + time)).await
    }

    async fn drive(&self, until: Until) -> Result<Measured, Failure> {
        let next = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let mut lanes = JoinSet::new();
        for _ in 0..self.connections {
            let (requests, next) = (Arc::clone(&self.requests), Arc::clone(&next));
            let stream = TcpStream::connect(self.server).await?;
            stream.set_nodelay(true)?;
            match &self.tls {
                None => lanes.spawn(lane(stream, requests, next, (self.order, until))),
                Some(tls) => {
                    let name = ServerName::IpAddress(self.server.ip().into());
                    lanes.spawn(lane(tls.connect(name, stream).await?, requests, next, (self.order, until)))
                }
            };
        }
        let mut micros = Vec::new();
        while let Some(lane) = lanes.join_next().await {
            micros.extend(lane??);
        }
        let took = started.elapsed();
        micros.sort_unstable();
        Ok(Measured { micros, took })
    }
}

/// One connection, from its first request to its last.
async fn lane(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    requests: Arc<[Request]>,
    next: Arc<AtomicUsize>,
    (order, until): (Order, Until),
) -> Result<Vec<u32>, Failure> {
    let mut micros = Vec::new();
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let over = match until {
            Until::Time(end) => Instant::now() >= end,
            Until::Number(number) => at >= number,
        };
        if over {
            return Ok(micros);
        }
        let request = requests.get(order.pick(at, requests.len())).ok_or("there is no request")?;
        let started = Instant::now();
        stream.write_all(&request.bytes).await?;
        answer(&mut stream, &mut buffer).await?;
        micros.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
        check(&buffer, &request.expected)?;
    }
}

/// Reads one answer into the buffer.
async fn answer(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Result<(), Failure> {
    buffer.clear();
    let mut whole = usize::MAX;
    while buffer.len() < whole {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        if whole == usize::MAX
            && let Some(end) = find(buffer, b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).to_ascii_lowercase();
            let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.ok_or("an answer without a length")?.trim().parse()?;
            whole = end + 4 + length;
        }
    }
    Ok(())
}

fn check(answer: &[u8], expected: &str) -> Result<(), Failure> {
    if answer.starts_with(b"HTTP/1.1 200") && find(answer, expected.as_bytes()).is_some() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(answer);
    Err(format!("a wrong answer in place of {expected}: {}", text.chars().take(600).collect::<String>())
        .into())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
