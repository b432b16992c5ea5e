//! In which order the items of a round are tried (4.5.3).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::group::Group;
use super::{Item, Scope, Slow};
use crate::oracle::brute_force::{Set, bit, members};

/// What an item does on one architecture, in ids.
#[derive(Clone, Copy)]
struct Touch {
    adds: Set,
    removes: Set,
}

impl Slow<'_> {
    /// The components of a round in the order of their trials, each in name order.
    pub(super) fn line_up(&self, round: &[Item], groups: &BTreeMap<Item, Group>) -> Vec<Vec<Item>> {
        let items: BTreeMap<String, &Item> = round.iter().map(|item| (self.key(item), item)).collect();
        let mut before: BTreeSet<(String, String)> = BTreeSet::new();
        for arch in 0..self.ports.len() {
            let touches = items.iter().map(|(key, item)| (key.clone(), self.touch(item, &groups[item], arch)));
            before.extend(self.order_on(arch, &touches.collect()));
        }
        let components = components(&items.keys().cloned().collect(), &before);
        let line = linearise(&components, &before);
        line.into_iter().map(|component| component.iter().map(|key| items[key].clone()).collect()).collect()
    }

    /// What an item is ordered by: its uvname, with the version if it exists in the target only.
    fn key(&self, item: &Item) -> String {
        let suffix =
            if item.suite > 1 { format!("_{}", crate::oracle::notation::SUITES[item.suite]) } else { String::new() };
        let Item { name, version, .. } = item;
        match item.scope {
            Scope::Source => format!("{name}{suffix}"),
            Scope::Arch(arch) => format!("{name}{suffix}/{}", self.architectures[arch]),
            Scope::Cruft(arch) => format!("-{name}{suffix}/{}/{version}", self.architectures[arch]),
            Scope::Removal => format!("-{name}"),
            Scope::Obsolete => format!("-{name}/{version}"),
        }
    }

    fn touch(&self, item: &Item, group: &Group, arch: usize) -> Touch {
        let port = &self.ports[arch];
        let added = group.adds.iter().filter(|key| key.0 == arch);
        let removed = group.removes.iter().filter(|(key, _)| key.0 == arch);
        Touch {
            adds: added.map(|key| bit(port.find(&key.1, &self.suites[item.suite].binaries[key].version))).sum(),
            removes: removed.map(|((_, name), version)| bit(port.find(name, version))).sum(),
        }
    }

    /// The pairs of which the first goes before the second.
    fn order_on(&self, arch: usize, touches: &BTreeMap<String, Touch>) -> BTreeSet<(String, String)> {
        let port = &self.ports[arch];
        let leaves = touches.values().fold(0, |leaves, touch| leaves | touch.removes);
        let stays = self.usable(&self.target, arch) & !leaves;
        let unmet = |id: usize| port.needs(id).into_iter().filter(|clause| clause & stays == 0);
        let touching = |set: Set| touches.iter().filter(move |(_, touch)| (touch.adds | touch.removes) & set != 0);
        let mut before = BTreeSet::new();
        let mut order = |first: &String, second: &String| {
            if first != second {
                before.insert((first.clone(), second.clone()));
            }
        };
        for (x, own) in touches {
            // (a) Who removes a conflict goes before whom it hindered.
            let conflicts = |set: Set| members(set).fold(0, |all, id| all | port.conflicts(id));
            for (y, _) in touching(conflicts(own.removes) & !conflicts(own.adds)) {
                order(x, y);
            }
            // (b) Who needs what leaves, and has nothing else, goes first.
            for user in members(own.removes).flat_map(|id| members(port.reverse_dependencies(id))) {
                if unmet(user).next().is_some() {
                    touching(bit(user)).for_each(|(y, _)| order(y, x));
                }
            }
            // (c) Who brings what is needed goes first, who takes it away goes after.
            for clause in members(own.adds).flat_map(unmet) {
                for (y, touch) in touching(clause) {
                    match (touch.adds & clause != 0, touch.removes & clause != 0) {
                        (true, false) => order(y, x),
                        (false, true) => order(x, y),
                        (true, true) | (false, false) => {}
                    }
                }
            }
        }
        before
    }
}

/// Whoever goes before each other, directly or through others, is one component.
fn components(keys: &BTreeSet<String>, before: &BTreeSet<(String, String)>) -> Vec<Vec<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = keys.iter().map(|key| (key, reached(key, before))).collect();
    let mut components: BTreeSet<Vec<String>> = BTreeSet::new();
    for key in keys {
        let mutual =
            keys.iter().filter(|&other| other == key || (reach[key].contains(other) && reach[other].contains(key)));
        components.insert(mutual.cloned().collect());
    }
    components.into_iter().collect()
}

fn reached<'a>(key: &'a String, before: &'a BTreeSet<(String, String)>) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut border = vec![key];
    while let Some(key) = border.pop() {
        let next = before.iter().filter(|(first, _)| first == key).map(|(_, second)| second);
        border.extend(next.filter(|&second| reached.insert(second)));
    }
    reached
}

/// First what nothing goes before, then, behind each that was emitted, what it went before; always the shortest key first.
fn linearise(components: &[Vec<String>], before: &BTreeSet<(String, String)>) -> Vec<Vec<String>> {
    let goes_before = |a: &[String], b: &[String]| {
        a != b && before.iter().any(|(first, second)| a.contains(first) && b.contains(second))
    };
    let sorted = |mut list: Vec<Vec<String>>| {
        list.sort_by_key(|component| (component[0].len(), component[0].clone()));
        list
    };
    let free = components.iter().filter(|one| !components.iter().any(|other| goes_before(other, one)));
    let mut queue: VecDeque<Vec<String>> = sorted(free.cloned().collect()).into();
    let mut line: Vec<Vec<String>> = Vec::new();
    while let Some(next) = queue.pop_front() {
        let ready = components.iter().filter(|other| goes_before(other, &next)).all(|other| line.contains(other));
        if !ready || line.contains(&next) {
            continue;
        }
        line.push(next.clone());
        queue.extend(sorted(components.iter().filter(|other| goes_before(&next, other)).cloned().collect()));
    }
    assert_eq!(line.len(), components.len(), "every component is emitted once");
    line
}
