//! What some work costs the store: statements, and the rows that they give.
//!
//! Only what runs on the test's own thread is seen, which PostgreSQL's driver does and SQLite's does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What some work cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Beside BEGIN and COMMIT.
    pub statements: usize,
    /// That these gave.
    pub rows: usize,
}

impl Cost {
    /// Does that work on PostgreSQL, and says what it cost.
    pub async fn of<T>(work: impl Future<Output = T>) -> (Self, T) {
        let counter = Counter::default();
        let hearing = tracing::subscriber::set_default(counter.clone());
        let done = work.await;
        drop(hearing);
        let Counts { statements, rows } = &*counter.0;
        (Self { statements: statements.load(Ordering::SeqCst), rows: rows.load(Ordering::SeqCst) }, done)
    }
}

/// Hears what the library says of every statement on this thread. Of BEGIN it says nothing.
#[derive(Clone, Default)]
struct Counter(Arc<Counts>);

#[derive(Default)]
struct Counts {
    statements: AtomicUsize,
    rows: AtomicUsize,
}

/// What is said of one statement.
#[derive(Default)]
struct Said {
    rows: usize,
    /// Whether it does not count: COMMIT, and what a connection asks when it is opened.
    is_aside: bool,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}");
        self.is_aside |= field.name() == "summary" && (text.contains("COMMIT") || text.contains("current_setting"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = usize::try_from(value).unwrap_or(usize::MAX);
        }
    }
}

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        if !said.is_aside {
            self.0.statements.fetch_add(1, Ordering::SeqCst);
            self.0.rows.fetch_add(said.rows, Ordering::SeqCst);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
