//! Unsatisfiable cores: which few constraints are enough to keep a binary from being installed.
//!
//! Constraints are brought in only as a model of those before needs them: first the binary's own relations, then
//! those of what a model would install for it, the essential set last. So a core is found close to the binary, and
//! its cost follows what had to be looked at. What the solver names is then made minimal by leaving out one element
//! after the other, and the result is checked by solving it again.

use std::cmp::Reverse;

use batsat::callbacks::Callbacks;
use batsat::{Lit, Solver, SolverInterface, SolverOpts, Var, lbool};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::relation::{Need, View};
use crate::model::{BinaryId, GroupId};

/// How many steps one query may take; a count and not a time, so that the answer is the same on every machine.
const LIMIT: u64 = 2_000_000;

/// One thing that has to hold for a binary to be installable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constraint {
    /// The binary itself is to be installed.
    Root(BinaryId),
    /// An essential binary, without which nothing is.
    Essential(BinaryId),
    /// Who installs the binary installs one of these.
    Needs {
        binary: BinaryId,
        groups: Vec<GroupId>,
        /// What the target has.
        by: Vec<BinaryId>,
        /// What satisfies it and is not in the target.
        absent: Vec<BinaryId>,
    },
    /// These two exclude each other.
    Conflict(BinaryId, BinaryId),
}

/// Why a binary cannot be installed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refutation {
    /// Because of these, all of them.
    Core(Vec<Constraint>),
    /// It can.
    Possible,
    /// The search took too long.
    GivenUp,
}

/// Refutes a binary of the target that a view shows, with a minimal core, not yet checked.
pub(super) fn refute(view: View<'_>, binary: BinaryId) -> Refutation {
    let mut search = Search {
        view,
        solver: Solver::new(SolverOpts::default(), Budget::default()),
        variables: HashMap::default(),
        constraints: Vec::new(),
        needs: HashMap::default(),
        conflicts: HashSet::default(),
    };
    search.add(Constraint::Root(binary));
    let mut roots = vec![binary];
    let mut essential = Some(view.essential());
    loop {
        let assumptions: Vec<Lit> = search.constraints.iter().map(|&(selector, _)| Lit::new(selector, true)).collect();
        let answer = search.solver.solve_limited(&assumptions);
        if answer == lbool::FALSE {
            return shrink(view, search.core()).map_or(Refutation::GivenUp, Refutation::Core);
        }
        if answer != lbool::TRUE {
            return Refutation::GivenUp;
        }
        if search.extend(&roots) {
            continue;
        }
        let Some(essential) = essential.take() else { return Refutation::Possible };
        for id in essential {
            search.add(Constraint::Essential(id));
            roots.push(id);
        }
    }
}

/// Stops a search after a number of steps.
#[derive(Default)]
struct Budget {
    spent: std::cell::Cell<u64>,
}

impl Callbacks for Budget {
    fn stop(&self) -> bool {
        self.spent.set(self.spent.get() + 1);
        self.spent.get() > LIMIT
    }
}

struct Search<'a> {
    view: View<'a>,
    solver: Solver<Budget>,
    variables: HashMap<BinaryId, Var, FixedState>,
    /// Each with the variable that switches it on.
    constraints: Vec<(Var, Constraint)>,
    /// By binary: where its needs are among the constraints.
    needs: HashMap<BinaryId, (usize, usize), FixedState>,
    conflicts: HashSet<(BinaryId, BinaryId), FixedState>,
}

