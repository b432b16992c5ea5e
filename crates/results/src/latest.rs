//! Which result is the newest of what it stands for.
//!
//! The table `latest` has one row for each *combination* that results stand for: a test case, one value of a key that
//! names an item, and one value each of type, scenario, architecture and variant of the system. A result with lists
//! stands for every combination of their values. The row holds the newest of them, so that the question that gates
//! ask all day costs a look-up and never a walk through history.
//!
//! Whatever the table cannot answer is found by walking; [`road`] says which way a question goes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::digest::{KeyHash, Parts};
use crate::model::{ExtraData, Position, ResultId, StoredResult};
use crate::query::ResultFilter;

/// So many combinations one result may stand for.
pub const MAX_COMBINATIONS: usize = 10_000;

/// The keys beside the item whose values a combination has.
pub const VARIANT_KEYS: [&str; 3] = ["scenario", "system_architecture", "system_variant"];

/// One row of the table: what it is the newest of. `None` stands for a key that the result does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Combination {
    /// The name of the test case.
    pub testcase: String,
    /// `item`, or the key by which a subject type names its items.
    pub key_name: String,
    /// One value of that key.
    pub value: String,
    /// One type, as it was given.
    pub kind: Option<String>,
    /// One scenario.
    pub scenario: Option<String>,
    /// One architecture of the testing system.
    pub system_architecture: Option<String>,
    /// One variant of the testing system.
    pub system_variant: Option<String>,
}

impl Combination {
    /// SHA-256 over the parts in their order, each behind its length.
    pub fn hash(&self) -> KeyHash {
        let Self { testcase, key_name, value, kind, scenario, system_architecture, system_variant } = self;
        let named = Parts::default().text(testcase).text(key_name).text(value);
        let optional = |parts: Parts, part: &Option<String>| parts.list(part.as_deref().map(|text| [text]));
        [kind, scenario, system_architecture, system_variant].into_iter().fold(named, optional).hash()
    }

    /// The value of one of [`VARIANT_KEYS`]; `None` for another key, too.
    pub fn variant(&self, key: &str) -> Option<&str> {
        match key {
            "scenario" => self.scenario.as_deref(),
            "system_architecture" => self.system_architecture.as_deref(),
            "system_variant" => self.system_variant.as_deref(),
            _ => None,
        }
    }
}

/// A result whose lists multiply to more than it may stand for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a result may stand for at most {MAX_COMBINATIONS} combinations of item, type, scenario, system_architecture and \
     system_variant, and this one has {0}"
)]
pub struct TooManyCombinations(pub usize);

/// All combinations that a result stands for, each once, sorted. `item_keys` are those of the subject types; `item` is
/// always one.
///
/// # Errors
///
/// There are more than [`MAX_COMBINATIONS`].
pub fn combinations<'a>(
    testcase: &str,
    data: &ExtraData,
    item_keys: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Combination>, TooManyCombinations> {
    let names: BTreeSet<_> = ["item"].into_iter().chain(item_keys).collect();
    let items: Vec<_> = names
        .into_iter()
        .flat_map(|name| distinct(data.values(name)).into_iter().map(move |value| (name, value)))
        .collect();
    let kinds = stands_for(data, "type");
    let [scenarios, architectures, variants] = VARIANT_KEYS.map(|key| stands_for(data, key));
    let counts = [items.len(), kinds.len(), scenarios.len(), architectures.len(), variants.len()];
    let total = counts.into_iter().fold(1, usize::saturating_mul);
    if total > MAX_COMBINATIONS {
        return Err(TooManyCombinations(total));
    }
    let mut all = Vec::with_capacity(total);
    for (key_name, value) in items {
        for kind in &kinds {
            for scenario in &scenarios {
                for system_architecture in &architectures {
                    for system_variant in &variants {
                        all.push(Combination {
                            testcase: testcase.to_owned(),
                            key_name: key_name.to_owned(),
                            value: value.to_owned(),
                            kind: kind.map(str::to_owned),
                            scenario: scenario.map(str::to_owned),
                            system_architecture: system_architecture.map(str::to_owned),
                            system_variant: system_variant.map(str::to_owned),
                        });
                    }
                }
            }
        }
    }
    Ok(all)
}

/// Whether a row is to be written: there is none yet, or the result is newer than the one it holds.
pub fn is_newer(than: Option<Position>, result: Position) -> bool {
    than.is_none_or(|held| result > held)
}

/// The way to the answer of "which is the latest?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Road<'a> {
    /// The rows of the table with this key and one of these values.
    Table {
        /// `item`, or the key of a subject type.
        key_name: &'a str,
        /// As asked, none of them with a wildcard.
        values: Vec<&'a str>,
    },
    /// Results are walked from the newest on.
    Walk,
}

/// Which way a question for the latest results goes. The table knows results by their item, so the filters must name
/// values of exactly one such key, and beside it nothing but type and test case.
pub fn road<'a>(filter: &'a ResultFilter, distinct_on: &[String], item_keys: &[String]) -> Road<'a> {
    let names_items = |key: &str| key == "item" || item_keys.iter().any(|name| name == key);
    let mut items = None;
    for wanted in &filter.data {
        if wanted.key == "type" {
            continue;
        }
        let Some(values) = wanted.exact_values() else { return Road::Walk };
        if items.is_some() || !names_items(&wanted.key) {
            return Road::Walk;
        }
        items = Some((wanted.key.as_str(), values));
    }
    let knows_distinct = distinct_on.iter().all(|key| VARIANT_KEYS.contains(&key.as_str()));
    let knows_rest = filter.groups.is_empty() && filter.since.is_none() && filter.outcomes.is_empty();
    match items {
        Some((key_name, values)) if knows_distinct && knows_rest => Road::Table { key_name, values },
        _ => Road::Walk,
    }
}

