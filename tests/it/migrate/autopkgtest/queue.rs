//! Requests in a file.

use super::*;

/// Scenario 24, with the requests in a file.
#[test]
fn each_test_is_asked_for_once() {
    let case = with_file(Case::new());
    let run = case.run();
    assert_eq!(queued(&case), BOTH);
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    assert_eq!(pending(&case), BTreeSet::from(["foo/2 bar amd64".to_owned(), "foo/2 foo amd64".to_owned()]));
    let line = case.text("queue");
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
    let case = with_file(Case::new());
    case.run();
    let run = case.now("2026-11-21T13:00:00Z");
    let again = run.run();
    assert_eq!(queued(&run), BOTH);
    let info = again.policy("foo", "autopkgtest");
    assert_eq!(info["foo"]["amd64"][0], "RUNNING", "{info}");
    assert_eq!(info["bar"]["amd64"][0], "RUNNING", "{info}");
}

/// Scenario 31.
#[test]
fn very_many_tests_go_to_a_queue_of_their_own() {
    let huge = |others: usize| {
        let others: String =
            (0..others).map(|number| format!("\nr{number} 1; Testsuite: autopkgtest; Depends: foo")).collect();
        let story = |version: &str| format!("foo {version}; Testsuite: autopkgtest{others}");
        let case = with_file(Case::new()).testing(&story("1")).unstable(&story("2")).set("ADT_HUGE", "20");
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
    let case = with_file(Case::new()).set("ADT_PPAS", "ann/one ann/two");
    case.run();
    let line = case.text("queue");
    assert!(line.starts_with("debci-ppa-testing-amd64:bar {"), "{line}");
    assert!(
        line.contains("\"triggers\": [\"foo/2\"], \"ppas\": [\"ann/one\", \"ann/two\"], \"submit-time\""),
        "{line}"
    );
}

#[test]
fn a_dry_run_asks_for_nothing_and_writes_nothing() {
    let case = with_file(Case::new());
    case.run_with(&["--dry-run"]).succeeded();
    assert_eq!(queued(&case), [""; 0]);
    assert_eq!(std::fs::read_dir(case.path("state")).unwrap().count(), 0);
}

#[test]
fn a_policy_that_is_only_tried_asks_for_nothing() {
    let case = with_file(Case::new()).set("ADT_ENABLE", "dry-run").set("TIDEGATE_DIALECT", "ubuntu");
    case.run();
    assert_eq!(queued(&case), [""; 0]);
    assert_eq!(pending(&case), BTreeSet::new());
}

#[test]
fn without_a_queue_nothing_is_pending() {
    let run = with_file(Case::new()).unset("ADT_AMQP").run();
    run.said(&["ADT_AMQP is not set", "2 tests"]);
}

#[test]
fn a_queue_that_cannot_be_written_is_tried_again_by_the_next_run() {
    let case = with_file(Case::new());
    std::fs::create_dir(case.path("queue")).unwrap();
    let run = case.run();
    run.said(&["W: ", "queue", "published again by the next run"]);
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
    let journal = case.text("state/.tidegate-requests");
    assert_eq!(journal.matches("\"queued\":false").count(), 2, "{journal}");
    std::fs::remove_dir(case.path("queue")).unwrap();
    case.run().said(&["2 requests of an earlier run", "published again"]);
    assert_eq!(queued(&case), BOTH);
    case.run();
    assert_eq!(queued(&case), BOTH);
}

/// Section 7: what prevents repeats is not guessed.
#[test]
fn damaged_memory_of_requests_stops_the_run_once() {
    for file in ["autopkgtest-pending.json", ".tidegate-requests"] {
        let case = with_file(Case::new()).file(&format!("state/{file}"), "{\"foo/2\": [\n");
        let run = case.run_with(&[]).failed(1);
        run.said(&[file, "is damaged", ".corrupt-"]);
        assert!(run.files.is_empty(), "{:?}", run.files.keys());
        assert_eq!(queued(&case), [""; 0]);
        assert!(!case.path(&format!("state/{file}")).exists());
        assert!(case.path(&format!("state/{file}.corrupt-20261121T120000Z")).exists());
        case.run();
    }
}

#[test]
fn a_damaged_cache_of_results_is_made_anew() {
    let swift = Swift::start();
    both_pass(&swift);
    let case = with_swift(&swift).file("state/autopkgtest-results.cache", "[]");
    case.run().said(&["W: ", "autopkgtest-results.cache is damaged", "fetched again"]);
    assert!(case.path("state/autopkgtest-results.cache.corrupt-20261121T120000Z").exists());
    assert!(case.text("state/autopkgtest-results.cache").contains("20261121_080000_aa@"));
    assert_eq!(queued(&case), [""; 0]);
}
