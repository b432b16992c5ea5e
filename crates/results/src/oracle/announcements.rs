//! The state machine against what all results of a key, sorted, say.

use proptest::prelude::*;

use super::history::{at, histories};
use crate::announce::{Announcement, Incoming, Reason, Said, State, net, step};
use crate::model::{Outcome, Stage};

/// What is known of a key, found by looking at all its results again.
#[derive(Debug, PartialEq)]
struct Slow<'a> {
    outcome: Option<&'a Outcome>,
    running: Option<&'a Outcome>,
}

fn slow(committed: &[Incoming]) -> Slow<'_> {
    let mut sorted: Vec<_> = committed.iter().collect();
    sorted.sort_by_key(|result| result.at);
    let newest = sorted.last().filter(|newest| newest.stage == Stage::Incomplete);
    let newest_final = sorted.iter().rev().find(|result| result.stage == Stage::Final);
    Slow { outcome: newest_final.map(|result| &result.outcome), running: newest.map(|result| &result.outcome) }
}

fn seen(state: &State) -> Slow<'_> {
    let outcome = state.announced.as_ref().map(|announced| &announced.outcome);
    Slow { outcome, running: state.progress.as_ref() }
}

/// All that is said while the results are committed one after the other.
fn told(history: &[Incoming]) -> (State, Vec<Said>) {
    let mut state = State::default();
    let mut all = Vec::new();
    for incoming in history {
        let (next, said) = step(&state, incoming, at(100));
        state = next;
        all.push(said);
    }
    (state, all)
}

fn changes(said: &[Said]) -> Vec<&Announcement> {
    let announcements = said.iter().filter_map(Said::announcement);
    announcements.filter(|announcement| announcement.reason != Reason::Progress).collect()
}

/// Whether two announcements that follow each other say a change, without a gap.
fn follows(pair: &[&Announcement]) -> bool {
    pair[0].outcome != pair[1].outcome
        && pair[1].prev_outcome.as_ref() == Some(&pair[0].outcome)
        && pair[1].seq == pair[0].seq + 1
}

proptest! {
    #[test]
    fn no_two_neighbours_say_the_same_and_no_seq_is_missing(history in histories()) {
        let (state, said) = told(&history);
        let changes = changes(&said);
        prop_assert!(changes.windows(2).all(follows), "{changes:#?}");
        prop_assert!(changes.first().is_none_or(|first| first.seq == 1 && first.reason == Reason::New));
        prop_assert_eq!(state.seq(), changes.len() as u64);
    }

    #[test]
    fn the_last_announced_outcome_is_that_of_the_newest_final_result(history in histories()) {
        let mut state = State::default();
        for (at_end, incoming) in (1..).zip(&history) {
            state = step(&state, incoming, at(100)).0;
            prop_assert_eq!(seen(&state), slow(&history[..at_end]));
            prop_assert_eq!(state.newest_any, history[..at_end].iter().map(|result| result.at).max());
        }
        let (_, said) = told(&history);
        let last = changes(&said).last().map(|last| &last.outcome);
        prop_assert_eq!(last, slow(&history).outcome);
    }

    #[test]
    fn any_order_of_commits_ends_in_the_same_outcome(history in histories(), seed in any::<prop::sample::Index>()) {
        let mut shuffled = history.clone();
        if !shuffled.is_empty() {
            let middle = seed.index(shuffled.len());
            shuffled.rotate_left(middle);
            shuffled.reverse();
        }
        let (one, other) = (told(&history).0, told(&shuffled).0);
        prop_assert_eq!(seen(&one), seen(&other));
        prop_assert_eq!(one.newest_final(), other.newest_final());
        prop_assert_eq!(one.newest_any, other.newest_any);
    }

    #[test]
    fn every_result_is_told_or_counted(history in histories()) {
        let (state, said) = told(&history);
        let told = said.iter().filter(|said| said.announcement().is_some()).count() as u64;
        let carried: u64 = changes(&said).iter().map(|change| change.suppressed).sum();
        prop_assert_eq!(told + carried + state.suppressed + state.late, history.len() as u64);
    }

    #[test]
    fn an_import_ends_where_posts_end(before in histories(), chunk in histories()) {
        // The ids of the chunk go on where those before it end.
        let mut chunk = chunk;
        for result in &mut chunk {
            result.at.id.0 += 100;
        }
        let (start, _) = told(&before);
        let (imported, announcement) = net(&start, &chunk, at(100));
        let all = [before, chunk.clone()].concat();
        let (posted, _) = told(&all);
        prop_assert_eq!(seen(&imported), seen(&posted));
        prop_assert_eq!(imported.newest_final(), posted.newest_final());
        prop_assert_eq!(imported.late, posted.late);
        let moved = slow(&all).outcome != seen(&start).outcome;
        prop_assert_eq!(announcement.is_some(), moved);
        prop_assert_eq!(imported.seq(), start.seq() + u64::from(moved));
        let counted = announcement.as_ref().map_or(0, |said| said.suppressed + 1) + imported.suppressed + imported.late;
        prop_assert_eq!(counted, start.suppressed + start.late + chunk.len() as u64);
        if let (Some(said), Some(announced)) = (announcement, imported.announced) {
            let names = chunk.iter().find(|result| result.at.id == said.result_id).map(|result| &result.outcome);
            prop_assert_eq!(names, Some(&announced.outcome));
        }
    }
}
