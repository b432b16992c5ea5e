//! In which order the items of a round are tried: a partial order over their groups, its cycles merged into
//! components, and the components in a line.

use std::collections::{BTreeSet, VecDeque};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Ground;
use super::group::Group;
use crate::model::{ArchId, BinaryId, ClauseId};
use crate::target::PortChange;

/// One node of the order: an item's sort key and its group.
pub(crate) struct Node<'a> {
    pub(crate) key: &'a str,
    pub(crate) group: &'a Group,
}

/// The components in the order of their trials; each is a list of indices into `nodes`, in name order.
pub(crate) fn components(ground: Ground<'_>, nodes: &[Node<'_>]) -> Vec<Vec<usize>> {
    let mut edges = Edges { before: vec![BTreeSet::new(); nodes.len()], after: vec![BTreeSet::new(); nodes.len()] };
    for arch in ground.distribution.arch_ids() {
        PortOrder::new(ground, arch, nodes).constrain(&mut edges);
    }
    let components = strongly_connected(&edges.before);
    linearise(nodes, &edges, components)
}

/// `before[x]` are the nodes that x goes before; `after[x]` those that it goes after.
struct Edges {
    before: Vec<BTreeSet<usize>>,
    after: Vec<BTreeSet<usize>>,
}

impl Edges {
    fn order(&mut self, first: usize, second: usize) {
        if first != second {
            self.before[first].insert(second);
            self.after[second].insert(first);
        }
    }
}

/// What a node does with a binary.
#[derive(Clone, Copy)]
struct Touch {
    node: usize,
    adds: bool,
}

struct PortOrder<'a> {
    ground: Ground<'a>,
    arch: ArchId,
    changes: Vec<(usize, Vec<BinaryId>, Vec<BinaryId>)>,
    touched: HashMap<BinaryId, Vec<Touch>, FixedState>,
    going_out: hashbrown::HashSet<BinaryId, FixedState>,
    /// By clause: whether something of the target that stays meets it.
    met: HashMap<ClauseId, bool, FixedState>,
}

impl<'a> PortOrder<'a> {
    fn new(ground: Ground<'a>, arch: ArchId, nodes: &[Node<'_>]) -> Self {
        let binaries = |entries: &[crate::model::EntryId]| -> Vec<BinaryId> {
            entries.iter().map(|&entry| ground.distribution.entry(arch, entry).binary).collect()
        };
        let mut order = Self {
            ground,
            arch,
            changes: Vec::new(),
            touched: HashMap::default(),
            going_out: hashbrown::HashSet::default(),
            met: HashMap::default(),
        };
        for (node, Node { group, .. }) in nodes.iter().enumerate() {
            let Some(PortChange { removed, added }) = group.ports.get(&arch) else { continue };
            let (removed, added) = (binaries(removed), binaries(added));
            for &id in &added {
                order.touched.entry(id).or_default().push(Touch { node, adds: true });
            }
            for &id in &removed {
                order.touched.entry(id).or_default().push(Touch { node, adds: false });
                order.going_out.insert(id);
            }
            order.changes.push((node, removed, added));
        }
        order
    }

    fn constrain(mut self, edges: &mut Edges) {
        for (node, removed, added) in std::mem::take(&mut self.changes) {
            self.conflicts(edges, node, &removed, &added);
            self.reverse_dependencies(edges, node, &removed);
            self.dependencies(edges, node, &added);
        }
    }

    fn touching(&self, id: BinaryId) -> &[Touch] {
        self.touched.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Who takes a conflict away goes before whom it hindered.
    fn conflicts(&self, edges: &mut Edges, node: usize, removed: &[BinaryId], added: &[BinaryId]) {
        let universe = self.ground.universe.port(self.arch);
        for other in removed.iter().flat_map(|&id| universe.conflicts(id)) {
            let touching = self.touching(other);
            if touching.is_empty() || added.iter().any(|&id| universe.conflicts(id).any(|still| still == other)) {
                continue;
            }
            for touch in touching {
                edges.order(node, touch.node);
            }
        }
    }

    /// Whether something that is in the target, installable, and stays meets a clause.
    fn is_met(&mut self, clause: ClauseId) -> bool {
        if let Some(&met) = self.met.get(&clause) {
            return met;
        }
        let installability = self.ground.target.installability(self.arch);
        let mut literals = self.ground.universe.port(self.arch).literals(clause);
        let met = literals.any(|id| installability.is_alive(id) && !self.going_out.contains(&id));
        self.met.insert(clause, met);
        met
    }

    /// Who needs what leaves goes first, if it is an item of this round.
    fn reverse_dependencies(&mut self, edges: &mut Edges, node: usize, removed: &[BinaryId]) {
        let universe = self.ground.universe.port(self.arch);
        for &id in removed {
            for user in universe.reverse_dependencies(id) {
                if self.touching(user).iter().all(|touch| touch.node == node) {
                    continue;
                }
                if universe.needs(user).all(|clause| self.is_met(clause)) {
                    continue;
                }
                for touch in self.touching(user) {
                    edges.order(touch.node, node);
                }
            }
        }
    }

    /// Who brings what is needed goes first; who takes it away goes after.
    fn dependencies(&mut self, edges: &mut Edges, node: usize, added: &[BinaryId]) {
        let universe = self.ground.universe.port(self.arch);
        for &id in added {
            for clause in universe.needs(id) {
                if self.is_met(clause) {
                    continue;
                }
                let mut bringing = BTreeSet::new();
                let mut taking = BTreeSet::new();
                for touch in universe.literals(clause).flat_map(|literal| self.touching(literal)) {
                    if touch.adds {
                        bringing.insert(touch.node);
                    } else {
                        taking.insert(touch.node);
                    }
                }
                for &other in bringing.difference(&taking) {
                    edges.order(other, node);
                }
                for &other in taking.difference(&bringing) {
                    edges.order(node, other);
                }
            }
        }
    }
}

