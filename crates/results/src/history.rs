//! What a test case did, as lanes over builds.
//!
//! A *lane* is one variant: architecture, scenario, and the like. A *column* is one item, which most often is a build, in
//! the order in which the first results of them came. Where a lane and a column meet is a *spot*: the newest outcome, and
//! whether there were different final ones before it. A build does not change, so such a spot says that the test is not to
//! be relied on, and not that something was broken or mended.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::announce::Variant;
use crate::model::{Outcomes, ResultId, Stage, StoredResult};

/// The history of a test case as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The items, oldest first.
    pub columns: Vec<Column>,
    /// The variants, by name.
    pub lanes: Vec<Lane>,
}

/// An item, with what all of its newest outcomes come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The item.
    pub item: String,
    /// Lanes with a final outcome.
    pub finals: usize,
    /// Of these, the good ones.
    pub good: usize,
}

/// A variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its values in one text.
    pub name: String,
    /// One for each column, from which a spot may be missing.
    pub spots: Vec<Option<Spot>>,
}

/// What a variant came to for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The newest result.
    pub id: ResultId,
    /// Its outcome.
    pub outcome: String,
    /// The time of it, as its sender gave it.
    pub at: tidegate_kernel::Timestamp,
    /// Whether it is final.
    pub is_final: bool,
    /// Whether final outcomes differed, without a new build.
    pub has_moved: bool,
}

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// So many
    pub part: usize,
    /// of so many.
    pub of: usize,
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.percent() {
            Some(percent) => write!(f, "{percent} %"),
            None => f.write_str("–"),
        }
    }
}

impl Share {
    /// Of a hundred; nothing where there is none at all.
    pub fn percent(self) -> Option<usize> {
        (self.part * 100).checked_div(self.of)
    }
}

/// Whether an outcome counts as passed.
pub fn is_good(outcome: &str) -> bool {
    ["PASSED", "INFO"].contains(&outcome)
}

impl History {
    /// Of results in any order: the newest items, at most so many, and the first lanes by name, at most so many.
    pub fn of(results: &[StoredResult], outcomes: &Outcomes, columns: usize, lanes: usize) -> Self {
        let mut sorted: Vec<_> = results.iter().collect();
        sorted.sort_by_key(|result| result.position());
        let items = newest_items(&sorted, columns);
        let mut spots: BTreeMap<String, HashMap<usize, Vec<&StoredResult>>> = BTreeMap::new();
        for result in sorted {
            let lane = Variant::of(&result.data).to_string();
            for item in BTreeSet::from_iter(result.data.values("item")) {
                if let Some(column) = items.iter().position(|known| known == item) {
                    spots.entry(lane.clone()).or_default().entry(column).or_default().push(result);
                }
            }
        }
        let lanes: Vec<_> = spots
            .into_iter()
            .take(lanes)
            .map(|(name, mut of)| {
                let spot = |column| of.remove(&column).and_then(|results| spot(&results, outcomes));
                Lane { name, spots: (0..items.len()).map(spot).collect() }
            })
            .collect();
        let column = |(place, item): (usize, String)| {
            let finals: Vec<_> =
                lanes.iter().filter_map(|lane| lane.spots[place].as_ref()).filter(|s| s.is_final).collect();
            Column { item, good: finals.iter().filter(|spot| is_good(&spot.outcome)).count(), finals: finals.len() }
        };
        Self { columns: items.into_iter().enumerate().map(column).collect(), lanes }
    }

    /// How many of the final outcomes are good.
    pub fn passed(&self) -> Share {
        let sum = |of: fn(&Column) -> usize| self.columns.iter().map(of).sum();
        Share { part: sum(|column| column.good), of: sum(|column| column.finals) }
    }

    /// How many of the final outcomes changed without a new build.
    pub fn moved(&self) -> Share {
        self.lanes
            .iter()
            .map(Lane::moved)
            .fold(Share::default(), |all, lane| Share { part: all.part + lane.part, of: all.of + lane.of })
    }

    /// For each column, how many of the final outcomes of it and of so many before it are good.
    pub fn trend(&self, window: usize) -> Vec<Share> {
        let share = |end: usize| {
            let begin = (end + 1).saturating_sub(window);
            self.columns[begin..=end].iter().fold(Share::default(), |all, column| Share {
                part: all.part + column.good,
                of: all.of + column.finals,
            })
        };
        (0..self.columns.len()).map(share).collect()
    }
}

