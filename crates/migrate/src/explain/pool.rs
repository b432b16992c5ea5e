//! Why a binary cannot be installed, where no item is in question: a suite or a pool as it is.

use super::core::{Fault, FaultyCore};
use super::explanation::Element;
use super::refute::{Constraint, Refutation, is_minimal_core, refute};
use super::relation::View;
use super::show::arranged;
use crate::distribution::Distribution;
use crate::installability::Installability;
use crate::model::{ArchId, BinaryId};
use crate::universe::Universe;

/// The minimal core of an uninstallable binary, in sentences.
///
/// # Errors
/// A core that does not stand up to its check: a fault of ours.
pub fn uninstallable(
    distribution: &Distribution,
    universe: &Universe,
    state: &Installability,
    arch: ArchId,
    binary: BinaryId,
) -> Result<Vec<String>, Fault> {
    let view = View { distribution, universe: universe.port(arch), state, arch };
    let fault = |problem| Fault {
        item: distribution.binary_text(arch, binary),
        package: distribution.binary_text(arch, binary),
        architecture: distribution.arch_name(arch).to_owned(),
        problem,
    };
    match refute(view, binary) {
        Refutation::Core(core) if is_minimal_core(&core) => {
            let elements = arranged(&core).into_iter().map(|constraint| element(view, constraint));
            Ok(elements.filter_map(|element| element.sentence()).collect())
        }
        Refutation::Core(_) => Err(fault(FaultyCore::NotMinimal)),
        Refutation::Possible if !state.is_unknown(binary) => Err(fault(FaultyCore::Missing)),
        Refutation::Possible | Refutation::GivenUp => Ok(vec![
            "The search was given up: it counts as uninstallable, since nothing is taken on a guess.".to_owned(),
        ]),
    }
}

fn element(view: View<'_>, constraint: &Constraint) -> Element {
    let package = |id: BinaryId| view.distribution.package(view.arch, id);
    match constraint {
        Constraint::Root(id) => Element::Root { package: package(*id) },
        Constraint::Essential(id) => Element::Essential { package: package(*id) },
        Constraint::Conflict(one, other) => {
            let (says, with, relation) = view.conflict(*one, *other);
            Element::Conflict { package: package(says), with: package(with), relation }
        }
        Constraint::Needs { binary, groups, by, .. } => Element::Needs {
            package: package(*binary),
            relation: view.relation_text(groups),
            by: by.iter().map(|&id| package(id)).collect(),
            lost: Vec::new(),
            elsewhere: Vec::new(),
        },
    }
}
