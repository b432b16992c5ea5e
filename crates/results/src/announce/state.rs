//! What one more result makes of the state of its key, and what is said.

use tidegate_kernel::Timestamp;

use crate::model::{Outcome, Position, ResultId, Stage};

/// What is known of a key. The default is that of a key which no result has named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The last that was said; `None` until the first final outcome.
    pub announced: Option<Announced>,
    /// The newest result of all.
    pub newest_any: Option<Position>,
    /// The incomplete outcome that was said and that no newer final one has ended.
    pub progress: Option<Outcome>,
    /// Repetitions since the last announcement.
    pub suppressed: u64,
    /// Results that came after newer ones.
    pub late: u64,
    /// When something was last said.
    pub changed_at: Option<Timestamp>,
}

/// What was last said of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The outcome of the newest final result.
    pub outcome: Outcome,
    /// The result that brought that outcome.
    pub result_id: ResultId,
    /// Where the newest final result stands. It moves on with each that says the same.
    pub newest_final: Position,
    /// From 1, without a gap.
    pub seq: u64,
}

/// A result as its key sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Where it stands in the order of all.
    pub at: Position,
    /// What came out.
    pub outcome: Outcome,
    /// Whether that is the end of the test.
    pub stage: Stage,
}

/// Why something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The first final outcome.
    New,
    /// Another final outcome than before.
    Changed,
    /// Not the end of the test, but news.
    Progress,
}

impl Reason {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Progress => "progress",
        }
    }
}

/// What is said of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Why.
    pub reason: Reason,
    /// That of the change; for progress that of the last change, 0 before the first.
    pub seq: u64,
    /// The final outcome before; `None` before the first.
    pub prev_outcome: Option<Outcome>,
    /// What came out now.
    pub outcome: Outcome,
    /// The result that brought it.
    pub result_id: ResultId,
    /// Repetitions since the announcement before.
    pub suppressed: u64,
}

/// What came of a result: one of the six cases of the state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The first final outcome of the key.
    New(Announcement),
    /// Another final outcome than the last.
    Changed(Announcement),
    /// The final outcome that was said already.
    Same,
    /// Newer is known.
    Late,
    /// Queued, running: news, but not the end.
    Progress(Announcement),
    /// The progress that was said already.
    ProgressSame,
}

impl Said {
    /// What is to be told, if anything.
    pub fn announcement(&self) -> Option<&Announcement> {
        match self {
            Self::New(announcement) | Self::Changed(announcement) | Self::Progress(announcement) => Some(announcement),
            Self::Same | Self::Late | Self::ProgressSame => None,
        }
    }
}

impl State {
    /// Where the newest final result stands.
    pub fn newest_final(&self) -> Option<Position> {
        self.announced.as_ref().map(|announced| announced.newest_final)
    }

    /// The seq of the last change, 0 before the first.
    pub fn seq(&self) -> u64 {
        self.announced.as_ref().map_or(0, |announced| announced.seq)
    }

    fn is_newest(&self, at: Position) -> bool {
        self.newest_any.is_none_or(|newest| at > newest)
    }

    fn late(&self) -> (Self, Said) {
        (Self { late: self.late + 1, ..self.clone() }, Said::Late)
    }
}

/// The state after one more result, and what is said of it. `now` is when it is said.
///
/// Final and incomplete outcomes have a watermark each, so that a final outcome that comes after a newer "running" is
/// still judged by the final ones alone. Hence PASSED, RUNNING, PASSED says no change, and FAILED, PASSED, FAILED says
/// two.
pub fn step(state: &State, incoming: &Incoming, now: Timestamp) -> (State, Said) {
    match incoming.stage {
        Stage::Final => finished(state, incoming, now),
        Stage::Incomplete => progressed(state, incoming, now),
    }
}

fn finished(state: &State, incoming: &Incoming, now: Timestamp) -> (State, Said) {
    let Incoming { at, outcome, .. } = incoming;
    if state.newest_final().is_some_and(|newest| *at <= newest) {
        return state.late();
    }
    let mut next = state.clone();
    if state.is_newest(*at) {
        next.newest_any = Some(*at);
        next.progress = None;
    }
    if let Some(announced) = next.announced.as_mut()
        && announced.outcome == *outcome
    {
        announced.newest_final = *at;
        next.suppressed += 1;
        return (next, Said::Same);
    }
    let prev_outcome = state.announced.as_ref().map(|announced| announced.outcome.clone());
    let seq = state.seq() + 1;
    next.announced = Some(Announced { outcome: outcome.clone(), result_id: at.id, newest_final: *at, seq });
    next.suppressed = 0;
    next.changed_at = Some(now);
    let is_first = prev_outcome.is_none();
    let announcement = Announcement {
        reason: if is_first { Reason::New } else { Reason::Changed },
        seq,
        prev_outcome,
        outcome: outcome.clone(),
        result_id: at.id,
        suppressed: state.suppressed,
    };
    (next, if is_first { Said::New(announcement) } else { Said::Changed(announcement) })
}

