//! Proofs for binaries that no world takes in: refutation by what is forced, and the exact answer by SAT.

use std::cell::Cell;
use std::mem;

use batsat::callbacks::Callbacks;
use batsat::{Lit, Solver, SolverInterface, SolverOpts, Var, lbool};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{Installability, Watch};
use crate::model::{BinaryId, ClauseId};
use crate::universe::PortUniverse;

/// How many decisions and conflicts one SAT query may take; far more than any real archive has needed. A count and
/// not a time, so that the answer is the same on every machine.
const SAT_LIMIT: u64 = 2_000_000;

/// The answer of a SAT query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sat {
    /// A closed set without conflict that contains the roots.
    Yes(Vec<BinaryId>),
    /// There is none; the literals whose coming could change that, sorted.
    No(Vec<BinaryId>),
    /// The search took too long; the same literals.
    GivenUp(Vec<BinaryId>),
}

/// Stops a search after a number of steps.
#[derive(Default)]
struct Budget {
    spent: Cell<u64>,
}

impl Callbacks for Budget {
    fn stop(&self) -> bool {
        self.spent.set(self.spent.get() + 1);
        self.spent.get() > SAT_LIMIT
    }
}

/// Looks for a set of usable binaries that contains the roots, meets every clause of every member, and holds no
/// conflicting pair. Exact. Cost: the part of the universe that the roots reach, then the search.
pub(crate) fn solve(universe: &PortUniverse, usable: impl Fn(BinaryId) -> bool, roots: &[BinaryId]) -> Sat {
    let mut cone = Cone { reached: Vec::new(), numbers: HashMap::default() };
    let mut unusable: Vec<BinaryId> = roots.iter().copied().filter(|&id| !usable(id)).collect();
    if !unusable.is_empty() {
        unusable.sort_unstable();
        return Sat::No(unusable);
    }
    for &root in roots {
        cone.reach(root);
    }
    let mut solver = Solver::new(SolverOpts::default(), Budget::default());
    let mut next = 0;
    let mut clause_of = Vec::new();
    while next < cone.reached.len() {
        let id = cone.reached[next];
        for clause in universe.needs(id) {
            clause_of.clear();
            clause_of.push(Lit::new(variable(next), false));
            for literal in universe.literals(clause) {
                if usable(literal) {
                    clause_of.push(Lit::new(variable(cone.reach(literal)), true));
                } else {
                    unusable.push(literal);
                }
            }
            for lit in &clause_of {
                solver.var_of_int(lit.var().idx());
            }
            solver.add_clause_reuse(&mut clause_of);
        }
        next += 1;
    }
    for (number, &id) in cone.reached.iter().enumerate() {
        for other in universe.conflicts(id) {
            if let Some(&other) = cone.numbers.get(&other)
                && other > number
            {
                clause_of.clear();
                clause_of.extend([Lit::new(variable(number), false), Lit::new(variable(other), false)]);
                for lit in &clause_of {
                    solver.var_of_int(lit.var().idx());
                }
                solver.add_clause_reuse(&mut clause_of);
            }
        }
    }
    for &root in roots {
        let lit = Lit::new(variable(cone.numbers[&root]), true);
        solver.var_of_int(lit.var().idx());
        solver.add_clause_reuse(&mut vec![lit]);
    }
    unusable.sort_unstable();
    unusable.dedup();
    let answer = if solver.is_ok() { solver.solve_limited(&[]) } else { lbool::FALSE };
    if answer == lbool::TRUE {
        Sat::Yes(cone.witness(universe, roots, |number| solver.value_var(variable(number)) == lbool::TRUE))
    } else if answer == lbool::FALSE {
        Sat::No(unusable)
    } else {
        Sat::GivenUp(unusable)
    }
}

fn variable(number: usize) -> Var {
    Var::unsafe_from_idx(u32::try_from(number).expect("as many variables as ids"))
}

/// The binaries that a query reaches, numbered in the order in which they were reached.
struct Cone {
    reached: Vec<BinaryId>,
    numbers: HashMap<BinaryId, usize, FixedState>,
}

impl Cone {
    fn reach(&mut self, id: BinaryId) -> usize {
        *self.numbers.entry(id).or_insert_with(|| {
            self.reached.push(id);
            self.reached.len() - 1
        })
    }

