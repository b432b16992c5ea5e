//! The policy by itself: an archive that is small enough to be written down as JSON, and what the policy says of one item.
//!
//! Indices are given as texts, so that nothing of their form has to be said twice, and keys of the configuration by their
//! names. What was odd in a run is a mistake here: who asks a policy by hand wants to know.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::judge;
use super::request::{PendingTests, TestRequest};
use super::results::{TestResults, TestRun};
use crate::compat::britney::config::{self, CommandLine, Config};
use crate::compat::britney::hints;
use crate::diagnostic::{Diagnostic, quote};
use crate::excuses::Excuse;
use crate::facts::Facts;
use crate::hint::{HintRights, HintSet, ItemNames};
use crate::load::{IndexText, SuiteText};
use crate::model::{Item, MOST_ARCHITECTURES, Scope, SuiteId, Verdict};
use crate::rules::{PolicyName, Rules};
use crate::session::Session;

/// Keys without which there is nothing to look at, where the input does not have them.
const USUAL: [(&str, &str); 3] = [("TESTING", "target"), ("UNSTABLE", "source_suite"), ("ADT_ENABLE", "yes")];

/// What the policy looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutopkgtestInput {
    /// The source; its version in the source suite is judged.
    pub source: String,
    /// The instant, in seconds since 1970.
    pub now: i64,
    /// What the target will be.
    #[serde(default = "usual_series")]
    pub series: String,
    /// Keys of britney.conf with their values; `ADT_ARCHES` is all architectures if it is not here.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// The target.
    pub target: SuiteInput,
    /// The primary source suite.
    pub source_suite: SuiteInput,
    /// Hints, one a line; any is permitted.
    #[serde(default)]
    pub hints: String,
    /// Results by trigger (`source/version`, or `migration-reference/0`), tested source and architecture.
    #[serde(default)]
    pub results: BTreeMap<String, BTreeMap<String, BTreeMap<String, TestRun>>>,
    /// Requests without an answer: architectures by trigger and tested source.
    #[serde(default)]
    pub pending: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// One suite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteInput {
    /// The text of `Sources`.
    pub sources: String,
    /// By architecture, the text of `Packages`. Both suites' architectures are those of the archive.
    pub packages: BTreeMap<String, String>,
}

/// What the policy says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AutopkgtestOutput {
    /// The verdict of this policy alone.
    pub verdict: Verdict,
    /// The reasons, as in excuses.yaml.
    pub reasons: BTreeSet<String>,
    /// What is said of it, in sentences.
    pub sentences: Vec<String>,
    /// Each test by architecture, as in `policy_info`: status, log, history, artifacts, another try.
    pub tests: Map<String, Value>,
    /// The tests that are to be asked for.
    pub requests: Vec<TestRequest>,
    /// Days off the required age.
    pub bounty: Option<u32>,
    /// Days on top of the required age.
    pub penalty: Option<u32>,
}

fn usual_series() -> String {
    CommandLine::default().series.to_owned()
}

/// Decides about one item.
///
/// # Errors
/// One sentence: what is given cannot be used.
pub fn decide(input: &AutopkgtestInput) -> Result<AutopkgtestOutput, String> {
    let session = session(input)?;
    let (context, distribution) = (session.context(), &session.distribution);
    let name = distribution.find_name(&input.source);
    let source = name.and_then(|name| distribution.source(SuiteId::PRIMARY, name)).filter(|source| !source.fake);
    let source = source.ok_or_else(|| format!("source: source_suite has no source {}", quote(&input.source)))?;
    let item = Item { name: source.name, scope: Scope::Source, suite: SuiteId::PRIMARY, version: source.version };
    let old = distribution.source(SuiteId::TARGET, source.name).map(|old| old.version);
    let mut excuse = Excuse::new(item, old, Some(source.version));
    let opinion = judge(context, &mut excuse);
    let verdict = opinion.verdict();
    let reasons = opinion.holds.iter().filter_map(|hold| hold.reason).chain(excuse.remarks);
    let reasons = reasons.map(str::to_owned).collect();
    let sentences = opinion.holds.into_iter().map(|hold| hold.text).chain(opinion.notes).collect();
    let days = |of: &BTreeMap<PolicyName, u32>| of.get(&PolicyName::Autopkgtest).copied();
    let (bounty, penalty) = (days(&excuse.bounties), days(&excuse.penalties));
    Ok(AutopkgtestOutput {
        verdict,
        reasons,
        sentences,
        tests: opinion.info,
        requests: excuse.requests,
        bounty,
        penalty,
    })
}

