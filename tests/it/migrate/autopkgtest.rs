//! What tests say of an item and of those that depend on it, judged from what is known before a run.
//!
//! [`tested`] makes a case in which tests are on and nothing is asked of a server; [`known`] and [`pending`] write what earlier
//! runs left. What each test is found to be is read back from `policy_info`.

mod choice;
mod hints;
mod links;
mod state;
mod status;
mod waiting;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::case::Case;
use super::run::Run;

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
}

/// The same on amd64 and arm64.
fn tested_on_two() -> Case {
    tested().architectures("amd64 arm64").set("ADT_ARCHES", "amd64 arm64")
}

/// foo is replaced; it has tests, and so has bar, which depends on it.
fn update(case: Case) -> Case {
    case.testing("foo 1; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo")
        .unstable("foo 2; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo")
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

/// The requests that an earlier run made.
fn pending(case: Case, requests: &Value) -> Case {
    case.file("state/autopkgtest-pending.json", &requests.to_string())
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
