//! What an item takes out of the target and puts in (4.5.1), and which old libraries stay (4.5.2).

use std::collections::{BTreeMap, BTreeSet};

use tidegate_archive::version;

use super::{Item, Row, Scope, Slow, Suite};
use crate::oracle::brute_force::{bit, members};

/// The change that an item makes: architectures and names.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// What comes, from the item's suite.
    pub(super) adds: BTreeSet<(usize, String)>,
    /// What leaves the target, with its version.
    pub(super) removes: BTreeMap<(usize, String), String>,
    /// What would leave and stays.
    pub(super) kept: Vec<(usize, String)>,
}

/// A binary of the target: architecture, name and version.
type Leaving = (usize, String, String);

impl Slow<'_> {
    fn architectures_of(&self, item: &Item) -> Vec<usize> {
        match item.scope {
            Scope::Source | Scope::Removal | Scope::Obsolete => (0..self.architectures.len()).collect(),
            Scope::Arch(arch) | Scope::Cruft(arch) => vec![arch],
        }
    }

    /// The group of an item on a target; none if the item is impossible there.
    pub(super) fn group(&self, target: &Suite, item: &Item, leaving: &[Leaving]) -> Option<Group> {
        let removes = self.removes(target, item)?;
        let mut group = Group { adds: self.adds(target, item)?, removes, kept: Vec::new() };
        for arch in self.architectures_of(item) {
            group.kept.extend(self.smooth(target, item, arch, &group, leaving));
        }
        for kept in &group.kept {
            group.removes.remove(kept);
        }
        Some(group)
    }

    /// What an item would remove if nothing stayed.
    pub(super) fn unsmoothed(&self, target: &Suite, item: &Item) -> Option<Vec<Leaving>> {
        self.adds(target, item)?;
        let removes = self.removes(target, item)?;
        Some(removes.into_iter().map(|((arch, name), version)| (arch, name, version)).collect())
    }

    fn adds(&self, target: &Suite, item: &Item) -> Option<BTreeSet<(usize, String)>> {
        let mut adds = BTreeSet::new();
        if matches!(item.scope, Scope::Removal | Scope::Obsolete | Scope::Cruft(_)) {
            return Some(adds);
        }
        let suite = &self.suites[item.suite];
        let (version, _) = suite.sources.get(&item.name)?;
        let is_lower = |new: &str, old: &str| version::compare(new, old).is_lt();
        if target.sources.get(&item.name).is_some_and(|(old, _)| is_lower(version, old)) {
            return None;
        }
        for (arch, name) in suite.listed.get(&item.name).into_iter().flatten() {
            let row = &suite.binaries[&(*arch, name.clone())];
            let hijacked = row.source != item.name;
            let cruft = row.source_version != *version && !self.manners.roles[*arch].out_of_sync;
            if hijacked || cruft || !self.architectures_of(item).contains(arch) {
                continue;
            }
            if target.binaries.get(&(*arch, name.clone())).is_some_and(|old| is_lower(&row.version, &old.version)) {
                return None;
            }
            adds.insert((*arch, name.clone()));
        }
        Some(adds)
    }

    /// The target's binaries that go, if nothing stays; none if it is a left-over binary that is gone.
    fn removes(&self, target: &Suite, item: &Item) -> Option<BTreeMap<(usize, String), String>> {
        if let Scope::Cruft(arch) = item.scope {
            let key = (arch, item.name.clone());
            let there = target.binaries.get(&key).is_some_and(|row| row.version == item.version);
            return there.then(|| BTreeMap::from([(key, item.version.clone())]));
        }
        let present = target.sources.get(&item.name).map(|(version, _)| version);
        let own = |row: &Row| row.source == item.name && Some(&row.source_version) == present;
        let spared = |key: &(usize, String), row: &Row| {
            // An architecture's item leaves alone what its suite lists under the source and gives to another, and an additional
            // suite's leaves alone what is for all architectures.
            let suite = &self.suites[item.suite];
            let listed = suite.listed.get(&item.name).is_some_and(|listed| listed.contains(key));
            let hijacked = listed && suite.binaries[key].source != item.name;
            matches!(item.scope, Scope::Arch(_)) && (hijacked || (item.suite > 1 && row.all))
        };
        let archs = self.architectures_of(item);
        let gone = target.binaries.iter().filter(|(key, row)| archs.contains(&key.0) && own(row) && !spared(key, row));
        Some(gone.map(|(key, row)| (key.clone(), row.version.clone())).collect())
    }

    /// Of what would leave an architecture, what stays.
    fn smooth(
        &self,
        target: &Suite,
        item: &Item,
        arch: usize,
        group: &Group,
        leaving: &[Leaving],
    ) -> Vec<(usize, String)> {
        if item.suite != 1 || matches!(item.scope, Scope::Removal | Scope::Obsolete | Scope::Cruft(_)) {
            return Vec::new();
        }
        let port = &self.ports[arch];
        let id = |name: &str| bit(port.find(name, &target.binaries[&(arch, name.to_owned())].version));
        let removed: Vec<String> = group.removes.keys().filter(|key| key.0 == arch).map(|key| key.1.clone()).collect();
        // Those of the item's source, whether a new version comes or not, and those that leave for the other items of the set.
        // What the item takes over from another source is not meant: it is no binary of the item in the target.
        let mut going: u128 = removed.iter().fold(0, |going, name| going | id(name));
        for (_, name, version) in leaving.iter().filter(|leaving| leaving.0 == arch) {
            going |= bit(port.find(name, version));
        }
        let usable = self.usable(target, arch);
        let (mut kept, mut kept_ids) = (Vec::new(), 0);
        let mut open = Vec::new();
        for name in removed {
            let Some(cruft) = self.may_stay(target, item, arch, &name) else { continue };
            let users = port.reverse_dependencies(members(id(&name)).next().expect("one bit")) & !going;
            let only_this =
                |user: usize| port.needs(user).iter().any(|clause| clause & !cruft & !(kept_ids | id(&name)) == 0);
            if users & usable != 0 && members(users).any(only_this) {
                kept_ids |= id(&name);
                kept.push((arch, name));
            } else {
                open.push(name);
            }
        }
        while let Some(position) = open
            .iter()
            .position(|name| port.reverse_dependencies(members(id(name)).next().expect("one bit")) & kept_ids != 0)
        {
            let name = open.remove(position);
            kept_ids |= id(&name);
            kept.push((arch, name));
        }
        kept
    }

    /// Whether a removed binary is a candidate for staying, and if it is, the cruft of that name in the source suite.
    fn may_stay(&self, target: &Suite, item: &Item, arch: usize, name: &str) -> Option<u128> {
        let source = &self.suites[item.suite];
        let key = (arch, name.to_owned());
        let Some(there) = source.binaries.get(&key) else {
            let sections = self.manners.smooth_sections.as_ref();
            return sections.is_none_or(|sections| sections.contains(&target.binaries[&key].section)).then_some(0);
        };
        let own = &source.sources.get(&item.name)?.0;
        (there.source_version != *own).then(|| bit(self.ports[arch].find(name, &there.version)))
    }
}
