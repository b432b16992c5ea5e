//! What is kept between runs, whole and damaged.

use serde_json::{Value, json};

use super::{BOTH, both_pass, known, queued, tested, update, with_swift};
use crate::doubles::swift::Swift;
use crate::migrate::case::{Case, PROGRAM};

const CACHE: &str = "state/autopkgtest-results.cache";
const PENDING: &str = "state/autopkgtest-pending.json";

fn names(case: &Case) -> Vec<String> {
    let folder = std::fs::read_dir(case.path("state")).expect("a case has a state");
    let mut names: Vec<String> =
        folder.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn results_are_kept_in_the_layout_that_others_read() {
    let case =
        update(tested()).file(CACHE, r#"{"old/1": {"bar": {"amd64": ["PASS", "1", "20150101_100000@", 1420106400]}}}"#);
    case.run();
    let expected = "{\n  \"old/1\": {\n    \"bar\": {\n      \"amd64\": [\n        \"PASS\",\n        \"1\",\n        \
                    \"20150101_100000@\",\n        1420106400\n      ]\n    }\n  }\n}";
    assert_eq!(case.text(CACHE), expected);
    case.run();
    assert_eq!(case.text(CACHE), expected);
}

#[test]
fn an_empty_cache_is_written_as_one() {
    let case = update(tested());
    case.run();
    assert_eq!(case.text(CACHE), "{}");
}

#[test]
fn another_instances_results_are_only_read() {
    let text = r#"{"foo/2": {"bar": {"amd64": ["PASS","1","x",5]}, "foo": {"amd64": ["PASS","2","y",5]}}}"#;
    let case = update(tested()).set("ADT_SHARED_RESULTS_CACHE", "shared.cache").file("shared.cache", text);
    assert_eq!(case.run().tests("foo"), "bar/1 amd64 PASS, foo/2 amd64 PASS");
    assert_eq!(case.text("shared.cache"), text);
    assert!(!names(&case).iter().any(|name| name.contains("results")), "{:?}", names(&case));
    let case = case.file("shared.cache", "{");
    case.run().said(&["shared.cache", "damaged", "fetched again"]);
    assert_eq!(case.text("shared.cache"), "{");
}

#[test]
fn a_dry_run_keeps_nothing_and_a_policy_that_is_off_asks_nothing() {
    let case = update(tested());
    case.run_with(&["--dry-run"]).succeeded();
    assert!(!case.path(CACHE).exists());
    let case = update(tested().set("ADT_ENABLE", "no"));
    assert_eq!(case.run().tests("foo"), "not asked");
    assert!(!case.path(CACHE).exists());
}

/// `dry-run` decides and asks for nothing.
#[test]
fn a_policy_that_is_only_tried_decides() {
    let case = known(update(tested()), &[("old/1", "bar", "amd64", "PASS", "1")])
        .set("TIDEGATE_DIALECT", "ubuntu")
        .set("ADT_ENABLE", "dry-run");
    let before = case.text(CACHE);
    let run = case.run();
    assert_eq!(run.tests("foo"), "bar amd64 RUNNING, foo amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(run.policy("foo", "autopkgtest")["verdict"], "REJECTED_TEMPORARILY");
    assert_eq!(case.text(CACHE), before);
    assert!(!case.path("requests").exists());
}

#[test]
fn without_a_folder_of_state_the_targets_serves() {
    let case = update(tested())
        .unset("STATE_DIR")
        .file("testing/autopkgtest-results.cache", r#"{"foo/2": {"bar": {"amd64": [true, "1", "20150101_100000@"]}}}"#);
    assert_eq!(case.run().tests("foo"), "bar/1 amd64 PASS, foo amd64 RUNNING-ALWAYSFAIL");
    let kept: Value = serde_json::from_str(&case.text("testing/autopkgtest-results.cache")).unwrap();
    assert_eq!(kept["foo/2"]["bar"]["amd64"], json!(["PASS", "1", "20150101_100000@", 1_420_106_400]));
}

/// Section 7: what prevents repeats is not guessed. The next run goes on without it, as the message says.
#[test]
fn damaged_requests_stop_the_run_and_are_moved_aside() {
    let damages = ["{\"foo/2\": \n", "", "\u{0}\n", "{\"foo/2\": [\"bar\"]}\n", "[]\n"];
    for (file, damages) in [("autopkgtest-pending.json", &damages[..]), (".tidegate-requests", &damages[2..])] {
        for damage in damages {
            let case = update(tested()).file(&format!("state/{file}"), damage);
            let run = case.run_with(&[]).failed(1);
            let aside = format!("{file}.corrupt-20261121T120000Z");
            run.said(&[&format!("{file} is damaged"), &aside, "run again"]);
            assert!(run.files.is_empty(), "{:?}", run.files.keys());
            assert_eq!(names(&case), [aside.as_str()]);
            assert_eq!(case.text(&format!("state/{aside}")), *damage);
            assert_eq!(queued(&case), [""; 0]);
            case.run();
            assert_eq!(queued(&case), BOTH);
        }
    }
}

/// A last line that breaks off is what a killed program leaves, and no damage.
#[test]
fn a_journal_that_breaks_off_is_whole() {
    let case = update(tested()).file("state/.tidegate-requests", "{\"id\": \"0\", \"que");
    case.run();
    assert_eq!(queued(&case), BOTH);
}

#[test]
fn damaged_results_are_moved_aside_and_made_again() {
    for damage in [b"{\"foo/2\": ".as_slice(), b"[]", b"\xff\xfe"] {
        let case = update(tested()).bytes(CACHE, damage);
        let aside = "autopkgtest-results.cache.corrupt-20261121T120000Z";
        case.run().said(&["autopkgtest-results.cache", "damaged", "fetched again", aside]);
        assert_eq!(std::fs::read(case.path(&format!("state/{aside}"))).unwrap(), damage);
        assert_eq!(case.text(CACHE), "{}");
    }
    let swift = Swift::start();
    both_pass(&swift);
    let case = with_swift(&swift).file(CACHE, "[]");
    assert_eq!(case.run().moved(), "foo 2");
    assert!(case.text(CACHE).contains("20261121_080000_aa@"));
    assert_eq!(queued(&case), [""; 0]);
}

#[test]
fn who_only_looks_moves_nothing() {
    let case = update(tested()).file(PENDING, "{");
    case.run_with(&["--dry-run"]).failed(1).said(&["autopkgtest-pending.json is damaged", "move it away"]);
    let arguments = ["migrate", "explain", "-c", "britney.conf", "foo"];
    case.call(PROGRAM, &arguments, "").failed(1);
    assert_eq!(names(&case), ["autopkgtest-pending.json"]);
}

#[test]
fn a_result_that_cannot_be_read_is_left_out() {
    let text = r#"{"foo/2": {"bar": {"amd64": ["MAYBE", "1", "x", 5]}, "foo": {"amd64": ["PASS", "2", "y", 5]}}}"#;
    let run = update(tested()).file(CACHE, text).run();
    run.said(&["autopkgtest-results.cache", "foo/2 bar amd64", "left out"]);
    assert_eq!(run.tests("foo"), "bar amd64 RUNNING-ALWAYSFAIL, foo/2 amd64 PASS");
}
