//! Why an item is invalid: what holds it itself, or those that it needs, down to what holds them.
//!
//! Every invalid excuse is held by policies, which makes it a *cause*, or else only by what it needs, which makes it
//! a *follower*. A tree is a list in reading order with depths: a chain of three thousand items overflows nothing.
//! Each item is looked at once, where it stands highest. A follower below which no cause is new waits for the same
//! causes as what is shown elsewhere, and says so.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::sentences::{clause, full_stop, some};
use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Excuses, ItemKey};
use crate::model::Verdict;

/// So many causes of a follower, and steps of a circle, are named.
const MOST_NAMED: usize = 5;

/// Depth beyond which the text is not indented further.
const DEEPEST: usize = 16;

/// Why an item is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// The item first, then what it needs, each before what is below it.
    pub nodes: Vec<Node>,
}

/// One item of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// How far below the item that is explained.
    pub depth: usize,
    /// The uvname.
    pub item: String,
    /// The version.
    pub version: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How the one above needs it, as in `reason`; none for the first.
    pub needed: Option<&'static str>,
    /// What holds it.
    pub state: State,
}

/// What holds an item of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Something of its own: a leaf.
    Held {
        /// What, one sentence each.
        holds: Vec<Leaf>,
    },
    /// What stands below it.
    Waits,
    /// Nothing that does not stand elsewhere in the tree already: it is only a follower.
    SameCause {
        /// The items that are the causes, at most five.
        causes: Vec<String>,
    },
    /// It stands above already: a circle, cut here.
    Circle {
        /// From the item back to itself; long ones without their middle.
        path: Vec<String>,
        /// How many items the circle has.
        length: usize,
    },
}

/// One thing that holds an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leaf {
    /// The stable code.
    pub code: Code,
    /// One sentence.
    pub text: String,
    /// When time alone will end it, in seconds since 1970.
    pub until: Option<i64>,
}

/// An item on its way into a tree.
struct Place<'a> {
    excuse: &'a Excuse,
    needed: Option<&'static str>,
    parent: usize,
    depth: usize,
    children: Vec<usize>,
    /// The place above, if this one closes a circle.
    circle: Option<usize>,
    /// Whether there is a cause at it or below it, and whether a circle.
    cause: bool,
    circular: bool,
}

impl Tree {
    /// The tree of an invalid excuse; of a valid one, its single node waits for nothing.
    pub(super) fn of(context: Context<'_>, excuses: &Excuses, excuse: &Excuse) -> Self {
        let places = grow(context, excuses, excuse);
        let mut nodes = Vec::new();
        let mut stack = vec![0];
        while let Some(index) = stack.pop() {
            let place = &places[index];
            nodes.push(node(context, excuses, &places, index));
            let mut shown: Vec<usize> = place.children.clone();
            if !place.cause {
                shown.retain(|&child| places[child].circular);
            }
            shown.sort_by_cached_key(|&child| {
                let child = &places[child];
                let is_cause = child.excuse.own_holds().next().is_some();
                (!is_cause, !child.cause, context.distribution.uvname(&child.excuse.item))
            });
            stack.extend(shown.into_iter().rev());
        }
        Self { nodes }
    }

    /// The tree as indented lines.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            let indent = "  ".repeat(node.depth.min(DEEPEST));
            let Node { item, version, .. } = node;
            let needed = node.needed.map_or_else(String::new, |kind| format!(" ({kind})"));
            let lines = match &node.state {
                State::Held { holds } if node.depth == 0 => {
                    let head = format!("{item} {version} may not migrate.");
                    let holds = holds.iter().map(|hold| format!("  {}", full_stop(&hold.text)));
                    std::iter::once(head).chain(holds).collect()
                }
                State::Waits if node.depth == 0 => vec![format!("{item} {version} may not migrate. It waits for:")],
                State::Held { holds } => match holds.as_slice() {
                    [only] => vec![format!("{item} {version}{needed}: {}", clause(&only.text))],
                    holds => {
                        let head = format!("{item} {version}{needed} is held by {} things:", holds.len());
                        let holds = holds.iter().map(|hold| format!("  - {}", clause(&hold.text)));
                        std::iter::once(head).chain(holds).collect()
                    }
                },
                State::Waits => vec![format!("{item} {version}{needed} waits for:")],
                State::SameCause { causes } => {
                    let causes: Vec<&str> = causes.iter().map(String::as_str).collect();
                    vec![format!("{item} {version}{needed} waits for the same cause ({})", some(&causes))]
                }
                State::Circle { path, .. } => {
                    vec![format!("{item} {version}{needed} stands above already: {}", path.join(" -> "))]
                }
            };
            for line in lines {
                text.push_str(&indent);
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }
}

/// What an excuse needs that may not migrate, each once, with how.
fn invalid_needs<'a>(context: Context<'_>, excuses: &'a Excuses, excuse: &Excuse) -> Vec<(&'static str, &'a Excuse)> {
    let mut seen: BTreeSet<ItemKey> = BTreeSet::new();
    let mut found = Vec::new();
    for dependency in &excuse.dependencies {
        for on in dependency.any_of.iter().filter(|on| excuse.blocked_by.contains(on)) {
            if seen.insert(*on)
                && let Some(other) = excuses.get(&context.distribution.key_text(on))
            {
                found.push((dependency.kind.reason(), other));
            }
        }
    }
    found
}

