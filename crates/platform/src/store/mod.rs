//! The one store of all gates: SQLite in one file, or PostgreSQL.
//!
//! [`Db`] reads and writes. A write is a closure over a [`Tx`], the only thing that can change a row, announce or wake:
//! so a state, its announcement and its wake-ups are committed together or not at all. What fails only because another
//! writer came between is repeated here and nowhere else; a closure may therefore run more than once, and has no effect
//! outside of its transaction.
//!
//! *Invariant:* a commit that was answered survives the loss of power. Each writing connection asserts the settings that
//! this needs when it opens. Only transactions marked [`Durability::Rebuildable`] may get lost that way, and they
//! announce nothing.
//!
//! *Invariant:* no transaction awaits the network, other than the database's own.

mod error;
mod lock;
mod migration;
mod open;
mod signal;
mod statement;
mod trouble;
mod tx;
mod work;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgPool, SqlitePool};
use tidegate_kernel::{Clock, Ids, Rng, Timestamp};
use tokio::sync::Mutex;

pub use error::{Result, StoreError};
pub use migration::{Migration, Migrations};
pub use signal::{Listener, Signal, Signals};
pub use statement::{Query, Row, Statement, Value};
pub use trouble::{Trouble, Troubled};
pub use tx::{Reader, Reads, Tx};
pub use work::{Work, in_tx};

use crate::fault::Fault;
use crate::step;
use tx::Manner;

/// Time, chance and ids, as they are handed in.
#[derive(Clone)]
pub struct Surroundings {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Chance, for jitter.
    pub rng: Arc<dyn Rng>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
}

/// Where the store is, and how it is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Which database.
    pub place: Place,
    /// The most connections to PostgreSQL, readers and writers together; the readers of SQLite.
    pub pool: NonZeroU32,
    /// Accept a server that does not force writes to the disk. For tests.
    pub waive_fsync: bool,
}

/// Which database.
#[derive(Debug, Clone)]
pub enum Place {
    /// A file, made when it is missing.
    Sqlite(PathBuf),
    /// The URL of a server of version 15 or later.
    Postgres(String),
}

/// What becomes of a commit when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It survives.
    Durable,
    /// It may get lost: caches, sightings, heartbeats, the history of runs. Such a transaction announces nothing.
    Rebuildable,
}

/// How transactions that run side by side may influence each other, on PostgreSQL. On SQLite there is one writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what is committed; rows are locked where that matters.
    ReadCommitted,
    /// As if they ran one after the other.
    Serializable,
}

/// The store. Clones share it.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
    fault: Option<Fault>,
}

struct Inner {
    engine: Engine,
    surroundings: Surroundings,
    signals: Signals,
    health: trouble::Health,
}

/// A pool for each sort of connection.
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

struct Sqlite {
    writer: SqlitePool,
    relaxed: SqlitePool,
    readers: SqlitePool,
    /// Who holds it writes; fair, which waiting on the file is not.
    turn: Arc<Mutex<()>>,
    /// Kept for as long as the store is open.
    _lock: lock::FileLock,
}

struct Postgres {
    writers: PgPool,
    readers: PgPool,
}

impl StoreOptions {
    /// From an address: `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    ///
    /// The address has another form.
    pub fn parse(url: &str) -> Result<Self> {
        let place = if let Some(path) = url.strip_prefix("sqlite:") {
            Place::Sqlite(path.strip_prefix("//").unwrap_or(path).into())
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Place::Postgres(url.to_owned())
        } else {
            return Err(StoreError::Address(url.to_owned()));
        };
        Ok(Self { place, pool: NonZeroU32::new(10).expect("ten is not zero"), waive_fsync: false })
    }
}

impl Db {
    /// The most attempts of one transaction.
    const ATTEMPTS: u32 = 5;

    /// Opens the store, and asserts that its commits last. The schema is as it was: see [`Self::migrate`].
    ///
    /// # Errors
    ///
    /// The store is away, in use by another process, too old, damaged, or its commits would not last.
    pub async fn open(options: &StoreOptions, surroundings: Surroundings) -> Result<Self> {
        let engine = match &options.place {
            Place::Sqlite(path) => Engine::Sqlite(open::sqlite(path, options, &*surroundings.clock).await?),
            Place::Postgres(url) => Engine::Postgres(open::postgres(url, options).await?),
        };
        let (signals, health) = (Signals::default(), trouble::Health::default());
        Ok(Self { inner: Arc::new(Inner { engine, surroundings, signals, health }), fault: None })
    }