impl Lane {
    /// How many of its final outcomes are good.
    pub fn passed(&self) -> Share {
        let finals = || self.finals();
        Share { part: finals().filter(|spot| is_good(&spot.outcome)).count(), of: finals().count() }
    }

    /// How many of its final outcomes changed without a new build.
    pub fn moved(&self) -> Share {
        Share { part: self.finals().filter(|spot| spot.has_moved).count(), of: self.finals().count() }
    }

    /// What came out last.
    pub fn newest(&self) -> Option<&Spot> {
        self.spots.iter().rev().flatten().next()
    }

    fn finals(&self) -> impl Iterator<Item = &Spot> {
        self.spots.iter().flatten().filter(|spot| spot.is_final)
    }
}

/// The items that came last, in the order in which they came first.
fn newest_items(sorted: &[&StoredResult], most: usize) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = sorted.iter().flat_map(|result| result.data.values("item"));
    let items: Vec<_> = all.filter(|item| seen.insert(*item)).cloned().collect();
    items[items.len().saturating_sub(most)..].to_vec()
}

/// Of results in their order.
fn spot(results: &[&StoredResult], outcomes: &Outcomes) -> Option<Spot> {
    let newest = results.last()?;
    let is_final = |result: &StoredResult| outcomes.stage(&result.outcome) == Stage::Final;
    let finals: BTreeSet<_> =
        results.iter().filter(|result| is_final(result)).map(|result| result.outcome.as_str()).collect();
    Some(Spot {
        id: newest.id,
        outcome: newest.outcome.as_str().to_owned(),
        at: newest.submit_time,
        is_final: is_final(newest),
        has_moved: finals.len() > 1,
    })
}

#[cfg(test)]
mod tests {
    use tidegate_kernel::Timestamp;

    use super::*;
    use crate::model::{ExtraData, Outcome, TestCase};

    fn result(id: i64, item: &str, arch: &str, outcome: &str) -> StoredResult {
        let mut data = ExtraData::default();
        for (key, value) in [("item", item), ("arch", arch)] {
            data.push(key, value);
        }
        StoredResult {
            id: ResultId(id),
            testcase: TestCase { name: "t".to_owned(), ref_url: None },
            outcome: Outcome::stored(outcome),
            submit_time: Timestamp::from_microseconds(id).unwrap(),
            groups: vec![],
            note: None,
            ref_url: None,
            data,
        }
    }

    fn shown(history: &History) -> Vec<String> {
        let spot = |spot: &Option<Spot>| match spot {
            None => "-".to_owned(),
            Some(spot) => format!("{}{}", spot.outcome, if spot.has_moved { "~" } else { "" }),
        };
        let lane =
            |lane: &Lane| format!("{}: {}", lane.name, lane.spots.iter().map(spot).collect::<Vec<_>>().join(" "));
        history.lanes.iter().map(lane).collect()
    }

    #[test]
    fn a_change_without_a_new_build_is_told_apart_from_one_with() {
        let results = [
            result(5, "a-2", "x86_64", "RUNNING"),
            result(1, "a-1", "x86_64", "FAILED"),
            result(2, "a-1", "x86_64", "PASSED"),
            result(3, "a-1", "aarch64", "PASSED"),
            result(4, "a-2", "aarch64", "FAILED"),
        ];
        let history = History::of(&results, &Outcomes::default(), 9, 9);
        assert_eq!(shown(&history), ["aarch64: PASSED FAILED", "x86_64: PASSED~ RUNNING"]);
        assert_eq!(history.passed(), Share { part: 2, of: 3 });
        assert_eq!(history.moved(), Share { part: 1, of: 3 });
        assert_eq!(history.trend(5), [Share { part: 2, of: 2 }, Share { part: 2, of: 3 }]);
        assert_eq!(history.lanes[1].newest().unwrap().outcome, "RUNNING");
    }

    #[test]
    fn only_the_newest_items_are_columns() {
        let results: Vec<_> = (1..=9).map(|n| result(n, &format!("a-{n}"), "x86_64", "PASSED")).collect();
        let history = History::of(&results, &Outcomes::default(), 3, 9);
        let items: Vec<_> = history.columns.iter().map(|column| column.item.as_str()).collect();
        assert_eq!(items, ["a-7", "a-8", "a-9"]);
        assert_eq!(History::of(&[], &Outcomes::default(), 3, 9).passed().percent(), None);
    }
}