fn progressed(state: &State, incoming: &Incoming, now: Timestamp) -> (State, Said) {
    let Incoming { at, outcome, .. } = incoming;
    if !state.is_newest(*at) {
        return state.late();
    }
    let mut next = State { newest_any: Some(*at), ..state.clone() };
    if state.progress.as_ref() == Some(outcome) {
        next.suppressed += 1;
        return (next, Said::ProgressSame);
    }
    next.progress = Some(outcome.clone());
    next.changed_at = Some(now);
    let announcement = Announcement {
        reason: Reason::Progress,
        seq: state.seq(),
        prev_outcome: state.announced.as_ref().map(|announced| announced.outcome.clone()),
        outcome: outcome.clone(),
        result_id: at.id,
        suppressed: state.suppressed,
    };
    (next, Said::Progress(announcement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::history::{at, final_result, incomplete};

    /// A key and what was said of it.
    #[derive(Default)]
    struct Story {
        state: State,
    }

    impl Story {
        /// What is said when this result comes.
        fn comes(&mut self, incoming: &Incoming) -> String {
            let (state, said) = step(&self.state, incoming, at(100));
            self.state = state;
            let text = |what: &str, said: &Announcement| {
                let before = said.prev_outcome.as_ref().map_or("nothing", Outcome::as_str);
                format!("{what} {}: {before} -> {}, suppressed {}", said.seq, said.outcome, said.suppressed)
            };
            match said {
                Said::New(said) => text("new", &said),
                Said::Changed(said) => text("changed", &said),
                Said::Progress(said) => text("progress", &said),
                Said::Same => "same".to_owned(),
                Said::Late => "late".to_owned(),
                Said::ProgressSame => "progress same".to_owned(),
            }
        }
    }

    #[test]
    fn a_repetition_is_counted_and_the_next_change_carries_the_count() {
        let mut t = Story::default();
        assert_eq!(t.comes(&final_result(1, "FAILED")), "new 1: nothing -> FAILED, suppressed 0");
        for time in 2..11 {
            assert_eq!(t.comes(&final_result(time, "FAILED")), "same");
        }
        assert_eq!(t.comes(&final_result(11, "PASSED")), "changed 2: FAILED -> PASSED, suppressed 9");
        assert_eq!(t.comes(&final_result(12, "FAILED")), "changed 3: PASSED -> FAILED, suppressed 0");
    }

    #[test]
    fn an_older_final_outcome_changes_nothing() {
        let mut t = Story::default();
        t.comes(&final_result(5, "FAILED"));
        assert_eq!(t.comes(&final_result(4, "PASSED")), "late");
        assert_eq!((t.state.late, t.state.seq()), (1, 1));
    }

    #[test]
    fn running_in_between_is_progress_and_no_change() {
        let mut t = Story::default();
        t.comes(&final_result(1, "PASSED"));
        assert_eq!(t.comes(&incomplete(2, "RUNNING")), "progress 1: PASSED -> RUNNING, suppressed 0");
        assert_eq!(t.comes(&incomplete(3, "RUNNING")), "progress same");
        assert_eq!(t.comes(&final_result(4, "PASSED")), "same");
        assert_eq!(t.comes(&incomplete(5, "RUNNING")), "progress 1: PASSED -> RUNNING, suppressed 2");
    }

    #[test]
    fn progress_before_the_first_change_has_seq_nought() {
        let mut t = Story::default();
        assert_eq!(t.comes(&incomplete(1, "QUEUED")), "progress 0: nothing -> QUEUED, suppressed 0");
        assert_eq!(t.comes(&incomplete(2, "RUNNING")), "progress 0: nothing -> RUNNING, suppressed 0");
        assert_eq!(t.comes(&incomplete(1, "QUEUED")), "late");
        assert_eq!(t.comes(&final_result(3, "FAILED")), "new 1: nothing -> FAILED, suppressed 0");
    }

    #[test]
    fn a_final_outcome_behind_running_is_judged_by_the_final_ones() {
        let mut t = Story::default();
        t.comes(&final_result(1, "PASSED"));
        t.comes(&incomplete(3, "RUNNING"));
        assert_eq!(t.comes(&final_result(2, "FAILED")), "changed 2: PASSED -> FAILED, suppressed 0");
        assert_eq!(t.state.progress.as_ref().map(Outcome::as_str), Some("RUNNING"));
        assert_eq!(t.comes(&incomplete(4, "RUNNING")), "progress same");
        assert_eq!(t.comes(&incomplete(2, "QUEUED")), "late");
    }

    #[test]
    fn equal_times_are_ordered_by_id() {
        let mut t = Story::default();
        let result = |id, outcome| {
            let mut incoming = final_result(1, outcome);
            incoming.at.id = ResultId(id);
            incoming
        };
        t.comes(&result(7, "FAILED"));
        assert_eq!(t.comes(&result(6, "PASSED")), "late");
        assert_eq!(t.comes(&result(8, "PASSED")), "changed 2: FAILED -> PASSED, suppressed 0");
    }
}
