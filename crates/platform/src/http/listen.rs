//! Takes connections, within limits, until the service stops.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tidegate_kernel::{Classified, ErrorClass};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Sockets on which nobody is served yet.
#[derive(Debug)]
pub struct Listeners {
    sockets: Vec<TcpListener>,
}

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{address} cannot be listened on: {error}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub error: std::io::Error,
}

impl Classified for ListenError {
    fn class(&self) -> ErrorClass {
        ErrorClass::Mistake
    }
}

/// The request line and all headers together.
const HEADER_BLOCK: usize = 32 * 1024;
const HEADERS: usize = 256;
const HEADER_TIME: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 4_096;
/// How long requests that go on may take after the listener is closed.
const PATIENCE: Duration = Duration::from_secs(30);

impl Listeners {
    /// Listens on all of these.
    ///
    /// # Errors
    ///
    /// One of them is taken, or not ours.
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Self, ListenError> {
        let mut sockets = Vec::new();
        for address in addresses.iter().copied() {
            sockets.push(TcpListener::bind(address).await.map_err(|error| ListenError { address, error })?);
        }
        Ok(Self { sockets })
    }

    /// Where they are, with the ports that they got.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// Serves until the receiver says stop and so long after that, and then ends when all requests are answered.
    pub async fn serve(self, router: Router, stopping: watch::Receiver<bool>, drain: Duration) {
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let mut accepting = JoinSet::new();
        for socket in self.sockets {
            accepting.spawn(accept(socket, router.clone(), stopping.clone(), drain, Arc::clone(&slots)));
        }
        while accepting.join_next().await.is_some() {}
    }
}

/// Returns when a stop has begun.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // nobody who could say stop is there any more: that is a stop
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn accept(
    socket: TcpListener,
    router: Router,
    stopping: watch::Receiver<bool>,
    drain: Duration,
    slots: Arc<Semaphore>,
) {
    let (close, closing) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut end = pin!(async {
        stopped(stopping).await;
        tokio::time::sleep(drain).await;
    });
    loop {
        while connections.try_join_next().is_some() {}
        let taken = tokio::select! {
            () = &mut end => break,
            taken = take(&socket, &slots) => taken,
        };
        let Some((stream, peer, slot)) = taken else { continue };
        let (router, closing) = (router.clone(), closing.clone());
        connections.spawn(async move {
            connection(stream, peer, router, closing).await;
            drop(slot);
        });
    }
    drop(socket);
    let _ = close.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut, as their requests did not end");
    }
}

async fn take(
    socket: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            // out of file handles, or the other end was faster
            tracing::warn!(%error, "a connection could not be taken");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, closing: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_header_size(HEADER_BLOCK)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let ended = {
        let mut serving = std::pin::Pin::new(&mut connection);
        tokio::select! {
            ended = &mut serving => ended,
            () = stopped(closing) => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended badly");
        if error.is_timeout() {
            let parts = connection.into_parts();
            let slow = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            let _ = parts.io.into_inner().write_all(slow).await;
        }
    }
}
