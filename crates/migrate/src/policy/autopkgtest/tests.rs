//! What is asked for and looked at, on archives of a few lines.

use std::collections::BTreeSet;

use super::request::TestRequest;
use super::results::{FoundRun, Outcome, REFERENCE, TestRun};
use super::wanted;
use crate::compat::britney::config::{self, CommandLine};
use crate::facts::Facts;
use crate::hint::HintSet;
use crate::load::{IndexText, SuiteText};
use crate::rules::Rules;
use crate::session::Session;

const NOW: i64 = 1_795_262_400;
const DAY: i64 = 86_400;

/// An archive on amd64 in which tests are on.
#[derive(Default)]
struct Archive {
    /// Target and source suite: sources and binaries.
    suites: [(String, String); 2],
    config: String,
    facts: Facts,
}

impl Archive {
    /// `name version; Field: value`: a source and its binary. Fields that begin with `Testsuite` are the source's.
    fn put(mut self, suite: usize, lines: &str) -> Self {
        let (sources, packages) = &mut self.suites[suite];
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut parts = line.split("; ");
            let (name, version) = parts.next().and_then(|head| head.split_once(' ')).unwrap();
            let (about_source, about_binary): (Vec<&str>, Vec<&str>) =
                parts.partition(|field| field.starts_with("Testsuite"));
            let stanza = |fields: &[&str]| {
                let lines = [format!("Package: {name}"), format!("Version: {version}")].into_iter();
                let lines: Vec<String> = lines.chain(fields.iter().map(|&field| field.to_owned())).collect();
                lines.join("\n") + "\n"
            };
            *sources += &(stanza(&about_source) + "\n");
            *packages += &(stanza(&about_binary) + "Architecture: amd64\n\n");
        }
        self
    }

    fn target(self, lines: &str) -> Self {
        self.put(0, lines)
    }

    fn source(self, lines: &str) -> Self {
        self.put(1, lines)
    }

    fn set(mut self, line: &str) -> Self {
        self.config += line;
        self.config.push('\n');
        self
    }

    fn known(self, trigger: &str, source: &str, outcome: Outcome, version: &str) -> Self {
        self.known_ago(0, trigger, source, outcome, version)
    }

    fn known_ago(mut self, days: i64, trigger: &str, source: &str, outcome: Outcome, version: &str) -> Self {
        let seen = NOW - days * DAY;
        let run = TestRun { outcome, version: Some(version.to_owned()), run_id: Some(seen.to_string()), seen };
        let (source, arch) = (source.to_owned(), "amd64".to_owned());
        let found = FoundRun { source, arch, triggers: vec![trigger.to_owned()], run };
        self.facts.test_results.take(&mut self.facts.pending_tests, &found);
        self
    }

    fn pending(mut self, trigger: &str, source: &str) -> Self {
        self.facts.pending_tests.insert(trigger, source, "amd64");
        self
    }

    fn session(self) -> Session {
        let archs = ["amd64".to_owned()];
        let suite = |index: usize, label: &str| SuiteText {
            label: label.to_owned(),
            short: None,
            overlay: false,
            sources: vec![IndexText { file: "Sources", text: &self.suites[index].0 }],
            packages: vec![vec![IndexText { file: "Packages", text: &self.suites[index].1 }]],
        };
        // Of a key that stands twice, the first counts.
        let rest = "TESTING = t\nUNSTABLE = s\nARCHITECTURES = amd64\nMINDAYS_MEDIUM = 0\nADT_ENABLE = yes\nADT_ARCHES = amd64";
        let text = format!("{}{rest}\n", self.config);
        let (config, _) = config::parse(&text, "britney.conf", &CommandLine::default()).unwrap();
        let rules = Rules::from_config(&config, &archs, NOW);
        let suites = [suite(0, "testing"), suite(1, "unstable")];
        Session::new(&archs, &suites, &[], rules, HintSet::default(), self.facts).unwrap()
    }

    /// What an item asks for.
    fn requests(self, item: &str) -> Vec<TestRequest> {
        self.session().excuses()[item].requests.clone()
    }

    /// The same as text: `bar <- foo/2 qux/2`.
    fn asks(self, item: &str) -> Vec<String> {
        let requests = self.requests(item);
        requests.iter().map(|request| format!("{} <- {}", request.source, request.triggers.join(" "))).collect()
    }

    fn wanted(self) -> Vec<String> {
        let pairs: BTreeSet<(String, String)> = wanted(self.session().context());
        pairs.into_iter().map(|(source, arch)| format!("{source}/{arch}")).collect()
    }
}

