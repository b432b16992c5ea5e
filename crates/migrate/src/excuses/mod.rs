//! Excuses: for every difference between the target and a source suite, whether it may move, and if not, why.
//!
//! One file a kind of item (`source`, `arch`, `removal`), one for what their binaries depend on (`depends`),
//! one for what follows from other items being invalid (`invalidate`). All of it looks at the target as loaded.

mod arch;
mod depends;
mod excuse;
mod invalidate;
mod removal;
mod source;

use std::collections::BTreeMap;

pub(crate) use invalidate::{Invalidation, invalidate};

pub(crate) use depends::applies as relation_applies;
pub use excuse::{Dependency, DependencyKind, Excuse, Hold, ItemKey, PolicyResult};

use crate::distribution::Distribution;
use crate::facts::Facts;
use crate::hint::{Hint, HintKind, HintSet, ItemRef};
use crate::model::{ArchId, BinaryId, EntryId, Item, NameId, Scope, SuiteId, Verdict};
use crate::policy::{self, Memo};
use crate::rules::Rules;
use crate::target::Target;
use crate::universe::Universe;

/// Everything that excuses are made of.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The suites.
    pub distribution: &'a Distribution,
    /// Their resolved relations.
    pub universe: &'a Universe,
    /// The target as loaded.
    pub target: &'a Target,
    /// The rules.
    pub rules: &'a Rules,
    /// The hints.
    pub hints: &'a HintSet,
    /// What the policies know.
    pub facts: &'a Facts,
    /// What the policies have worked out.
    pub memo: &'a Memo,
}

/// All excuses of a run, by uvname.
pub type Excuses = BTreeMap<String, Excuse>;

/// Makes every excuse, with invalidity passed on between them.
pub fn excuses(context: Context<'_>) -> Excuses {
    let mut excuses = Excuses::new();
    let mut add = |excuse: Excuse| {
        excuses.insert(context.distribution.uvname(&excuse.item), excuse);
    };
    removal::absent(context, &mut add);
    for suite in context.distribution.source_suites() {
        for &name in context.distribution.sources_by_name(suite).values() {
            arch::excuses(context, suite, name, &mut add);
            if let Some(excuse) = source::excuse(context, suite, name) {
                add(excuse);
            }
        }
    }
    let hinted = removal::hinted(context, &excuses);
    for excuse in hinted {
        excuses.insert(context.distribution.uvname(&excuse.item), excuse);
    }
    invalidate(context, &mut excuses);
    excuses
}