    /// The same store, which does not answer this handle while the fault is on. For tests.
    #[must_use]
    pub fn with_fault(&self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self.clone() }
    }

    fn answers(&self) -> Result<()> {
        if self.fault.as_ref().is_some_and(Fault::is_on) {
            let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "a test has taken it away");
            return Err(sqlx::Error::Io(refused).into());
        }
        Ok(())
    }

    /// Applies the migrations that the store lacks, in one transaction, and says how many that were.
    ///
    /// # Errors
    ///
    /// A migration fails, the store has one that is not known here, or another process holds the lock for 60 s.
    pub async fn migrate(&self, crates: &[Migrations]) -> Result<usize> {
        let now = self.now();
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => {
                let _turn = sqlite.turn.lock().await;
                let mut connection = sqlite.writer.acquire().await?;
                migration::migrate_sqlite(&mut connection, crates, now).await
            }
            Engine::Postgres(postgres) => {
                let mut connection = postgres.writers.acquire().await?;
                migration::migrate_postgres(&mut connection, crates, now).await
            }
        }
    }

    /// How many migrations the store lacks.
    ///
    /// # Errors
    ///
    /// The store has one that is not known here, or is away.
    pub async fn lacks(&self, crates: &[Migrations]) -> Result<usize> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => {
                let mut connection = sqlite.readers.acquire().await?;
                migration::lacking_sqlite(&mut connection, crates).await
            }
            Engine::Postgres(postgres) => {
                let mut connection = postgres.readers.acquire().await?;
                migration::lacking_postgres(&mut connection, crates).await
            }
        }
    }

    /// The first thing that the database's own check finds wrong with its file. PostgreSQL checks its pages as it reads
    /// them.
    ///
    /// # Errors
    ///
    /// The store is away, or too damaged to be checked.
    pub async fn damage(&self) -> Result<Option<String>> {
        let Engine::Sqlite(sqlite) = &self.inner.engine else { return Ok(None) };
        let mut connection = sqlite.readers.acquire().await?;
        open::damage(&mut connection).await
    }

    /// Reads. Each statement sees what is committed when it begins.
    ///
    /// # Errors
    ///
    /// Those of the closure, and that no connection can be had.
    pub async fn read<'s, T, E: From<StoreError>>(
        &self,
        read: impl for<'t> FnOnce(&'t mut Reader) -> Work<'s, 't, std::result::Result<T, E>> + Send,
    ) -> std::result::Result<T, E> {
        self.answers()?;
        let mut reader = match &self.inner.engine {
            Engine::Sqlite(sqlite) => Reader::sqlite(sqlite.readers.acquire().await.map_err(StoreError::from)?),
            Engine::Postgres(postgres) => Reader::postgres(postgres.readers.acquire().await.map_err(StoreError::from)?),
        };
        read(&mut reader).await
    }

    /// Writes in one transaction, which is committed when the closure succeeds and rolled back when it fails. The unit
    /// names the transaction in logs and for the steps of tests.
    ///
    /// # Errors
    ///
    /// Those of the closure, and that the transaction cannot be begun or committed.
    pub async fn write<'s, T, E: From<StoreError>>(
        &self,
        unit: &str,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, std::result::Result<T, E>> + Send + Sync,
    ) -> std::result::Result<T, E> {
        self.write_in(unit, Manner::default(), work).await
    }

    /// As [`Self::write`], with that durability and isolation.
    ///
    /// # Errors
    ///
    /// As for [`Self::write`].
    pub async fn write_with<'s, T, E: From<StoreError>>(
        &self,
        unit: &str,
        durability: Durability,
        isolation: Isolation,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, std::result::Result<T, E>> + Send + Sync,
    ) -> std::result::Result<T, E> {
        self.write_in(unit, Manner { durability, isolation }, work).await
    }

    async fn write_in<'s, T, E: From<StoreError>>(
        &self,
        unit: &str,
        manner: Manner,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, std::result::Result<T, E>> + Send + Sync,
    ) -> std::result::Result<T, E> {
        let mut attempt = 1;
        loop {
            let mut tx = self.begin(unit, manner).await?;
            let done = work(&mut tx).await;
            let transient = match done {
                Ok(answer) => match self.commit(unit, tx).await {
                    Ok(()) => return Ok(answer),
                    Err((transient, error)) if !transient || attempt == Self::ATTEMPTS => return Err(error.into()),
                    Err(_) => true,
                },
                Err(error) => {
                    let transient = tx.is_transient();
                    self.note(&tx);
                    tx.rollback().await;
                    if !transient || attempt == Self::ATTEMPTS {
                        return Err(error);
                    }
                    transient
                }
            };
            debug_assert!(transient, "only what another writer caused is repeated");
            tracing::debug!(unit, attempt, "another writer came between; once more");
            let pause = Duration::from_millis(5 << attempt);
            tokio::time::sleep(self.inner.surroundings.rng.jittered(pause)).await;
            attempt += 1;
        }
    }

    async fn begin(&self, unit: &str, manner: Manner) -> Result<Tx> {
        self.answers()?;
        let surroundings = self.inner.surroundings.clone();
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => {
                let turn = Arc::clone(&sqlite.turn).lock_owned().await;
                let pool = match manner.durability {
                    Durability::Durable => &sqlite.writer,
                    Durability::Rebuildable => &sqlite.relaxed,
                };
                let begun = pool.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Tx::sqlite(begun, turn, unit, manner, surroundings))
            }
            Engine::Postgres(postgres) => {
                let begun = postgres.writers.begin_with(manner.begin()).await?;
                Ok(Tx::postgres(begun, unit, manner, surroundings))
            }
        }
    }

    /// Commits, and then tells those who wait for what was committed. The error says whether a repetition may help.
    async fn commit(&self, unit: &str, mut tx: Tx) -> std::result::Result<(), (bool, StoreError)> {
        let flushed = self.flush(&mut tx).await;
        if let Err(error) = flushed {
            let transient = tx.is_transient();
            self.note(&tx);
            tx.rollback().await;
            return Err((transient, error));
        }
        let (unit, inner, now) = (unit.to_owned(), Arc::clone(&self.inner), self.now());
        // On its own, as whoever waits may give up in the middle: what is committed all the same is told.
        let committing = tokio::spawn(async move {
            at_step(&unit, "commit.before").map_err(|error| (false, error))?;
            let signal = tx.commit().await.map_err(|error| {
                if let Some(what) = trouble::of(&error) {
                    inner.health.note(what, error.to_string(), now);
                }
                (error::is_transient(&error), error.into())
            })?;
            inner.health.clear();
            at_step(&unit, "commit.after").map_err(|error| (false, error))?;
            inner.signals.tell(signal);
            Ok(())
        });
        committing.await.unwrap_or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // the program ends
            Err(_) => Err((false, sqlx::Error::WorkerCrashed.into())),
        })
    }

    /// Writes what is kept until the end; and if the store took no writes until now, that it did.
    async fn flush(&self, tx: &mut Tx) -> Result<()> {
        tx.flush().await?;
        match self.trouble() {
            Some(troubled) => tx.keep_trouble(&troubled).await,
            None => Ok(()),
        }
    }

    fn note(&self, tx: &Tx) {
        if let Some((what, error)) = tx.trouble() {
            self.inner.health.note(*what, error.clone(), self.now());
        }
    }

    /// That the store takes no writes, as far as this process knows.
    pub fn trouble(&self) -> Option<Troubled> {
        self.inner.health.troubled()
    }

    /// The present instant, by the clock that was handed in.
    pub fn now(&self) -> Timestamp {
        self.inner.surroundings.clock.now()
    }

    /// What was handed in.
    pub fn surroundings(&self) -> &Surroundings {
        &self.inner.surroundings
    }

    /// Who is told what was committed.
    pub fn signals(&self) -> &Signals {
        &self.inner.signals
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.engine, Engine::Postgres(_))
    }

    /// Closes all connections, after those who have one gave it back. A SQLite file can be opened by another then.
    pub async fn close(&self) {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                sqlite.relaxed.close().await;
                sqlite.writer.close().await;
            }
            Engine::Postgres(postgres) => {
                postgres.readers.close().await;
                postgres.writers.close().await;
            }
        }
    }
}

fn at_step(unit: &str, point: &str) -> Result<()> {
    if cfg!(feature = "steps") {
        step::reach(&format!("{unit}.{point}")).map_err(StoreError::Step)?;
    }
    Ok(())
}