/// foo is replaced; bar, which depends on it, has tests.
fn archive() -> Archive {
    Archive::default()
        .target("foo 1\nbar 1; Testsuite: autopkgtest; Depends: foo")
        .source("foo 2\nbar 1; Testsuite: autopkgtest; Depends: foo")
}

#[test]
fn what_is_unknown_is_asked_for_once() {
    assert_eq!(archive().asks("foo"), ["bar <- foo/2"]);
    assert!(archive().pending("foo/2", "bar").asks("foo").is_empty());
    for (outcome, asks) in [
        (Outcome::Pass, 0),
        (Outcome::Neutral, 0),
        (Outcome::Fail, 0),
        (Outcome::None, 1),
        (Outcome::OldPass, 1),
        (Outcome::OldNeutral, 1),
        (Outcome::OldFail, 1),
    ] {
        assert_eq!(archive().known("foo/2", "bar", outcome, "1").asks("foo").len(), asks, "{outcome:?}");
    }
    assert!(archive().set("TIDEGATE_DIALECT = ubuntu\nADT_ENABLE = dry-run").requests("foo").is_empty());
}

#[test]
fn an_old_regression_is_tried_again() {
    let case = |days| archive().set("ADT_RETRY_OLDER_THAN = 3").known_ago(days, "foo/2", "bar", Outcome::Fail, "1");
    let passed = |archive: Archive| archive.known("old/1", "bar", Outcome::Pass, "1");
    assert!(passed(case(3)).asks("foo").is_empty());
    assert_eq!(passed(case(4)).asks("foo"), ["bar <- foo/2"]);
    assert!(passed(case(4)).pending("foo/2", "bar").asks("foo").is_empty());
    // What fails in the target as well is not worth it.
    assert!(case(4).asks("foo").is_empty());
    assert!(passed(case(4)).known(REFERENCE, "bar", Outcome::Fail, "1").asks("foo").is_empty());
}

#[test]
fn references_are_asked_for_where_a_failure_needs_one() {
    let case = || archive().set("ADT_BASELINE = reference").known("foo/2", "bar", Outcome::Fail, "1");
    let asked = ["bar <- migration-reference/0"];
    assert_eq!(case().asks("foo"), asked);
    assert!(case().pending(REFERENCE, "bar").asks("foo").is_empty());
    for (outcome, needed) in
        [(Outcome::Pass, false), (Outcome::Fail, false), (Outcome::Neutral, false), (Outcome::OldFail, true)]
    {
        let asks = case().known(REFERENCE, "bar", outcome, "1").asks("foo");
        assert_eq!(asks == asked, needed, "{outcome:?}");
    }
    let aged =
        |outcome| case().set("ADT_REFERENCE_MAX_AGE = 5").known_ago(6, REFERENCE, "bar", outcome, "1").asks("foo");
    assert_eq!(aged(Outcome::Fail), asked);
    assert!(aged(Outcome::Pass).is_empty());
    // Without references, none is asked for; a test that passes needs none.
    assert!(archive().known("foo/2", "bar", Outcome::Fail, "1").asks("foo").is_empty());
    assert!(archive().set("ADT_BASELINE = reference").known("foo/2", "bar", Outcome::Pass, "1").asks("foo").is_empty());
}