    /// The part of a model that the roots need.
    fn witness(&self, universe: &PortUniverse, roots: &[BinaryId], holds: impl Fn(usize) -> bool) -> Vec<BinaryId> {
        let mut members: Vec<BinaryId> = Vec::new();
        let mut seen: hashbrown::HashSet<BinaryId, FixedState> = hashbrown::HashSet::default();
        for &root in roots {
            if seen.insert(root) {
                members.push(root);
            }
        }
        let mut next = 0;
        while next < members.len() {
            for clause in universe.needs(members[next]) {
                if universe.literals(clause).any(|literal| seen.contains(&literal)) {
                    continue;
                }
                let mut chosen = universe.literals(clause).filter(|id| self.numbers.get(id).is_some_and(|&n| holds(n)));
                let chosen = chosen.next().expect("the model meets every clause");
                seen.insert(chosen);
                members.push(chosen);
            }
            next += 1;
        }
        members
    }
}

impl Installability {
    /// Asks SAT for a certificate of a binary, or of the essential set alone.
    pub(super) fn prove_together(&mut self, universe: &PortUniverse, id: Option<BinaryId>) -> Sat {
        let mut roots: Vec<BinaryId> = id.into_iter().collect();
        if !self.without_essential {
            roots.extend(&self.essential);
        }
        solve(universe, |id| self.is_alive(id), &roots)
    }

    /// Refutes a binary by what it forces: members that no alternative can stand in for.
    /// Sound and not complete: `None` means that nothing was found.
    pub(super) fn refute(&mut self, universe: &PortUniverse, id: BinaryId) -> Option<Watch> {
        let mut forcing = Forcing { forced: vec![id], open: Vec::new(), watch: Vec::new(), next: 0 };
        let mut marks = (mem::take(&mut self.scratch.forced), mem::take(&mut self.scratch.blocked));
        marks.0.clear(self.cover.len());
        marks.1.clear(self.cover.len());
        marks.0.insert(id);
        (self.scratch.forced, self.scratch.blocked) = marks;
        let mut essential = false;
        let mut refuted = self.force(universe, &mut forcing);
        if !refuted && !self.without_essential {
            essential = true;
            for id in self.essential.clone() {
                if self.scratch.forced.insert(id) {
                    forcing.forced.push(id);
                }
            }
            refuted = self.force(universe, &mut forcing);
        }
        refuted.then(|| {
            forcing.watch.sort_unstable();
            forcing.watch.dedup();
            Watch { literals: forcing.watch, essential, unknown: false }
        })
    }

    /// Follows what is forced until nothing new is, or until a clause has nothing left: then it returns true.
    fn force(&mut self, universe: &PortUniverse, forcing: &mut Forcing) -> bool {
        loop {
            while forcing.next < forcing.forced.len() {
                let id = forcing.forced[forcing.next];
                forcing.next += 1;
                for other in universe.conflicts(id) {
                    self.steps += 1;
                    self.scratch.blocked.insert(other);
                }
                if self.scratch.blocked.contains(id) {
                    return true;
                }
                for clause in universe.needs(id) {
                    if self.force_clause(universe, forcing, clause, true) {
                        return true;
                    }
                }
            }
            if forcing.forced.iter().any(|&id| self.scratch.blocked.contains(id)) {
                return true;
            }
            let before = forcing.forced.len();
            for clause in mem::take(&mut forcing.open) {
                if self.force_clause(universe, forcing, clause, false) {
                    return true;
                }
            }
            if forcing.forced.len() == before {
                return false;
            }
        }
    }

    /// Looks at one clause; true if nothing can meet it any more.
    fn force_clause(&mut self, universe: &PortUniverse, forcing: &mut Forcing, clause: ClauseId, first: bool) -> bool {
        let mut usable = None;
        let mut several = false;
        for literal in universe.literals(clause) {
            self.steps += 1;
            if self.scratch.forced.contains(literal) {
                return false;
            }
            if self.is_alive(literal) {
                if !self.scratch.blocked.contains(literal) {
                    several = several || usable.is_some();
                    usable = Some(literal);
                }
            } else if first {
                forcing.watch.push(literal);
            }
        }
        match usable {
            None => true,
            Some(_) if several => {
                forcing.open.push(clause);
                false
            }
            Some(only) => {
                self.scratch.forced.insert(only);
                forcing.forced.push(only);
                false
            }
        }
    }
}

/// The state of a refutation.
struct Forcing {
    forced: Vec<BinaryId>,
    /// Clauses with more than one alternative left.
    open: Vec<ClauseId>,
    watch: Vec<BinaryId>,
    next: usize,
}
