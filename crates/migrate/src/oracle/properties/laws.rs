//! Laws of every run, whatever the archive: nothing gets worse, and neither the order of the input nor the number of threads
//! decides anything.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::oracle::generate::{Habits, cases, shuffled, uploads};
use crate::oracle::notation::Archive;
use crate::oracle::story::{Story, Told};

/// Hints that try some of the sources together; those that name no candidate are refused.
fn hinted(archive: &Archive, hints: Vec<(bool, Vec<usize>)>) -> Story {
    let mut story = Story::of(archive.clone()).set("AUTOHINTER", "yes");
    let sources = &archive.suites[1].sources;
    for (easy, chosen) in hints {
        let chosen = chosen.into_iter().filter_map(|number| sources.get(number));
        let items: Vec<String> = chosen.map(|source| format!("{}/{}", source.name, source.version)).collect();
        if items.len() > 1 {
            story = story.hint(&format!("{} {}", if easy { "easy" } else { "hint" }, items.join(" ")));
        }
    }
    story
}

fn hints() -> impl Strategy<Value = Vec<(bool, Vec<usize>)>> {
    vec((any::<bool>(), subsequence(vec![0, 1, 2, 3, 4], 2..=4)), 0..=2)
}

/// How many names are uninstallable on all architectures, before and after.
fn counts(told: &Told) -> (usize, usize) {
    let pairs = told.uninstallable.iter().map(|(before, after)| (before.len(), after.len()));
    pairs.fold((0, 0), |(before, after), (one, other)| (before + one, after + other))
}

/// What must not depend on the order of the stanzas: everything but how much was looked at.
fn outcome(told: Told) -> Told {
    Told { steps: 0, ..told }
}

/// The first stanza of each name.
fn without_repetitions(mut archive: Archive) -> Archive {
    for suite in &mut archive.suites {
        let mut seen: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
        suite.binaries.retain(|line| seen.insert((line.name.clone(), line.on.clone())));
    }
    archive
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn no_architecture_gets_worse_without_hints(archive in uploads(6, Habits::ODD)) {
        let told = Story::of(archive).run();
        for (before, after) in &told.uninstallable {
            prop_assert!(after.len() <= before.len(), "{:?} became {:?}", before, after);
        }
    }

    #[test]
    fn hints_and_sets_make_nothing_worse_in_sum(archive in uploads(5, Habits::HIJACKING), hints in hints()) {
        let (before, after) = counts(&hinted(&archive, hints).run());
        prop_assert!(after <= before, "{} became {}", before, after);
    }

    #[test]
    fn what_has_to_stay_installable_stays(archive in uploads(5, Habits::HIJACKING), hints in hints()) {
        let story = ["a", "liba1", "b"].into_iter().fold(hinted(&archive, hints), Story::keep_installable);
        for (before, after) in story.run().uninstallable {
            let broken: Vec<&String> = after.difference(&before).filter(|name| ["a", "liba1", "b"].contains(&name.as_str())).collect();
            prop_assert!(broken.is_empty(), "{:?}", broken);
        }
    }

    #[test]
    fn the_order_of_stanzas_decides_nothing(
        (archive, other) in uploads(6, Habits::HIJACKING).prop_map(without_repetitions).prop_flat_map(shuffled),
        hints in hints(),
    ) {
        let story = hinted(&archive, hints);
        let told = outcome(story.run());
        prop_assert_eq!(told, outcome(story.on(other).run()));
    }

    #[test]
    fn the_number_of_threads_decides_nothing(archive in uploads(5, Habits::ODD)) {
        let story = Story::of(archive);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
            pool.install(|| story.run())
        };
        prop_assert_eq!(with(1), with(3));
    }
}
