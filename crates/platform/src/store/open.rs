//! Opens both databases, and asserts that what is committed lasts.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tidegate_kernel::Clock;
use tokio::sync::Mutex;

use super::error::{Result, StoreError};
use super::lock::FileLock;
use super::{Postgres, Sqlite, StoreOptions};

/// How long SQLite waits for a lock of its own file. Only a backup program can hold one.
const BUSY: Duration = Duration::from_secs(5);
/// How long anyone waits for a connection. A server that refuses connections is waited for as long, as it may just start; and
/// then whoever asks is told to come again.
const ACQUIRE: Duration = Duration::from_secs(10);
/// A file of at most so many bytes is looked through before it is used. More would hold up the start.
const LOOKED_THROUGH: u64 = 64 << 20;
/// A connection is asked whether it is well when it is given back. One that lay idle for longer may have been cut off
/// since, and is asked again before it is used.
const TRUSTED: Duration = Duration::from_secs(1);

pub(super) async fn sqlite(path: &Path, options: &StoreOptions, clock: &dyn Clock) -> Result<Sqlite> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Path { path: folder.to_owned(), error })?;
    }
    let lock = FileLock::take(path, clock.now())?;
    if std::fs::metadata(path).is_ok_and(|file| (1..=LOOKED_THROUGH).contains(&file.len())) {
        look_through(path).await?;
    }
    let common = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(BUSY)
        .foreign_keys(true);
    let named = |error| match error {
        // read-only, cannot be opened; what stands above the lower byte says more
        sqlx::Error::Database(answer)
            if answer
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .is_some_and(|code| matches!(code & 0xFF, 8 | 14)) =>
        {
            StoreError::Path { path: path.to_owned(), error: std::io::Error::other(answer.message().to_owned()) }
        }
        other => StoreError::Database(other),
    };
    // For good: a SQLite connection is a file handle, and the prepared statements are worth keeping.
    let pool = || {
        let lasting = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None);
        let pool = lasting.acquire_timeout(ACQUIRE).test_before_acquire(false);
        // Where the disk failed, SQLite ended the transaction by itself, and the driver never learns of its end.
        pool.before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
    };
    let full = common.clone().synchronous(SqliteSynchronous::Full);
    let mut first = SqliteConnection::connect_with(&full).await.map_err(named)?;
    assert_sqlite(&mut first).await?;
    first.close().await?;
    let writer = pool()
        .max_connections(1)
        .after_connect(|connection, _| Box::pin(async move { assert_sqlite(connection).await.map_err(as_sqlx) }))
        .connect_with(full)
        .await
        .map_err(named)?;
    let relaxed = pool().max_connections(1).connect_lazy_with(common.clone().synchronous(SqliteSynchronous::Normal));
    let readers = pool().max_connections(options.pool.get()).connect_lazy_with(common.read_only(true));
    Ok(Sqlite { writer, relaxed, readers, turn: Arc::new(Mutex::new(())), _lock: lock })
}

/// Refuses a file that is damaged, before anything is written to it.
async fn look_through(path: &Path) -> Result<()> {
    let damaged = |finding: String| StoreError::DamagedFile { path: path.to_owned(), finding };
    let is_damage = |error: &sqlx::Error| {
        let code = error.as_database_error().and_then(|answer| answer.code()?.parse::<u32>().ok());
        // malformed, and no database at all
        code.is_some_and(|code| matches!(code & 0xFF, 11 | 26))
    };
    let found: sqlx::Result<(String,)> = async {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let found = sqlx::query_as("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(found)
    }
    .await;
    match found {
        Ok((finding,)) if finding == "ok" => Ok(()),
        Ok((finding,)) => Err(damaged(finding.lines().last().unwrap_or_default().to_owned())),
        Err(error) if is_damage(&error) => Err(damaged(error.to_string())),
        // whatever else keeps it from being read is said better by the attempt to open it
        Err(error) => {
            tracing::debug!(%error, "the store could not be looked through");
            Ok(())
        }
    }
}

/// Asserts that a commit waits until the log is on the disk.
async fn assert_sqlite(connection: &mut SqliteConnection) -> Result<()> {
    let (journal,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    if journal != "wal" {
        return Err(StoreError::NotDurable { setting: "journal_mode", found: journal, expected: "wal" });
    }
    let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    if synchronous < 2 {
        let found = synchronous.to_string();
        return Err(StoreError::NotDurable { setting: "synchronous", found, expected: "2 (FULL)" });
    }
    Ok(())
}

/// The first finding of SQLite's own check of the whole file.
pub(super) async fn damage(connection: &mut SqliteConnection) -> Result<Option<String>> {
    let (found,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(connection).await?;
    Ok((found != "ok").then_some(found))
}

pub(super) async fn postgres(url: &str, options: &StoreOptions) -> Result<Postgres> {
    let common = PgConnectOptions::from_str(url)?.application_name("tidegate").options([
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("timezone", "UTC"),
    ]);
    let waived = options.waive_fsync;
    let mut first = PgConnection::connect_with(&common).await?;
    assert_postgres(&mut first, waived).await?;
    first.close().await?;
    let readers = (options.pool.get() / 2).max(1);
    let writers = options.pool.get().saturating_sub(readers).max(1);
    let pool = || {
        PgPoolOptions::new().acquire_timeout(ACQUIRE).test_before_acquire(false).before_acquire(|connection, known| {
            Box::pin(async move {
                if known.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
    };
    let writers = pool()
        .max_connections(writers)
        .after_connect(move |connection, _| {
            Box::pin(async move { assert_postgres(connection, waived).await.map_err(as_sqlx) })
        })
        .connect_lazy_with(common.clone());
    let readers =
        pool().max_connections(readers).connect_lazy_with(common.options([("default_transaction_read_only", "on")]));
    Ok(Postgres { writers, readers })
}

/// Asserts that the server is new enough, and that a commit waits until the log is on the disk.
async fn assert_postgres(connection: &mut PgConnection, waive_fsync: bool) -> Result<()> {
    const SETTINGS: &str = "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
        current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')";
    let (number, version, commit, fsync, pages): (i64, String, String, String, String) =
        sqlx::query_as(SETTINGS).fetch_one(connection).await?;
    if number < 150_000 {
        return Err(StoreError::TooOld(version));
    }
    if !matches!(commit.as_str(), "on" | "remote_apply") {
        return Err(StoreError::NotDurable { setting: "synchronous_commit", found: commit, expected: "on" });
    }
    for (setting, found) in [("fsync", fsync), ("full_page_writes", pages)] {
        if found != "on" && !waive_fsync {
            return Err(StoreError::NotDurable { setting, found, expected: "on" });
        }
    }
    Ok(())
}

fn as_sqlx(error: StoreError) -> sqlx::Error {
    match error {
        StoreError::Database(error) => error,
        other => sqlx::Error::Configuration(Box::new(other)),
    }
}
