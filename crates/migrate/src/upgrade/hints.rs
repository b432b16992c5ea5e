//! Hints that try items together: `easy`, `force-hint` and `hint`.

use std::collections::{BTreeMap, BTreeSet};

use super::report::counts;
use super::{Uninstallable, Upgrade};
use crate::excuses::Excuse;
use crate::hint::{Hint, HintKind, ItemRef};
use crate::model::{ArchId, Item, NameId, Scope};

/// `hint` hints are costly: no more than this many are tried.
const MOST_HINTS: usize = 50;

impl Upgrade<'_> {
    pub(super) fn early_hints(&mut self) {
        for kind in [HintKind::Easy, HintKind::ForceHint] {
            for hint in self.hints_of(kind) {
                self.hint(&hint);
            }
        }
    }

    pub(super) fn late_hints(&mut self) {
        for hint in self.hints_of(HintKind::Hint).into_iter().take(MOST_HINTS) {
            self.hint(&hint);
        }
    }

    fn hints_of(&self, kind: HintKind) -> Vec<Hint> {
        self.context.hints.of_kind(kind).cloned().collect()
    }

    fn hint(&mut self, hint: &Hint) {
        let texts: Vec<String> = hint.items.iter().map(ToString::to_string).collect();
        self.report.line(&format!("Trying {} from {}: {}", hint.kind.as_str(), hint.user, texts.join(" ")));
        match self.members(hint) {
            Ok(members) => {
                self.together(hint.kind, &members);
            }
            Err(problems) => {
                let problems = problems.join("; ");
                self.report.line(&format!("{problems}: Not using hint"));
                let place = format!("{}:{}: `{}`", hint.file, hint.line, hint.text);
                self.refused_hints.push(format!("{place} is not used: {problems}"));
            }
        }
    }

    /// The items that a hint names, or why it cannot be used.
    fn members(&self, hint: &Hint) -> Result<Vec<Item>, Vec<String>> {
        let mut members = Vec::new();
        let mut problems = Vec::new();
        for reference in &hint.items {
            match self.member(reference) {
                Ok(item) if members.contains(&item) => {}
                Ok(item) => members.push(item),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(members) } else { Err(problems) }
    }

    fn member(&self, reference: &ItemRef) -> Result<Item, String> {
        let item = self.context.item(reference)?;
        if self.candidates.contains(&item) {
            return Ok(item);
        }
        let valid = self.excuses.get(&reference.uvname()).is_some_and(Excuse::is_valid);
        Err(if valid {
            format!("{reference} has moved already")
        } else {
            format!("{reference} is not a valid candidate")
        })
    }

    /// Tries items as a set, all or nothing; returns whether it was kept.
    pub(super) fn together(&mut self, kind: HintKind, members: &[Item]) -> bool {
        let distribution = self.context.distribution;
        let start = self.uninstallable();
        let line = counts(self.ground(), &start);
        self.report.line(&format!("start: {line}"));
        self.report.line(&format!("orig: {line}"));
        let savepoint = self.target.savepoint();
        let trial = match self.attempt(members, &start, false) {
            Ok(trial) => trial,
            Err(error) => {
                self.target.rollback(distribution, &savepoint);
                self.report.lines([format!("    got exception: {error}").as_str(), "FAILED", ""]);
                return false;
            }
        };
        let recurse = kind == HintKind::Hint;
        let (rest, tried) = if recurse {
            let rest: Vec<Item> = self.candidates.iter().copied().filter(|item| !members.contains(item)).collect();
            (rest, self.candidates.len())
        } else {
            let mut cruft: Vec<Item> =
                self.candidates.iter().copied().filter(|item| matches!(item.scope, Scope::Cruft(_))).collect();
            cruft.extend(trial.kept);
            (cruft, members.len())
        };
        let (selected, left) = if rest.is_empty() && !recurse {
            (members.to_vec(), Vec::new())
        } else {
            self.rounds(rest, members.to_vec(), &trial.after)
        };
        let end = self.uninstallable();
        if !recurse {
            let line = format!("easy: {}", counts(self.ground(), &end));
            self.report.line(&line);
        }
        let force = kind == HintKind::ForceHint;
        if !force && !self.is_as_good(&start, &end, &selected) {
            self.broken_lines(&newly(&start, &end));
            self.report.lines(["FAILED", ""]);
            self.target.rollback(distribution, &savepoint);
            return false;
        }
        if force {
            self.report.line("force breaks:");
            self.broken_lines(&newly(&start, &end));
        }
        self.conclude(&start, &end, &selected, tried, left.len());
        self.target.forget();
        self.accept(&selected);
        if recurse {
            self.candidates = left;
        }
        true
    }

    /// Judges a hint at its end: the counts of the architectures that may not break, and what must stay installable.
    fn is_as_good(&self, start: &Uninstallable, end: &Uninstallable, selected: &[Item]) -> bool {
        let bound = |item: &Item| item.scope.architecture().is_some_and(|arch| self.may_break(arch));
        let all_bound = selected.iter().all(bound);
        let mut difference = 0i64;
        for arch in self.context.distribution.arch_ids() {
            if self.may_break(arch) && !all_bound {
                continue;
            }
            let (start, end) = (&start.ports[arch.index()], &end.ports[arch.index()]);
            if end.difference(start).any(|name| self.keep_installable.contains(name)) {
                return false;
            }
            let count = |set: &BTreeSet<NameId>| i64::try_from(set.len()).expect("as many names as binaries");
            difference += count(end) - count(start);
        }
        difference <= 0
    }
}

/// The names that became uninstallable, by architecture.
fn newly(start: &Uninstallable, end: &Uninstallable) -> BTreeMap<ArchId, BTreeSet<NameId>> {
    let pairs = start.ports.iter().zip(&end.ports).enumerate();
    pairs.map(|(index, (start, end))| (ArchId::at(index), end - start)).collect()
}
