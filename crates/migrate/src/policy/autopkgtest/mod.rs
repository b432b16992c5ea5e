//! Do its tests pass, and those of what depends on it, where they passed before?
//!
//! [`results`] is what is known of tests, [`request`] what is asked for. Which tests an item needs (`plan`) is said before
//! anything is fetched ([`wanted`]), so that fetching stays outside; judging then looks only at what is known. One test's
//! standing is `status`, what a request has to name `triggers`, the exceptions are data (`cases`). [`alone`] asks the
//! policy by itself.

pub mod alone;
mod cases;
mod links;
mod plan;
pub mod request;
pub mod results;
mod status;
#[cfg(test)]
mod tests;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tidegate_archive::version;

pub use cases::{Compiler, Kernel, SpecialCases};
pub(crate) use links::shelf;
pub(crate) use plan::TestIndex;

use self::links::Links;
use self::plan::{Place, Plan, plan};
use self::request::TestRequest;
use self::results::{NO_VERSIONS, REFERENCE, TestResults};
use self::status::{Found, Status, Test};
use super::Opinion;
use crate::blockers::Code;
use crate::compat::britney::config::Switch;
use crate::distribution::Source;
use crate::excuses::{Context, Excuse, Hold};
use crate::hint::HintKind;
use crate::model::{ArchId, NameId, SuiteId, Verdict};
use crate::rules::PolicyName;

/// The pairs of source and architecture whose results have to be looked at before excuses are made: those of every request
/// without an answer, and those of every test that an item needs and that is not known to pass.
pub fn wanted(context: Context<'_>) -> BTreeSet<(String, String)> {
    let Context { distribution, facts, .. } = context;
    let mut pairs = facts.pending_tests.pairs();
    for &name in distribution.sources_by_name(SuiteId::PRIMARY).values() {
        let Some(source) = distribution.source(SuiteId::PRIMARY, name).filter(|&source| is_new(context, source)) else {
            continue;
        };
        let Plan::Run(places) = plan(context, source) else { continue };
        let trigger = trigger_of(context, source);
        for (arch, place) in places {
            let Place::Tests(tests) = place else { continue };
            let arch = distribution.arch_name(arch);
            let tests = tests.into_iter().map(|test| distribution.name(test));
            let known = |test: &str| facts.test_results.get(&trigger, test, arch).map(|run| run.outcome);
            let open = tests.filter(|test| !known(test).is_some_and(results::Outcome::is_good));
            pairs.extend(open.map(|test| (test.to_owned(), arch.to_owned())));
        }
    }
    pairs
}

/// Hints about tests that can have no effect, because the version that they name is not in the source suite.
pub fn useless_hints(context: Context<'_>) -> Vec<String> {
    let Context { distribution, hints, .. } = context;
    let useless = hints.of_kind(HintKind::ForceSkiptest).filter_map(|hint| {
        let item = hint.item()?;
        let name = distribution.find_name(&item.name);
        let source = name.and_then(|name| distribution.source(SuiteId::PRIMARY, name)).filter(|source| !source.fake);
        let there = source.map(|source| distribution.text(source.version));
        let label = &distribution.suite(SuiteId::PRIMARY).label;
        if there.is_some() && there == item.version.as_deref() {
            return None;
        }
        let there = there.map_or_else(|| "none".to_owned(), |version| format!("{} {version}", item.name));
        let (file, line) = (&hint.file, hint.line);
        Some(format!("{file}:{line}: {} {item} is useless: {label} has {there}; remove it", hint.kind))
    });
    useless.collect()
}

/// The results as they are kept: references that are too old, or of a version that no suite has, are marked so.
pub fn kept_results(context: Context<'_>) -> TestResults {
    let mut results = context.facts.test_results.clone();
    for (source, archs) in results.by_trigger.get_mut(REFERENCE).into_iter().flatten() {
        let Some(name) = context.distribution.find_name(source) else { continue };
        for run in archs.values_mut() {
            run.outcome = status::reference_outcome(context, name, run);
        }
    }
    results
}

/// Whether a source of the primary source suite is an update of the target, or new to it.
fn is_new(context: Context<'_>, source: &Source) -> bool {
    let target = context.distribution.source(SuiteId::TARGET, source.name).filter(|target| !target.fake);
    target.is_none_or(|target| context.distribution.compare(source.version, target.version).is_gt())
}