fn session(input: &AutopkgtestInput) -> Result<Session, String> {
    let suites = [("target", &input.target), ("source_suite", &input.source_suite)];
    let architectures: BTreeSet<&String> = suites.iter().flat_map(|(_, suite)| suite.packages.keys()).collect();
    let architectures: Vec<String> = architectures.into_iter().cloned().collect();
    let count = architectures.len();
    if !(1..=MOST_ARCHITECTURES).contains(&count) {
        return Err(format!("packages: there are {count} architectures; expected 1 to {MOST_ARCHITECTURES}"));
    }
    let usable =
        |name: &&String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if let Some(name) = architectures.iter().find(|name| !usable(name)) {
        return Err(format!("packages: {} can't be the name of an architecture", quote(name)));
    }
    let config = read_config(input, &architectures)?;
    let texts: Vec<SuiteText<'_>> =
        suites.into_iter().map(|(label, suite)| suite.texts(label, &architectures)).collect();
    let rules = Rules::from_config(&config, &architectures, input.now);
    let names = ItemNames { architectures: &architectures, suites: &[] };
    let (hints, odd) = hints::parse_file(input.hints.as_bytes(), "hints", "input", HintRights::ALL, names);
    refuse(&odd)?;
    let (hints, odd) = HintSet::new(hints);
    refuse(&odd)?;
    let mut test_results = TestResults::default();
    test_results.by_trigger.clone_from(&input.results);
    let pending_tests = PendingTests { by_trigger: input.pending.clone() };
    let facts = Facts { test_results, pending_tests, ..Facts::default() };
    Session::new(&architectures, &texts, &[], rules, hints, facts).map_err(|error| error.to_string())
}

fn read_config(input: &AutopkgtestInput, architectures: &[String]) -> Result<Config, String> {
    let given = || input.config.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    if let Some((key, _)) =
        given().find(|(key, value)| key.contains(char::is_control) || value.contains(char::is_control))
    {
        return Err(format!("config: {} has a character that no line of britney.conf can have", quote(key)));
    }
    let all = architectures.join(" ");
    let usual = USUAL.into_iter().chain([("ARCHITECTURES", all.as_str()), ("ADT_ARCHES", all.as_str())]);
    let usual = usual.filter(|(key, _)| given().all(|(other, _)| !other.trim().eq_ignore_ascii_case(key)));
    let lines: Vec<String> = given().chain(usual).map(|(key, value)| format!("{key} = {value}")).collect();
    let command_line = CommandLine { series: &input.series, ..CommandLine::default() };
    let (config, odd) =
        config::parse(&lines.join("\n"), "config", &command_line).map_err(|mistakes| sentence(&mistakes))?;
    refuse(&odd)?;
    Ok(config)
}

fn refuse(mistakes: &[Diagnostic]) -> Result<(), String> {
    if mistakes.is_empty() { Ok(()) } else { Err(sentence(mistakes)) }
}

