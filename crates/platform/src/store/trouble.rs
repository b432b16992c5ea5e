//! That the store takes no writes: since when, and what it says.
//!
//! It is noticed at the first write that fails for it, and over with the first that is committed again.

use std::sync::{Mutex, PoisonError};

use tidegate_kernel::Timestamp;

/// Why the store takes no writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Its disk is full.
    Full,
    /// It is there for reading only.
    ReadOnly,
}

/// That the store takes no writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubled {
    /// Why.
    pub what: Trouble,
    /// Since when.
    pub since: Timestamp,
    /// What it says.
    pub error: String,
}

/// What this process knows of it.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Troubled>>);

impl Health {
    pub(super) fn troubled(&self) -> Option<Troubled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A write failed for that.
    pub(super) fn note(&self, what: Trouble, error: String, now: Timestamp) {
        let mut troubled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *troubled {
            Some(troubled) if troubled.what == what => troubled.error = error,
            other => {
                tracing::error!(error, "the store takes no writes");
                *other = Some(Troubled { what, since: now, error });
            }
        }
    }

    /// A write was committed.
    pub(super) fn clear(&self) {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if before.is_some() {
            tracing::info!("the store takes writes again");
        }
    }
}

/// What the database says, if that is it.
pub(super) fn of(error: &sqlx::Error) -> Option<Trouble> {
    let sqlx::Error::Database(answer) = error else { return None };
    match answer.code().as_deref() {
        // SQLite: FULL, and writing to the file failed, as for a quota; PostgreSQL: disk_full
        Some("13" | "778" | "53100") => Some(Trouble::Full),
        // SQLite: READONLY and its extended codes; PostgreSQL: read_only_sql_transaction
        Some("8" | "264" | "520" | "776" | "1032" | "1288" | "1544" | "25006") => Some(Trouble::ReadOnly),
        Some(_) | None => None,
    }
}
