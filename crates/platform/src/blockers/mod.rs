//! Why subjects stand still, and since when.
//!
//! A gate says in the transaction of its state what holds a subject now, all of it at once. What is new begins, what is
//! missing ends, and what stays keeps its beginning whatever its words. A set that is as it was writes nothing.

mod codes;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tidegate_kernel::{Blocker, BlockerId, Subject, Timestamp};

use crate::digest::index_text;
use crate::store::{Reads, Result, Tx};

pub use codes::PlatformCode;
pub use store::STATEMENTS;

/// A blocker in the history of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What held it; its `since` is set.
    pub blocker: Blocker,
    /// The gate that said so.
    pub gate: String,
    /// When it ended.
    pub until: Option<Timestamp>,
}

/// Which open blockers are asked for. What is empty does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of that gate.
    pub gate: String,
    /// Of that code, with its prefix.
    pub code: String,
    /// Of that level.
    pub level: String,
    /// That someone of that name can act on.
    pub who: String,
    /// With that in its sentence.
    pub q: String,
    /// That have held since before then.
    pub since_before: Option<Timestamp>,
}

/// The place of a blocker in lists, after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its beginning.
    pub since: Timestamp,
    /// Its id.
    pub id: BlockerId,
}

/// An open row, as much of it as a comparison needs.
#[derive(Debug)]
struct Open {
    since: i64,
    place: i64,
    blocker: Blocker,
}

/// A row that begins or changes.
#[derive(Debug, Serialize)]
struct Row<'b> {
    id: String,
    gate: &'b str,
    code: &'b str,
    subject: String,
    level: &'static str,
    text: &'b str,
    place: i64,
    blocker: String,
    since: i64,
}

/// What a new set changes.
#[derive(Debug, Default)]
struct Difference<'b> {
    rows: Vec<Row<'b>>,
    ended: Vec<String>,
}

impl Tx {
    /// Says what holds the subject at that gate now, in the gate's order. Says how many blockers began, changed or ended.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn set_blockers(&mut self, subject: &Subject, gate: &str, blockers: &[Blocker]) -> Result<usize> {
        self.set_blockers_of(gate, &[(subject, blockers)]).await
    }

    /// The same for many subjects with one reading; it writes only what changed.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn set_blockers_of(&mut self, gate: &str, sets: &[(&Subject, &[Blocker])]) -> Result<usize> {
        let now = self.now().as_microseconds();
        let keys: BTreeSet<String> = sets.iter().map(|(subject, _)| index_text(&subject.to_string())).collect();
        let open = store::open_of(self, gate, &keys).await?;
        let Difference { rows, ended } = difference(gate, open, sets, now);
        store::begin_or_change(self, &rows).await?;
        store::end(self, &ended).await?;
        Ok(rows.len() + ended.len())
    }
}

/// The open blockers of a subject, of all gates: holds before notes, then in the gates' order.
///
/// # Errors
///
/// The store is away.
pub async fn of_subject(reader: &mut impl Reads, subject: &Subject) -> Result<Vec<Kept>> {
    store::of_subject(reader, &index_text(&subject.to_string())).await
}

/// The blocker with that id, open or the last time that it was.
///
/// # Errors
///
/// The store is away.
pub async fn one(reader: &mut impl Reads, id: BlockerId) -> Result<Option<Kept>> {
    store::one(reader, &id.to_string()).await
}

/// What held a subject, the newest first.
///
/// # Errors
///
/// The store is away.
pub async fn history(reader: &mut impl Reads, subject: &Subject, limit: i64) -> Result<Vec<Kept>> {
    store::history(reader, &index_text(&subject.to_string()), limit).await
}

/// The oldest open blocker of each code with the number of all of that code, holds before notes, the oldest first. Only
/// the first 10,000 by gate and code are counted.
///
/// # Errors
///
/// The store is away.
pub async fn by_code(reader: &mut impl Reads) -> Result<Vec<(Kept, i64)>> {
    store::by_code(reader).await
}

/// A page of open blockers, the newest first.
///
/// # Errors
///
/// The store is away.
pub async fn list(reader: &mut impl Reads, filter: &Filter, after: Option<&Place>, limit: i64) -> Result<Vec<Kept>> {
    store::list(reader, filter, after, limit).await
}

fn difference<'b>(
    gate: &'b str,
    mut open: BTreeMap<String, Open>,
    sets: &'b [(&Subject, &[Blocker])],
    now: i64,
) -> Difference<'b> {
    let mut difference = Difference::default();
    let mut seen = BTreeSet::new();
    let wanted = sets.iter().flat_map(|(_, blockers)| (0_i64..).zip(*blockers));
    for (place, blocker) in wanted {
        let id = blocker.id().to_string();
        if !seen.insert(id.clone()) {
            continue;
        }
        let before = open.remove(&id);
        let is_as_it_was = before
            .as_ref()
            .is_some_and(|before| before.place == place && without_since(&before.blocker) == without_since(blocker));
        if !is_as_it_was {
            difference.rows.push(Row {
                id,
                gate,
                code: blocker.code(),
                subject: index_text(&blocker.subject().to_string()),
                level: blocker.level().name(),
                text: blocker.text(),
                place,
                blocker: without_since(blocker).to_string(),
                since: before.map_or(now, |before| before.since),
            });
        }
    }
    difference.ended = open.into_keys().collect();
    difference
}

/// The beginning is the row's, not the gate's.
fn without_since(blocker: &Blocker) -> serde_json::Value {
    let mut json = serde_json::to_value(blocker).expect("a blocker has a JSON form");
    json["since"] = serde_json::Value::Null;
    json
}