fn trigger_of(context: Context<'_>, source: &Source) -> String {
    format!("{}/{}", context.distribution.name(source.name), context.distribution.text(source.version))
}

pub(super) fn judge(context: Context<'_>, excuse: &mut Excuse) -> Opinion {
    let mut opinion = Opinion::default();
    let Some(source) = context.distribution.source(excuse.item.suite, excuse.item.name) else { return opinion };
    match plan(context, source) {
        Plan::NotBuilt => {
            opinion.holds.push(waits("", "Nothing of it is built yet, autopkgtest delayed".to_owned()));
        }
        Plan::NotBuiltForAll => {
            opinion.holds.push(waits("all", "arch:all not built yet, autopkgtest delayed".to_owned()));
        }
        Plan::Run(places) => Judge::new(context, source).run(places, excuse, &mut opinion),
    }
    skip(context, excuse, &mut opinion);
    opinion
}

/// A hint lets an item pass whatever its tests say.
fn skip(context: Context<'_>, excuse: &mut Excuse, opinion: &mut Opinion) {
    let version = context.distribution.text(excuse.item.version);
    let hint = context
        .hints_for(HintKind::ForceSkiptest, excuse.item.name, false)
        .find(|(_, item)| item.version.as_deref() == Some(version));
    let costs = excuse.penalties.contains_key(&PolicyName::Autopkgtest);
    let Some((hint, _)) = hint.filter(|_| costs || !opinion.holds.is_empty()) else { return };
    opinion.hinted = true;
    opinion.notes.extend(opinion.holds.drain(..).map(|hold| hold.text));
    opinion.notes.push(format!("{} lets it pass whatever its tests say ({}).", hint.user, hint.kind));
    excuse.remarks.insert("skiptest");
    excuse.penalties.remove(&PolicyName::Autopkgtest);
}

fn waits(about: &str, text: String) -> Hold {
    Hold {
        code: Code::TestsRunning,
        verdict: Verdict::RejectedTemporarily,
        reason: Some("autopkgtest"),
        about: about.to_owned(),
        text,
        until: None,
    }
}

/// Judges the tests of one item.
struct Judge<'a> {
    context: Context<'a>,
    source: &'a Source,
    trigger: String,
    links: Links<'a>,
    tested: BTreeMap<&'a str, Tested<'a>>,
    requests: Vec<TestRequest>,
}

/// What is known of the tests of one source.
#[derive(Default)]
struct Tested<'a> {
    /// The highest version that a result is of.
    version: Option<&'a str>,
    info: Map<String, Value>,
    standing: Vec<(&'a str, Status)>,
    ignored: Vec<(&'a str, &'a str)>,
}

impl<'a> Judge<'a> {
    fn new(context: Context<'a>, source: &'a Source) -> Self {
        let links = Links::new(context.rules);
        let trigger = trigger_of(context, source);
        Self { context, source, trigger, links, tested: BTreeMap::new(), requests: Vec::new() }
    }

    fn run(mut self, places: Vec<(ArchId, Place)>, excuse: &mut Excuse, opinion: &mut Opinion) {
        for (arch, place) in places {
            let name = self.context.distribution.arch_name(arch);
            match place {
                Place::NotBuilt => {
                    let text = format!("arch:{name} not built yet, autopkgtest delayed there");
                    opinion.holds.push(waits(name, text));
                }
                Place::Uninstallable => {
                    opinion.notes.push(format!("uninstallable on arch {name}, not running autopkgtest there"));
                }
                Place::Tests(tests) => self.tests(arch, &tests),
            }
        }
        self.conclude(excuse, opinion);
    }

