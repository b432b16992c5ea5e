//! The upgrade as chapter 4.5 tells it, on plain maps of names: slow, obvious, and written from the chapter's words.
//!
//! Every trial works on a copy of the target, and installability is found out anew by brute force each time. Left out are
//! hints and the auto-hinter; which items are candidates is told from outside.

mod group;
mod order;

use std::collections::{BTreeMap, BTreeSet};

use tidegate_archive::version;

use super::brute_force::{Port, Set, bit, members};
use super::notation::Archive;

/// One thing that may migrate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// The number of its suite.
    pub(crate) suite: usize,
    pub(crate) version: String,
}

/// What moves; architectures by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Source,
    Arch(usize),
    Removal,
    /// The removal of a source that is no candidate and has no binaries left.
    Obsolete,
    Cruft(usize),
}

/// What the run is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manners {
    /// Where old libraries stay; none: everywhere.
    pub(crate) smooth_sections: Option<BTreeSet<String>>,
    pub(crate) keep_installable: BTreeSet<String>,
    /// By architecture.
    pub(crate) roles: Vec<Roles>,
}

#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four roles that an architecture has or has not, each by itself")]
pub(crate) struct Roles {
    pub(crate) no_break_all: bool,
    pub(crate) out_of_sync: bool,
    pub(crate) may_break: bool,
    pub(crate) new: bool,
}

/// A binary as a suite has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) version: String,
    source: String,
    source_version: String,
    section: String,
    all: bool,
}

/// A suite's sources and binaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Suite {
    /// By name: the version, and whether it only stands for binaries whose source is absent.
    pub(crate) sources: BTreeMap<String, (String, bool)>,
    /// By architecture and name.
    pub(crate) binaries: BTreeMap<(usize, String), Row>,
    /// By source: the binaries that the indices list under it, hijacked ones included.
    listed: BTreeMap<String, BTreeSet<(usize, String)>>,
}

impl Suite {
    /// Chapter 4.2.2 to 4.2.4.
    fn load(archive: &Archive, number: usize) -> Self {
        let mut suite = Self::default();
        for line in &archive.suites[number].sources {
            let known = suite.sources.get(&line.name);
            if known.is_none_or(|(known, _)| version::compare(known, &line.version).is_le()) {
                suite.sources.insert(line.name.clone(), (line.version.clone(), false));
            }
        }
        for (arch, arch_name) in archive.architectures.iter().enumerate() {
            for line in archive.suites[number].binaries.iter().filter(|line| line.is_on(arch_name)) {
                let key = (arch, line.name.clone());
                let known = suite.binaries.get(&key);
                if known.is_some_and(|known| version::compare(&known.version, &line.version).is_gt()) {
                    continue;
                }
                let (source, source_version) = line.source.clone();
                suite.sources.entry(source.clone()).or_insert((source_version.clone(), true));
                suite.listed.entry(source.clone()).or_default().insert(key.clone());
                let (version, section) = (line.version.clone(), line.section.clone());
                suite.binaries.insert(key, Row { version, source, source_version, section, all: line.all });
            }
        }
        suite
    }

    /// Whether a binary is of another version of its source than the suite has.
    fn is_cruft(&self, row: &Row) -> bool {
        self.sources.get(&row.source).is_none_or(|(version, _)| *version != row.source_version)
    }
}

/// The uninstallable binaries of the target, by architecture.
type Uninstallable = Vec<Set>;

/// A run.
pub(crate) struct Slow<'a> {
    architectures: &'a [String],
    manners: &'a Manners,
    suites: Vec<Suite>,
    ports: Vec<Port>,
    /// By architecture: the essential binaries of the target, unless they contradict each other as loaded.
    with_essential: Vec<bool>,
    target: Suite,
    /// What the last judgement found.
    now: Uninstallable,
    /// The one architecture that may break and is held to the rules all the same.
    strict: Option<usize>,
    accepted: Vec<Item>,
}

/// What a run did.
pub(crate) struct Done {
    /// In the order of acceptance.
    pub(crate) accepted: Vec<Item>,
    pub(crate) target: Suite,
    /// By architecture: the names that count.
    pub(crate) uninstallable: Vec<BTreeSet<String>>,
}

