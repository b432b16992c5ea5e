//! Installability by trying, straight from the texts of the relations: the rules of chapter 4.3 and nothing clever.
//!
//! It shares nothing with `universe.rs` and `installability/` but the parser of relations and the order of versions.

use tidegate_archive::relation::{self, Operator, Qualifier, architecture_matches};
use tidegate_archive::version;

use super::notation::{Archive, BinaryLine};

/// A set of packages: bit n is the package number n.
pub(crate) type Set = u128;

/// The members of a set.
pub(crate) fn members(set: Set) -> impl Iterator<Item = usize> {
    (0..Set::BITS as usize).filter(move |&number| set & bit(number) != 0)
}

pub(crate) fn bit(number: usize) -> Set {
    1 << number
}

/// All binaries of one architecture, whichever suites hold them.
pub(crate) struct Port {
    pub(crate) packages: Vec<Package>,
    /// By package: its clauses, each the set of packages of which one is needed.
    clauses: Vec<Vec<Set>>,
    /// By package: what cannot be installed beside it.
    against: Vec<Set>,
    /// What can be installed in no selection of packages at all.
    pub(crate) never: Set,
    pub(crate) essential: Set,
}

/// One binary, told apart by name and version.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) all: bool,
    essential: bool,
    any_allowed: bool,
    depends: Vec<Clause>,
    conflicts: Vec<Wanted>,
    provides: Vec<(String, Option<String>)>,
}

/// Alternatives.
type Group = Vec<Wanted>;

/// Groups that one and the same package has to satisfy.
struct Clause {
    /// What the groups ask for, if none of them has an alternative: the name, and whether with `:any`.
    single: Option<(String, bool)>,
    groups: Vec<Group>,
}

#[derive(Clone)]
struct Wanted {
    name: String,
    any: bool,
    constraint: Option<(Operator, String)>,
}

impl Port {
    /// The binaries of an architecture in all suites of an archive.
    pub(crate) fn new(archive: &Archive, arch: &str) -> Self {
        let mut packages: Vec<Package> = Vec::new();
        for line in archive.suites.iter().flat_map(|suite| suite.binaries_of(arch)) {
            if !packages.iter().any(|known| known.name == line.name && known.version == line.version) {
                packages.push(Package::read(line, arch));
            }
        }
        assert!(packages.len() <= Set::BITS as usize, "brute force is for small archives");
        let all = |condition: &dyn Fn(&Package) -> bool| -> Set {
            packages.iter().enumerate().filter(|(_, package)| condition(package)).map(|(id, _)| bit(id)).sum()
        };
        let clause = |clause: &Clause| all(&|package| clause.groups.iter().all(|group| package.is_any_of(group)));
        let clauses = packages.iter().map(|package| package.depends.iter().map(clause).collect()).collect();
        let mut against = vec![0; packages.len()];
        for (id, package) in packages.iter().enumerate() {
            for other in members(all(&|other| other.is_any_of(&package.conflicts)) & !bit(id)) {
                against[id] |= bit(other);
                against[other] |= bit(id);
            }
        }
        let essential = all(&|package| package.essential);
        let mut port = Self { packages, clauses, against, never: 0, essential };
        let every = port.every();
        port.never = (0..port.packages.len()).filter(|&id| !port.has_solution(every, bit(id))).map(bit).sum();
        port
    }

    /// The set of all packages.
    pub(crate) fn every(&self) -> Set {
        (0..self.packages.len()).map(bit).sum()
    }

    pub(crate) fn find(&self, name: &str, version: &str) -> usize {
        let found = self.packages.iter().position(|package| package.name == name && package.version == version);
        found.expect("every binary of a suite is in the universe")
    }

    /// Whether members of `suite` can be added to `chosen` so that nothing is missing and nothing conflicts.
    pub(crate) fn has_solution(&self, suite: Set, chosen: Set) -> bool {
        if chosen & !suite != 0 || members(chosen).any(|id| self.against[id] & chosen != 0) {
            return false;
        }
        let mut clauses = members(chosen).flat_map(|id| &self.clauses[id]);
        match clauses.find(|&&clause| clause & chosen == 0) {
            None => true,
            Some(&unmet) => members(unmet).any(|id| self.has_solution(suite, chosen | bit(id))),
        }
    }

