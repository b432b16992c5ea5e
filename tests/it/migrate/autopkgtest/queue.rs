//! Requests in a file.

use std::collections::BTreeSet;

use super::{BOTH, dependents, open, passed_before, queued, tested, tested_on_two, update};

/// Scenario 24, with the requests in a file: one each, sorted by source, and the binaries of foo that need each other ask for
/// no second test of it.
#[test]
fn each_test_is_asked_for_once() {
    let case = passed_before(update(tested()));
    let run = case.run();
    assert_eq!(queued(&case), BOTH);
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    assert_eq!(open(&case), BTreeSet::from(["foo/2 bar amd64".to_owned(), "foo/2 foo amd64".to_owned()]));
    let line = case.text("requests");
    assert!(
        line.starts_with(
            "debci-testing-amd64:bar {\"triggers\": [\"foo/2\"], \"submit-time\": \"2026-11-21 12:00:00+0000\"}\n"
        ),
        "{line}"
    );
}

/// Scenario 25.
#[test]
fn what_is_pending_is_not_asked_for_again() {
    let case = passed_before(update(tested()));
    case.run();
    let case = case.now("2026-11-21T13:00:00Z");
    let run = case.run();
    assert_eq!(queued(&case), BOTH);
    assert_eq!(run.tests("foo"), "bar amd64 RUNNING, foo amd64 RUNNING");
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
}

/// Scenario 31.
#[test]
fn very_many_tests_go_to_a_queue_of_their_own() {
    let huge = |others: usize| {
        let story = |version: &str| format!("foo {version}; Testsuite: autopkgtest{}", dependents(others));
        let case = update(tested()).testing(&story("1")).unstable(&story("2")).set("ADT_HUGE", "20");
        case.run();
        queued(&case)
    };
    let queues =
        |requests: Vec<String>| requests.iter().filter(|line| line.starts_with("debci-huge-testing-amd64:")).count();
    let (twenty, more) = (huge(19), huge(20));
    assert_eq!((twenty.len(), queues(twenty)), (20, 0));
    assert_eq!((more.len(), queues(more)), (21, 21));
}

#[test]
fn requests_for_a_ppa_name_it() {
    let case = update(tested()).set("ADT_PPAS", "ann/one ann/two");
    case.run();
    let line = case.text("requests");
    assert!(line.starts_with("debci-ppa-testing-amd64:bar {"), "{line}");
    assert!(
        line.contains("\"triggers\": [\"foo/2\"], \"ppas\": [\"ann/one\", \"ann/two\"], \"submit-time\""),
        "{line}"
    );
}

/// Neither does a policy that is only tried.
#[test]
fn a_dry_run_asks_for_nothing_and_writes_nothing() {
    let case = update(tested());
    case.run_with(&["--dry-run"]).succeeded();
    let tried = update(tested()).set("ADT_ENABLE", "dry-run").set("TIDEGATE_DIALECT", "ubuntu");
    tried.run();
    for case in [case, tried] {
        assert!(!case.path("requests").exists());
        let left = std::fs::read_dir(case.path("state")).unwrap().flatten().map(|entry| entry.file_name());
        assert_eq!(left.filter(|name| name != "age-policy-dates").count(), 0);
    }
}

#[test]
fn without_a_queue_nothing_is_pending() {
    let run = update(tested()).unset("ADT_AMQP").run();
    run.said(&["ADT_AMQP is not set", "2 tests"]);
}

#[test]
fn a_queue_that_cannot_be_written_is_tried_again_by_the_next_run() {
    let case = passed_before(update(tested()));
    std::fs::create_dir(case.path("requests")).unwrap();
    let run = case.run();
    run.said(&["W: ", "requests", "published again by the next run"]);
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    let journal = case.text("state/.tidegate-requests");
    assert_eq!(journal.matches("\"queued\":false").count(), 2, "{journal}");
    std::fs::remove_dir(case.path("requests")).unwrap();
    case.run().said(&["2 requests of an earlier run", "published again"]);
    assert_eq!(queued(&case), BOTH);
    case.run();
    assert_eq!(queued(&case), BOTH);
}

/// Two items ask for the same test because of themselves: these are two requests. The order is by item, architecture and
/// source.
#[test]
fn requests_come_in_the_order_of_items_architectures_and_sources() {
    let suite = |version: u8| {
        format!(
            "foo {version}; Testsuite: autopkgtest\nqux {version}; Testsuite: autopkgtest\n\
             bar 1; Testsuite: autopkgtest; Depends: foo, qux"
        )
    };
    let case = tested_on_two().testing(&suite(1)).unstable(&suite(2));
    case.run();
    let expected = ["foo", "qux"].into_iter().flat_map(|item| {
        ["amd64", "arm64"].into_iter().flat_map(move |arch| {
            ["bar", item].into_iter().map(move |source| format!("debci-testing-{arch}:{source} {item}/2"))
        })
    });
    assert_eq!(queued(&case), expected.collect::<Vec<_>>());
}

/// Section 10: own tests are not triggered twice as those of an own reverse dependency, and nothing is asked for where the
/// item cannot be installed.
#[test]
fn no_request_is_useless() {
    let case =
        tested_on_two().testing("foo 1; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo").unstable(
            "source foo 2; Testsuite: autopkgtest; Testsuite-Triggers: foo, foo-data\n\
             + foo; Depends: foo-data\n+ foo-data; on=amd64; Depends: foo\n\
             bar 1; Testsuite: autopkgtest; Depends: foo",
        );
    let run = case.run();
    assert_eq!(queued(&case), BOTH);
    assert!(run.notes("foo").contains("uninstallable on arch arm64, not running autopkgtest there"));
    assert_eq!(open(&case), BTreeSet::from(["foo/2 bar amd64".to_owned(), "foo/2 foo amd64".to_owned()]));
}