impl<'a> Slow<'a> {
    pub(crate) fn new(archive: &'a Archive, manners: &'a Manners) -> Self {
        let ports: Vec<Port> = archive.architectures.iter().map(|arch| Port::new(archive, arch)).collect();
        let suites: Vec<Suite> = (0..archive.suites.len()).map(|number| Suite::load(archive, number)).collect();
        let mut slow = Self {
            architectures: &archive.architectures,
            manners,
            target: suites[0].clone(),
            with_essential: vec![true; ports.len()],
            now: Vec::new(),
            strict: None,
            accepted: Vec::new(),
            suites,
            ports,
        };
        for (arch, port) in slow.ports.iter().enumerate() {
            let held = slow.ids(&slow.target, arch);
            slow.with_essential[arch] = port.has_solution(held, port.essential & held);
        }
        slow.now = slow.judge(&slow.target);
        slow
    }

    /// The order of chapter 4.5, without the hints. `candidates` are the valid excuses, by uvname.
    pub(crate) fn run(mut self, candidates: &[Item]) -> Done {
        let mut items = candidates.to_vec();
        items.extend(self.cruft());
        let bound = |item: &Item| match item.scope {
            Scope::Source | Scope::Removal | Scope::Obsolete => None,
            Scope::Arch(arch) | Scope::Cruft(arch) => Some(arch).filter(|&arch| self.manners.roles[arch].may_break),
        };
        let (ordinary, breaking): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| bound(item).is_none());
        let bound_to: Vec<(usize, Vec<Item>)> = (0..self.architectures.len())
            .map(|arch| (arch, breaking.iter().filter(|item| bound(item) == Some(arch)).cloned().collect()))
            .collect();
        self.main_run(ordinary);
        for (arch, items) in bound_to {
            if self.manners.roles[arch].may_break {
                self.strict = Some(arch);
                self.main_run(items);
                self.strict = None;
            }
        }
        let obsolete = self.obsolete();
        self.main_run(obsolete);
        let old_libraries = self.cruft();
        self.main_run(old_libraries);
        let uninstallable = (0..self.ports.len()).map(|arch| self.counted(arch, self.now[arch])).collect();
        Done { accepted: self.accepted, target: self.target, uninstallable }
    }

    /// Target binaries whose source version differs from their source's; where binaries may lag, only if the name left.
    fn cruft(&self) -> Vec<Item> {
        let rows = self.target.binaries.iter().filter(|((arch, name), row)| {
            let lags =
                self.manners.roles[*arch].out_of_sync && self.suites[1].binaries.contains_key(&(*arch, name.clone()));
            self.target.is_cruft(row) && !lags
        });
        let mut items: Vec<Item> = rows.map(|((arch, name), row)| cruft_item(*arch, name, row)).collect();
        items.sort();
        items
    }

    /// Sources that no binary of the target names.
    fn obsolete(&self) -> Vec<Item> {
        let named = |source: &String| self.target.binaries.values().any(|row| row.source == *source);
        let sources = self.target.sources.iter().filter(|(name, (_, fake))| !fake && !named(name));
        sources
            .map(|(name, (version, _))| Item {
                name: name.clone(),
                scope: Scope::Obsolete,
                suite: 1,
                version: version.clone(),
            })
            .collect()
    }

    /// Rounds of trials (4.5.3 to 4.5.5).
    fn main_run(&mut self, items: Vec<Item>) {
        // Groups for the order are those of this moment; an item without one is out.
        let mut groups: BTreeMap<Item, group::Group> = BTreeMap::new();
        for item in items {
            if let Some(group) = self.group(&self.target, &item, &[]) {
                groups.insert(item, group);
            }
        }
        let mut round: Vec<Item> = groups.keys().cloned().collect();
        let mut aside: Vec<Item> = Vec::new();
        while !round.is_empty() {
            let mut line = self.line_up(&round, &groups);
            round.clear();
            while !line.is_empty() {
                let component = line.remove(0);
                if let Some((target, now, kept)) = self.attempt(&component) {
                    (self.target, self.now) = (target, now);
                    self.accepted.extend(component);
                    let mut next = 0;
                    for item in kept {
                        if let Some(group) = self.group(&self.target, &item, &[]) {
                            groups.insert(item.clone(), group);
                            line.insert(next, vec![item]);
                            next += 1;
                        }
                    }
                    round.append(&mut aside);
                } else if component.len() > 1 {
                    line.splice(0..0, component.into_iter().map(|item| vec![item]));
                } else {
                    aside.extend(component);
                }
            }
        }
    }

    /// Applies the groups of a component; the new target, its uninstallable binaries and the new cruft if it is acceptable.
    fn attempt(&self, component: &[Item]) -> Option<(Suite, Uninstallable, Vec<Item>)> {
        let mut leaving: Vec<(usize, String, String)> = Vec::new();
        for item in component {
            leaving.extend(self.unsmoothed(&self.target, item)?);
        }
        let mut target = self.target.clone();
        let mut kept = Vec::new();
        for item in component {
            let group = self.group(&target, item, &leaving)?;
            kept.extend(
                group.kept.iter().map(|(arch, name)| cruft_item(*arch, name, &target.binaries[&(*arch, name.clone())])),
            );
            self.apply(&mut target, item, &group);
        }
        kept.sort();
        let after = self.judge(&target);
        let acceptable = (0..self.ports.len()).all(|arch| {
            // Only a source item is looked at everywhere.
            let affected = component.iter().any(|item| match item.scope {
                Scope::Source | Scope::Removal | Scope::Obsolete => true,
                Scope::Arch(own) | Scope::Cruft(own) => own == arch,
            });
            !affected || self.is_as_good(arch, component, self.now[arch], after[arch])
        });
        acceptable.then_some((target, after, kept))
    }

    fn apply(&self, target: &mut Suite, item: &Item, group: &group::Group) {
        for (arch, name) in group.removes.keys() {
            target.binaries.remove(&(*arch, name.clone()));
        }
        for (arch, name) in &group.adds {
            let row = self.suites[item.suite].binaries[&(*arch, name.clone())].clone();
            target.binaries.insert((*arch, name.clone()), row);
        }
        match item.scope {
            Scope::Source => {
                target.sources.insert(item.name.clone(), self.suites[item.suite].sources[&item.name].clone());
            }
            Scope::Removal | Scope::Obsolete => drop(target.sources.remove(&item.name)),
            Scope::Arch(_) | Scope::Cruft(_) => {}
        }
    }

    fn is_as_good(&self, arch: usize, component: &[Item], before: Set, after: Set) -> bool {
        let (before, after) = (self.counted(arch, before), self.counted(arch, after));
        let broken = after.difference(&before).any(|name| self.manners.keep_installable.contains(name));
        let roles = self.manners.roles[arch];
        let of_one_arch = |item: &Item| matches!(item.scope, Scope::Arch(_) | Scope::Cruft(_));
        let sources_only = !component.iter().any(of_one_arch);
        let forgiven = roles.may_break && self.strict != Some(arch) && (sources_only || roles.new);
        !broken && (after.len() <= before.len() || forgiven)
    }

    /// The names that count.
    fn counted(&self, arch: usize, uninstallable: Set) -> BTreeSet<String> {
        let packages = members(uninstallable).map(|id| &self.ports[arch].packages[id]);
        packages
            .filter(|package| !package.all || self.manners.roles[arch].no_break_all)
            .map(|package| package.name.clone())
            .collect()
    }

    fn judge(&self, target: &Suite) -> Uninstallable {
        let judge = |(arch, port): (usize, &Port)| {
            let held = self.ids(target, arch);
            let escort = if self.with_essential[arch] { port.essential & held } else { 0 };
            port.uninstallable(held, escort)
        };
        self.ports.iter().enumerate().map(judge).collect()
    }

    /// The binaries that a suite holds on one architecture.
    fn ids(&self, suite: &Suite, arch: usize) -> Set {
        let rows = suite.binaries.iter().filter(|((on, _), _)| *on == arch);
        rows.map(|((_, name), row)| bit(self.ports[arch].find(name, &row.version))).sum()
    }

    /// The binaries that a target holds and of which it is not known that they are uninstallable: by the last judgement, or
    /// because they are so everywhere.
    fn usable(&self, target: &Suite, arch: usize) -> Set {
        self.ids(target, arch) & !self.now[arch] & !self.ports[arch].never
    }
}

fn cruft_item(arch: usize, name: &str, row: &Row) -> Item {
    Item { name: name.to_owned(), scope: Scope::Cruft(arch), suite: 1, version: row.version.clone() }
}
