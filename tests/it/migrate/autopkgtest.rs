//! Tests of packages: what they say of an item and of those that depend on it, where results come from, where requests go.
//!
//! [`tested`] makes a case in which tests are on and requests go to a file; the archive is mostly that of [`update`]: foo 2
//! comes, it has tests, and so has bar, which needs it. [`known`] and [`pending`] write what earlier runs left, [`with_swift`]
//! has a server of results. What each test is found to be is read back from `policy_info`, what was asked for by [`queued`]
//! and [`open`].
//!
//! Judged from what is known: `choice`, `status`, `hints`, `waiting`, `links`. Results: `store`, `debci`, `database`, and what
//! becomes of `faults`. Requests: `queue`, `broker`, and `kills` of runs that make them. What is kept is `state`, what is
//! shown of it `listing`.

mod broker;
mod choice;
mod database;
mod debci;
mod faults;
mod hints;
mod kills;
mod links;
mod listing;
mod queue;
mod state;
mod status;
mod store;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::case::Case;
use super::run::Run;
use crate::doubles::swift::{ResultTar, Swift};

/// Noon of the day of all runs, in seconds since 1970.
const NOON_SECONDS: i64 = 1_795_262_400;

/// A result: trigger, tested source, architecture, outcome, version.
type Known<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

/// Tests run on amd64; requests go to a file.
fn tested() -> Case {
    Case::new()
        .set("ADT_ENABLE", "yes")
        .set("ADT_ARCHES", "amd64")
        .set("ADT_CI_URL", "https://ci.example.org")
        .set("ADT_AMQP", "file://requests")
        .env("TIDEGATE_HASTE", "100")
}

/// The same on amd64 and arm64.
fn tested_on_two() -> Case {
    tested().architectures("amd64 arm64").set("ADT_ARCHES", "amd64 arm64")
}

/// foo is replaced; it has tests, and so has bar, which depends on it. The packages of foo depend on each other.
fn update(case: Case) -> Case {
    let suite = |version: u8| {
        format!(
            "source foo {version}; Testsuite: autopkgtest\n+ foo; Depends: foo-data\n+ foo-data; Depends: foo\n\
             bar 1; Testsuite: autopkgtest; Depends: foo"
        )
    };
    case.testing(&suite(1)).unstable(&suite(2))
}

/// Lines of so many further sources with tests that depend on foo.
fn dependents(count: usize) -> String {
    let line = |number| format!("\nr{number:04} 1; Testsuite: autopkgtest; Depends: foo");
    (0..count).map(line).collect::<Vec<_>>().concat()
}

/// The results that an earlier run kept, each an hour old and of a run of its own.
fn known(case: Case, results: &[Known<'_>]) -> Case {
    known_ago(case, 3600, results)
}

/// The same, so many seconds old.
fn known_ago(case: Case, seconds: i64, results: &[Known<'_>]) -> Case {
    let mut cache: BTreeMap<&str, BTreeMap<&str, BTreeMap<&str, Value>>> = BTreeMap::new();
    for (number, &(trigger, source, arch, outcome, version)) in results.iter().enumerate() {
        let entry = json!([outcome, version, format!("20261121_{number:06}@"), NOON_SECONDS - seconds]);
        cache.entry(trigger).or_default().entry(source).or_default().insert(arch, entry);
    }
    case.file("state/autopkgtest-results.cache", &json!(cache).to_string())
}

/// Both passed long ago, with something else: what is asked for now could be a regression, and has to be waited for.
fn passed_before(case: Case) -> Case {
    known(case, &[("old/1", "foo", "amd64", "PASS", "1"), ("old/1", "bar", "amd64", "PASS", "1")])
}

/// The requests that an earlier run made.
fn pending(case: Case, requests: &Value) -> Case {
    case.file("state/autopkgtest-pending.json", &requests.to_string())
}

/// The update with results in a store.
fn with_swift(swift: &Swift) -> Case {
    update(tested()).set("ADT_SWIFT_URL", swift.web.url("").trim_end_matches('/'))
}

/// Both pass with foo 2.
fn both_pass(swift: &Swift) {
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(0, "foo 2", "foo/2"));
    swift.put("bar", "amd64", "20261121_080001_ab@", &ResultTar::new(0, "bar 1", "foo/2"));
}

/// The place where nobody listens: a port that was free a moment ago.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    format!("127.0.0.1:{}", listener.local_addr().expect("it has an address").port())
}

/// The requests that foo 2 needs, once each.
const BOTH: [&str; 2] = ["debci-testing-amd64:bar foo/2", "debci-testing-amd64:foo foo/2"];

/// What stands in the file of requests, without the time: `debci-testing-amd64:foo foo/2`.
fn queued(case: &Case) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(case.path("requests")) else { return Vec::new() };
    let request = |line: &str| {
        let (queue, content) = line.split_once(' ').expect("a request names its queue");
        let content: Value = serde_json::from_str(content).expect("a request is JSON");
        let triggers = content["triggers"].as_array().expect("triggers is a list");
        assert_eq!(triggers.len(), 1, "{line}");
        format!("{queue} {}", triggers[0].as_str().expect("a trigger is a word"))
    };
    text.lines().map(request).collect()
}

/// What is open, as `foo/2 foo amd64`.
fn open(case: &Case) -> BTreeSet<String> {
    let all: Value =
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

impl Run {
    /// The sentences of an item's excuse, a line each.
    #[track_caller]
    fn notes(&self, item: &str) -> String {
        let excuse = self.excuse(item);
        let notes = excuse["excuses"].as_array().expect("an excuse has sentences").iter();
        notes.map(|note| note.as_str().expect("a sentence is a text")).collect::<Vec<_>>().join("\n")
    }

    /// What the policy found of an item's tests: `bar/1 amd64 PASS, foo amd64 RUNNING`.
    #[track_caller]
    fn tests(&self, item: &str) -> String {
        let info = self.policy(item, "autopkgtest");
        let Value::Object(info) = info else { return "not asked".to_owned() };
        let of_source = |(key, archs): (&String, &Value)| {
            let archs: Map<String, Value> = archs.as_object().cloned().unwrap_or_default();
            let words = archs.iter().map(|(arch, test)| format!("{key} {arch} {}", test[0].as_str().unwrap_or("?")));
            words.collect::<Vec<_>>()
        };
        info.iter().flat_map(of_source).collect::<Vec<_>>().join(", ")
    }
}
