//! Explanations: what became of an item and why, in the form of data, of sentences, and of blockers.
//!
//! Made after a run, from its excuses and its outcome; nothing here decides. Three questions have three answers: an
//! invalid item has a [`Tree`] down to what holds it, a valid one that stayed has an [`Explanation`] with a minimal
//! core that was checked by solving it again, and [`leaves`] says what each root cause holds back. [`Explainer::item`]
//! answers for any name; [`blockers`] says the same in the form that all gates share.
//!
//! *Invariant:* nothing here changes the target, the excuses or the outcome: items are tried on a copy and taken back.

mod answer;
mod causes;
mod core;
mod explanation;
mod holds;
mod pool;
mod refute;
mod relation;
mod remedy;
mod sentences;
mod show;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use crate::excuses::{Context, Excuses};
use crate::model::{Item, NameId};
use crate::upgrade::Outcome;

pub use answer::Answer;
pub use causes::{Cause, leaves, without};
pub use core::{Explainer, Fault, FaultyCore};
pub use explanation::{Breakage, Element, Elsewhere, Explanation, Lost, Package, Remedy, Standing, Why};
pub use holds::{blocker_of, blockers, blockers_of};
pub use pool::uninstallable;
pub use tree::{Leaf, Node, State, Tree};

/// Why a valid candidate did not move. For more than one item, keep an [`Explainer`].
///
/// # Errors
/// A reason that does not stand up to its check: a fault of ours.
pub fn explain_stayed(
    context: Context<'_>,
    keep_installable: &BTreeSet<NameId>,
    excuses: &Excuses,
    outcome: &Outcome,
    item: &Item,
) -> Result<Explanation, Fault> {
    Explainer::new(context, keep_installable, excuses, outcome).stayed(item)
}

/// What became of the item with that uvname.
///
/// # Errors
/// A reason that does not stand up to its check: a fault of ours.
pub fn item(
    context: Context<'_>,
    keep_installable: &BTreeSet<NameId>,
    excuses: &Excuses,
    outcome: &Outcome,
    uvname: &str,
) -> Result<Answer, Fault> {
    Explainer::new(context, keep_installable, excuses, outcome).item(uvname)
}

impl Explainer<'_> {
    /// The explanations of every valid candidate that did not move, by uvname.
    ///
    /// # Errors
    /// A reason that does not stand up to its check: a fault of ours.
    pub fn all_stayed(&mut self) -> Result<BTreeMap<String, Explanation>, Fault> {
        let items = self.run.outcome.stayed.clone();
        let explained = items.iter().map(|item| self.stayed(item).map(|found| (found.item.clone(), found)));
        explained.collect()
    }
}