/// Scenario 31.
#[test]
fn very_many_tests_go_to_a_queue_of_their_own() {
    let users = |count: u32| -> String {
        let lines = (0..count).map(|number| format!("bar{number} 1; Testsuite: autopkgtest; Depends: foo"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let huge = |count: u32| {
        let requests = Archive::default().target(&format!("foo 1\n{}", users(count))).source("foo 2").requests("foo");
        assert_eq!(requests.len(), usize::try_from(count).unwrap());
        requests.iter().map(|request| request.huge).collect::<BTreeSet<bool>>()
    };
    assert_eq!(huge(20), BTreeSet::from([false]));
    assert_eq!(huge(21), BTreeSet::from([true]));
}

#[test]
fn what_else_has_to_come_along_triggers_too() {
    // qux 2 alone satisfies foo, needs zip 2 in turn, and breaks old of the target, which old 2 mends.
    let case = |foo: &str| {
        Archive::default().target("foo 1; Testsuite: autopkgtest\nqux 1\nold 1\nlib 1").source(&format!(
            "foo 2; Testsuite: autopkgtest{foo}\nqux 2; Depends: zip; Breaks: old (<< 2)\nzip 2\nold 2\nlib 2"
        ))
    };
    assert_eq!(case("; Depends: lib").asks("foo"), ["foo <- foo/2"]);
    assert_eq!(case("; Depends: qux (>= 2)").asks("foo"), ["foo <- foo/2 old/2 qux/2 zip/2"]);
    assert_eq!(case("; Depends: lib (>= 2) | qux (>= 2)").asks("foo"), ["foo <- foo/2 lib/2"]);
    assert_eq!(case("; Breaks: old (<< 3)").asks("foo"), ["foo <- foo/2"]);
}

#[test]
fn what_its_version_in_the_target_breaks_already_triggers_nothing() {
    let case = |before: &str| {
        Archive::default()
            .target(&format!("foo 1; Testsuite: autopkgtest{before}\nold 1"))
            .source("foo 2; Testsuite: autopkgtest; Breaks: old (<< 2)\nold 2")
    };
    assert_eq!(case("").asks("foo"), ["foo <- foo/2 old/2"]);
    assert_eq!(case("; Breaks: old (<< 2)").asks("foo"), ["foo <- foo/2"]);
}

#[test]
fn what_its_tests_need_triggers_where_the_target_does_not_have_it() {
    let case = Archive::default()
        .target("foo 1; Testsuite: autopkgtest\nhelper 1")
        .source("foo 2; Testsuite: autopkgtest; Testsuite-Triggers: helper, probe, gone\nhelper 2\nprobe 2");
    assert_eq!(case.asks("foo"), ["foo <- foo/2 probe/2"]);
}

#[test]
fn results_are_wanted_of_what_is_pending_and_of_what_is_not_known_to_pass() {
    assert_eq!(archive().wanted(), ["bar/amd64"]);
    for (outcome, wanted) in [(Outcome::Pass, 0), (Outcome::Neutral, 0), (Outcome::Fail, 1), (Outcome::OldPass, 1)] {
        assert_eq!(archive().known("foo/2", "bar", outcome, "1").wanted().len(), wanted, "{outcome:?}");
    }
    let case = archive().known("foo/2", "bar", Outcome::Pass, "1").pending("gone/1", "other");
    assert_eq!(case.wanted(), ["other/amd64"]);
}

#[test]
fn what_does_not_move_wants_nothing() {
    let has_tests = "; Testsuite: autopkgtest";
    for (target, source) in [("foo 1", "foo 1"), ("foo 2", "foo 1")] {
        let case = Archive::default().target(&format!("{target}{has_tests}")).source(&format!("{source}{has_tests}"));
        assert!(case.wanted().is_empty(), "{target} {source}");
    }
    let case = Archive::default().source(&format!("foo 1{has_tests}; Depends: gone"));
    assert!(case.wanted().is_empty());
}
