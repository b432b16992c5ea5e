use std::collections::BTreeMap;

use super::*;
use crate::model::{NewTestCase, Patch, TestCase};
use crate::oracle::history::at;

fn arriving(pairs: &[(&str, &str)], outcome: &str, submit_time: Option<i64>) -> Arriving {
    let result = NewResult {
        testcase: NewTestCase { name: "t".to_owned(), ref_url: Patch::Keep },
        outcome: Outcome::stored(outcome),
        groups: Vec::new(),
        note: None,
        ref_url: None,
        submit_time: submit_time.map(at),
        data: pairs.iter().copied().collect(),
    };
    Arriving { result, id: None, submitter: None }
}

/// A gate without a store.
#[derive(Default)]
struct Gate {
    states: BTreeMap<KeyHash, State>,
    last_id: i64,
}

impl Gate {
    /// What is told when these come together.
    fn comes(&mut self, telling: Telling, arriving: &[Arriving]) -> Vec<String> {
        let rules = Rules::default();
        let addressed: Vec<_> =
            arriving.iter().map(|arriving| address(&rules, &arriving.result, &[]).unwrap()).collect();
        let times = stamp_all(at(50), arriving, &addressed, &self.states);
        let stored: Vec<_> = arriving.iter().zip(times).map(|(arriving, time)| self.stored(arriving, time)).collect();
        let done = decide(&rules, telling, &stored, addressed, std::mem::take(&mut self.states), at(50));
        self.states = done.states.into_iter().map(|(hash, (_, state))| (hash, state)).collect();
        let shown = |told: &Told| {
            let Announcement { reason, seq, outcome, suppressed, .. } = &told.announcement;
            let aloud = if told.aloud { "" } else { " silently" };
            format!("{} {} {seq} {outcome} +{suppressed} by {}{aloud}", told.key.item, reason.name(), told.place)
        };
        done.told.iter().map(shown).collect()
    }

    fn stored(&mut self, arriving: &Arriving, submit_time: Timestamp) -> StoredResult {
        self.last_id += 1;
        let result = arriving.result.clone();
        StoredResult {
            id: ResultId(self.last_id),
            testcase: TestCase { name: result.testcase.name, ref_url: None },
            outcome: result.outcome,
            submit_time,
            groups: Vec::new(),
            note: None,
            ref_url: None,
            data: result.data,
        }
    }
}

#[test]
fn a_megaupdate_is_told_for_each_build_and_once() {
    let mut t = Gate::default();
    let update =
        arriving(&[("type", "bodhi_update"), ("item", "U"), ("builds", "a-1-1"), ("builds", "b-1-1")], "FAILED", None);
    let told = ["a-1-1 new 1 FAILED +0 by 0", "b-1-1 new 1 FAILED +0 by 0"];
    assert_eq!(t.comes(Telling::All, std::slice::from_ref(&update)), told);
    assert!(t.comes(Telling::All, &[update.clone(), update]).is_empty());
    assert!(t.states.values().all(|state| (state.seq(), state.suppressed) == (1, 2)));
}

#[test]
fn of_two_items_only_the_changed_one_is_told() {
    let mut t = Gate::default();
    t.comes(Telling::All, &[arriving(&[("item", "x")], "FAILED", None)]);
    let both = arriving(&[("item", "x"), ("item", "y")], "FAILED", None);
    assert_eq!(t.comes(Telling::All, &[both]), ["y new 1 FAILED +0 by 0"]);
}

#[test]
fn a_clock_that_stands_still_gives_ascending_times_to_one_key() {
    let mut t = Gate::default();
    let told = t.comes(
        Telling::All,
        &[
            arriving(&[("item", "x")], "FAILED", Some(90)),
            arriving(&[("item", "x")], "PASSED", None),
            arriving(&[("item", "x")], "FAILED", None),
        ],
    );
    assert_eq!(told, ["x new 1 FAILED +0 by 0", "x changed 2 PASSED +0 by 1", "x changed 3 FAILED +0 by 2"]);
}

#[test]
fn an_import_tells_the_net_change_or_nothing() {
    let history = [
        arriving(&[("item", "x")], "FAILED", Some(1)),
        arriving(&[("item", "x")], "PASSED", Some(2)),
        arriving(&[("item", "y")], "RUNNING", Some(2)),
    ];
    assert_eq!(Gate::default().comes(Telling::Changes, &history), ["x new 1 PASSED +1 by 1"]);
    let mut t = Gate::default();
    assert_eq!(t.comes(Telling::Nothing, &history), ["x new 1 PASSED +1 by 1 silently"]);
    assert!(t.comes(Telling::All, &[arriving(&[("item", "x")], "PASSED", None)]).is_empty());
    let changed = t.comes(Telling::All, &[arriving(&[("item", "x")], "FAILED", None)]);
    assert_eq!(changed, ["x changed 2 FAILED +1 by 0"]);
}

#[test]
fn only_values_with_an_index_become_rows() {
    let rules = Rules { item_keys: vec!["item".to_owned(), "nvr".to_owned()], ..Rules::default() };
    let data = [("item", "b"), ("item", "a"), ("item", "b"), ("colour", "red"), ("nvr", "n")].into_iter().collect();
    assert_eq!(index_rows(&rules, &data).collect::<Vec<_>>(), [("item", "a"), ("item", "b"), ("nvr", "n")]);
}

#[test]
fn what_has_rows_can_be_looked_up() {
    assert_eq!(Rules::default().limits(), Limits::default());
    let rules = Rules { item_keys: vec!["item".to_owned(), "nvr".to_owned()], ..Rules::default() };
    let limits = rules.limits();
    assert_eq!(limits.item_keys, ["item", "nvr", "builds", "nvrs"]);
    let data = limits.index_keys.iter().map(|key| (key.as_str(), "x")).collect();
    let rows: std::collections::BTreeSet<_> = index_rows(&rules, &data).map(|(key, _)| key).collect();
    assert_eq!(rows, limits.index_keys.iter().map(String::as_str).collect());
}

#[test]
fn the_old_stream_hears_of_the_newest_only() {
    let mut t = Gate::default();
    let result = t.stored(&arriving(&[("item", "x")], "FAILED", None), at(5));
    let told = |before: Option<(i64, &str)>| {
        let before = before
            .map(|(time, outcome)| (Position { submit_time: at(time), id: ResultId(9) }, Outcome::stored(outcome)));
        let (news, newest) = tell_old(before, &result);
        (news.map(|news| news.prev_outcome.map(|outcome| outcome.to_string())), newest)
    };
    assert_eq!(told(None), (Some(None), true));
    assert_eq!(told(Some((4, "FAILED"))), (None, true));
    assert_eq!(told(Some((4, "PASSED"))), (Some(Some("PASSED".to_owned())), true));
    assert_eq!(told(Some((6, "PASSED"))), (None, false));
}