    fn tests(&mut self, arch: ArchId, tests: &[NameId]) {
        let Context { distribution, rules, .. } = self.context;
        let huge = tests.len() > usize::try_from(rules.autopkgtest.huge).unwrap_or(usize::MAX);
        let arch_name = distribution.arch_name(arch);
        let (context, source) = (self.context, self.source);
        let mut all_triggers: Option<Vec<String>> = None;
        let mut triggers = || {
            let triggers = all_triggers.get_or_insert_with(|| triggers::triggers(context, source, arch));
            triggers.clone()
        };
        for &test in tests {
            let trigger = &self.trigger;
            let found = Test { context, trigger, of: source.name, source: test, arch }.find();
            let name = distribution.name(test);
            let asked = [found.ask.then(&mut triggers), found.ask_reference.then(|| vec![REFERENCE.to_owned()])];
            self.requests.extend(asked.into_iter().flatten().map(|triggers| TestRequest {
                source: name.to_owned(),
                arch: arch_name.to_owned(),
                triggers,
                huge,
            }));
            let info = five(self.links, name, arch_name, &found, &mut triggers);
            let tested = self.tested.entry(name).or_default();
            tested.info.insert(arch_name.to_owned(), info);
            tested.standing.push((arch_name, found.status));
            tested.ignored.extend(found.ignored.map(|hint| (arch_name, hint.user.as_str())));
            tested.is_of(found.run.and_then(|run| run.version.as_deref()));
        }
    }

    fn conclude(self, excuse: &mut Excuse, opinion: &mut Opinion) {
        let rules = self.context.rules;
        let delayed = !opinion.holds.is_empty();
        let own = self.tested.get(self.context.distribution.name(self.source.name));
        let own_pass = own.is_some_and(|own| own.standing.iter().all(|(_, status)| *status == Status::Pass));
        let mut holds = Vec::new();
        for (name, tested) in self.tested {
            let key = tested.version.map_or_else(|| name.to_owned(), |version| format!("{name}/{version}"));
            holds.extend(tested.hold(name, &key));
            for (arch, user) in &tested.ignored {
                let text = format!("{user} lets autopkgtest for {key} fail on {arch} (force-badtest).");
                opinion.notes.push(text);
            }
            opinion.set(&key, tested.info);
        }
        if rules.autopkgtest.enable == Switch::Yes {
            excuse.requests.extend(self.requests);
        }
        let penalty = rules.autopkgtest.regression_penalty.filter(|_| !holds.is_empty());
        if let Some(days) = penalty {
            opinion.notes.extend(holds.drain(..).map(|hold| hold.text));
            excuse.penalties.insert(PolicyName::Autopkgtest, days);
        } else if let Some(days) = rules.autopkgtest.success_bounty.filter(|_| own_pass && holds.is_empty() && !delayed)
        {
            excuse.bounties.insert(PolicyName::Autopkgtest, days);
        }
        opinion.holds.extend(holds);
    }
}

impl<'a> Tested<'a> {
    /// Takes note of the version of a result; one that is none counts where there is no other.
    fn is_of(&mut self, version: Option<&'a str>) {
        let Some(version) = version else { return };
        let is_word = |version: &str| NO_VERSIONS.contains(&version);
        let better = |known: &str| match (is_word(known), is_word(version)) {
            (true, false) => true,
            (false, true) => false,
            _ => version::compare(version, known).is_gt(),
        };
        if self.version.is_none_or(better) {
            self.version = Some(version);
        }
    }

    /// What holds the item, if any of these tests does.
    fn hold(&self, name: &str, key: &str) -> Option<Hold> {
        let standing = || self.standing.iter();
        if !standing().any(|(_, status)| status.holds()) {
            return None;
        }
        let words: Vec<String> = standing().map(|(arch, status)| format!("{arch}: {}", status.words())).collect();
        let text = format!("autopkgtest for {key}: {}", words.join(", "));
        let hold = waits(name, text);
        if standing().any(|(_, status)| *status == Status::Regression) {
            let (code, verdict) = (Code::TestsRegression, Verdict::RejectedPermanently);
            return Some(Hold { code, verdict, ..hold });
        }
        Some(hold)
    }
}

/// The entry in `policy_info`: status, log, history, artifacts, another try.
fn five(
    links: Links<'_>,
    source: &str,
    arch: &str,
    found: &Found<'_>,
    triggers: &mut impl FnMut() -> Vec<String>,
) -> Value {
    let log = match found.run {
        Some(run) => links.log(source, arch, run),
        None => links.running(),
    };
    let artifacts = found.run.and_then(|run| links.artifacts(source, arch, run));
    let failed = found.run.filter(|_| found.status == Status::Regression);
    let retry = failed.and_then(|run| links.retry(source, arch, &triggers(), run));
    let links = [log, links.history(source, arch), artifacts, retry];
    let links = links.into_iter().map(|link| link.map_or(Value::Null, Value::String));
    std::iter::once(Value::from(found.status.as_str())).chain(links).collect()
}
