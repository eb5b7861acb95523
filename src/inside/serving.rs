//! The endpoint's listener: begun again when it ends, and its address given back to the host that lost it.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use futures::FutureExt;
use rand::Rng;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_io_timeout::TimeoutStream;

use super::address::{self, ADDRESS};
use super::kept::Ports;
use crate::http::{Gate, Guest};

/// Connections at once; one more waits.
const CONNECTIONS: usize = 1024;
/// One on which nothing happens for so long is closed: a container that leaves its own open keeps no other one waiting.
/// Longer than any answer takes.
const IDLE: Duration = Duration::from_secs(60);
/// Wait before another try.
const AGAIN: Duration = Duration::from_secs(1);
/// Between two looks whether the host still has the address; a network that is set up anew may take it away.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Ports of last resort: below those that the system and the engine give away by themselves.
const OTHERS: std::ops::Range<u16> = 20_000..30_000;
/// So many of them are tried.
const TRIES: usize = 20;

/// Listeners that are kept up; they end when this is dropped.
pub struct Serving(Vec<JoinHandle<()>>);

impl Serving {
    /// Serves from now on.
    pub(super) fn begin(sockets: Sockets, routes: &Router) -> Self {
        let sockets = [Some(sockets.current), sockets.former].into_iter().flatten();
        Self(sockets.map(|socket| tokio::spawn(keep_up(socket, routes.clone()))).collect())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Where the endpoint listens.
pub(super) struct Sockets {
    /// At the port that containers are told.
    pub(super) current: TcpListener,
    /// At the one that some were told before the settings changed.
    former: Option<TcpListener>,
}

/// Listens at the endpoint's address: at the port that containers were told before, or at the one that is `wanted` where
/// the settings changed since, or at any; 0 wants none. `None` where it cannot be, which is logged. What is told from now
/// on is noted in `told`.
pub(super) async fn bind(wanted: u16, told: &mut Ports) -> Option<Sockets> {
    if wanted == 0 {
        tracing::info!(
            "agent.task-endpoint-port is 0: containers run without task metadata, protection and credentials"
        );
        return None;
    }
    if let Err(reason) = address::give().await {
        tracing::warn!(
            reason,
            "this host cannot have {ADDRESS}: containers run without task metadata, protection and credentials of roles; \
             start mainstay as root, or give the host this address yourself"
        );
        return None;
    }
    let again = told.port.filter(|_| told.wanted == Some(wanted));
    let former = if again.is_some() { told.former } else { told.port };
    let others = std::iter::repeat_with(|| rand::rng().random_range(OTHERS)).take(TRIES);
    for port in again.into_iter().chain([wanted]).chain(others) {
        let current = match TcpListener::bind((ADDRESS, port)).await {
            Ok(socket) => socket,
            Err(error) => {
                tracing::debug!(port, %error, "the task endpoint tries another port");
                continue;
            }
        };
        match again {
            Some(told) if told != port => tracing::error!(
                told,
                port,
                "the port that running containers were told is taken: they do not find the task endpoint any more"
            ),
            _ => {
                tracing::info!(address = %SocketAddr::from((ADDRESS, port)), "containers find the task endpoint")
            }
        }
        *told =
            Ports { wanted: Some(wanted), port: Some(port), former: former.filter(|former| *former != port) };
        return Some(Sockets { current, former: bind_former(told.former).await });
    }
    tracing::warn!(
        wanted,
        "no port at {ADDRESS} is free: containers run without task metadata, protection and credentials"
    );
    None
}

async fn bind_former(port: Option<u16>) -> Option<TcpListener> {
    let bound = TcpListener::bind((ADDRESS, port?)).await;
    if let Err(error) = &bound {
        tracing::warn!(port, %error, "containers from before the setting changed do not find the task endpoint any more");
    }
    bound.ok()
}

async fn keep_up(first: TcpListener, routes: Router) {
    let Ok(at) = first.local_addr() else { return };
    let mut socket = Some(first);
    loop {
        let listener = match socket.take() {
            Some(socket) => socket,
            None => match TcpListener::bind(at).await {
                Ok(socket) => socket,
                Err(error) => {
                    tracing::error!(%at, %error, "the task endpoint cannot listen; trying again");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            },
        };
        let serve = axum::serve(Brief(Gate::new(listener, CONNECTIONS)), routes.clone()).into_future();
        tokio::select! {
            _ = AssertUnwindSafe(serve).catch_unwind() => {
                tracing::error!(%at, "the task endpoint's listener has ended; it begins again");
                tokio::time::sleep(AGAIN).await;
            }
            () = lost() => tracing::warn!(%at, "this host has lost the task endpoint's address; it is given back"),
        }
        if let Err(reason) = address::give().await {
            tracing::error!(%at, reason, "this host cannot have the task endpoint's address; trying again");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// A listener whose connections end when nothing happens on them.
struct Brief(Gate);

impl Listener for Brief {
    type Io = Pin<Box<TimeoutStream<Guest>>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (guest, address) = self.0.accept().await;
        let mut brief = TimeoutStream::new(guest);
        brief.set_read_timeout(Some(IDLE));
        brief.set_write_timeout(Some(IDLE));
        (Box::pin(brief), address)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Resolves when the host has the address no more.
async fn lost() {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !address::is_here().await {
            return;
        }
    }
}