/// All mistakes in one line.
fn sentence(mistakes: &[Diagnostic]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl SuiteInput {
    fn texts<'a>(&'a self, label: &'a str, architectures: &[String]) -> SuiteText<'a> {
        let index = |text: &'a str| IndexText { file: label, text };
        let packages = architectures.iter().map(|arch| self.packages.get(arch).map(|text| index(text)));
        SuiteText {
            label: label.to_owned(),
            sources: vec![index(&self.sources)],
            packages: packages.map(|text| text.into_iter().collect()).collect(),
            ..SuiteText::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ARCHIVE: &str = r#"{
        "source": "foo", "now": 1795262400,
        "target": {
            "sources": "Package: foo\nVersion: 1\n\nPackage: bar\nVersion: 1\nTestsuite: autopkgtest\n",
            "packages": {"amd64": "Package: foo\nVersion: 1\nArchitecture: amd64\n\nPackage: bar\nVersion: 1\nArchitecture: amd64\nDepends: foo\n"}
        },
        "source_suite": {
            "sources": "Package: foo\nVersion: 2\nTestsuite: autopkgtest\n\nPackage: bar\nVersion: 1\nTestsuite: autopkgtest\n",
            "packages": {"amd64": "Package: foo\nVersion: 2\nArchitecture: amd64\n\nPackage: bar\nVersion: 1\nArchitecture: amd64\nDepends: foo\n"}
        },
        "results": {
            "bar/1": {"bar": {"amd64": {"outcome": "PASS", "version": "1", "run_id": "20261101_000000@", "seen": 1793000000}}},
            "foo/2": {"foo": {"amd64": {"outcome": "PASS", "version": "2", "run_id": "20261121_000000@", "seen": 1795200000}}}
        }
    }"#;

    fn input(change: impl FnOnce(&mut AutopkgtestInput)) -> AutopkgtestInput {
        let mut input = serde_json::from_str(ARCHIVE).unwrap();
        change(&mut input);
        input
    }

    fn statuses(output: &AutopkgtestOutput) -> Vec<(&str, &str)> {
        let tests = output.tests.iter();
        tests.map(|(name, archs)| (name.as_str(), archs["amd64"][0].as_str().unwrap())).collect()
    }

    #[test]
    fn what_is_not_known_is_asked_for() {
        let output = decide(&input(|_| ())).unwrap();
        assert_eq!(output.verdict, Verdict::RejectedTemporarily);
        assert_eq!(statuses(&output), [("bar", "RUNNING"), ("foo/2", "PASS")]);
        let asked: Vec<_> =
            output.requests.iter().map(|request| (request.source.as_str(), &request.triggers)).collect();
        assert_eq!(asked, [("bar", &vec!["foo/2".to_owned()])]);
        let pending = |input: &mut AutopkgtestInput| {
            input.pending = serde_json::from_str(r#"{"foo/2": {"bar": ["amd64"]}}"#).unwrap();
        };
        let output = decide(&input(pending)).unwrap();
        assert_eq!((output.verdict, output.requests.len()), (Verdict::RejectedTemporarily, 0));
    }

    #[test]
    fn results_hints_and_keys_count() {
        let failed = |input: &mut AutopkgtestInput| {
            let run = r#"{"bar": {"amd64": {"outcome": "FAIL", "version": "1", "run_id": "20261121_000001@", "seen": 1795200001}}}"#;
            let more: BTreeMap<_, _> = serde_json::from_str(run).unwrap();
            input.results.get_mut("foo/2").unwrap().extend(more);
        };
        let output = decide(&input(failed)).unwrap();
        assert_eq!(output.verdict, Verdict::RejectedPermanently);
        assert_eq!(statuses(&output), [("bar/1", "REGRESSION"), ("foo/2", "PASS")]);
        assert_eq!(output.reasons.iter().collect::<Vec<_>>(), ["autopkgtest"]);
        let output = decide(&input(|input| {
            failed(input);
            "force-skiptest foo/2".clone_into(&mut input.hints);
        }));
        assert_eq!(output.unwrap().verdict, Verdict::PassHinted);
        let output = decide(&input(|input| {
            failed(input);
            input.config.insert("ADT_REGRESSION_PENALTY".to_owned(), "5".to_owned());
        }));
        let output = output.unwrap();
        assert_eq!((output.verdict, output.penalty, output.bounty), (Verdict::Pass, Some(5), None));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let refused = |change: &dyn Fn(&mut AutopkgtestInput)| decide(&input(change)).unwrap_err();
        let why = refused(&|input| "nobody".clone_into(&mut input.source));
        assert_eq!(why, "source: source_suite has no source \"nobody\"");
        let why = refused(&|input| "unblock".clone_into(&mut input.hints));
        assert!(why.starts_with("hints:1:"), "{why}");
        for (key, value) in [("ADT_HUGE", "many"), ("ADT_HUG", "3"), ("ADT_HUGE", "3\nADT_ENABLE = no")] {
            let why = refused(&|input| drop(input.config.insert(key.to_owned(), value.to_owned())));
            assert!(why.starts_with("config") && why.contains("ADT_HUG"), "{why}");
        }
        for (archs, why) in [(&[][..], "there are 0 architectures"), (&["all"], "\"all\""), (&["amd 64"], "amd 64")] {
            let of = |suite: &mut SuiteInput| {
                suite.packages = archs.iter().map(|&arch| (arch.to_owned(), String::new())).collect();
            };
            let told = refused(&|input| {
                of(&mut input.target);
                of(&mut input.source_suite);
            });
            assert!(told.contains(why), "{told}");
        }
        let many = |input: &mut AutopkgtestInput| {
            input.target.packages = (0..300).map(|number| (format!("a{number}"), String::new())).collect();
        };
        assert_eq!(refused(&many), "packages: there are 301 architectures; expected 1 to 200");
        let why = refused(&|input| input.target.sources.push_str("\nPackage: foo\n"));
        assert!(why.starts_with("target"), "{why}");
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(sources: String, packages: String, hints: String, key: String, value: String) {
            for header in ["", "Package: foo\nVersion: 1\nArchitecture: amd64\nDepends: "] {
                let _ = decide(&input(|input| {
                    input.source_suite.sources.push_str(&sources);
                    input.target.packages.insert("amd64".to_owned(), format!("{header}{packages}\n"));
                    input.hints.clone_from(&hints);
                }));
            }
            let _ = decide(&input(|input| drop(input.config.insert(key, value))));
        }
    }
}
