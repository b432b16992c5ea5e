//! The gate's tables: every statement, and only here.
//!
//! What is decided lies elsewhere. [`accept`](fn@accept) is the one road of results into the store; the other modules
//! read. Lists are walked down one index, and asked of each result whether it is meant, as
//! [`ResultFilter`](crate::query::ResultFilter) says.
//!
//! Many rows go in as one JSON text, so that a statement is the same for one build and for ten thousand.

mod accept;
mod import;
mod latest;
mod list;
mod names;
mod rehearsal;
mod retention;
mod rows;
mod state;
mod told;
mod trail;
mod update;
mod walk;

use tidegate_platform::migrations;
use tidegate_platform::store::{Migrations, Statement, StoreError};

use crate::announce::TooManyBuilds;

pub use accept::{Accepting, accept};
pub use import::{ImportError, ImportRow, Progress, import_batch, import_progress, imports};
pub use latest::latest;
pub use list::{ResultPage, group, groups, groups_before, result, results, testcase, testcases, testcases_behind};
pub use names::{save_group, save_testcase};
pub use rehearsal::{allow_emptying, empty, may_be_emptied};
pub use retention::retention;
pub use told::{About, After, AnnouncedRow, StateRow, announcements, known, states_of_item, told};
pub(crate) use trail::{Tested, in_updates, items, items_around, items_from, tested, updates_from};
pub use update::{BuildRow, set_builds, update_builds, updates_with};

/// The gate's tables.
pub const MIGRATIONS: Migrations = migrations!("results";
    1 "results" = "0001_results.sql",
    2 "rehearsal" = "0002_rehearsal.sql",
);

/// Every fixed statement of the gate, for the test that prepares them all.
pub const STATEMENTS: &[&[Statement]] = &[
    accept::STATEMENTS,
    import::STATEMENTS,
    latest::STATEMENTS,
    list::STATEMENTS,
    names::STATEMENTS,
    rehearsal::STATEMENTS,
    retention::STATEMENTS,
    state::STATEMENTS,
    told::STATEMENTS,
    trail::STATEMENTS,
    update::STATEMENTS,
    walk::STATEMENTS,
];

/// Why results are not taken.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// One is about more builds than one may be.
    #[error(transparent)]
    TooManyBuilds(#[from] TooManyBuilds),
    /// The id that one shall keep is taken.
    #[error("the id {0} is taken")]
    IdTaken(i64),
    /// The store does not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A value as it is looked up: a long one by its digest.
fn indexed(value: &str) -> std::borrow::Cow<'_, str> {
    const LONGEST: usize = 256;
    if value.len() <= LONGEST {
        return value.into();
    }
    crate::digest::of_text(value).to_string().into()
}
