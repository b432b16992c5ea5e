//! Tells those who wait in this process what was just committed.
//!
//! A signal is a hint: who gets it looks into the store. So it may be merged with others, and a listener that was too
//! slow is told to look at everything.

use std::collections::BTreeSet;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// What may have work now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signal {
    /// Jobs that were woken, by name.
    pub jobs: BTreeSet<String>,
    /// Whether something was written to the outbox.
    pub outbox: bool,
    /// Whether the feed may have become longer.
    pub feed: bool,
    /// Look at everything: it is not known what was missed.
    pub everything: bool,
}

/// Who is told.
#[derive(Debug, Clone)]
pub struct Signals {
    listeners: broadcast::Sender<Signal>,
}

/// One who listens, from when it was made on.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Signal>);

impl Default for Signals {
    fn default() -> Self {
        Self { listeners: broadcast::channel(256).0 }
    }
}

impl Signal {
    /// Look at everything.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && !self.outbox && !self.feed && !self.everything
    }
}

impl Signals {
    /// Tells all who listen. Nobody has to.
    pub(crate) fn tell(&self, signal: Signal) {
        if !signal.is_empty() {
            let _ = self.listeners.send(signal);
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.listeners.subscribe())
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
}
