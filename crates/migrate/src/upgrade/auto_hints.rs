//! Sets of items that depend on each other, tried together without anybody's hint.
//!
//! The rule is britney2's, so that the result is: exact co-migration is another thing.

use std::collections::{BTreeMap, BTreeSet};

use super::Upgrade;
use crate::excuses::{DependencyKind, ItemKey};
use crate::hint::HintKind;
use crate::model::Item;

/// Dependencies between the candidates that did not move.
struct Graph {
    items: BTreeMap<String, Item>,
    needs: BTreeMap<String, BTreeSet<String>>,
    needed_by: BTreeMap<String, BTreeSet<String>>,
    /// Items whose excuse names any dependency, left or not.
    dependent: BTreeSet<String>,
}

impl Upgrade<'_> {
    pub(super) fn auto_hints(&mut self) {
        let graph = self.graph();
        let (large, minimal) = graph.sets();
        for set in large.into_iter().chain(minimal) {
            let members: Vec<Item> = set.iter().map(|name| graph.items[name]).collect();
            let texts: Vec<String> = members.iter().map(|item| self.context.distribution.item_text(item)).collect();
            self.report.line(&format!("Trying easy from autohinter: {}", texts.join(" ")));
            self.together(HintKind::Easy, &members);
        }
    }

    fn graph(&self) -> Graph {
        let distribution = self.context.distribution;
        let mut graph = Graph {
            items: BTreeMap::new(),
            needs: BTreeMap::new(),
            needed_by: BTreeMap::new(),
            dependent: BTreeSet::new(),
        };
        let left: BTreeSet<Item> = self.candidates.iter().copied().filter(|item| !self.moved.contains(item)).collect();
        let keys: BTreeSet<ItemKey> = left.iter().map(Item::key).collect();
        for (name, excuse) in self.excuses {
            if !left.contains(&excuse.item) {
                continue;
            }
            graph.items.insert(name.clone(), excuse.item);
            let depends = excuse.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Depends);
            for on in depends.flat_map(|dependency| &dependency.any_of) {
                graph.dependent.insert(name.clone());
                if keys.contains(on) {
                    let on = distribution.key_text(on);
                    graph.needs.entry(name.clone()).or_default().insert(on.clone());
                    graph.needed_by.entry(on).or_default().insert(name.clone());
                }
            }
        }
        graph
    }
}

impl Graph {
    /// The large sets and the minimal ones, each in the order of the items that they grew from.
    fn sets(&self) -> (Vec<BTreeSet<String>>, Vec<BTreeSet<String>>) {
        let (mut large, mut minimal) = (Vec::new(), Vec::new());
        let mut seen: BTreeSet<BTreeSet<String>> = BTreeSet::new();
        for seed in self.items.keys() {
            if self.dependent.contains(seed) {
                let reached = reach(seed, &[&self.needs], usize::MAX);
                if self.needs.get(seed).is_some_and(|direct| direct.contains(seed) || self.returns(seed))
                    && seen.insert(reached.clone())
                {
                    large.push(reached);
                }
                continue;
            }
            let both = [&self.needs, &self.needed_by];
            let near = reach(seed, &both, 1);
            let whole = reach(seed, &both, usize::MAX);
            if near.len() > 1 && seen.insert(near.clone()) {
                minimal.push(near.clone());
            }
            if whole.len() > near.len() && seen.insert(whole.clone()) {
                large.push(whole);
            }
        }
        (large, minimal)
    }

    /// Whether an item is reached from what it needs.
    fn returns(&self, seed: &str) -> bool {
        let mut direct = self.needs.get(seed).into_iter().flatten();
        direct.any(|name| reach(name, &[&self.needs], usize::MAX).contains(seed))
    }
}

/// What is reached from a seed, it included, in so many steps.
fn reach(seed: &str, edges: &[&BTreeMap<String, BTreeSet<String>>], steps: usize) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([seed.to_owned()]);
    let mut border = vec![seed.to_owned()];
    let mut step = 0;
    while !border.is_empty() && step < steps {
        let next = border.iter().flat_map(|name| edges.iter().filter_map(move |map| map.get(name))).flatten();
        let fresh: Vec<String> = next.filter(|name| !reached.contains(*name)).cloned().collect();
        reached.extend(fresh.iter().cloned());
        border = fresh;
        step += 1;
    }
    reached
}
