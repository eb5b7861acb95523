//! A listener that lets in only so many at once; the rest wait in the system's queue. Where it speaks TLS, nobody waits
//! for another's handshake.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// Whoever has not shaken hands by then gives up its place.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// The listener.
pub struct Gate {
    socket: TcpListener,
    places: Arc<Semaphore>,
    tls: Option<TlsAcceptor>,
    /// Handshakes under way: who comes of them, where somebody does.
    shaking: FuturesUnordered<BoxFuture<'static, Option<(Guest, SocketAddr)>>>,
}

impl Gate {
    /// Lets in `places` connections at once.
    pub fn new(socket: TcpListener, places: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { socket, places, tls: None, shaking: FuturesUnordered::new() }
    }

    /// Speaks TLS, where there is something to speak it with.
    pub(crate) fn with_tls(self, tls: Option<TlsAcceptor>) -> Self {
        Self { tls, ..self }
    }
}

/// The next connection, and its place.
async fn next(socket: &mut TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, Place) {
    // Nobody closes the semaphore; were it closed, nobody would be counted.
    let place = Arc::clone(places).acquire_owned().await.ok();
    // Axum's own accept waits a little where the system has run out of file descriptors.
    let (stream, address) = Listener::accept(socket).await;
    (stream, address, place)
}

async fn shake(
    tls: TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
) -> Option<(Guest, SocketAddr)> {
    match tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some((Guest { stream: Either::Right(Box::new(stream)), _place: place }, address)),
        Ok(Err(error)) => {
            tracing::debug!(%address, %error, "no handshake");
            None
        }
        Err(_) => {
            tracing::debug!(%address, waited = ?HANDSHAKE_WITHIN, "no handshake");
            None
        }
    }
}

impl Listener for Gate {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        loop {
            let (stream, address, place) = tokio::select! {
                Some(shaken) = self.shaking.next() => match shaken {
                    Some(guest) => return guest,
                    None => continue,
                },
                next = next(&mut self.socket, &self.places) => next,
            };
            match &self.tls {
                None => return (Guest { stream: Either::Left(stream), _place: place }, address),
                Some(tls) => self.shaking.push(Box::pin(shake(tls.clone(), stream, address, place))),
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

type Place = Option<OwnedSemaphorePermit>;

/// A connection, and the place it takes up.
pub struct Guest {
    stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    _place: Place,
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
