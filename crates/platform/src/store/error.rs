//! What can go wrong with the store, and whose it is.

use std::path::PathBuf;

use tidegate_kernel::{Classified, ErrorClass, MessageError};

use super::trouble;

/// An answer of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file.
    #[error("{path} is in use by {holder}: stop it first, or give this one another file", path = path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// What the lock file says about its holder.
        holder: String,
    },
    /// The address is none that we know.
    #[error("{0:?} is no address of a store: expected sqlite:PATH or postgres://…")]
    Address(String),
    /// The folder or the lock beside the file cannot be used.
    #[error("{path} cannot be used: {error}", path = path.display())]
    Path {
        /// What cannot be used.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is damaged. Nothing was written to it.
    #[error("{path} is damaged: {finding}; it is as it was: restore a backup, or give another file", path = path.display())]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// What was found first.
        finding: String,
    },
    /// The server is too old.
    #[error("the PostgreSQL server has version {0}, expected 15 or later")]
    TooOld(String),
    /// A commit would not survive a loss of power.
    #[error("the store would lose commits with the power: {setting} is {found}, expected {expected}")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// As the server has it.
        found: String,
        /// As it must be.
        expected: &'static str,
    },
    /// A migration failed; nothing of it remains.
    #[error("{file}:{line}: migration failed: {error}")]
    Migration {
        /// The file, as it lies in its crate.
        file: String,
        /// The line on which the statement begins.
        line: usize,
        /// What the database says.
        error: sqlx::Error,
    },
    /// The store has a migration that this program does not have, or another text of it.
    #[error("the store has migration {krate} {number} ({name}), {problem}")]
    ForeignSchema {
        /// The crate that it belongs to.
        krate: String,
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
        /// How it differs.
        problem: String,
    },
    /// The lease under which the transaction ran belongs to another by now.
    #[error("the lease of {job}/{key} is lost: another has taken it over")]
    LeaseLost {
        /// The job.
        job: String,
        /// Its key.
        key: String,
    },
    /// The key of a wake-up is outside of the limits.
    #[error("the key {key:?} of {job} has a control character or more than 256 bytes: name it by a digest")]
    BadKey {
        /// The job.
        job: String,
        /// The key.
        key: String,
    },
    /// A transaction that may get lost with the power tried to announce something.
    #[error("a transaction marked rebuildable announces nothing, but would have: {0}")]
    Rebuildable(String),
    /// The message is outside of the limits.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A value in the store is none that we write.
    #[error("{what} in the store is damaged: {found:?}")]
    Damaged {
        /// What kind of value.
        what: &'static str,
        /// What was found.
        found: String,
    },
    /// A step was told to fail.
    #[error(transparent)]
    Step(std::io::Error),
    /// What the database says.
    #[error("the database refuses: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether it says that a transaction lost its lease.
    pub fn is_lease_lost(&self) -> bool {
        matches!(self, Self::LeaseLost { .. })
    }
}

impl Classified for StoreError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Locked { .. } => ErrorClass::Unavailable,
            Self::Address(_)
            | Self::Path { .. }
            | Self::TooOld(_)
            | Self::NotDurable { .. }
            | Self::ForeignSchema { .. } => ErrorClass::Mistake,
            Self::Migration { .. }
            | Self::DamagedFile { .. }
            | Self::LeaseLost { .. }
            | Self::BadKey { .. }
            | Self::Rebuildable(_)
            | Self::Message(_)
            | Self::Damaged { .. }
            | Self::Step(_) => ErrorClass::Fault,
            Self::Database(error) => class_of(error),
        }
    }
}

/// The server or the disk being away is unknown, whatever else the database says is our fault.
fn class_of(error: &sqlx::Error) -> ErrorClass {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            ErrorClass::Unavailable
        }
        sqlx::Error::Database(_) if trouble::of(error).is_some() => ErrorClass::Unavailable,
        sqlx::Error::Database(answer) => match answer.code().as_deref() {
            Some(code) if is_away(code) => ErrorClass::Unavailable,
            Some(_) | None => ErrorClass::Fault,
        },
        _ => ErrorClass::Fault,
    }
}

/// Whether a code says that the database can do nothing now, whatever it is asked.
fn is_away(code: &str) -> bool {
    // SQLite: the lower byte is the kind, and what stands above says more
    if let Ok(number) = code.parse::<u32>()
        && code.len() < 5
    {
        // busy, locked, read-only, input or output failed, disk full
        return matches!(number & 0xFF, 5 | 6 | 8 | 10 | 13);
    }
    // connection lost; disk, memory or connections exhausted; the server stops
    let classes = ["08", "53", "57P"];
    // other writers came between again and again; a lock or an answer did not come in time; it waited too long for us
    classes.iter().any(|class| code.starts_with(class))
        || matches!(code, "40001" | "40P01" | "55P03" | "57014" | "25P03" | "25006")
}

/// Whether the same transaction may succeed when it is simply repeated: a serialization failure, a deadlock, a writer
/// that came between.
pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(answer) = error else { return false };
    // PostgreSQL: serialization_failure, deadlock_detected; SQLite: BUSY, LOCKED and their extended codes
    matches!(answer.code().as_deref(), Some("40001" | "40P01" | "5" | "6" | "261" | "262" | "517"))
}
