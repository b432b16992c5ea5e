//! Servers that do not answer as they should: nothing is asked for that may have run, and nothing is written.

use super::{BOTH, both_pass, nowhere, queued, tested, update, with_swift};
use crate::doubles::swift::Swift;
use crate::migrate::case::{Case, PROGRAM};
use tidegate_testkit::{Answer, WebFault};

const LISTING: &str = "prefix=testing/amd64/f/foo/";
const TAR: &str = "/result.tar";

/// The run has ended with code 3, touched nothing, and tried so often.
fn failed(case: &Case, swift: &Swift, part: &str, said: &str) {
    let run = case.run_with(&[]).failed(3);
    run.said(&[&swift.web.url(""), said, "last of 5 tries", "nothing"]);
    assert!(run.files.is_empty(), "{:?}", run.files.keys());
    assert_eq!(queued(case), [""; 0]);
    assert_eq!(std::fs::read_dir(case.path("state")).expect("a case has a state").count(), 0);
    let asked = swift.web.asked();
    assert_eq!(asked.iter().filter(|question| question.contains(part)).count(), 5, "{asked:?}");
}

/// Scenario 28, and every other fault of section 7.
#[test]
fn a_listing_that_fails_five_times_ends_the_run() {
    let elsewhere = Swift::start();
    for (fault, said) in [
        (WebFault::Answer(Answer::status(500)), "500"),
        (WebFault::Answer(Answer::status(403)), "403"),
        (WebFault::Answer(Answer::status(404)), "404"),
        (WebFault::Answer(Answer::status(206)), "206"),
        (WebFault::Redirect(elsewhere.web.url("")), "302"),
        (WebFault::Hang, "no answer"),
        (WebFault::Cut, "breaks off"),
        (WebFault::Endless, "bytes that are taken"),
        (WebFault::Drip, "no answer"),
    ] {
        let swift = Swift::start();
        both_pass(&swift);
        swift.web.spoil(LISTING, fault, 5);
        failed(&with_swift(&swift), &swift, LISTING, said);
    }
    assert_eq!(elsewhere.web.asked(), [""; 0]);
}

#[test]
fn four_failures_are_none() {
    let swift = Swift::start();
    both_pass(&swift);
    swift.web.spoil(LISTING, WebFault::Answer(Answer::status(500)), 4);
    swift.web.spoil(TAR, WebFault::Cut, 1);
    assert_eq!(with_swift(&swift).run().moved(), "foo 2");
}

#[test]
fn a_result_that_is_gone_is_skipped_and_one_that_fails_ends_the_run() {
    let swift = Swift::start();
    both_pass(&swift);
    swift.web.spoil("f/foo/20261121_080000_aa@/result.tar", WebFault::Answer(Answer::status(404)), 1);
    let case = with_swift(&swift);
    case.run().said(&["W: ", "foo", "result.tar", "not there"]);
    assert_eq!(queued(&case), ["debci-testing-amd64:foo foo/2"]);
    for fault in [WebFault::Answer(Answer::status(500)), WebFault::Answer(Answer::status(401)), WebFault::Endless] {
        let swift = Swift::start();
        both_pass(&swift);
        swift.web.spoil("f/foo/20261121_080000_aa@", fault, 5);
        let case = with_swift(&swift);
        case.run_with(&[]).failed(3).said(&["f/foo/20261121_080000_aa@/result.tar"]);
        assert_eq!(queued(&case), [""; 0]);
    }
}

#[test]
fn a_server_that_is_away_ends_the_run_and_its_password_is_not_shown() {
    let case = update(tested()).set("ADT_SWIFT_URL", &format!("http://ann:secret@{}", nowhere()));
    let run = case.run_with(&[]).failed(3);
    run.said(&["no connection", "5 tries"]);
    assert!(!run.words().contains("secret"), "{}", run.words());
    assert_eq!(queued(&case), [""; 0]);
}

/// What is open stays open, also what may not have reached its queue: this run knows too little to ask again.
#[test]
fn a_run_that_fails_leaves_old_outputs_alone() {
    let swift = Swift::start();
    swift.make("testing");
    let case = with_swift(&swift);
    let first = case.run();
    swift.web.spoil(LISTING, WebFault::Answer(Answer::status(503)), 5);
    let case = case.now("2026-11-21T13:00:00Z");
    let state = || ["autopkgtest-pending.json", ".tidegate-requests"].map(|name| case.text(&format!("state/{name}")));
    let before = state();
    let second = case.run_with(&[]).failed(3);
    assert_eq!(first.files, second.files);
    assert_eq!(before, state());
    assert_eq!(queued(&case), BOTH);
}

/// Explaining uses what is known.
#[test]
fn nobody_is_asked_for_an_explanation() {
    let swift = Swift::start();
    let case = with_swift(&swift);
    case.call(PROGRAM, &["migrate", "explain", "-c", "britney.conf", "foo"], "");
    case.call(PROGRAM, &["migrate", "what-if", "-c", "britney.conf", "--days", "+1"], "");
    assert_eq!(swift.web.asked(), [""; 0]);
    assert_eq!(queued(&case), [""; 0]);
}
