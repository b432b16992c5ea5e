//! What has to come along, so that whatever is chosen is judged in the slice as it is in the whole.
//!
//! Chosen are *sources*, each with all its binaries in both suites. What can be installed in a suite has to stay so: every
//! chosen binary follows one of the engine's certificates (a *world*, a set that can be installed together), and for each
//! of its relations one member of that same world comes along, with its own source. And a change has to find what it
//! looks for: for each relation of a binary that testing does not have yet, and for each build dependency of a source that
//! testing does not have yet, something in testing that satisfies it, or if there is none, something in unstable.

use std::collections::{BTreeSet, HashSet};
use std::error::Error;

use tidegate_archive::relation;
use tidegate_migrate::model::BinaryId;

use crate::snapshot::{Snapshot, SuiteTexts, TESTING, Texts, UNSTABLE};

/// A growing set of sources. Everything that decides what comes along goes in the order in which it was asked for, so
/// that the same questions give the same set.
#[derive(Clone)]
pub(crate) struct Closure<'a> {
    snapshot: &'a Snapshot<'a>,
    /// In the order in which they came.
    sources: Vec<&'a str>,
    known: HashSet<&'a str>,
    /// By suite.
    chosen: [BTreeSet<BinaryId>; 2],
    /// Binaries of a suite in a world, whose needs were or will be followed.
    followed: HashSet<(usize, usize, BinaryId)>,
    to_follow: Vec<(usize, usize, BinaryId)>,
    /// How many of `sources` have had their build dependencies looked at.
    built: usize,
    /// Binaries of unstable whose relations were looked at.
    searched: HashSet<BinaryId>,
}

impl<'a> Closure<'a> {
    /// The closure of the essential packages.
    pub(crate) fn new(snapshot: &'a Snapshot<'a>) -> Self {
        let mut closure = Self {
            snapshot,
            sources: Vec::new(),
            known: HashSet::new(),
            chosen: [BTreeSet::new(), BTreeSet::new()],
            followed: HashSet::new(),
            to_follow: Vec::new(),
            built: 0,
            searched: HashSet::new(),
        };
        for suite in [TESTING, UNSTABLE] {
            for (number, world) in snapshot.suites[suite].installability.worlds().iter().enumerate() {
                let essential = snapshot.port().essential().iter().filter(|id| world.contains(id.index()));
                for &id in essential {
                    closure.follow(suite, number, id);
                }
            }
        }
        closure.close();
        closure
    }

    /// The sources, in the order in which they came.
    pub(crate) fn sources(&self) -> &[&'a str] {
        &self.sources
    }

    pub(crate) fn holds(&self, source: &str) -> bool {
        self.known.contains(source)
    }

    /// Takes a source with all its binaries. What they need comes with [`Self::close`].
    pub(crate) fn take(&mut self, source: &str) -> Result<(), Box<dyn Error>> {
        let snapshot = self.snapshot;
        let known = snapshot.suites.iter().find_map(|suite| suite.sources.get_key_value(source));
        let (name, _) = known.ok_or_else(|| format!("neither suite has a source {source}"))?;
        self.add(name);
        Ok(())
    }

    fn add(&mut self, source: &'a str) {
        if !self.known.insert(source) {
            return;
        }
        self.sources.push(source);
        let snapshot = self.snapshot;
        for suite in [TESTING, UNSTABLE] {
            for &id in snapshot.suites[suite].built_by.get(source).into_iter().flatten() {
                self.choose(suite, id);
            }
        }
    }

    fn choose(&mut self, suite: usize, id: BinaryId) {
        match self.snapshot.suites[suite].world_of(id) {
            Some(world) => self.follow(suite, world, id),
            None => self.enter(suite, id),
        }
    }

    fn follow(&mut self, suite: usize, world: usize, id: BinaryId) {
        if self.followed.insert((suite, world, id)) {
            self.to_follow.push((suite, world, id));
            self.enter(suite, id);
        }
    }

    fn enter(&mut self, suite: usize, id: BinaryId) {
        if self.chosen[suite].insert(id) {
            self.add(self.snapshot.suites[suite].binaries[&id].source);
        }
    }