/// Every item of the tree, those nearer to the first one first.
fn grow<'a>(context: Context<'_>, excuses: &'a Excuses, excuse: &'a Excuse) -> Vec<Place<'a>> {
    let place = |excuse, needed, parent, depth| {
        let (children, circle, cause, circular) = (Vec::new(), None, false, false);
        Place { excuse, needed, parent, depth, children, circle, cause, circular }
    };
    let mut places = vec![place(excuse, None, 0, 0)];
    let mut known: BTreeMap<ItemKey, usize> = BTreeMap::from([(excuse.item.key(), 0)]);
    let mut next = 0;
    while next < places.len() {
        let Place { excuse, circle, depth, .. } = places[next];
        if circle.is_some() || excuse.own_holds().next().is_some() {
            places[next].cause = circle.is_none();
            next += 1;
            continue;
        }
        for (needed, other) in invalid_needs(context, excuses, excuse) {
            let mut child = place(other, Some(needed), next, depth + 1);
            match known.get(&other.item.key()) {
                Some(&former) if is_above(&places, former, next) => {
                    child.circle = Some(former);
                    child.circular = true;
                }
                Some(_) => {}
                None => drop(known.insert(other.item.key(), places.len())),
            }
            if child.circle.is_some() || known[&other.item.key()] == places.len() {
                let index = places.len();
                places[next].children.push(index);
                places.push(child);
            }
        }
        next += 1;
    }
    for index in (1..places.len()).rev() {
        let Place { parent, cause, circular, .. } = places[index];
        places[parent].cause |= cause;
        places[parent].circular |= circular;
    }
    places
}

fn is_above(places: &[Place<'_>], upper: usize, mut lower: usize) -> bool {
    // Those above were found first.
    while lower > upper {
        lower = places[lower].parent;
    }
    lower == upper
}

fn node(context: Context<'_>, excuses: &Excuses, places: &[Place<'_>], index: usize) -> Node {
    let distribution = context.distribution;
    let place = &places[index];
    let excuse = place.excuse;
    let state = if let Some(start) = place.circle {
        circle(context, places, start, index)
    } else if excuse.own_holds().next().is_some() {
        let leaf = |hold: &crate::excuses::Hold| Leaf { code: hold.code, text: hold.text.clone(), until: hold.until };
        State::Held { holds: excuse.own_holds().map(leaf).collect() }
    } else if place.cause || index == 0 {
        State::Waits
    } else {
        let causes = causes(context, excuses, excuse, MOST_NAMED);
        State::SameCause { causes: causes.iter().map(|cause| distribution.uvname(&cause.item)).collect() }
    };
    Node {
        depth: place.depth,
        item: distribution.uvname(&excuse.item),
        version: distribution.text(excuse.item.version).to_owned(),
        verdict: excuse.verdict,
        needed: place.needed,
        state,
    }
}

/// The way from a place down to the one that stands for the same item.
fn circle(context: Context<'_>, places: &[Place<'_>], start: usize, end: usize) -> State {
    let mut steps = vec![end];
    let mut at = end;
    while at != start {
        at = places[at].parent;
        steps.push(at);
    }
    steps.reverse();
    let length = steps.len() - 1;
    let name = |&step: &usize| context.distribution.uvname(&places[step].excuse.item);
    let path = if steps.len() <= 2 * MOST_NAMED {
        steps.iter().map(name).collect()
    } else {
        let (head, tail) = (&steps[..MOST_NAMED], &steps[steps.len() - MOST_NAMED..]);
        let middle = format!("({} more)", steps.len() - 2 * MOST_NAMED);
        head.iter().map(name).chain([middle]).chain(tail.iter().map(name)).collect()
    };
    State::Circle { path, length }
}

/// The excuses with holds of their own that an excuse waits for, the nearest first, at most so many.
fn causes<'a>(context: Context<'_>, excuses: &'a Excuses, excuse: &'a Excuse, most: usize) -> Vec<&'a Excuse> {
    let mut queue = vec![excuse];
    let mut known: BTreeSet<ItemKey> = BTreeSet::from([excuse.item.key()]);
    let mut found = Vec::new();
    let mut next = 0;
    while next < queue.len() && found.len() < most {
        let excuse = queue[next];
        next += 1;
        if excuse.own_holds().next().is_some() {
            found.push(excuse);
            continue;
        }
        for (_, other) in invalid_needs(context, excuses, excuse) {
            if known.insert(other.item.key()) {
                queue.push(other);
            }
        }
    }
    found
}

/// The nearest excuse with holds of its own that an invalid excuse waits for; itself, if it has some.
pub(super) fn first_cause<'a>(context: Context<'_>, excuses: &'a Excuses, excuse: &'a Excuse) -> &'a Excuse {
    causes(context, excuses, excuse, 1).first().copied().unwrap_or(excuse)
}
