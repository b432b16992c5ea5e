//! Why subjects stand still, and since when.
//!
//! A gate says in the transaction of its state what holds a subject now, all of it at once. What is new begins, what is
//! missing ends, and what stays keeps its beginning whatever its words. A set that is as it was writes nothing.

mod aside;
mod codes;
mod own;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tidegate_kernel::{Blocker, BlockerId, Subject, Timestamp};

use crate::digest::index_text;
use crate::store::{Reads, Result, Tx};

pub(crate) use aside::{NAMED, SetAside};
pub use codes::PlatformCode;
pub use own::{of_store, say_gates};
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
    /// Its place in the gate's order.
    pub place: i64,
}

/// Which blockers are asked for. What is empty does not restrict; of several values one has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of that gate.
    pub gate: Vec<String>,
    /// Of none of these gates.
    pub not_of: Vec<String>,
    /// Of that code, with its prefix.
    pub code: Vec<String>,
    /// Of that subject.
    pub subject: Vec<Subject>,
    /// Of that level.
    pub level: Vec<String>,
    /// That someone of that name can act on.
    pub who: Vec<String>,
    /// With that in its sentence, whatever the case of its letters.
    pub q: String,
    /// That have held since before then.
    pub since_before: Option<Timestamp>,
}

/// The place of a blocker in a list of open ones: its level, the gate's order, code, subject, id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(String, i64, String, String, String);

/// The place of a blocker in a list of all that were, by beginning and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun(i64, String);

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
    of_subjects(reader, std::slice::from_ref(subject), i64::MAX).await
}

/// The open blockers of these subjects, and at most so many of them.
///
/// # Errors
///
/// The store is away.
pub async fn of_subjects(reader: &mut impl Reads, subjects: &[Subject], limit: i64) -> Result<Vec<Kept>> {
    let keys = subjects.iter().map(|subject| index_text(&subject.to_string())).collect();
    store::of_subjects(reader, &keys, limit).await
}

/// How many blockers are open: code, level and number.
///
/// # Errors
///
/// The store is away.
pub async fn count(reader: &mut impl Reads) -> Result<Vec<(String, String, i64)>> {
    store::count(reader).await
}

/// The blocker with that id, open or the last time that it was.
///
/// # Errors
///
/// The store is away.
pub async fn one(reader: &mut impl Reads, id: BlockerId) -> Result<Option<Kept>> {
    store::one(reader, &id.to_string()).await
}

/// The blockers that were, open ones too, the newest first.
///
/// # Errors
///
/// The store is away.
pub async fn history(
    reader: &mut impl Reads,
    filter: &Filter,
    before: Option<&Begun>,
    limit: i64,
) -> Result<Vec<Kept>> {
    store::history(reader, filter, before, limit).await
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

/// Open blockers: holds before notes, then in the gate's order, then by code and subject.
///
/// # Errors
///
/// The store is away.
pub async fn list(reader: &mut impl Reads, filter: &Filter, after: Option<&Place>, limit: i64) -> Result<Vec<Kept>> {
    store::list(reader, filter, after, limit).await
}

impl Filter {
    /// Whether that open blocker is asked for, by the same rules as in the store.
    pub(crate) fn takes(&self, kept: &Kept) -> bool {
        let blocker = &kept.blocker;
        let one_of = |words: &[String], word: &str| words.is_empty() || words.iter().any(|wanted| wanted == word);
        let is_in_text = || blocker.text().to_lowercase().contains(&self.q.to_lowercase());
        one_of(&self.gate, &kept.gate)
            && !self.not_of.contains(&kept.gate)
            && one_of(&self.code, blocker.code())
            && (self.subject.is_empty() || self.subject.contains(blocker.subject()))
            && one_of(&self.level, blocker.level().name())
            && (self.who.is_empty() || blocker.who().iter().any(|who| self.who.contains(&who.name)))
            && is_in_text()
            && self.since_before.is_none_or(|before| blocker.since().is_some_and(|since| since < before))
    }
}

impl Kept {
    /// After which it stands in a list of open blockers.
    pub fn place(&self) -> Place {
        let blocker = &self.blocker;
        let subject = index_text(&blocker.subject().to_string());
        let level = blocker.level().name().to_owned();
        Place(level, self.place, blocker.code().to_owned(), subject, blocker.id().to_string())
    }

    /// Before which it stands in the history.
    pub fn begun(&self) -> Begun {
        let since = self.blocker.since().unwrap_or(Timestamp::EPOCH);
        Begun(since.as_microseconds(), self.blocker.id().to_string())
    }
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
