use proptest::prelude::*;

use super::*;

fn input(age: u32, valid: bool, last_sent: u32) -> EmailInput {
    let verdict = if valid { Verdict::Pass } else { Verdict::RejectedPermanently };
    EmailInput {
        source: "foo".to_owned(),
        version: "2".to_owned(),
        age,
        valid,
        verdict,
        reasons: Vec::new(),
        last_sent,
    }
}

/// The ages recorded by runs at these hours, `valid` and `running` as of each.
fn simulate(
    hours: impl IntoIterator<Item = u32>,
    valid: impl Fn(u32) -> bool,
    running: impl Fn(u32) -> bool,
) -> Vec<u32> {
    let mut records = Vec::new();
    for hour in hours {
        let mut input = input(hour / 24, valid(hour), records.last().copied().unwrap_or(0));
        if running(hour) {
            input.verdict = Verdict::RejectedTemporarily;
        }
        let output = decide(&input);
        if output.send {
            records.extend(output.due);
        }
    }
    records
}

/// Scenario 18, and the same for a valid item.
#[test]
fn hourly_runs_send_each_reminder_once() {
    assert_eq!(simulate(0..5_000, |_| false, |_| false), [1, 3, 7, 15, 31, 61, 91, 121, 151, 181]);
    assert_eq!(simulate(0..5_000, |_| true, |_| false), [5, 7, 11, 19, 35, 65, 95, 125, 155, 185]);
}

/// Scenario 19.
#[test]
fn after_a_pause_one_mail_makes_up_for_all() {
    let hours = (24..100).chain(100 + 30 * 24..5_000);
    assert_eq!(simulate(hours, |_| false, |_| false), [1, 3, 31, 61, 91, 121, 151, 181]);
}

/// Scenario 20, the rule.
#[test]
fn the_first_mail_of_an_old_item_is_recorded_at_its_due_age() {
    let first = decide(&input(100, false, 0));
    assert_eq!((first.send, first.due), (true, Some(91)));
    assert!(!decide(&input(100, false, 91)).send);
    assert_eq!(simulate(2_400..2_500, |_| false, |_| false), [91]);
}

/// Scenario 42, the rule: the fraction of an old record is gone when it comes here.
#[test]
fn an_old_record_counts_at_its_whole_days() {
    assert!(!decide(&input(6, false, 3)).send);
    assert!(decide(&input(7, false, 3)).send);
}

#[test]
fn what_runs_waits_or_is_blocked_is_not_stuck() {
    let stuck = |change: &dyn Fn(&mut EmailInput)| {
        let mut input = input(40, false, 0);
        change(&mut input);
        let output = decide(&input);
        assert_eq!(output.stuck, output.send);
        assert_eq!(output.verdict, Verdict::Pass);
        output.stuck
    };
    assert!(stuck(&|_| ()));
    assert!(!stuck(&|input| input.verdict = Verdict::RejectedTemporarily));
    assert!(!stuck(&|input| input.reasons = vec!["depends".to_owned(), "block".to_owned()]));
    assert!(stuck(&|input| input.reasons = vec!["depends".to_owned()]));
    assert!(!stuck(&|input| input.age = 0));
    assert!(stuck(&|input| input.verdict = Verdict::RejectedNeedsApproval));
}

/// The recorded run `email_sent`: rejected by a policy only, at age 6, an item counts as valid, and its reminder is the one
/// of age 5.
#[test]
fn a_policys_verdict_does_not_make_an_item_invalid() {
    let rejected = EmailInput { verdict: Verdict::RejectedPermanently, ..input(6, true, 0) };
    assert_eq!(decide(&rejected).due, Some(5));
    assert_eq!(decide(&input(6, false, 0)).due, Some(3));
}

proptest! {
    /// However long and at whatever age the service was away: the first run that finds a reminder due sends one, the hours
    /// after it none, and from there on it is as if there had been no pause.
    #[test]
    fn after_any_pause_there_is_one_mail(away in 0_u32..5_000, long in 1_u32..5_000, valid: bool) {
        let back = away + long;
        let hours = (0..away).chain(back..10_100);
        let sent = simulate(hours, |_| valid, |_| false);
        let always = simulate(0..10_100, |_| valid, |_| false);
        let missed: Vec<u32> = always.iter().copied().filter(|due| (away..=back).contains(&(due * 24))).collect();
        // All that was missed is made up for by the last of it.
        let expected: Vec<u32> =
            always.iter().copied().filter(|due| !missed.contains(due) || missed.last() == Some(due)).collect();
        prop_assert_eq!(sent, expected);
    }

    /// 5,000 hours with random pauses, changes of validity and running tests: reminders are due ages of the day, each
    /// later than the one before, and after a pause of any length one run sends at most one.
    #[test]
    fn no_history_sends_twice(
        down in proptest::collection::vec((0_u32..5_000, 0_u32..1_000), 0..6),
        turns in proptest::collection::btree_set(0_u32..5_000, 0..6),
        tests in proptest::collection::vec((0_u32..5_000, 0_u32..400), 0..4),
    ) {
        let within = |spans: &[(u32, u32)], hour: u32| spans.iter().any(|&(from, long)| (from..from + long).contains(&hour));
        let valid = |hour: u32| turns.range(..=hour).count() % 2 == 1;
        let up = (0..5_000).filter(|&hour| !within(&down, hour));
        let sent = simulate(up.clone(), valid, |hour| within(&tests, hour));
        prop_assert!(sent.is_sorted_by(|a, b| a < b), "{sent:?}");
        // The slow way: at every hour that a run was up, the record is never behind the due age of that hour.
        let mut record = 0;
        let mut slow = Vec::new();
        for hour in up.filter(|&hour| !within(&tests, hour)) {
            let standing = if valid(hour) { Standing::Valid } else { Standing::Invalid };
            let due = schedule::dues(standing).take_while(|&due| due <= hour / 24).last().unwrap_or(0);
            if due > record {
                record = due;
                slow.push(due);
            }
        }
        prop_assert_eq!(sent, slow);
    }
}