/// Tarjan's components, without recursion.
fn strongly_connected(successors: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let len = successors.len();
    let mut number = vec![UNSEEN; len];
    let mut low = vec![0; len];
    let mut on_stack = vec![false; len];
    let mut stack = Vec::new();
    let mut components = Vec::new();
    let mut count = 0;
    for root in 0..len {
        if number[root] != UNSEEN {
            continue;
        }
        let mut visits = vec![(root, successors[root].iter())];
        number[root] = count;
        low[root] = count;
        count += 1;
        stack.push(root);
        on_stack[root] = true;
        while let Some((node, rest)) = visits.last_mut() {
            let node = *node;
            if let Some(&next) = rest.next() {
                if number[next] == UNSEEN {
                    number[next] = count;
                    low[next] = count;
                    count += 1;
                    stack.push(next);
                    on_stack[next] = true;
                    visits.push((next, successors[next].iter()));
                } else if on_stack[next] {
                    low[node] = low[node].min(number[next]);
                }
                continue;
            }
            visits.pop();
            if let Some(&(parent, _)) = visits.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == number[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                components.push(component);
            }
        }
    }
    components
}

/// Puts the components in a line: first those that nothing goes before, by length and text of their key, then, behind
/// each that was emitted, those that it went before. One that is not ready is dropped and comes again.
fn linearise(nodes: &[Node<'_>], edges: &Edges, mut components: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut component_of = vec![0; nodes.len()];
    for (index, component) in components.iter_mut().enumerate() {
        component.sort_by_key(|&node| nodes[node].key);
        for &node in component.iter() {
            component_of[node] = index;
        }
    }
    let neighbours = |index: usize, sets: &[BTreeSet<usize>]| -> BTreeSet<usize> {
        let all = components[index].iter().flat_map(|&node| &sets[node]).map(|&node| component_of[node]);
        all.filter(|&other| other != index).collect()
    };
    let measure = |&index: &usize| {
        let key = nodes[components[index][0]].key;
        (key.len(), key)
    };
    let in_order = |set: BTreeSet<usize>| {
        let mut list: Vec<usize> = set.into_iter().collect();
        list.sort_by_key(measure);
        list
    };
    let after: Vec<BTreeSet<usize>> = (0..components.len()).map(|index| neighbours(index, &edges.after)).collect();
    let mut missing: Vec<usize> = after.iter().map(BTreeSet::len).collect();
    let free = (0..components.len()).filter(|&index| missing[index] == 0).collect();
    let mut queue: VecDeque<usize> = in_order(free).into();
    let mut emitted = vec![false; components.len()];
    let mut line = Vec::with_capacity(components.len());
    while let Some(index) = queue.pop_front() {
        if emitted[index] || missing[index] > 0 {
            continue;
        }
        emitted[index] = true;
        line.push(components[index].clone());
        let behind = neighbours(index, &edges.before);
        for &other in &behind {
            missing[other] -= 1;
        }
        queue.extend(in_order(behind).into_iter().filter(|&other| !emitted[other]));
    }
    line
}
