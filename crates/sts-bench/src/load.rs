//! The load generator: connections that each send the next request as soon as the last was answered.
//!
//! Requests are bytes made before the clock runs. Every answer is looked at: one that is not 200, or is not for the user
//! who asked, ends the measurement.

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
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// Why a measurement ended early.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A server to be asked these requests.
pub(crate) struct Load {
    server: SocketAddr,
    requests: Arc<[Request]>,
    connections: usize,
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
        Self { server, requests: requests.into(), connections }
    }

    /// Each request once.
    pub(crate) async fn once(&self) -> Result<Measured, Failure> {
        self.drive(Until::Number(self.requests.len())).await
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
            lanes.spawn(lane(self.server, Arc::clone(&self.requests), Arc::clone(&next), until));
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
    server: SocketAddr,
    requests: Arc<[Request]>,
    next: Arc<AtomicUsize>,
    until: Until,
) -> Result<Vec<u32>, Failure> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
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
        let request = requests.get(at % requests.len()).ok_or("there is no request")?;
        let started = Instant::now();
        stream.write_all(&request.bytes).await?;
        answer(&mut stream, &mut buffer).await?;
        micros.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
        check(&buffer, &request.user)?;
    }
}

/// Reads one answer into the buffer.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<(), Failure> {
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

fn check(answer: &[u8], user: &str) -> Result<(), Failure> {
    if answer.starts_with(b"HTTP/1.1 200") && find(answer, user.as_bytes()).is_some() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(answer);
    Err(format!("a wrong answer for {user}: {}", text.chars().take(600).collect::<String>()).into())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
