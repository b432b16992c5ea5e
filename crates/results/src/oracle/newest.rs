//! The newest of each combination against a scan over all results.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::history::at;
use crate::latest::{Combination, LatestRow, Newest, Road, VARIANT_KEYS, combinations, is_newer, newest_of_rows, road};
use crate::model::{ExtraData, Outcome, Position, ResultId, StoredResult, TestCase};
use crate::query::{Pattern, ResultFilter, Wanted};

fn some_of(
    key: &'static str,
    values: &'static [&'static str],
) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    prop::collection::vec(prop::sample::select(values), 0..3)
        .prop_map(move |values| values.into_iter().map(|value| (key, value)).collect())
}

fn data() -> impl Strategy<Value = ExtraData> {
    let keys = (
        some_of("item", &["a", "b", "c"]),
        some_of("nvr", &["a", "n"]),
        some_of("type", &["koji_build", "brew-build"]),
        some_of("scenario", &["", "x", "y"]),
        some_of("system_architecture", &["p", "q"]),
        some_of("colour", &["red", "blue"]),
    );
    keys.prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f].concat().into_iter().collect())
}

/// Results in the order of their commits; their times are in another.
fn stored() -> impl Strategy<Value = Vec<StoredResult>> {
    prop::collection::vec((0..8_i64, prop::sample::select(vec!["t", "t.u", "v"]), data()), 0..20).prop_map(|results| {
        let numbered = (1_i64..).zip(results);
        let result = |(id, (time, name, data)): (i64, (i64, &str, ExtraData))| StoredResult {
            id: ResultId(id),
            testcase: TestCase { name: name.to_owned(), ref_url: None },
            outcome: Outcome::stored("PASSED"),
            submit_time: at(time),
            groups: Vec::new(),
            note: None,
            ref_url: None,
            data,
        };
        numbered.map(result).collect()
    })
}

fn filters() -> impl Strategy<Value = ResultFilter> {
    let wanted = |key: &'static str, values: &'static [&'static str]| {
        prop::option::of(prop::sample::subsequence(values, 1..=values.len())).prop_map(move |values| {
            let values = values?.into_iter().map(Pattern::like).collect();
            Some(Wanted { key: key.to_owned(), values })
        })
    };
    let keys = (
        wanted("item", &["a", "b"]),
        wanted("nvr", &["a"]),
        wanted("type", &["koji_build", "brew*"]),
        wanted("colour", &["red"]),
        prop::sample::subsequence(vec!["t", "t*"], 0..2),
    );
    keys.prop_map(|(item, nvr, kind, colour, testcases)| ResultFilter {
        data: [item, nvr, kind, colour].into_iter().flatten().collect(),
        testcases: testcases.into_iter().map(Pattern::like).collect(),
        ..ResultFilter::default()
    })
}

/// The table as one upsert after the other leaves it.
fn table(results: &[StoredResult]) -> BTreeMap<Combination, Position> {
    let mut rows = BTreeMap::new();
    for result in results {
        for combination in combinations(&result.testcase.name, &result.data, ["nvr"]).unwrap() {
            if is_newer(rows.get(&combination).copied(), result.position()) {
                rows.insert(combination, result.position());
            }
        }
    }
    rows
}

/// Every value that a result has under a key, or none at all.
fn each(result: &StoredResult, key: &str) -> Vec<Option<String>> {
    let values = result.data.values(key);
    if values.is_empty() { vec![None] } else { values.iter().cloned().map(Some).collect() }
}

fn slow_combinations(result: &StoredResult) -> BTreeSet<Combination> {
    let mut all = BTreeSet::new();
    for key_name in ["item", "nvr"] {
        for value in result.data.values(key_name) {
            for kind in each(result, "type") {
                for scenario in each(result, "scenario") {
                    for system_architecture in each(result, "system_architecture") {
                        for system_variant in each(result, "system_variant") {
                            all.insert(Combination {
                                testcase: result.testcase.name.clone(),
                                key_name: key_name.to_owned(),
                                value: value.clone(),
                                kind: kind.clone(),
                                scenario: scenario.clone(),
                                system_architecture: system_architecture.clone(),
                                system_variant,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

/// For each test case and distinct values the greatest position of those that match; newest first, each once.
fn slow_latest(results: &[StoredResult], filter: &ResultFilter, distinct_on: &[String]) -> Vec<ResultId> {
    let mut newest: BTreeMap<Vec<Option<String>>, Position> = BTreeMap::new();
    for result in results.iter().filter(|result| filter.matches(result)) {
        let mut groups = vec![vec![Some(result.testcase.name.clone())]];
        for key in distinct_on {
            let values = each(result, key);
            let longer = |group: Vec<_>| values.iter().map(move |value| [group.clone(), vec![value.clone()]].concat());
            groups = groups.into_iter().flat_map(longer).collect();
        }
        for group in groups {
            let held = newest.entry(group).or_insert(result.position());
            *held = result.position().max(*held);
        }
    }
    let positions: BTreeSet<_> = newest.into_values().collect();
    positions.into_iter().rev().map(|position| position.id).collect()
}

proptest! {
    #[test]
    fn the_table_holds_what_a_scan_finds(results in stored()) {
        let mut slow: BTreeMap<_, Position> = BTreeMap::new();
        for result in &results {
            for combination in slow_combinations(result) {
                let held = slow.entry(combination).or_insert(result.position());
                *held = result.position().max(*held);
            }
        }
        prop_assert_eq!(table(&results), slow);
    }

    #[test]
    fn both_roads_lead_to_the_latest(
        results in stored(),
        filter in filters(),
        distinct_on in prop::sample::subsequence(VARIANT_KEYS.to_vec(), 0..3),
        colours in any::<bool>(),
    ) {
        let mut distinct_on: Vec<_> = distinct_on.into_iter().map(str::to_owned).collect();
        if colours {
            distinct_on.push("colour".to_owned());
        }
        let slow = slow_latest(&results, &filter, &distinct_on);
        let mut sorted: Vec<_> = results.iter().filter(|result| filter.matches(result)).collect();
        sorted.sort_by_key(|result| std::cmp::Reverse(result.position()));
        let mut newest = Newest::new(&distinct_on);
        let walked: Vec<_> = sorted.into_iter().filter(|result| newest.is_news(result)).map(|result| result.id).collect();
        prop_assert_eq!(&walked, &slow);

        if let Road::Table { key_name, values } = road(&filter, &distinct_on, &["nvr".to_owned()]) {
            prop_assert!(!colours);
            let rows = table(&results).into_iter();
            let asked = rows.filter(|(row, _)| row.key_name == key_name && values.contains(&row.value.as_str()));
            let rows: Vec<_> = asked.map(|(combination, at)| LatestRow { combination, at }).collect();
            prop_assert_eq!(&newest_of_rows(&rows, &filter, &distinct_on), &slow);
        }
    }
}
