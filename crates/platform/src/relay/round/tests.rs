use std::time::Duration;

use serde_json::Value;
use tidegate_kernel::{Actor, SeededRng};

use super::*;
use crate::outbox::{Act, Post};

fn entry(no: i64, key: &str) -> Entry {
    let at = Timestamp::EPOCH;
    let id = format!("00000000-0000-4000-8000-{no:012}").parse().unwrap();
    let key = format!("harbour:{key}").parse().unwrap();
    let (sink, mark) = ("mail".to_owned(), String::new());
    Entry { no, post: Post::Act(Act { id, sink, key, mark, at, actor: Actor::system(), payload: Value::Null }) }
}

fn later() -> Sent {
    Sent { through: 0, trouble: Some(Trouble::Later("full".to_owned())) }
}

fn after(through: usize, trouble: Trouble) -> Sent {
    Sent { through, trouble: Some(trouble) }
}

fn lane(entries: &[Entry], tries: u32, is_repeat: bool) -> Lane {
    Lane { entries: entries.to_vec(), tries, is_repeat }
}

fn settle(policy: Policy, lanes: Vec<(Lane, Sent)>) -> Settled {
    let rng = SeededRng::new(1);
    let now = Timestamp::EPOCH.later(Duration::from_secs(3_600));
    Decider { policy, now, rng: &rng }.settle(10, 20, lanes, Vec::new())
}

/// `no state attempts` of each change.
fn rows(settled: &Settled) -> Vec<String> {
    let row = |change: &Change| match change {
        Change::Through { no } => format!("{no} through"),
        Change::Stands { no, state, attempts, .. } => format!("{no} {} {attempts}", state.name()),
    };
    let mut rows: Vec<_> = settled.changes.iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn each_key_has_a_lane_and_who_is_held_back_stands_behind() {
    let entries = vec![entry(11, "a"), entry(12, "b"), entry(13, "a"), entry(14, "c")];
    let (lanes, parked) = lanes(entries, &["harbour:c".to_owned()].into());
    let numbers: Vec<Vec<_>> = lanes.iter().map(|lane| lane.entries.iter().map(|entry| entry.no).collect()).collect();
    assert_eq!(numbers, [vec![11, 13], vec![12]]);
    assert_eq!(rows(&Settled { changes: parked, ..Settled::default() }), ["14 parked 0"]);
}

#[test]
fn what_went_through_leaves_only_the_position() {
    let batch = [entry(11, "a"), entry(12, "a")];
    let settled = settle(Policy::HOOK, vec![(lane(&batch, 0, false), Sent::all(2))]);
    assert_eq!(settled, Settled { position: 20, took: true, ..Settled::default() });
}

#[test]
fn a_row_that_is_not_taken_waits_and_its_key_behind_it() {
    let (a, b) = ([entry(11, "a"), entry(13, "a")], [entry(12, "b")]);
    let settled = settle(Policy::HOOK, vec![(lane(&a, 0, false), later()), (lane(&b, 0, false), Sent::all(1))]);
    assert_eq!(settled.position, 20);
    assert_eq!(rows(&settled), ["11 waiting 1", "13 parked 0"]);
}

#[test]
fn a_receiver_that_is_gone_makes_no_rows() {
    let (a, b) = ([entry(11, "a"), entry(14, "a")], [entry(12, "b"), entry(13, "b")]);
    let gone = || after(1, Trouble::gone("connection refused"));
    let settled = settle(Policy::HOOK, vec![(lane(&a, 0, false), Sent::all(2)), (lane(&b, 0, false), gone())]);
    assert_eq!((settled.position, rows(&settled)), (12, vec![]), "13 is the first that did not go through");
    assert_eq!(settled.gone, Some(Trouble::gone("connection refused")));
}

#[test]
fn what_is_not_taken_behind_a_gap_is_read_again() {
    let (a, b) = ([entry(11, "a")], [entry(12, "b")]);
    let lanes = vec![
        (lane(&a, 0, false), after(0, Trouble::gone("no"))),
        (lane(&b, 0, false), after(0, Trouble::Refused("never".to_owned()))),
    ];
    let settled = settle(Policy::HOOK, lanes);
    assert_eq!((settled.position, rows(&settled), settled.asides), (10, vec![], vec![]));
}

#[test]
fn the_tenth_try_is_the_last_and_those_behind_go_on() {
    let a = [entry(5, "a"), entry(6, "a")];
    let ninth = settle(Policy::HOOK, vec![(lane(&a, 8, true), later())]);
    assert_eq!((rows(&ninth), ninth.asides.len()), (vec!["5 waiting 9".to_owned()], 0));
    let tenth = settle(Policy::HOOK, vec![(lane(&a, 9, true), later())]);
    assert_eq!((rows(&tenth), tenth.asides[0].attempts), (vec!["5 set_aside 10".to_owned()], 10));
}

#[test]
fn of_a_repeat_what_went_through_is_forgotten_and_the_next_counts_anew() {
    let a = [entry(5, "a"), entry(6, "a"), entry(7, "a")];
    let settled = settle(Policy::HOOK, vec![(lane(&a, 8, true), after(1, Trouble::Later("full".to_owned())))]);
    assert_eq!((settled.position, rows(&settled)), (20, vec!["5 through".to_owned(), "6 waiting 1".to_owned()]));
}

#[test]
fn an_ordered_sink_stops_at_the_row_that_is_not_taken_and_counts_it() {
    let batch = [entry(11, "a"), entry(12, "b"), entry(13, "c")];
    let settled = settle(Policy::AMQP, vec![(lane(&batch, 0, false), after(1, Trouble::Later("nack".to_owned())))]);
    assert_eq!((settled.position, rows(&settled)), (11, vec!["12 waiting 1".to_owned()]));
    let tenth = settle(Policy::AMQP, vec![(lane(&batch[1..], 9, false), later())]);
    assert_eq!((tenth.position, rows(&tenth)), (12, vec!["12 set_aside 10".to_owned()]));
    let through = settle(Policy::AMQP, vec![(lane(&batch[1..], 3, false), Sent::all(2))]);
    assert_eq!((through.position, rows(&through)), (20, vec!["12 through".to_owned()]));
}

#[test]
fn a_deed_that_is_old_is_given_up_whatever_its_trouble() {
    let a = [entry(11, "a"), entry(12, "a")];
    let policy = Policy { oldest: Some(Duration::from_secs(3_600)), ..Policy::MAIL };
    let settled = settle(policy, vec![(lane(&a, 0, false), after(0, Trouble::gone("no")))]);
    assert_eq!((settled.position, rows(&settled)), (20, vec!["11 set_aside 1".to_owned(), "12 parked 0".to_owned()]));
}
