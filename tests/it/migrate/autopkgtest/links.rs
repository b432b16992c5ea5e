//! Where results can be looked at.

use serde_json::json;

use super::{Known, known, tested, update};
use crate::migrate::case::Case;

const RESULTS: [Known<'_>; 3] = [
    ("foo/2", "foo", "amd64", "PASS", "2"),
    ("foo/2", "bar", "amd64", "FAIL", "1"),
    ("old/1", "bar", "amd64", "PASS", "1"),
];

fn case() -> Case {
    known(update(tested()), &RESULTS)
}

#[test]
fn links_are_those_of_the_server_that_keeps_logs_by_run() {
    let info = case().run().policy("foo", "autopkgtest");
    let log = "https://ci.example.org/results/autopkgtest-testing/testing/amd64";
    let history = "https://ci.example.org/packages";
    let retry = "https://ci.example.org/request.cgi?release=testing&arch=amd64&package=bar&trigger=foo%2F2";
    assert_eq!(
        info["bar/1"]["amd64"],
        json!([
            "REGRESSION",
            format!("{log}/b/bar/20261121_000001@/log.gz"),
            format!("{history}/b/bar/testing/amd64"),
            null,
            retry
        ])
    );
    assert_eq!(
        info["foo/2"]["amd64"],
        json!([
            "PASS",
            format!("{log}/f/foo/20261121_000000@/log.gz"),
            format!("{history}/f/foo/testing/amd64"),
            null,
            null
        ])
    );
    let info = update(tested()).run().policy("foo", "autopkgtest");
    let running = "https://ci.example.org/running";
    let history = format!("{history}/b/bar/testing/amd64");
    assert_eq!(info["bar"]["amd64"], json!(["RUNNING-ALWAYSFAIL", running, history, null, null]));
}

#[test]
fn a_private_archive_is_part_of_the_links() {
    let info = case().set("ADT_PPAS", "ann/one ben/two").run().policy("foo", "autopkgtest");
    let bar = &info["bar/1"]["amd64"];
    assert!(bar[1].as_str().unwrap().contains("/results/autopkgtest-testing-ben-two/testing/amd64/b/bar/"), "{bar}");
    assert!(bar[4].as_str().unwrap().ends_with("&trigger=foo%2F2&ppa=ann%2Fone&ppa=ben%2Ftwo"), "{bar}");
}

#[test]
fn debci_has_other_links() {
    let case = case().set("ADT_SWIFT_URL", "file://debci.json").file("debci.json", r#"{"results": []}"#);
    let info = case.run().policy("foo", "autopkgtest");
    let run = "https://ci.example.org/data/autopkgtest/testing/amd64/b/bar/20261121_000001@";
    let bar = &info["bar/1"]["amd64"];
    assert_eq!([&bar[1], &bar[3]], [&json!(format!("{run}/log.gz")), &json!(format!("{run}/artifacts.tar.gz"))]);
    let case = case.set("ADT_RETRY_URL_MECH", "run_id");
    let info = case.run().policy("foo", "autopkgtest");
    assert_eq!(info["bar/1"]["amd64"][4], "https://ci.example.org/api/v1/retry/20261121_000001%40");
    let case = update(tested()).set("ADT_SWIFT_URL", "file://debci.json").file("debci.json", r#"{"results": []}"#);
    let info = case.run().policy("foo", "autopkgtest");
    assert_eq!(info["bar"]["amd64"][1], "https://ci.example.org/status/pending");
}

#[test]
fn without_a_server_there_are_no_links() {
    let info = case().unset("ADT_CI_URL").run().policy("foo", "autopkgtest");
    assert_eq!(info["bar/1"]["amd64"], json!(["REGRESSION", null, null, null, null]));
}

#[test]
fn a_blocker_names_the_log_and_what_can_be_tried() {
    let run = case().run();
    let blocker = &run.excuse("foo")["blockers"][0];
    assert_eq!(blocker["code"], "migrate.tests-regression");
    assert_eq!(blocker["evidence"][0]["id"], "bar/amd64");
    assert!(blocker["evidence"][0]["url"].as_str().unwrap().ends_with("/b/bar/20261121_000001@/log.gz"));
    assert_eq!(blocker["actions"][0]["command"], "tidegate migrate what-if --hint 'force-skiptest foo/2'");
    let blocker = update(known(tested(), &RESULTS[2..])).run().excuse("foo")["blockers"][0].clone();
    assert_eq!(blocker["code"], "migrate.tests-running");
}
