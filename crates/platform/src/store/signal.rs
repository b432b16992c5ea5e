//! Tells those who wait what was just committed, in this process and, through the bridge, in others.
//!
//! A signal is a hint: who gets it looks into the store. So it may be merged with others, and a listener that was too
//! slow is told to look at everything.

use std::collections::BTreeSet;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// What may have work now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a hint of its own, and hints are merged")]
pub struct Signal {
    /// Jobs that were woken, by name.
    pub jobs: BTreeSet<String>,
    /// Whether something was written to the outbox.
    pub outbox: bool,
    /// Whether the feed may have become longer.
    pub feed: bool,
    /// Whether what somebody may do changed.
    pub rights: bool,
    /// Look at everything: it is not known what was missed.
    pub everything: bool,
}

/// Who is told.
#[derive(Debug, Clone)]
pub struct Signals {
    all: broadcast::Sender<Signal>,
    /// What this process committed, for those who tell other processes.
    own: broadcast::Sender<Signal>,
}

/// One who listens, from when it was made on.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Signal>);

impl Default for Signals {
    fn default() -> Self {
        Self { all: broadcast::channel(256).0, own: broadcast::channel(256).0 }
    }
}

impl Signal {
    /// Look at everything.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Both in one.
    pub fn merge(&mut self, other: Self) {
        self.jobs.extend(other.jobs);
        self.outbox |= other.outbox;
        self.feed |= other.feed;
        self.rights |= other.rights;
        self.everything |= other.everything;
    }

    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && !self.outbox && !self.feed && !self.rights && !self.everything
    }
}

impl Signals {
    /// Tells all who listen, in every process. Nobody has to.
    pub(crate) fn tell(&self, signal: Signal) {
        if !signal.is_empty() {
            let _ = self.own.send(signal.clone());
            let _ = self.all.send(signal);
        }
    }

    /// Tells all who listen in this process what another one told.
    pub(crate) fn tell_heard(&self, signal: Signal) {
        let _ = self.all.send(signal);
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.all.subscribe())
    }

    /// Listens from now on to what this process commits.
    pub(crate) fn listen_to_own(&self) -> Listener {
        Listener(self.own.subscribe())
    }
}

impl Listener {
    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Ok(signal) => signal,
            Err(RecvError::Lagged(_)) => Signal::everything(),
            // the store is gone, and so is whoever could tell anything
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// The next signal, if there is one already.
    pub fn next_now(&mut self) -> Option<Signal> {
        match self.0.try_recv() {
            Ok(signal) => Some(signal),
            Err(TryRecvError::Lagged(_)) => Some(Signal::everything()),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}
