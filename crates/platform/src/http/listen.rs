//! Takes connections, within limits, until the service stops.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tidegate_kernel::{Classified, ErrorClass};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::heads::Heads;

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
/// How long a head may take, and how long a connection may be without a request.
const TIMES: Times = Times { head: Duration::from_secs(10), idle: Duration::from_secs(60) };
const CONNECTIONS: usize = 4_096;
/// How long requests that go on may take after the listener is closed.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy)]
struct Times {
    head: Duration,
    idle: Duration,
}

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
        let _ = stream.set_nodelay(true);
        connections.spawn(async move {
            connection(stream, peer, router, TIMES, closing).await;
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

async fn connection<S>(stream: S, peer: SocketAddr, router: Router, times: Times, closing: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Heads::new(stream, times.head);
    let stage = stream.stage();
    let at = stage.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        at.begin();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let (answering, at) = (router.clone().oneshot(request), at.clone());
        async move {
            let answer = answering.await;
            at.end();
            answer
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.idle)
        .max_headers(HEADERS)
        .max_header_size(HEADER_BLOCK)
        .serve_connection(TokioIo::new(stream), service);
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
    }
    if stage.is_late() {
        let mut stream = connection.into_parts().io.into_inner().into_inner();
        let slow = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let _ = stream.write_all(slow).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

    use super::*;

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    fn router() -> Router {
        Router::new().route("/", axum::routing::get(async || "high tide"))
    }

    const LONG: Duration = Duration::from_secs(3_600);
    const SHORT: Duration = Duration::from_millis(50);

    /// The other end of a connection, and who could close it.
    fn connected(times: Times) -> (DuplexStream, watch::Sender<bool>) {
        let (client, server) = duplex(64 * 1024);
        let (close, closing) = watch::channel(false);
        tokio::spawn(connection(server, ([127, 0, 0, 1], 1).into(), router(), times, closing));
        (client, close)
    }

    async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"high tide") {
            text.push(stream.read_u8().await.expect("the answer is whole"));
        }
        String::from_utf8(text).expect("it is text")
    }

    async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("it ends well");
        text
    }

    #[tokio::test]
    async fn a_head_has_its_time_and_an_idle_connection_another() {
        let times = Times { head: SHORT, idle: LONG };
        let (mut idle, _close) = connected(times);
        idle.write_all(ASK).await.unwrap();
        assert!(answer(&mut idle).await.starts_with("HTTP/1.1 200 "));

        let (mut silent, _close) = connected(times);
        assert!(rest(&mut silent).await.starts_with("HTTP/1.1 408 "));
        let (mut slow, _close) = connected(times);
        slow.write_all(ASK).await.unwrap();
        answer(&mut slow).await;
        slow.write_all(b"GET / HT").await.unwrap();
        assert!(rest(&mut slow).await.starts_with("HTTP/1.1 408 "));

        // by now the time of a head has passed more than once
        idle.write_all(ASK).await.unwrap();
        assert!(answer(&mut idle).await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed_without_a_word() {
        let (mut client, _close) = connected(Times { head: LONG, idle: SHORT });
        client.write_all(ASK).await.unwrap();
        answer(&mut client).await;
        assert_eq!(rest(&mut client).await, "");
    }

    #[tokio::test]
    async fn one_connection_too_many_waits_for_another_to_end() {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let at = socket.local_addr().expect("it is bound");
        let (stop, stopping) = watch::channel(false);
        let slots = Arc::new(Semaphore::new(2));
        let serving = tokio::spawn(accept(socket, router(), stopping, Duration::ZERO, slots));
        let mut streams = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(at).await.expect("it listens");
            stream.write_all(ASK).await.unwrap();
            answer(&mut stream).await;
            streams.push(stream);
        }
        let mut third = TcpStream::connect(at).await.expect("the machine takes it");
        third.write_all(ASK).await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(200), answer(&mut third)).await;
        assert!(early.is_err(), "it is answered beside two others");
        streams.pop();
        answer(&mut third).await;
        stop.send_replace(true);
        drop((streams, third));
        serving.await.expect("it ends well");
    }
}