    /// Whether a set is a certificate for all its members: in the suite, nothing missing, nothing conflicting.
    pub(crate) fn is_closed(&self, suite: Set, set: Set) -> bool {
        let met = |id: usize| self.clauses[id].iter().all(|&clause| clause & set != 0);
        set & !suite == 0 && members(set).all(|id| met(id) && self.against[id] & set == 0)
    }

    /// The members of a suite that cannot be installed beside `escort`.
    pub(crate) fn uninstallable(&self, suite: Set, escort: Set) -> Set {
        members(suite).filter(|&id| !self.has_solution(suite, escort | bit(id))).map(bit).sum()
    }

    /// The clauses as chapter 4.3.1 leaves them: without what is never installable; such a package has the empty one alone.
    pub(crate) fn needs(&self, id: usize) -> Vec<Set> {
        if self.never & bit(id) != 0 { vec![0] } else { self.written(id) }
    }

    fn written(&self, id: usize) -> Vec<Set> {
        self.clauses[id].iter().map(|clause| clause & !self.never).collect()
    }

    /// The packages that have a clause in which this one stands.
    pub(crate) fn reverse_dependencies(&self, id: usize) -> Set {
        let uses = |&user: &usize| self.written(user).iter().any(|clause| clause & bit(id) != 0);
        (0..self.packages.len()).filter(uses).map(bit).sum()
    }

    pub(crate) fn conflicts(&self, id: usize) -> Set {
        self.against[id]
    }
}

impl Package {
    fn read(line: &BinaryLine, arch: &str) -> Self {
        let mut depends: Vec<Clause> = Vec::new();
        let fields = [line.field("Pre-Depends"), line.field("Depends")];
        for (written, group) in fields.into_iter().flat_map(relation::groups).filter_map(|text| read_group(text, arch))
        {
            let single = (written == 1).then(|| (group[0].name.clone(), group[0].any));
            match depends.iter_mut().find(|clause| single.is_some() && clause.single == single) {
                Some(clause) => clause.groups.push(group),
                None => depends.push(Clause { single, groups: vec![group] }),
            }
        }
        let fields = [line.field("Conflicts"), line.field("Breaks")];
        let conflicts = fields.into_iter().flat_map(relation::groups).filter_map(|text| read_group(text, arch));
        let provides = relation::provides(line.field("Provides")).map(Result::unwrap);
        Self {
            name: line.name.clone(),
            version: line.version.clone(),
            all: line.all,
            essential: line.essential,
            any_allowed: line.field("Multi-Arch") == "allowed",
            depends,
            conflicts: conflicts.flat_map(|(_, group)| group).collect(),
            provides: provides.map(|provide| (provide.name.to_owned(), provide.version.map(str::to_owned))).collect(),
        }
    }

    fn is_any_of(&self, group: &[Wanted]) -> bool {
        group.iter().any(|wanted| self.is(wanted))
    }

    fn is(&self, wanted: &Wanted) -> bool {
        let admits = |version: &str| match &wanted.constraint {
            None => true,
            Some((operator, bound)) => operator.admits(version::compare(version, bound)),
        };
        let real = self.name == wanted.name && (!wanted.any || self.any_allowed) && admits(&self.version);
        let provided = !wanted.any
            && self.provides.iter().filter(|(name, _)| *name == wanted.name).any(|(_, version)| match version {
                Some(version) => admits(version),
                None => wanted.constraint.is_none(),
            });
        real || provided
    }
}

/// A group, with the number of alternatives as written; none if it says nothing on this architecture. One that does not
/// parse has no alternative, so that nothing satisfies it.
fn read_group(text: &str, arch: &str) -> Option<(usize, Group)> {
    let mut alternatives = Vec::new();
    if relation::parse_group(text, &mut alternatives).is_err() {
        return Some((0, Vec::new()));
    }
    let here = alternatives.iter().filter(|one| architecture_matches(one.architectures, arch));
    let group: Group = here
        .map(|one| Wanted {
            name: one.name.to_owned(),
            any: one.qualifier == Qualifier::Any,
            constraint: one.constraint.map(|(operator, bound)| (operator, bound.to_owned())),
        })
        .collect();
    (!group.is_empty()).then_some((alternatives.len(), group))
}
