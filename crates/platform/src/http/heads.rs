//! The head of a request has to come in time, however little of it comes at once.
//!
//! The server library knows one time for a head, which begins when the connection is idle. That one bounds the idle time;
//! what bounds a head from its first byte on is counted here.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A head is expected: its time counts.
const HEAD: u8 = 0;
/// A request is worked on.
const BUSY: u8 = 1;
/// The answer is given: the next byte begins a head.
const IDLE: u8 = 2;
/// The time of a head has passed.
const LATE: u8 = 3;

/// Where a connection is. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Stage(Arc<AtomicU8>);

impl Stage {
    /// A head is complete.
    pub(super) fn begin(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// An answer is given.
    pub(super) fn end(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    /// Whether a head did not come in time.
    pub(super) fn is_late(&self) -> bool {
        self.0.load(Ordering::Relaxed) == LATE
    }
}

/// A connection that breaks off when a head takes too long.
pub(super) struct Heads<S> {
    stream: S,
    stage: Stage,
    limit: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Heads<S> {
    /// A new connection, whose first head is to come within that time.
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        let stage = Stage(Arc::new(AtomicU8::new(HEAD)));
        Self { stream, stage, limit, deadline: Box::pin(tokio::time::sleep(limit)) }
    }

    /// Where it is.
    pub(super) fn stage(&self) -> Stage {
        self.stage.clone()
    }

    /// The connection itself.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match (&read, self.stage.0.load(Ordering::Relaxed)) {
            (Poll::Ready(Ok(())), IDLE) if buffer.filled().len() > before => {
                let deadline = Instant::now() + self.limit;
                self.deadline.as_mut().reset(deadline);
                self.stage.0.store(HEAD, Ordering::Relaxed);
            }
            (Poll::Pending, HEAD) if self.deadline.as_mut().poll(context).is_ready() => {
                self.stage.0.store(LATE, Ordering::Relaxed);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            _ => {}
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // that it was too late is still to be said
        if self.stage.is_late() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
