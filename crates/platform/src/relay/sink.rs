//! What a receiver is to the relay: which rows it takes, how they are sent, and what happens when that fails.

use std::pin::Pin;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::outbox::Entry;

/// A receiver of messages or deeds.
pub trait Sink: Send + Sync + 'static {
    /// Its name: `amqp`, `hook:chat`, `mail`.
    fn name(&self) -> String;

    /// Which rows it takes.
    fn takes(&self) -> Takes;

    /// The first number of the feed that a new receiver of messages gets; the next one where nothing is said.
    fn begins(&self) -> Option<i64> {
        None
    }

    /// How it is sent to, and what happens when that fails.
    fn policy(&self) -> Policy;

    /// Sends in that order, and stops at the first that does not go through. A row can come more than once, with the same
    /// id: the process may be killed before it is stored that the row went through.
    fn send(&self, entries: &[Entry]) -> impl Future<Output = Sent> + Send;
}

/// Which rows a sink takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// Messages with such topics: a topic, a beginning of whole words and `.*`, or `*`.
    Messages(Vec<String>),
    /// Deeds for it alone.
    Acts,
}

/// How far a sending came.
#[derive(Debug, Default)]
pub struct Sent {
    /// So many went through, from the first on.
    pub through: usize,
    /// Why the next one did not, if there is a next one.
    pub trouble: Option<Trouble>,
}

/// Why a row did not go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The receiver cannot be reached, or can take nothing now.
    Gone {
        /// What it said, or what was tried.
        error: String,
        /// When it wants to be asked again.
        after: Option<Duration>,
    },
    /// The receiver does not take this row, but may later.
    Later(String),
    /// The receiver will never take this row.
    Refused(String),
}

/// How a sink is sent to, and what happens when that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether a batch goes out as a whole and in order. Otherwise different order keys go side by side.
    pub ordered: bool,
    /// Between tries of a receiver that is gone.
    pub gone: Backoff,
    /// From so long on a receiver that is gone is called down.
    pub down_after: Duration,
    /// Between tries of a row that is not taken.
    pub later: Backoff,
    /// After so many tries a row is set aside.
    pub tries: Option<u32>,
    /// From that age on a row is set aside at its next failure, whatever that is.
    pub oldest: Option<Duration>,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

impl Policy {
    /// A bus: for ever while it is gone, ten tries within about a minute of what it does not take.
    pub const AMQP: Self = Self {
        ordered: true,
        gone: Backoff::new(Duration::from_millis(500), Duration::from_secs(30)),
        down_after: MINUTE,
        later: Backoff::new(Duration::from_millis(500), Duration::from_secs(10)),
        tries: Some(10),
        oldest: None,
    };
    /// A web hook: for ever while it is gone, ten tries within about an hour of what it does not take.
    pub const HOOK: Self = Self {
        ordered: false,
        gone: Backoff::new(Duration::from_secs(1), HOUR),
        down_after: DAY,
        later: Backoff::new(Duration::from_secs(7), HOUR),
        tries: Some(10),
        oldest: None,
    };
    /// Mail: three days, as people expect of it.
    pub const MAIL: Self = Self {
        ordered: false,
        gone: Backoff::new(MINUTE, HOUR),
        down_after: MINUTE,
        later: Backoff::new(MINUTE, HOUR),
        tries: None,
        oldest: Some(Duration::from_secs(3 * 86_400)),
    };
    /// Deeds elsewhere: a day.
    pub const ACTS: Self = Self {
        ordered: false,
        gone: Backoff::new(Duration::from_secs(30), HOUR),
        down_after: MINUTE,
        later: Backoff::new(Duration::from_secs(30), HOUR),
        tries: None,
        oldest: Some(DAY),
    };
    /// A subscriber in this program.
    pub const GATE: Self = Self {
        ordered: false,
        gone: Backoff::new(Duration::from_secs(1), Duration::from_secs(600)),
        down_after: MINUTE,
        later: Backoff::new(Duration::from_secs(1), Duration::from_secs(600)),
        tries: Some(10),
        oldest: None,
    };
}

impl Sent {
    /// All of so many went through.
    pub fn all(through: usize) -> Self {
        Self { through, trouble: None }
    }
}

impl Trouble {
    /// The receiver is gone.
    pub fn gone(error: impl std::fmt::Display) -> Self {
        Self::Gone { error: error.to_string(), after: None }
    }

    /// The text.
    pub fn error(&self) -> &str {
        match self {
            Self::Gone { error, .. } | Self::Later(error) | Self::Refused(error) => error,
        }
    }
}

/// A sink without its type.
pub(super) trait AnySink: Send + Sync {
    fn takes(&self) -> Takes;
    fn begins(&self) -> Option<i64>;
    fn policy(&self) -> Policy;
    fn send<'s>(&'s self, entries: &'s [Entry]) -> Pin<Box<dyn Future<Output = Sent> + Send + 's>>;
}

impl<S: Sink> AnySink for S {
    fn takes(&self) -> Takes {
        Sink::takes(self)
    }

    fn begins(&self) -> Option<i64> {
        Sink::begins(self)
    }

    fn policy(&self) -> Policy {
        Sink::policy(self)
    }

    fn send<'s>(&'s self, entries: &'s [Entry]) -> Pin<Box<dyn Future<Output = Sent> + Send + 's>> {
        Box::pin(Sink::send(self, entries))
    }
}
