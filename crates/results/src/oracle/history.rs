//! Short names for results, and random histories of them.

use proptest::prelude::*;
use tidegate_kernel::Timestamp;

use crate::announce::Incoming;
use crate::model::{Outcome, Outcomes, Position, ResultId};

/// That many seconds after 1970.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

/// A result of that time, whose id is the time as well.
pub(crate) fn final_result(time: i64, outcome: &str) -> Incoming {
    incoming(time, time, outcome)
}

/// The same with an outcome on the way.
pub(crate) fn incomplete(time: i64, outcome: &str) -> Incoming {
    incoming(time, time, outcome)
}

fn incoming(time: i64, id: i64, outcome: &str) -> Incoming {
    let outcome = Outcome::stored(outcome);
    let stage = Outcomes::default().stage(&outcome);
    Incoming { at: Position { submit_time: at(time), id: ResultId(id) }, outcome, stage }
}

/// Results of one key in the order of their commits, which is neither that of their times nor that of their ids.
pub(crate) fn histories() -> impl Strategy<Value = Vec<Incoming>> {
    let outcome = prop::sample::select(vec!["PASSED", "FAILED", "ERROR", "RUNNING", "QUEUED"]);
    prop::collection::vec((0..12_i64, outcome), 0..24)
        .prop_map(|results| {
            let numbered = (1_i64..).zip(results);
            numbered.map(|(id, (time, outcome))| incoming(time, id, outcome)).collect::<Vec<_>>()
        })
        .prop_shuffle()
}