impl Search<'_> {
    fn add(&mut self, constraint: Constraint) {
        let selector = self.solver.new_var_default();
        let mut clause = vec![Lit::new(selector, false)];
        for (binary, positive) in constraint.literals() {
            let variable = *self.variables.entry(binary).or_insert_with(|| self.solver.new_var_default());
            clause.push(Lit::new(variable, positive));
        }
        self.solver.add_clause_reuse(&mut clause);
        self.constraints.push((selector, constraint));
    }

    fn holds(&self, binary: BinaryId) -> bool {
        self.variables.get(&binary).is_some_and(|&variable| self.solver.value_var(variable) == lbool::TRUE)
    }

    /// Walks what the model installs for the roots, and adds the constraints of it that are not there yet.
    /// False if there are none: then the model is a solution.
    fn extend(&mut self, roots: &[BinaryId]) -> bool {
        let mut members = roots.to_vec();
        let mut seen: HashSet<BinaryId, FixedState> = roots.iter().copied().collect();
        let mut open = Vec::new();
        let mut next = 0;
        while next < members.len() {
            let id = members[next];
            next += 1;
            let Some(&(start, end)) = self.needs.get(&id) else {
                open.push(id);
                continue;
            };
            for index in start..end {
                let Constraint::Needs { by, .. } = &self.constraints[index].1 else { continue };
                if by.iter().any(|literal| seen.contains(literal)) {
                    continue;
                }
                if let Some(&chosen) = by.iter().find(|&&literal| self.holds(literal)) {
                    seen.insert(chosen);
                    members.push(chosen);
                }
            }
        }
        let before = self.constraints.len();
        for &id in &members {
            for other in self.view.universe.conflicts(id) {
                if other > id && seen.contains(&other) && self.conflicts.insert((id, other)) {
                    self.add(Constraint::Conflict(id, other));
                }
            }
        }
        let grown = !open.is_empty() || self.constraints.len() > before;
        for id in open {
            let start = self.constraints.len();
            for Need { groups, by } in self.view.needs(id) {
                let (by, absent) = by.into_iter().partition(|&literal| self.view.state.is_present(literal));
                self.add(Constraint::Needs { binary: id, groups, by, absent });
            }
            self.needs.insert(id, (start, self.constraints.len()));
        }
        grown
    }

    /// The constraints that the solver's refutation used.
    fn core(&self) -> Vec<Constraint> {
        let used = |&&(selector, _): &&(Var, Constraint)| self.solver.unsat_core_contains_var(selector);
        self.constraints.iter().filter(used).map(|(_, constraint)| constraint.clone()).collect()
    }
}

impl Constraint {
    /// The constraint as a clause: which binaries have to be there, or not to be there.
    fn literals(&self) -> Vec<(BinaryId, bool)> {
        match self {
            Self::Root(id) | Self::Essential(id) => vec![(*id, true)],
            Self::Conflict(one, other) => vec![(*one, false), (*other, false)],
            Self::Needs { binary, by, .. } => {
                std::iter::once((*binary, false)).chain(by.iter().map(|&id| (id, true))).collect()
            }
        }
    }

    /// The binary that the constraint is of.
    pub(super) fn subject(&self) -> BinaryId {
        match self {
            Self::Root(id) | Self::Essential(id) | Self::Conflict(id, _) | Self::Needs { binary: id, .. } => *id,
        }
    }

    /// What the fixed order goes by: the names, then the words.
    fn key(&self, view: View<'_>) -> (String, u8, String) {
        let (rank, words) = match self {
            Self::Root(_) => (0, String::new()),
            Self::Essential(_) => (1, String::new()),
            Self::Needs { groups, .. } => (2, view.relation_text(groups)),
            Self::Conflict(_, other) => (3, view.distribution.binary_text(view.arch, *other)),
        };
        (view.distribution.binary_text(view.arch, self.subject()), rank, words)
    }
}

/// Leaves out what can be left out, trying the elements in reverse name order; none if a search took too long.
fn shrink(view: View<'_>, mut core: Vec<Constraint>) -> Option<Vec<Constraint>> {
    core.sort_by_cached_key(|constraint| Reverse(constraint.key(view)));
    let mut index = 0;
    while index < core.len() {
        let left_out = core.remove(index);
        if satisfiable(&core)? {
            core.insert(index, left_out);
            index += 1;
        }
    }
    core.reverse();
    Some(core)
}

/// Whether a core is what it must be: all of it cannot be met, and all but any one element can.
pub(super) fn is_minimal_core(core: &[Constraint]) -> bool {
    if satisfiable(core) != Some(false) {
        return false;
    }
    (0..core.len()).all(|index| {
        let rest: Vec<Constraint> = [&core[..index], &core[index + 1..]].concat();
        satisfiable(&rest) == Some(true)
    })
}

/// Whether constraints can be met together, whatever else there is; none if the search took too long.
pub(super) fn satisfiable(constraints: &[Constraint]) -> Option<bool> {
    let mut solver = Solver::new(SolverOpts::default(), Budget::default());
    let mut variables: HashMap<BinaryId, Var, FixedState> = HashMap::default();
    for constraint in constraints {
        let literals = constraint.literals().into_iter().map(|(binary, positive)| {
            let variable = *variables.entry(binary).or_insert_with(|| solver.new_var_default());
            Lit::new(variable, positive)
        });
        let mut clause: Vec<Lit> = literals.collect();
        if !solver.add_clause_reuse(&mut clause) {
            return Some(false);
        }
    }
    let answer = solver.solve_limited(&[]);
    if answer == lbool::TRUE {
        Some(true)
    } else if answer == lbool::FALSE {
        Some(false)
    } else {
        None
    }
}
