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
/// How long anyone waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(30);

pub(super) async fn sqlite(path: &Path, options: &StoreOptions, clock: &dyn Clock) -> Result<Sqlite> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Path { path: folder.to_owned(), error })?;
    }
    let lock = FileLock::take(path, clock.now())?;
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
    let pool = || SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).acquire_timeout(ACQUIRE);
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
    let writers = PgPoolOptions::new()
        .max_connections(writers)
        .acquire_timeout(ACQUIRE)
        .after_connect(move |connection, _| {
            Box::pin(async move { assert_postgres(connection, waived).await.map_err(as_sqlx) })
        })
        .connect_lazy_with(common.clone());
    let readers = PgPoolOptions::new()
        .max_connections(readers)
        .acquire_timeout(ACQUIRE)
        .connect_lazy_with(common.options([("default_transaction_read_only", "on")]));
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
