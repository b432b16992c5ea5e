//! The record of one item: whether it may move, and everything that holds it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::blockers::Code;
use crate::model::{ArchId, Item, NameId, Scope, SuiteId, TextId, Verdict};
use crate::policy::autopkgtest::request::TestRequest;
use crate::rules::PolicyName;

/// An item without its version: what dependencies between items name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// The source's name.
    pub name: NameId,
    /// What of it moves.
    pub scope: Scope,
    /// Where it comes from.
    pub suite: SuiteId,
}

impl Item {
    /// The item without its version.
    pub fn key(&self) -> ItemKey {
        ItemKey { name: self.name, scope: self.scope, suite: self.suite }
    }
}

/// One thing that holds an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The stable code.
    pub code: Code,
    /// How hard it holds.
    pub verdict: Verdict,
    /// The word in `reason`, if this kind of hold has one.
    pub reason: Option<&'static str>,
    /// What it is about, where a code may hold an item several times: an architecture, a bug, an item.
    pub about: String,
    /// One plain sentence.
    pub text: String,
    /// When time alone will end it: seconds since 1970.
    pub until: Option<i64>,
}

/// Why an item needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// A binary depends on one of its binaries.
    Depends,
    /// `Build-Depends` and `Build-Depends-Arch`.
    BuildDepends,
    /// `Build-Depends-Indep`.
    BuildDependsIndep,
    /// `Built-Using`.
    BuiltUsing,
}

impl DependencyKind {
    /// The word in `reason` of an item that this kind of dependency holds.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Depends => "depends",
            Self::BuildDepends => "build-depends",
            Self::BuildDependsIndep => "build-depends-indep",
            Self::BuiltUsing => "built-using",
        }
    }
}

/// One need of an item: one of these items has to move with it or before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Why.
    pub kind: DependencyKind,
    /// The items of which one is needed; never empty.
    pub any_of: Vec<ItemKey>,
}

/// What a policy found.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyResult {
    /// Which policy.
    pub policy: PolicyName,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its data, as in `policy_info` without the verdict.
    pub info: Map<String, Value>,
}

/// The record of one item.
#[derive(Debug, Clone)]
pub struct Excuse {
    /// The item.
    pub item: Item,
    /// The version in the target.
    pub old: Option<TextId>,
    /// The version that would move in; none for removals.
    pub new: Option<TextId>,
    /// The highest finding.
    pub verdict: Verdict,
    /// What holds it.
    pub holds: Vec<Hold>,
    /// Reasons that do not hold it by themselves.
    pub remarks: BTreeSet<&'static str>,
    /// Reasons that a `force` hint overruled.
    pub forced_reasons: BTreeSet<&'static str>,
    /// Overruled by a `force` hint: nothing else makes it invalid either.
    pub forced: bool,
    /// What was seen, in sentences.
    pub notes: Vec<String>,
    /// Items that must be valid too.
    pub dependencies: BTreeSet<Dependency>,
    /// The dependencies among them that are themselves invalid, or have no excuse.
    pub blocked_by: BTreeSet<ItemKey>,
    /// Relations that nothing satisfies.
    pub unsatisfiable: BTreeMap<ArchId, BTreeSet<String>>,
    /// Items that would be needed on architectures that may break.
    pub unimportant: BTreeMap<ArchId, BTreeSet<ItemKey>>,
    /// Where it is not built; `None` stands for `all`.
    pub missing_builds: BTreeSet<Option<ArchId>>,
    /// Where it is not built and need not be.
    pub unimportant_missing: BTreeSet<Option<ArchId>>,
    /// Binaries of older versions, by version.
    pub old_binaries: BTreeMap<TextId, BTreeSet<NameId>>,
    /// What the policies said.
    pub policies: Vec<PolicyResult>,
    /// Hints that had a say: type and user.
    pub hints: Vec<(&'static str, String)>,
    /// Whether a manual approval was given; none if none is needed.
    pub approved: Option<bool>,
    /// Age in days.
    pub age: Option<i64>,
    /// Days that policies took off the required age.
    pub bounties: BTreeMap<PolicyName, u32>,
    /// Days that policies added to the required age.
    pub penalties: BTreeMap<PolicyName, u32>,
    /// Tests to ask for.
    pub requests: Vec<TestRequest>,
}

impl Excuse {
    pub(crate) fn new(item: Item, old: Option<TextId>, new: Option<TextId>) -> Self {
        Self {
            item,
            old,
            new,
            verdict: Verdict::Pass,
            holds: Vec::new(),
            remarks: BTreeSet::new(),
            forced_reasons: BTreeSet::new(),
            forced: false,
            notes: Vec::new(),
            dependencies: BTreeSet::new(),
            blocked_by: BTreeSet::new(),
            unsatisfiable: BTreeMap::new(),
            unimportant: BTreeMap::new(),
            missing_builds: BTreeSet::new(),
            unimportant_missing: BTreeSet::new(),
            old_binaries: BTreeMap::new(),
            policies: Vec::new(),
            hints: Vec::new(),
            approved: None,
            age: None,
            bounties: BTreeMap::new(),
            penalties: BTreeMap::new(),
            requests: Vec::new(),
        }
    }

    /// A valid excuse is a candidate.
    pub fn is_valid(&self) -> bool {
        !self.verdict.is_rejected()
    }

    /// Whether another item's invalidity made this one invalid.
    pub fn is_invalidated(&self) -> bool {
        self.holds.iter().any(|hold| hold.code == Code::DependsOnInvalid)
    }

    /// What is thought of the item itself, whatever it needs; with `but`, as if nothing of that code held it.
    pub(crate) fn own_verdict(&self, but: Option<Code>) -> Verdict {
        let hinted = self.forced || self.policies.iter().any(|result| result.verdict == Verdict::PassHinted);
        let start = if hinted { Verdict::PassHinted } else { Verdict::Pass };
        let holds = self.holds.iter().filter(|hold| hold.code != Code::DependsOnInvalid && Some(hold.code) != but);
        holds.map(|hold| hold.verdict).fold(start, Verdict::max)
    }

    /// What holds the item itself.
    pub(crate) fn own_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.code != Code::DependsOnInvalid && hold.verdict.is_rejected())
    }

    pub(crate) fn raise(&mut self, verdict: Verdict) {
        self.verdict = self.verdict.max(verdict);
    }

    pub(crate) fn hold(&mut self, hold: Hold) {
        self.raise(hold.verdict);
        self.notes.push(hold.text.clone());
        self.holds.push(hold);
    }

    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    pub(crate) fn hint(&mut self, kind: &'static str, user: &str) {
        let hint = (kind, user.to_owned());
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    /// The words in `reason`.
    pub fn reasons(&self) -> BTreeSet<&'static str> {
        let holding = self.holds.iter().filter_map(|hold| hold.reason);
        let all = holding.chain(self.remarks.iter().copied());
        all.filter(|reason| !self.forced_reasons.contains(reason)).collect()
    }
}
