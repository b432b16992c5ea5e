//! Deletes what nobody needs any more, once a day and in small batches.
//!
//! Every table says in its migration how long its rows are kept (`-- kept: …` before it), from which the checked-in
//! `retention.toml` is made. A gate hands in a [`Rule`] for each table that grows with time.

mod platform;

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_kernel::Timestamp;

use crate::store::{Db, Migrations, Reads as _, Result, Statement, StoreError, in_tx};
use crate::wake::{Job, JobName, JobResult, JobSpec, Outcome, Run};

pub use platform::{Keep, STATEMENTS, rules};

/// The job that deletes, with the gate's name as its key.
pub const RETENTION: JobName = JobName::new("platform.retention");

/// So many rows are deleted by one transaction.
const BATCH: u32 = 10_000;
const DAY: Duration = Duration::from_secs(86_400);

/// How long the rows of a table are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The table.
    pub table: &'static str,
    /// Rows older than that go; `None` keeps them for ever.
    pub keep: Option<Duration>,
    /// When the newest row is from: one number, or none. While the clock is more than a day ahead of it nothing is deleted,
    /// since then the clock may be wrong.
    pub newest: Statement,
    /// Deletes rows from before `$1`, in the order of a key and at most `$2` of them.
    pub delete: Statement,
}

/// The job, with the rules of each gate.
#[derive(Debug, Clone)]
pub struct Retention {
    gates: BTreeMap<&'static str, Vec<Rule>>,
    /// So long after midnight UTC it runs.
    at: Duration,
}

impl Retention {
    /// A job that runs each day so long after midnight UTC.
    pub fn at(at: Duration) -> Self {
        Self { gates: BTreeMap::new(), at }
    }

    /// With the rules of that gate.
    #[must_use]
    pub fn with(mut self, gate: &'static str, rules: Vec<Rule>) -> Self {
        self.gates.insert(gate, rules);
        self
    }

    /// Has each gate's rules run at the next time.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn enrol(self, db: &Db) -> Result<Self> {
        let this = &self;
        let enrolled: Result<()> = db
            .write("platform.enrol", |tx| {
                in_tx(async move {
                    for gate in this.gates.keys() {
                        tx.set_wake(RETENTION.key(*gate).at(this.next(tx.now()))).await?;
                    }
                    Ok(())
                })
            })
            .await;
        enrolled.map(|()| self)
    }

    /// The first time after that instant.
    fn next(&self, now: Timestamp) -> Timestamp {
        let day = i64::try_from(DAY.as_micros()).expect("a day is short");
        let midnight = Timestamp::from_microseconds(now.as_microseconds().div_euclid(day) * day).unwrap_or(now);
        let today = midnight.later(self.at);
        if today > now { today } else { today.later(DAY) }
    }
}

impl Job for Retention {
    fn spec(&self) -> JobSpec {
        JobSpec::new(RETENTION).max_running(1)
    }

    async fn run(&self, run: &Run) -> JobResult {
        let Some(rules) = self.gates.get(run.key()) else { return Ok(run.done().await?) };
        for rule in rules {
            apply(run, rule).await?;
        }
        let ended = run.end::<StoreError>(|tx| in_tx(async move { Ok(Outcome::Again(self.next(tx.now()))) }));
        Ok(ended.await?)
    }
}

async fn apply(run: &Run, rule: &Rule) -> Result<()> {
    let Some(keep) = rule.keep else { return Ok(()) };
    let now = run.db().now();
    let newest: Result<(Option<i64>,)> =
        run.db().read(|reader| in_tx(async move { reader.query(rule.newest).fetch_one().await })).await;
    let newest = newest?.0.and_then(Timestamp::from_microseconds);
    if newest.is_none_or(|newest| newest.later(DAY) < now) {
        return Ok(());
    }
    let before = now.earlier(keep).as_microseconds();
    loop {
        let deleted: Result<u64> = run
            .write(|tx| in_tx(async move { tx.query(rule.delete).bind(before).bind(i64::from(BATCH)).execute().await }))
            .await;
        if deleted? < u64::from(BATCH) {
            return Ok(());
        }
    }
}

/// How long each table's rows are kept, as the migrations say: the text of `retention.toml`.
///
/// # Errors
///
/// A table does not say it: its name.
pub fn catalogue(migrations: &Migrations) -> std::result::Result<String, String> {
    let mut tables: BTreeMap<&str, &str> = BTreeMap::new();
    for migration in migrations.list {
        let mut kept = None;
        for line in migration.sqlite.lines() {
            if let Some(text) = line.strip_prefix("-- kept: ") {
                kept = Some(text.trim());
            } else if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                let table = rest.split([' ', '(']).next().unwrap_or_default();
                tables.insert(table, kept.take().ok_or_else(|| table.to_owned())?);
            }
        }
    }
    let head =
        format!("# How long the rows of `{}` are kept, made from its migrations by a test.\n\n", migrations.krate);
    Ok(tables.into_iter().fold(head, |text, (table, kept)| format!("{text}{table} = {kept:?}\n")))
}
