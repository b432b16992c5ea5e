//! Tests of packages as the gate meets them outside: results come from servers, requests go to queues.
//!
//! The archive of these stories is always the same: foo 2 comes, it has tests, and so has bar, which needs it.

mod broker;
mod database;
mod debci;
mod faults;
mod kills;
mod listing;
mod queue;
mod swift;

use std::collections::BTreeSet;

use super::case::Case;
use crate::doubles::swift::{ResultTar, Swift};

/// The URL of a place where nobody listens: a port that was free a moment ago.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    format!("127.0.0.1:{}", listener.local_addr().expect("it has an address").port())
}

/// foo 2 with its own tests, and bar, which needs foo. The packages of foo depend on each other.
fn archive(case: Case) -> Case {
    let bar = "bar 1; Testsuite: autopkgtest; Depends: foo";
    let foo = |version: &str| {
        format!(
            "source foo {version}; Testsuite: autopkgtest\n+ foo; Depends: foo-data\n+ foo-data; Depends: foo\n{bar}"
        )
    };
    case.testing(&foo("1"))
        .unstable(&foo("2"))
        .set("ADT_ENABLE", "yes")
        .set("ADT_ARCHES", "amd64")
        .set("ADT_CI_URL", "https://ci.example.org/")
        .env("TIDEGATE_HASTE", "100")
}

/// The archive with requests in a file.
fn with_file(case: Case) -> Case {
    let path = case.path("queue").display().to_string();
    archive(case).set("ADT_AMQP", &format!("file://{path}"))
}

/// The archive with requests in a file and results in a store.
fn with_swift(swift: &Swift) -> Case {
    with_file(Case::new()).set("ADT_SWIFT_URL", swift.web.url("").trim_end_matches('/'))
}

/// What stands in the file of requests, without the time: `debci-testing-amd64:foo foo/2`.
fn queued(case: &Case) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(case.path("queue")) else { return Vec::new() };
    let request = |line: &str| {
        let (queue, content) = line.split_once(' ').expect("a request names its queue");
        let content: serde_json::Value = serde_json::from_str(content).expect("a request is JSON");
        let triggers = content["triggers"].as_array().expect("triggers is a list");
        assert_eq!(triggers.len(), 1, "{line}");
        format!("{queue} {}", triggers[0].as_str().expect("a trigger is a word"))
    };
    text.lines().map(request).collect()
}

/// The requests that foo 2 needs, once each.
const BOTH: [&str; 2] = ["debci-testing-amd64:bar foo/2", "debci-testing-amd64:foo foo/2"];

/// What is open, as `foo/2 foo amd64`.
fn pending(case: &Case) -> BTreeSet<String> {
    let all: serde_json::Value =
        serde_json::from_str(&case.text("state/autopkgtest-pending.json")).expect("pending requests are JSON");
    let mut open = BTreeSet::new();
    for (trigger, sources) in all.as_object().expect("triggers are keys") {
        for (source, archs) in sources.as_object().expect("sources are keys") {
            for arch in archs.as_array().expect("architectures are a list") {
                open.insert(format!("{trigger} {source} {}", arch.as_str().expect("a word")));
            }
        }
    }
    open
}

/// Both pass with foo 2.
fn both_pass(swift: &Swift) {
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(0, "foo 2", "foo/2"));
    swift.put("bar", "amd64", "20261121_080001_ab@", &ResultTar::new(0, "bar 1", "foo/2"));
}
