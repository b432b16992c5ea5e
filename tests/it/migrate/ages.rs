//! How old an upload must be.

use serde_json::json;

use super::case::{Case, TODAY};

/// foo is replaced and old enough for none of the usual urgencies but the shortest.
fn an_update() -> Case {
    Case::new().with_ages().testing("foo 1").unstable("foo 2")
}

/// Scenario 5.
#[test]
fn a_young_upload_waits_and_says_how_long() {
    let case = an_update().seen(&[("foo 2", 9)]).file("state/age-policy-urgencies", "foo 2 low\n");
    let run = case.run();
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY age");
    assert!(run.excuse("foo").to_string().contains("9 of 10 days"));
    assert_eq!(run.policy("foo", "age")["age-requirement"], 10);
    assert_eq!(run.policy("foo", "age")["current-age"], 9);
    assert_eq!(run.moved(), "");

    let run = case.hints("age-days 9 foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS");
    let reduced = json!({"new-requirement": 9, "changed-by": "release"});
    assert_eq!(run.policy("foo", "age")["age-requirement-reduced"], reduced);
    assert_eq!(run.moved(), "foo 2");
}

/// Scenario 6.
#[test]
fn days_begin_at_seven_in_the_evening() {
    let case = an_update().set("MINDAYS_MEDIUM", "1").now("2026-11-21T18:59:00Z");
    assert_eq!(case.run().policy("foo", "age")["current-age"], 0);
    assert_eq!(case.text("state/age-policy-dates"), format!("foo 2 {TODAY}\n"));
    let run = case.now("2026-11-21T19:01:00Z").run();
    assert_eq!(run.policy("foo", "age")["current-age"], 1);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_new_version_starts_again() {
    let case = an_update().seen(&[("foo 2", 30)]).unstable("foo 3");
    assert_eq!(case.run().policy("foo", "age")["current-age"], 0);
    assert!(case.text("state/age-policy-dates").contains(&format!("foo 3 {TODAY}\n")));
}

#[test]
fn first_sight_may_be_written_in_seconds() {
    let case = an_update().set("MINDAYS_MEDIUM", "1").file("state/age-policy-dates", "foo 2 1795199999\n");
    // 2026-11-20 18:40 UTC: before the evening on which yesterday began.
    assert_eq!(case.run().policy("foo", "age")["current-age"], 1);
}

#[test]
fn what_a_run_saw_first_is_kept_sorted() {
    let case = an_update().unstable("foo 2\nbar 1\nbaz 1").seen(&[("foo 2", 3)]);
    case.run();
    let dates = format!("bar 1 {TODAY}\nbaz 1 {TODAY}\nfoo 2 {}\n", TODAY - 3);
    assert_eq!(case.text("state/age-policy-dates"), dates);
    case.run();
    assert_eq!(case.text("state/age-policy-dates"), dates);
}

#[test]
fn without_a_state_folder_the_target_keeps_them() {
    let case = an_update().unset("STATE_DIR").file("testing/Dates", &format!("foo 2 {}\n", TODAY - 4));
    let case = case.file("testing/Urgency", "foo 2 high\n");
    let run = case.run();
    assert_eq!(run.policy("foo", "age")["current-age"], 4);
    assert_eq!(run.moved(), "foo 2");
    assert!(case.text("testing/Dates").contains(&format!("foo 2 {}\n", TODAY - 4)));
}

#[test]
fn an_empty_state_folder_falls_back_to_the_targets_files() {
    let case =
        an_update().file("testing/Dates", &format!("foo 2 {}\n", TODAY - 4)).file("testing/Urgency", "foo 2 high\n");
    assert_eq!(case.run().moved(), "foo 2");
    assert!(case.text("state/age-policy-dates").contains(&format!("foo 2 {}\n", TODAY - 4)));
}

#[test]
fn the_urgency_names_the_age() {
    for (urgency, days) in [("low", 10), ("medium", 5), ("high", 2), ("critical", 0), ("emergency", 0), ("strange", 5)]
    {
        let case = an_update().file("state/age-policy-urgencies", &format!("foo 2 {urgency}\n"));
        let run = case.seen(&[("foo 2", 1)]).run();
        assert_eq!(run.policy("foo", "age")["age-requirement"], days, "{urgency}");
        assert_eq!(run.moved(), if days <= 1 { "foo 2" } else { "" }, "{urgency}");
    }
    assert_eq!(an_update().run().policy("foo", "age")["age-requirement"], 5, "the default");
}

#[test]
fn the_most_urgent_of_the_versions_that_move_counts() {
    let required = |urgencies: &str| {
        let case = an_update().unstable("foo 3").file("state/age-policy-urgencies", urgencies);
        case.run().policy("foo", "age")["age-requirement"].clone()
    };
    assert_eq!(required("foo 3 low\nfoo 2 high\n"), 2, "2 is skipped and moves with 3");
    assert_eq!(required("foo 3 low\nfoo 1 high\n"), 10, "the target has 1 already");
    assert_eq!(required("foo 3 low\nfoo 4 high\n"), 10, "4 is not there yet");
    assert_eq!(required("foo 2 low\n"), 10, "3 says nothing, 2 does");
    assert_eq!(required("foo 3 low\nfoo 3 high\n"), 2, "two lines for one version");
}

#[test]
fn a_source_new_to_the_target_cannot_be_more_urgent_than_the_default() {
    let age = |urgency: &str| {
        let case = Case::new().with_ages().unstable("foo 1").seen(&[("foo 1", 3)]);
        case.file("state/age-policy-urgencies", &format!("foo 1 {urgency}\n")).run().policy("foo", "age")
    };
    let age_of_high = age("high");
    assert_eq!(age_of_high["age-requirement"], 5);
    assert_eq!(age_of_high["urgency-reduced"], json!({"from": "high", "to": "medium"}));
    let age_of_low = age("low");
    assert_eq!(age_of_low["age-requirement"], 10);
    assert_eq!(age_of_low["urgency-reduced"], json!(null));
}

#[test]
fn the_floor_of_bounties_raises_no_requirement() {
    let case = an_update().set("BOUNTY_MIN_AGE", "5").seen(&[("foo 2", 2)]);
    let run = case.file("state/age-policy-urgencies", "foo 2 high\n").run();
    assert_eq!(run.policy("foo", "age")["age-requirement"], 2);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn an_urgent_hint_lets_a_young_upload_pass() {
    let run = an_update().hints("urgent foo/2\n").run();
    assert_eq!(run.verdict("foo"), "PASS_HINTED");
    assert_eq!(run.excuse("foo")["hints"], json!([{"hint-type": "urgent", "hint-from": "release"}]));
    assert_eq!(run.moved(), "foo 2");
    let old_enough = an_update().seen(&[("foo 2", 5)]).hints("urgent foo/2\n").run();
    assert_eq!(old_enough.verdict("foo"), "PASS");
}

#[test]
fn hints_about_age_mean_one_version() {
    for hint in ["urgent foo/1", "urgent foo/3", "age-days 0 foo/3"] {
        let run = an_update().hints(&format!("{hint}\n")).run();
        assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY age", "{hint}");
    }
}

#[test]
fn age_days_can_lengthen_the_wait() {
    let run = an_update().seen(&[("foo 2", 8)]).hints("age-days 9 foo/2\n").run();
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY age");
    assert!(run.excuse("foo").to_string().contains("8 of 9 days"));
}

#[test]
fn binaries_that_are_built_again_have_no_age() {
    let run = Case::new().with_ages().testing("foo 1").unstable("source foo 1\n+ foo 1+b1").run();
    assert_eq!(run.moved(), "foo 1 amd64");
}

#[test]
fn excuses_are_sorted_by_age_and_name() {
    let case = Case::new().testing("gone 1").unstable("b 1\na 1\nc 1").seen(&[("a 1", 4), ("b 1", 4), ("c 1", 2)]);
    assert_eq!(case.run().items(), "-gone, c, a, b");
}
