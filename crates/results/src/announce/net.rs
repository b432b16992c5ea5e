//! What an import makes of a key: many results, and at most one thing to say.

use tidegate_kernel::Timestamp;

use super::state::{Announced, Announcement, Incoming, Reason, State, step};

/// The state after all these results, and the change that they make together; `None` if the outcome is as before,
/// whatever it was in between. Progress is not told.
///
/// Whether the change is told or not, it has its seq: what an import does silently counts as said. All that is not
/// told apart counts as suppressed.
pub fn net(before: &State, all: &[Incoming], now: Timestamp) -> (State, Option<Announcement>) {
    let mut after = before.clone();
    for incoming in all {
        after = step(&after, incoming, now).0;
    }
    let not_late = (all.len() as u64).saturating_sub(after.late - before.late);
    let repeated = before.suppressed + not_late;
    let outcome_before = before.announced.as_ref().map(|announced| &announced.outcome);
    let change = after.announced.as_ref().filter(|announced| Some(&announced.outcome) != outcome_before);
    let Some(Announced { outcome, result_id, newest_final, .. }) = change.cloned() else {
        let quiet = after.announced.map(|announced| Announced {
            result_id: before.announced.as_ref().map_or(announced.result_id, |before| before.result_id),
            seq: before.seq(),
            ..announced
        });
        return (State { announced: quiet, suppressed: repeated, changed_at: before.changed_at, ..after }, None);
    };
    let seq = before.seq() + 1;
    let announcement = Announcement {
        reason: if outcome_before.is_none() { Reason::New } else { Reason::Changed },
        seq,
        prev_outcome: outcome_before.cloned(),
        outcome: outcome.clone(),
        result_id,
        suppressed: repeated - 1,
    };
    let announced = Announced { outcome, result_id, newest_final, seq };
    let after = State { announced: Some(announced), suppressed: 0, changed_at: Some(now), ..after };
    (after, Some(announcement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::history::{at, final_result, incomplete};

    fn told(before: &State, all: &[Incoming]) -> (State, Option<String>) {
        let (after, announcement) = net(before, all, at(100));
        let text = announcement.map(|said| {
            let before = said.prev_outcome.map_or_else(|| "nothing".to_owned(), |outcome| outcome.to_string());
            format!(
                "{} {}: {before} -> {} by {}, suppressed {}",
                said.reason.name(),
                said.seq,
                said.outcome,
                said.result_id,
                said.suppressed
            )
        });
        (after, text)
    }

    #[test]
    fn a_history_makes_one_change() {
        let (state, text) = told(
            &State::default(),
            &[
                final_result(1, "FAILED"),
                incomplete(2, "RUNNING"),
                final_result(3, "PASSED"),
                final_result(4, "PASSED"),
            ],
        );
        assert_eq!(text.unwrap(), "new 1: nothing -> PASSED by 3, suppressed 3");
        assert_eq!((state.seq(), state.suppressed, state.progress), (1, 0, None));
    }

    #[test]
    fn there_and_back_is_no_change() {
        let (before, _) = told(&State::default(), &[final_result(1, "FAILED")]);
        let (after, text) = told(&before, &[final_result(2, "PASSED"), final_result(3, "FAILED")]);
        assert_eq!(text, None);
        assert_eq!((after.seq(), after.suppressed), (1, 2));
        assert_eq!(after.announced.unwrap().result_id.0, 1);
    }

    #[test]
    fn what_comes_next_counts_from_the_imported_state() {
        let (before, _) = told(&State::default(), &[final_result(1, "FAILED")]);
        let (same, said) = step(&before, &final_result(2, "FAILED"), at(100));
        assert_eq!(said.announcement(), None);
        let (_, said) = step(&same, &final_result(3, "PASSED"), at(100));
        let said = said.announcement().unwrap();
        assert_eq!((said.seq, said.prev_outcome.as_ref().unwrap().as_str(), said.suppressed), (2, "FAILED", 1));
    }
}
