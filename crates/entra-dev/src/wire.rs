//! Connections: plain or TLS, each with a switch that cuts it, so that a scenario can leave a request without an answer.

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use std::{
    future::pending,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A listening socket.
pub(crate) struct Wire {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    handshakes: JoinSet<Option<(Stream, SocketAddr)>>,
}

impl Wire {
    pub(crate) fn new(tcp: TcpListener, tls: Option<TlsAcceptor>) -> Self {
        Self { tcp, tls, handshakes: JoinSet::new() }
    }
}

impl Listener for Wire {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            // Must not resolve for a failed handshake: select! would then stop listening for the others.
            let finished = async {
                loop {
                    match self.handshakes.join_next().await {
                        Some(Ok(Some(ready))) => return ready,
                        Some(_) => {}
                        None => pending().await,
                    }
                }
            };
            tokio::select! {
                (stream, address) = Listener::accept(&mut self.tcp) => match self.tls.clone() {
                    None => return (Stream::new(Transport::Plain(stream)), address),
                    // Beside each other, so that a client that dawdles over its handshake stops nobody.
                    Some(tls) => {
                        self.handshakes.spawn(async move {
                            let stream = tls.accept(stream).await.ok()?;
                            Some((Stream::new(Transport::Tls(Box::new(stream))), address))
                        });
                    }
                },
                ready = finished => return ready,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A connection.
pub(crate) struct Stream {
    transport: Transport,
    switch: Switch,
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Cuts one connection: how many more bytes may be written.
#[derive(Clone)]
pub(crate) struct Switch(Arc<AtomicUsize>);

impl Default for Switch {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(usize::MAX)))
    }
}

impl Switch {
    /// Only so many bytes are written from now on.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// As much of these bytes as may still be written.
    fn pass<'a>(&self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(bytes.get(..left).unwrap_or(bytes))
    }

    fn wrote(&self, bytes: usize) {
        let left = self.0.load(Ordering::Relaxed);
        if left != usize::MAX {
            self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
        }
    }
}

impl Connected<IncomingStream<'_, Wire>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Wire>) -> Self {
        stream.io().switch.clone()
    }
}

impl Stream {
    fn new(transport: Transport) -> Self {
        Self { transport, switch: Switch::default() }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let switch = self.switch.clone();
        let bytes = switch.pass(bytes)?;
        let written = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        if let Poll::Ready(Ok(number)) = written {
            switch.wrote(number);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
