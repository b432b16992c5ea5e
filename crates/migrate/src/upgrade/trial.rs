//! Trials: apply the change of one or several items, judge what it did, keep it or take it back.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Group, Impossible, Leaving, group};
use super::order::{Node, components};
use super::report::counts;
use super::{Progress, Uninstallable, Upgrade};
use crate::model::{ArchId, Item, NameId, Scope};

/// What a trial did to the target, before it is kept or taken back.
pub(super) struct Trial {
    /// Left-over binaries that the change keeps: new items.
    pub(super) kept: Vec<Item>,
    /// The first architecture that got worse.
    pub(super) worse: Option<ArchId>,
    /// The uninstallable names after it; on architectures behind the first worse one as they were.
    pub(super) after: Uninstallable,
}

impl Upgrade<'_> {
    /// One whole pass over `items`, which rarely go together: the main run, or one like it. Returns what is left.
    ///
    /// With `apart`, the items are no candidates, and what is left of them is of no further interest.
    pub(super) fn all(&mut self, items: &[Item], apart: bool) -> Vec<Item> {
        let start = self.uninstallable();
        let line = counts(self.ground(), &start);
        self.report.line(&format!("start: {line}"));
        self.report.line(&format!("orig: {line}"));
        let (selected, left) = self.rounds(items.to_vec(), Vec::new(), &start);
        let end = self.uninstallable();
        self.conclude(&start, &end, &selected, items.len(), if apart { items.len() } else { left.len() });
        self.target.forget();
        self.accept(&selected);
        left
    }

    /// The closing lines of a pass or hint that was kept.
    pub(super) fn conclude(
        &mut self,
        start: &Uninstallable,
        end: &Uninstallable,
        selected: &[Item],
        tried: usize,
        left: usize,
    ) {
        let (start, end) = (counts(self.ground(), start), counts(self.ground(), end));
        let mut names: Vec<String> = selected.iter().map(|item| self.context.distribution.uvname(item)).collect();
        names.sort_unstable();
        let names = names.join(",");
        let lines = [
            format!("final: {names}"),
            format!("start: {start}"),
            format!(" orig: {start}"),
            format!("  end: {end}"),
            format!("SUCCESS ({tried}/{left})"),
            String::new(),
        ];
        self.report.lines(lines.iter().map(String::as_str));
    }

    pub(super) fn accept(&mut self, items: &[Item]) {
        for &item in items {
            if self.moved.insert(item) {
                self.accepted.push(item);
            }
        }
    }

    /// Tries items in rounds until nothing that was set aside is left to try again.
    /// Returns what was accepted, behind `selected`, and what was not.
    pub(super) fn rounds(
        &mut self,
        items: Vec<Item>,
        mut selected: Vec<Item>,
        start: &Uninstallable,
    ) -> (Vec<Item>, Vec<Item>) {
        let distribution = self.context.distribution;
        let names: Vec<String> = selected.iter().map(|item| distribution.uvname(item)).collect();
        self.report.line(&format!("recur: [] {} {}/0", names.join(","), items.len()));
        let mut groups: BTreeMap<Item, Group> = BTreeMap::new();
        let mut round = Vec::new();
        for item in items {
            if self.enter(&mut groups, item) {
                round.push(item);
            }
        }
        let mut now = start.clone();
        let mut aside: Vec<Item> = Vec::new();
        let mut selected_names = names;
        while !round.is_empty() {
            let mut work = self.line_up(&groups, &round);
            work.reverse();
            round.clear();
            while let Some(component) = work.pop() {
                let names: Vec<String> = component.iter().map(|item| distribution.uvname(item)).collect();
                let names = names.join(" ");
                self.report.line(&format!("trying: {names}"));
                let savepoint = self.target.savepoint();
                let trial = self.attempt(&component, &now, true);
                match trial {
                    Ok(trial) if trial.worse.is_none() => {
                        selected.extend(&component);
                        selected_names.extend(component.iter().map(|item| distribution.uvname(item)));
                        self.accepted_lines(&names, start, &now, &trial.after, &selected_names);
                        now = trial.after;
                        for item in trial.kept.into_iter().rev() {
                            if self.enter(&mut groups, item) {
                                work.push(vec![item]);
                            }
                        }
                        round.append(&mut aside);
                    }
                    refused => {
                        self.target.rollback(distribution, &savepoint);
                        let waiting = (round.len(), aside.len(), work.len());
                        self.skipped_lines(&names, waiting, &now, &refused);
                        if component.len() > 1 {
                            self.report.line("    - splitting the component into single items and retrying them");
                            work.extend(component.iter().rev().map(|&item| vec![item]));
                        } else {
                            aside.extend(component);
                        }
                    }
                }
                self.trials += 1;
                (self.progress)(Progress {
                    trials: self.trials,
                    accepted: self.accepted.len() + selected.len(),
                    candidates: self.candidates.len(),
                });
            }
        }
        let end = counts(self.ground(), &now);
        self.report.line(&format!(" finish: [{}]", selected_names.join(",")));
        self.report.line(&format!("endloop: {}", counts(self.ground(), start)));
        self.report.line(&format!("    now: {end}"));
        let mut broken = BTreeMap::new();
        for arch in distribution.arch_ids() {
            let names: BTreeSet<NameId> =
                now.ports[arch.index()].difference(&start.ports[arch.index()]).copied().collect();
            broken.insert(arch, names);
        }
        self.broken_lines(&broken);
        self.report.line("");
        (selected, aside)
    }

    /// Computes the group with which an item is ordered; one that cannot be tried is out of this pass.
    fn enter(&mut self, groups: &mut BTreeMap<Item, Group>, item: Item) -> bool {
        match group(self.ground(), &item, true, &Leaving::new()) {
            Ok(group) => {
                groups.insert(item, group);
                true
            }
            Err(error) => {
                let name = self.context.distribution.uvname(&item);
                self.report.line(&format!("    got exception: {name}: {error}"));
                false
            }
        }
    }

    fn line_up(&self, groups: &BTreeMap<Item, Group>, round: &[Item]) -> Vec<Vec<Item>> {
        let mut keyed: Vec<(String, Item)> = round.iter().map(|item| (self.order_key(item), *item)).collect();
        keyed.sort_unstable();
        keyed.dedup();
        let nodes: Vec<Node<'_>> = keyed.iter().map(|(key, item)| Node { key, group: &groups[item] }).collect();
        let line = components(self.ground(), &nodes);
        line.into_iter().map(|component| component.into_iter().map(|node| keyed[node].1).collect()).collect()
    }

    /// What an item is ordered by: its uvname, with the version where the item exists only in the target.
    fn order_key(&self, item: &Item) -> String {
        let distribution = self.context.distribution;
        let obsolete = item.scope == Scope::Removal && !self.excuses.contains_key(&distribution.uvname(item));
        match item.scope {
            Scope::Cruft(_) => distribution.item_text(item),
            Scope::Removal if obsolete => distribution.item_text(item),
            Scope::Source | Scope::Arch(_) | Scope::Removal => distribution.uvname(item),
        }
    }

    /// Applies items together and judges the result against `now`. With `stop`, the first worse architecture is
    /// enough; without it all are judged.
    pub(super) fn attempt(&mut self, items: &[Item], now: &Uninstallable, stop: bool) -> Result<Trial, Impossible> {
        let mut leaving = Leaving::new();
        if items.len() > 1 {
            for item in items {
                let whole = group(self.ground(), item, false, &Leaving::new())?;
                for (arch, change) in whole.ports {
                    let ids = change.removed.iter().map(|&entry| self.context.distribution.entry(arch, entry).binary);
                    leaving.entry(arch).or_default().extend(ids);
                }
            }
        }
        let mut affected: BTreeSet<ArchId> = BTreeSet::new();
        let mut kept = Vec::new();
        for item in items {
            let group = group(self.ground(), item, true, &leaving)?;
            affected.extend(group.ports.keys());
            kept.extend(group.kept.iter().map(|&(arch, entry)| self.cruft_item(arch, entry)));
            self.apply(item, &group);
        }
        self.target.settle(self.context.distribution, self.context.universe);
        kept.sort_by_key(|item| (self.context.distribution.name(item.name), item.scope));
        let mut after = now.clone();
        let mut worse = None;
        let arch_only = items.iter().any(|item| matches!(item.scope, Scope::Arch(_) | Scope::Cruft(_)));
        for arch in affected {
            after.ports[arch.index()] = self.uninstallable_on(arch);
            if self.got_worse(arch, &now.ports[arch.index()], &after.ports[arch.index()], arch_only) {
                worse = worse.or(Some(arch));
                if stop {
                    break;
                }
            }
        }
        Ok(Trial { kept, worse, after })
    }

    fn cruft_item(&self, arch: ArchId, entry: crate::model::EntryId) -> Item {
        let binary = self.context.distribution.entry_binary(arch, entry);
        Item {
            name: binary.name,
            scope: Scope::Cruft(arch),
            suite: crate::model::SuiteId::PRIMARY,
            version: binary.version,
        }
    }

    fn apply(&mut self, item: &Item, group: &Group) {
        let distribution = self.context.distribution;
        for (&arch, change) in &group.ports {
            self.target.change(distribution, arch, change);
        }
        match item.scope {
            Scope::Source => {
                let source = distribution.suite(item.suite).sources.get(item.name.index());
                self.target.set_source(item.name, source);
            }
            Scope::Removal => self.target.set_source(item.name, None),
            Scope::Arch(_) | Scope::Cruft(_) => {}
        }
    }

    /// Counts decide, not sets; but what must stay installable must. An architecture that may break may.
    fn got_worse(&self, arch: ArchId, now: &BTreeSet<NameId>, after: &BTreeSet<NameId>, arch_only: bool) -> bool {
        if after.difference(now).any(|name| self.keep_installable.contains(name)) {
            return true;
        }
        let forgiven = self.may_break(arch) && (!arch_only || self.context.rules.port(arch).new);
        after.len() > now.len() && !forgiven
    }

    fn accepted_lines(
        &mut self,
        names: &str,
        start: &Uninstallable,
        before: &Uninstallable,
        after: &Uninstallable,
        selected: &[String],
    ) {
        let ground = self.ground();
        let lines = [
            format!("accepted: {names}"),
            format!("   ori: {}", counts(ground, start)),
            format!("   pre: {}", counts(ground, before)),
            format!("   now: {}", counts(ground, after)),
        ];
        self.report.lines(lines.iter().map(String::as_str));
        self.report.selected(selected);
    }

    fn skipped_lines(
        &mut self,
        names: &str,
        (round, aside, work): (usize, usize, usize),
        now: &Uninstallable,
        refused: &Result<Trial, Impossible>,
    ) {
        self.report.line(&format!("skipped: {names} ({round}, {aside}, {work})"));
        match refused {
            Err(error) => self.report.line(&format!("    got exception: {error}")),
            Ok(trial) => {
                let line = format!("    got: {}", counts(self.ground(), &trial.after));
                self.report.line(&line);
                if let Some(arch) = trial.worse {
                    let names = &trial.after.ports[arch.index()] - &now.ports[arch.index()];
                    self.broken_lines(&BTreeMap::from([(arch, names)]));
                }
            }
        }
    }

    pub(super) fn broken_lines(&mut self, broken: &BTreeMap<ArchId, BTreeSet<NameId>>) {
        for (&arch, names) in broken {
            let mut report = std::mem::take(&mut self.report);
            report.broken(self.ground(), arch, names);
            self.report = report;
        }
    }
}
