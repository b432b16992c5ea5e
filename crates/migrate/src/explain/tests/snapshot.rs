//! The real archive, where it is there: every candidate that stayed has a core, checked and minimal.

use super::super::relation::View;
use super::super::{Explainer, Why, leaves, without};
use crate::excuses::{Context, excuses};
use crate::hint::HintSet;
use crate::model::{BinaryId, ClauseId};
use crate::tests::snapshot::Snapshot;
use crate::upgrade::{Plan, Upgrade};

#[test]
fn every_candidate_that_stayed_in_the_snapshot_has_a_checked_minimal_core() {
    let Some(snapshot) = Snapshot::read() else { return };
    let session = snapshot.session(HintSet::default());
    let context = session.context();
    relations_are_the_clauses(context);
    let excuses = excuses(context);
    let keep = std::collections::BTreeSet::new();
    let outcome = Upgrade::new(context, &excuses, &keep, &|_| {}).run(Plan::Everything);
    let mut explainer = Explainer::new(context, &keep, &excuses, &outcome);
    let explained = explainer.all_stayed().unwrap();
    assert_eq!(explained.len(), outcome.stayed.len());
    assert_eq!(explained.len(), 218);
    for explanation in explained.values() {
        match &explanation.why {
            Why::TrialOrder | Why::Impossible { .. } => {}
            Why::Breaks(breakage) => assert!(breakage.core.is_some(), "{explanation:?}"),
        }
    }
    for (cause, freed) in leaves(context, &excuses) {
        let then = without(context, &excuses, &cause);
        let newly = then.iter().filter(|(name, excuse)| excuse.is_valid() && !excuses[*name].is_valid());
        assert!(newly.map(|(name, _)| name).eq(&freed), "{cause:?}");
    }
}

/// What explanations read of the relations is what the engine decides by.
fn relations_are_the_clauses(context: Context<'_>) {
    let arch = context.distribution.arch_ids().next().unwrap();
    let view = View::new(context.distribution, context.universe, context.target, arch);
    let port = context.universe.port(arch);
    for id in (0..port.len()).map(BinaryId::at).filter(|&id| !port.is_never_installable(id)) {
        let sorted = |mut literals: Vec<BinaryId>| {
            literals.retain(|&literal| !port.is_never_installable(literal));
            literals.sort_unstable();
            literals
        };
        let mut written: Vec<_> = view.needs(id).into_iter().map(|need| sorted(need.by)).collect();
        let mut engine: Vec<_> =
            port.needs(id).map(|clause: ClauseId| sorted(port.literals(clause).collect())).collect();
        for sets in [&mut written, &mut engine] {
            sets.sort_unstable();
            sets.dedup();
        }
        assert_eq!(written, engine, "{}", context.distribution.binary_text(arch, id));
    }
}
