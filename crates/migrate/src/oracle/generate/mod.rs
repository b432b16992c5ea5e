//! Random small archives.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

mod uploads;

pub(crate) use uploads::{Habits, shuffled, uploads};

use super::notation::{Archive, BinaryLine};

/// As many cases as `PROPTEST_CASES` says (256 if it says nothing), times `times`.
pub(crate) fn cases(times: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases * times,
        // What was found becomes an example in the notation, with a name that says what it is about.
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..default
    }
}

/// One alternative: a name of `names` that may be bound to a version or to `Multi-Arch: allowed`.
fn alternative(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let constraint = prop_oneof![
        4 => Just(String::new()),
        4 => (select(&["<<", "<=", "=", ">=", ">>"][..]), 1..=3u8).prop_map(|(operator, version)| format!(" ({operator} {version})")),
    ];
    (select(names), prop::bool::weighted(0.08), constraint)
        .prop_map(|(name, any, constraint)| format!("{name}{}{constraint}", if any { ":any" } else { "" }))
}

/// A field of relations: each group a few alternatives.
pub(crate) fn relations(
    names: &'static [&'static str],
    groups: std::ops::RangeInclusive<usize>,
    alternatives: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = String> {
    let group = vec(alternative(names), alternatives).prop_map(|group| group.join(" | "));
    vec(group, groups).prop_map(|groups| groups.join(", "))
}

fn provides(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let version = prop_oneof![2 => Just(String::new()), 1 => (1..=3u8).prop_map(|version| format!(" (= {version})"))];
    let one = (select(names), version).prop_map(|(name, version)| format!("{name}{version}"));
    vec(one, 0..=1).prop_map(|provides| provides.join(", "))
}

const NAMES: &[&str] = &["a", "b", "c", "d", "e"];
const WANTED: &[&str] = &["a", "b", "c", "d", "e", "v"];

/// A tangle: up to twelve binaries on one architecture with many relations, for questions of installability only.
pub(crate) fn tangle() -> impl Strategy<Value = Archive> {
    let ids: Vec<(&str, usize)> = NAMES.iter().flat_map(|&name| (0..3).map(move |suite| (name, suite))).collect();
    let binary = (
        relations(WANTED, 0..=3, 1..=3),
        relations(WANTED, 0..=1, 1..=1),
        provides(&["v", "a", "b"]),
        prop::bool::weighted(0.12),
        prop::bool::weighted(0.3),
    );
    (subsequence(ids, 1..=12), vec(binary, 12)).prop_map(|(ids, binaries)| {
        let mut archive = Archive::empty(&["amd64"]);
        for ((name, suite), (depends, conflicts, provides, essential, allowed)) in ids.into_iter().zip(binaries) {
            let mut line = BinaryLine::new(name, &(suite + 1).to_string());
            line.essential = essential;
            for (name, value) in [("Depends", depends), ("Breaks", conflicts), ("Provides", provides)] {
                if !value.is_empty() {
                    line.fields.push((name.to_owned(), value));
                }
            }
            if allowed {
                line.fields.push(("Multi-Arch".to_owned(), "allowed".to_owned()));
            }
            archive.suite_mut(suite).binaries.push(line);
        }
        archive.suites.iter_mut().for_each(|suite| suite.imply_sources(|_| false));
        archive
    })
}