impl Context<'_> {
    /// A suite's entry of exactly this binary.
    pub(crate) fn entry_in(&self, suite: SuiteId, arch: ArchId, id: BinaryId) -> Option<EntryId> {
        let name = self.distribution.binary(arch, id).name;
        let entry = self.distribution.entry_of(suite, arch, name)?;
        (self.distribution.entry(arch, entry).binary == id).then_some(entry)
    }

    /// Whether an entry is left over: its source has another version in the same suite.
    pub(crate) fn is_cruft(&self, suite: SuiteId, arch: ArchId, entry: EntryId) -> bool {
        let entry = self.distribution.entry(arch, entry);
        let source = self.distribution.source(suite, entry.source);
        source.is_none_or(|source| source.version != entry.source_version)
    }

    /// The hints of a kind for a source, less those for the other of source and removal.
    pub(crate) fn hints_for(
        &self,
        kind: HintKind,
        name: NameId,
        removal: bool,
    ) -> impl Iterator<Item = (&Hint, &ItemRef)> {
        let found = self.hints.find(kind, self.distribution.name(name));
        found.filter_map(|hint| hint.item().map(|item| (hint, item))).filter(move |(_, item)| item.removal == removal)
    }

    /// Whether a hint's suite is the item's.
    pub(crate) fn same_suite(&self, hint: &ItemRef, suite: SuiteId) -> bool {
        let short = self.distribution.suite(suite).short.as_deref();
        match (&hint.suite, short) {
            (Some(hinted), short) => Some(hinted.as_str()) == short,
            (None, None) => true,
            // Without a suite, a version that only an additional suite has means that suite.
            (None, Some(_)) => {
                let has = |suite: SuiteId| {
                    let name = self.distribution.find_name(&hint.name);
                    let source = name.and_then(|name| self.distribution.source(suite, name));
                    source.is_some_and(|source| Some(self.distribution.text(source.version)) == hint.version.as_deref())
                };
                has(suite) && !has(SuiteId::PRIMARY)
            }
        }
    }

    /// The item that a reference means, at the version that is there now.
    ///
    /// # Errors
    /// One sentence: no suite has it, or another version is there.
    pub(crate) fn item(&self, reference: &ItemRef) -> Result<Item, String> {
        let distribution = self.distribution;
        let unknown = || format!("{reference} is in no suite");
        let name = distribution.find_name(&reference.name).ok_or_else(unknown)?;
        let arch = reference.binary_architecture().map(|arch| distribution.find_arch(arch).ok_or_else(unknown));
        let scope = match (reference.removal, arch.transpose()?) {
            (true, None) => Scope::Removal,
            (true, Some(arch)) => Scope::Cruft(arch),
            (false, None) => Scope::Source,
            (false, Some(arch)) => Scope::Arch(arch),
        };
        let (suite, there) = match scope {
            Scope::Cruft(arch) => {
                let entry = self.target.entry(arch, name).ok_or_else(unknown)?;
                (SuiteId::PRIMARY, (SuiteId::TARGET, distribution.entry_binary(arch, entry).version))
            }
            Scope::Removal => {
                let source = distribution.source(SuiteId::TARGET, name).ok_or_else(unknown)?;
                (SuiteId::PRIMARY, (SuiteId::TARGET, source.version))
            }
            Scope::Source | Scope::Arch(_) => {
                let mut suites = distribution.source_suites();
                let suite = suites.find(|&suite| self.same_suite(reference, suite)).ok_or_else(unknown)?;
                let source = distribution.source(suite, name).ok_or_else(unknown)?;
                (suite, (suite, source.version))
            }
        };
        let version = distribution.text(there.1);
        let wanted = reference.version.as_deref();
        if wanted.is_some_and(|wanted| tidegate_archive::version::compare(wanted, version).is_ne()) {
            let label = &distribution.suite(there.0).label;
            return Err(format!("{reference} is gone: {label} has {} {version}", reference.name));
        }
        Ok(Item { name, scope, suite, version: there.1 })
    }

    /// Lets a `force` hint on exactly this version overrule what holds the excuse.
    fn force(&self, excuse: &mut Excuse) {
        if !excuse.verdict.is_rejected() {
            return;
        }
        let version = excuse.new.map(|version| self.distribution.text(version));
        let suite = excuse.item.suite;
        let forced = self
            .hints_for(HintKind::Force, excuse.item.name, false)
            .find(|(_, item)| item.version.as_deref() == version && self.same_suite(item, suite));
        if let Some((hint, _)) = forced {
            excuse.forced = true;
            excuse.forced_reasons = excuse.reasons();
            excuse.remarks.clear();
            for hold in &mut excuse.holds {
                hold.verdict = Verdict::PassHinted;
            }
            excuse.verdict = Verdict::PassHinted;
            excuse.hint(hint.kind.as_str(), &hint.user);
            excuse.note(format!("{} forces it in, whatever else is said here", hint.user));
        }
    }
}

/// Asks the policies, and then the `force` hints.
fn conclude(context: Context<'_>, excuse: &mut Excuse) {
    policy::judge(context, excuse);
    context.force(excuse);
}

impl Distribution {
    /// `foo`, `foo/amd64`, `-foo`, `-libfoo1/amd64`; `_tpu` behind the name of an additional suite's item.
    pub fn uvname(&self, item: &Item) -> String {
        self.key_text(&item.key())
    }

    /// An item's text without version.
    pub fn key_text(&self, key: &ItemKey) -> String {
        let name = self.name(key.name);
        let suffix = self.suite(key.suite).short.as_deref().map_or(String::new(), |short| format!("_{short}"));
        match key.scope {
            Scope::Source => format!("{name}{suffix}"),
            Scope::Arch(arch) => format!("{name}{suffix}/{}", self.arch_name(arch)),
            Scope::Removal => format!("-{name}{suffix}"),
            Scope::Cruft(arch) => format!("-{name}{suffix}/{}", self.arch_name(arch)),
        }
    }

    /// An item's text with its version.
    pub fn item_text(&self, item: &Item) -> String {
        format!("{}/{}", self.uvname(item), self.text(item.version))
    }
}