/// A row of the table, as far as the answer needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestRow {
    /// What it is the newest of.
    pub combination: Combination,
    /// Where the result stands.
    pub at: Position,
}

/// The latest results by the rows of [`Road::Table`], newest first, each once: of every test case and value of each
/// distinct key the newest that the filter means.
pub fn newest_of_rows(rows: &[LatestRow], filter: &ResultFilter, distinct_on: &[String]) -> Vec<ResultId> {
    let has_type = |row: &LatestRow| {
        let mut wanted = filter.data.iter().filter(|wanted| wanted.key == "type");
        wanted.all(|wanted| row.combination.kind.as_deref().is_some_and(|kind| wanted.allows(kind)))
    };
    let mut newest: BTreeMap<(&str, Vec<Option<&str>>), Position> = BTreeMap::new();
    for row in rows.iter().filter(|row| has_type(row) && filter.allows_testcase(&row.combination.testcase)) {
        let distinct = distinct_on.iter().map(|key| row.combination.variant(key)).collect();
        let held = newest.entry((&row.combination.testcase, distinct)).or_insert(row.at);
        *held = row.at.max(*held);
    }
    let positions: BTreeSet<_> = newest.into_values().map(Reverse).collect();
    positions.into_iter().map(|Reverse(at)| at.id).collect()
}

/// Picks the latest out of results that come newest first ([`Road::Walk`]).
#[derive(Debug)]
pub struct Newest<'a> {
    distinct_on: &'a [String],
    seen: HashSet<Vec<Option<String>>>,
}

impl<'a> Newest<'a> {
    /// Nothing was seen yet; one is wanted for each test case and value of these keys.
    pub fn new(distinct_on: &'a [String]) -> Self {
        Self { distinct_on, seen: HashSet::new() }
    }

    /// Whether the result is the newest of anything that it stands for.
    pub fn is_news(&mut self, result: &StoredResult) -> bool {
        let mut groups = vec![vec![Some(result.testcase.name.clone())]];
        for key in self.distinct_on {
            let values = stands_for(&result.data, key);
            let longer = |group: Vec<Option<String>>| {
                values.iter().map(move |value| [group.clone(), vec![value.map(str::to_owned)]].concat())
            };
            // cut where memory would run out: only senseless data come near it
            groups = groups.into_iter().flat_map(longer).take(MAX_COMBINATIONS).collect();
        }
        let mut is_news = false;
        for group in groups {
            is_news |= self.seen.insert(group);
        }
        is_news
    }
}

/// The values that a result stands for under a key: each once, or the absence of all.
fn stands_for<'a>(data: &'a ExtraData, key: &str) -> BTreeSet<Option<&'a str>> {
    let values = data.values(key);
    if values.is_empty() { [None].into() } else { values.iter().map(|value| Some(value.as_str())).collect() }
}

fn distinct(values: &[String]) -> BTreeSet<&str> {
    values.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pairs: &[(&str, String)]) -> Result<usize, TooManyCombinations> {
        let data = pairs.iter().map(|(key, value)| (*key, value.clone())).collect();
        combinations("t", &data, ["original_spec_nvr", "item"]).map(|all| all.len())
    }

    #[test]
    fn lists_multiply_and_repetitions_do_not() {
        let pairs = [("item", "a"), ("item", "b"), ("item", "a"), ("scenario", "x"), ("scenario", "y"), ("arch", "z")];
        assert_eq!(count(&pairs.map(|(key, value)| (key, value.to_owned()))), Ok(4));
    }

    #[test]
    fn without_an_item_a_result_stands_for_nothing() {
        assert_eq!(count(&[("type", "koji_build".to_owned())]), Ok(0));
        assert_eq!(count(&[("original_spec_nvr", "a-1-1".to_owned())]), Ok(1));
    }

    #[test]
    fn ten_thousand_combinations_are_the_most() {
        let mut pairs: Vec<_> = (0..100).map(|number| ("item", number.to_string())).collect();
        pairs.extend((0..100).map(|number| ("scenario", number.to_string())));
        assert_eq!(count(&pairs), Ok(10_000));
        pairs.push(("item", "one more".to_owned()));
        assert_eq!(count(&pairs), Err(TooManyCombinations(10_100)));
    }

    #[test]
    fn absent_is_not_empty() {
        let hash = |pairs: &[(&str, &str)]| combinations("t", &pairs.iter().copied().collect(), []).unwrap()[0].hash();
        assert_ne!(hash(&[("item", "a")]), hash(&[("item", "a"), ("scenario", "")]));
        assert_ne!(hash(&[("item", "a"), ("scenario", "x")]), hash(&[("item", "a"), ("system_variant", "x")]));
    }

    #[test]
    fn of_equal_times_the_greater_id_is_newer() {
        use crate::model::ResultId;
        use crate::oracle::history::at;
        let position = |time, id| Position { submit_time: at(time), id: ResultId(id) };
        assert!(is_newer(None, position(1, 1)));
        assert!(is_newer(Some(position(1, 1)), position(1, 2)));
        assert!(!is_newer(Some(position(1, 2)), position(1, 1)));
        assert!(!is_newer(Some(position(2, 1)), position(1, 9)));
    }
}
