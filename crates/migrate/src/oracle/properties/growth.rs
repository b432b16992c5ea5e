//! Growth laws, by counted steps: what doubles when the work doubles. No clock is read.

use std::fmt::Write as _;

use super::certificates::id_of;
use crate::installability::Installability;
use crate::model::ArchId;
use crate::oracle::notation::Archive;
use crate::oracle::story::{Story, Told};
use crate::universe::Universe;

const AMD64: ArchId = ArchId(0);

/// A story with one line an item, in both suites.
fn items(count: usize, line: impl Fn(usize, &mut String)) -> Story {
    let mut notation = String::new();
    (0..count).for_each(|item| line(item, &mut notation));
    Story::new(&notation)
}

/// Items of which each needs the next one at its own version, and the last the first: they can only move together.
fn cycle(count: usize) -> Story {
    items(count, |item, text| {
        let next = (item + 1) % count;
        let _ = writeln!(text, "target p{item} 1: Depends p{next} (<< 2)\nprimary p{item} 2: Depends p{next} (>= 2)");
    })
}

/// Items of which each needs the next one's new version. The old ones need nothing.
fn chain(count: usize) -> Story {
    items(count, |item, text| {
        let needs = if item + 1 < count { format!(": Depends p{} (>= 2)", item + 1) } else { String::new() };
        let _ = writeln!(text, "target p{item} 1\nprimary p{item} 2{needs}");
    })
}

/// Items of which each is needed by the one before at its old version, if that is old itself.
fn reverse_chain(count: usize) -> Story {
    items(count, |item, text| {
        let needs = if item + 1 < count { format!(": Depends p{} (<< 2)", item + 1) } else { String::new() };
        let _ = writeln!(text, "target p{item} 1{needs}\nprimary p{item} 2");
    })
}

/// Items in a chain whose last one cannot move, so that all are tried and none is accepted.
fn broken_chain(count: usize) -> Story {
    items(count, |item, text| {
        let next = item + 1;
        let _ = writeln!(text, "target p{item} 1\nprimary p{item} 2: Depends p{next} (>= 2)");
    })
}

/// Packages that are uninstallable in a chain, until its last item moves.
fn dead_chain(count: usize) -> Story {
    items(count, |item, text| {
        let next = item + 1;
        let line = if next < count {
            format!("both p{item} 1: Depends p{next}")
        } else {
            format!("target p{item} 1: Depends gone\nprimary p{item} 2")
        };
        let _ = writeln!(text, "{line}");
    })
}

/// Runs on a stack on which recursion over the items would not get far.
fn run_on_a_small_stack(story: Story) -> Told {
    let thread = std::thread::Builder::new().stack_size(256 << 10);
    thread.spawn(move || story.run()).expect("a thread can be had").join().expect("the run comes to an end")
}

/// Asserts that twice the items take about twice the steps, and that everything moves, or nothing.
fn grows_linearly(story: impl Fn(usize) -> Story, moves: bool) {
    let (half, whole) = (run_on_a_small_stack(story(1500)), run_on_a_small_stack(story(3000)));
    assert_eq!(half.accepted.len(), if moves { 1500 } else { 0 });
    assert_eq!(whole.accepted.len(), if moves { 3000 } else { 0 });
    assert!(whole.steps * 10 <= half.steps * 22, "{} steps became {}", half.steps, whole.steps);
    assert!(whole.steps <= 3000 * 60, "{} steps for 3,000 items", whole.steps);
}

#[test]
fn three_thousand_items_in_a_cycle_move_as_one() {
    grows_linearly(cycle, true);
    assert_eq!(cycle(3000).run().trials, 1);
}

#[test]
fn three_thousand_items_in_a_chain_move_one_by_one() {
    grows_linearly(chain, true);
    grows_linearly(reverse_chain, true);
}

#[test]
fn three_thousand_items_that_cannot_move_are_found_out_one_by_one() {
    grows_linearly(broken_chain, false);
}

#[test]
fn three_thousand_packages_come_to_life_with_one_item() {
    let (half, whole) = (run_on_a_small_stack(dead_chain(1500)), run_on_a_small_stack(dead_chain(3000)));
    let counts =
        |told: &Told| told.uninstallable.iter().map(|(before, after)| (before.len(), after.len())).collect::<Vec<_>>();
    assert_eq!(counts(&whole), [(3000, 0)]);
    assert!(whole.steps * 10 <= half.steps * 22, "{} steps became {}", half.steps, whole.steps);
}

#[test]
fn the_order_of_three_thousand_stanzas_decides_nothing() {
    for story in [cycle(3000), chain(3000)] {
        let told = story.run();
        let mut archive = story.archive.clone();
        for suite in &mut archive.suites {
            suite.sources.reverse();
            // Every seventh comes first.
            let mut number = 0;
            suite.binaries.sort_by_cached_key(|_| {
                number += 1;
                number * 7 % 3001
            });
        }
        let other = story.on(archive).run();
        assert_eq!((told.accepted, told.result), (other.accepted, other.result));
    }
}

/// The steps that it takes to replace `lib 1` by `lib 2` in the target of an archive, and to take it back by hand.
fn steps_of_a_new_library(notation: &str) -> u64 {
    let distribution = Archive::parse(notation).load();
    let universe = Universe::build(&distribution);
    let id = |version| id_of(&distribution, &universe, "lib", version);
    let port = universe.port(AMD64);
    let held = (0..port.len()).map(crate::model::BinaryId::at).filter(|&held| held != id("2"));
    let mut state = Installability::new(port, held);
    let before = state.steps();
    state.apply(port, &[id("1")], &[id("2")]);
    state.apply(port, &[id("2")], &[id("1")]);
    assert_eq!(state.dead().count(), 0);
    state.steps() - before
}

#[test]
fn a_trial_costs_its_direct_reverse_dependencies() {
    // Users of the library, users of these in a chain, and packages that have nothing to do with it.
    let archive = |users: usize, depth: usize, others: usize| {
        let mut text = String::from("target lib 1\nprimary lib 2\n");
        for user in 0..users {
            let _ = writeln!(text, "target user{user} 1: Depends lib");
        }
        for level in 0..depth {
            let below = if level == 0 { "user0".to_owned() } else { format!("level{}", level - 1) };
            let _ = writeln!(text, "target level{level} 1: Depends {below}");
        }
        for other in 0..others {
            let _ = writeln!(text, "target other{other} 1: Depends other{}", (other + 1) % others);
        }
        text
    };
    let steps = |users, depth, others| steps_of_a_new_library(&archive(users, depth, others));
    let few = steps(10, 0, 0);
    assert!(few <= 10 * 10, "{few} steps for ten users");
    assert!(steps(20, 0, 0) <= 2 * few, "twice the users");
    assert_eq!(steps(10, 500, 0), few, "what needs the users does not count");
    assert_eq!(steps(10, 500, 500), few, "what has nothing to do with it does not count");
}