    /// Takes all that what was taken needs.
    pub(crate) fn close(&mut self) {
        loop {
            while let Some((suite, world, id)) = self.to_follow.pop() {
                self.follow_needs(suite, world, id);
            }
            self.search_relations();
            self.search_build_depends();
            if self.to_follow.is_empty() {
                break;
            }
        }
    }

    /// For each clause of a member of a world one member of that world that satisfies it: best one that is there already,
    /// then one that is the same in both suites.
    fn follow_needs(&mut self, suite: usize, number: usize, id: BinaryId) {
        let snapshot = self.snapshot;
        let world = &snapshot.suites[suite].installability.worlds()[number];
        let other = &snapshot.suites[1 - suite].binaries;
        for clause in snapshot.port().needs(id) {
            let members = || snapshot.port().literals(clause).filter(|id| world.contains(id.index()));
            if members().any(|id| self.followed.contains(&(suite, number, id))) {
                continue;
            }
            let best = members()
                .find(|id| self.chosen[suite].contains(id))
                .or_else(|| members().find(|id| other.contains_key(id)))
                .or_else(|| members().next());
            self.follow(suite, number, best.expect("a world satisfies every clause of its members"));
        }
    }

    /// What the new binaries of unstable look for when their excuses are made.
    fn search_relations(&mut self) {
        let snapshot = self.snapshot;
        let [testing, unstable] = &snapshot.suites;
        let new: Vec<BinaryId> =
            self.chosen[UNSTABLE].iter().copied().filter(|id| !self.searched.contains(id)).collect();
        for id in new {
            self.searched.insert(id);
            if testing.binaries.contains_key(&id) {
                continue;
            }
            let binary = &unstable.binaries[&id];
            for group in binary.depends.into_iter().flat_map(relation::groups) {
                self.search(group, false);
            }
            for (source, _) in relation::built_using(binary.built_using) {
                // One that neither suite has is a finding of its own.
                let _ = self.take(source);
            }
        }
    }

    fn search_build_depends(&mut self) {
        let snapshot = self.snapshot;
        let [testing, unstable] = &snapshot.suites;
        while let Some(&name) = self.sources.get(self.built) {
            self.built += 1;
            let Some(source) = unstable.sources.get(name) else { continue };
            if testing.sources.get(name).is_some_and(|there| there.version == source.version) {
                continue;
            }
            for group in source.build_depends.into_iter().flat_map(relation::groups) {
                self.search(group, true);
            }
        }
    }

    /// Chooses something that satisfies a relation: in testing, or if testing has nothing, in unstable.
    fn search(&mut self, group: &str, building: bool) {
        let Some(found) = self.snapshot.resolve(group, building) else { return };
        for suite in [TESTING, UNSTABLE] {
            let here: Vec<BinaryId> =
                found.iter().copied().filter(|id| self.snapshot.suites[suite].binaries.contains_key(id)).collect();
            if let Some(&first) = here.first() {
                if !here.iter().any(|id| self.chosen[suite].contains(id)) {
                    self.choose(suite, first);
                }
                return;
            }
        }
    }

    /// The indices of the slice: the chosen stanzas as they are, in their order.
    pub(crate) fn texts(&self) -> Texts {
        let [testing, unstable] = [TESTING, UNSTABLE].map(|suite| {
            let here = &self.snapshot.suites[suite];
            let sources = here.sources.iter().filter(|(name, _)| self.holds(name)).map(|(_, source)| source.stanza);
            let binaries = self.chosen[suite].iter().map(|id| here.binaries[id].stanza);
            SuiteTexts { sources: in_order(sources.collect()), packages: in_order(binaries.collect()) }
        });
        Texts { suites: [testing, unstable] }
    }
}

/// Stanzas of one text, joined in the order in which they stand there.
fn in_order(mut stanzas: Vec<&str>) -> String {
    stanzas.sort_unstable_by_key(|stanza| stanza.as_ptr());
    stanzas.into_iter().flat_map(|stanza| [stanza, "\n\n"]).collect()
}
