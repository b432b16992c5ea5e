//! What a transaction can do, and what a reader can.

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite, Transaction};
use tidegate_kernel::{MessageId, Timestamp};
use tokio::sync::OwnedMutexGuard;

use super::error::{Result, StoreError};
use super::signal::Signal;
use super::statement::{Connection, Failures, Query, Statement};
use super::trouble::Trouble;
use super::{Durability, Isolation, Surroundings};
use crate::outbox::Row;
use crate::wake::Wishes;
use crate::writes::WriteRecord;

/// How a transaction is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) durability: Durability,
    pub(super) isolation: Isolation,
}

impl Default for Manner {
    fn default() -> Self {
        Self { durability: Durability::Durable, isolation: Isolation::ReadCommitted }
    }
}

impl Manner {
    /// How such a transaction begins on PostgreSQL. What need not last is answered before it is on the disk.
    pub(super) fn begin(self) -> &'static str {
        match (self.isolation, self.durability) {
            (Isolation::ReadCommitted, Durability::Durable) => "BEGIN",
            (Isolation::ReadCommitted, Durability::Rebuildable) => "BEGIN; SET LOCAL synchronous_commit = off",
            (Isolation::Serializable, Durability::Durable) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            (Isolation::Serializable, Durability::Rebuildable) => {
                "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = off"
            }
        }
    }
}

/// A transaction. Only the store makes one and only the store commits it; who has one can write, announce and wake.
pub struct Tx {
    begun: Begun,
    unit: String,
    manner: Manner,
    surroundings: Surroundings,
    now: Timestamp,
    failures: Failures,
    pub(crate) signal: Signal,
    pub(crate) outbox: Vec<Row>,
    /// What this transaction announced.
    pub(crate) announced: Vec<MessageId>,
    pub(crate) wishes: Wishes,
    pub(crate) records: Vec<WriteRecord>,
    cause: Option<String>,
}

enum Begun {
    /// The turn is given back after the transaction is rolled back.
    Sqlite(Transaction<'static, Sqlite>, OwnedMutexGuard<()>),
    Postgres(Transaction<'static, Postgres>),
}

/// A connection that can only read.
pub struct Reader {
    connection: Reading,
    failures: Failures,
}

enum Reading {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// What can run a statement that reads: a [`Reader`], or a [`Tx`].
pub trait Reads: Send {
    /// The statement, to bind its values and run it.
    fn query(&mut self, statement: Statement) -> Query<'_>;

    /// Whether it is PostgreSQL.
    fn is_postgres(&self) -> bool;
}

impl Reads for Tx {
    fn query(&mut self, statement: Statement) -> Query<'_> {
        let connection = match &mut self.begun {
            Begun::Sqlite(begun, _) => Connection::Sqlite(begun),
            Begun::Postgres(begun) => Connection::Postgres(begun),
        };
        Query::new(statement, connection, &mut self.failures)
    }

    fn is_postgres(&self) -> bool {
        matches!(self.begun, Begun::Postgres(_))
    }
}

impl Reads for Reader {
    fn query(&mut self, statement: Statement) -> Query<'_> {
        let connection = match &mut self.connection {
            Reading::Sqlite(connection) => Connection::Sqlite(connection),
            Reading::Postgres(connection) => Connection::Postgres(connection),
        };
        Query::new(statement, connection, &mut self.failures)
    }

    fn is_postgres(&self) -> bool {
        matches!(self.connection, Reading::Postgres(_))
    }
}

impl Reader {
    pub(super) fn sqlite(connection: PoolConnection<Sqlite>) -> Self {
        Self { connection: Reading::Sqlite(connection), failures: Failures::default() }
    }

    pub(super) fn postgres(connection: PoolConnection<Postgres>) -> Self {
        Self { connection: Reading::Postgres(connection), failures: Failures::default() }
    }
}

impl Tx {
    pub(super) fn sqlite(
        begun: Transaction<'static, Sqlite>,
        turn: OwnedMutexGuard<()>,
        unit: &str,
        manner: Manner,
        surroundings: Surroundings,
    ) -> Self {
        Self::of(Begun::Sqlite(begun, turn), unit, manner, surroundings)
    }

    pub(super) fn postgres(
        begun: Transaction<'static, Postgres>,
        unit: &str,
        manner: Manner,
        surroundings: Surroundings,
    ) -> Self {
        Self::of(Begun::Postgres(begun), unit, manner, surroundings)
    }

    fn of(begun: Begun, unit: &str, manner: Manner, surroundings: Surroundings) -> Self {
        let now = surroundings.clock.now();
        Self {
            begun,
            unit: unit.to_owned(),
            manner,
            surroundings,
            now,
            failures: Failures::default(),
            signal: Signal::default(),
            outbox: Vec::new(),
            announced: Vec::new(),
            wishes: Wishes::default(),
            records: Vec::new(),
            cause: None,
        }
    }

    /// When the transaction began; what it changes has this time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What was handed in.
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Says what led here: the id of a message, a delivery, a request. Wake-ups of this transaction carry it.
    pub fn because_of(&mut self, cause: impl Into<String>) {
        self.cause = Some(cause.into());
    }

    /// What led here; the name of the transaction where nobody said.
    pub fn cause(&self) -> &str {
        self.cause.as_deref().unwrap_or(&self.unit)
    }

    /// That it may announce something.
    pub(crate) fn assert_durable(&self, what: &str) -> Result<()> {
        match self.manner.durability {
            Durability::Durable => Ok(()),
            Durability::Rebuildable => Err(StoreError::Rebuildable(format!("{what} in {}", self.unit))),
        }
    }

    /// Whether a statement failed only because another writer came between.
    pub(super) fn is_transient(&self) -> bool {
        self.failures.transient
    }

    /// Whether a statement failed because the store takes no writes, and what it said.
    pub(super) fn trouble(&self) -> Option<&(Trouble, String)> {
        self.failures.trouble.as_ref()
    }

    /// Writes what is kept until the end.
    pub(super) async fn flush(&mut self) -> Result<()> {
        self.write_out().await?;
        self.flush_wishes().await?;
        self.flush_records().await
    }

    /// Ends it for good, and says who is to be told.
    pub(super) async fn commit(self) -> sqlx::Result<Signal> {
        match self.begun {
            Begun::Sqlite(begun, _turn) => begun.commit().await?,
            Begun::Postgres(begun) => begun.commit().await?,
        }
        Ok(self.signal)
    }

    /// Undoes it. A connection on which even that fails is thrown away before it is used again.
    pub(super) async fn rollback(self) {
        let undone = match self.begun {
            Begun::Sqlite(begun, _turn) => begun.rollback().await,
            Begun::Postgres(begun) => begun.rollback().await,
        };
        if let Err(error) = undone {
            tracing::debug!(unit = self.unit, %error, "rolling back failed");
        }
    }
}
