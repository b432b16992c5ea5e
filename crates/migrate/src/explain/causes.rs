//! Root causes: what would change if one thing that holds one item alone vanished.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Excuses, Invalidation, ItemKey, invalidate};
use crate::model::Verdict;
use crate::rules::PolicyName;

/// Everything of one code that holds one item: all missing builds of `foo` are one cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Cause {
    /// The uvname of the item that is held.
    pub item: String,
    /// What holds it.
    pub code: Code,
}

/// Every root cause, with the uvnames of the items that would become candidates if it alone vanished. That is none
/// where something else holds the item as well.
pub fn leaves(context: Context<'_>, excuses: &Excuses) -> BTreeMap<Cause, BTreeSet<String>> {
    let invalidation = Invalidation::new(context, excuses);
    let mut own = invalidation.own();
    let settled = invalidation.settle(&own);
    let names: BTreeMap<ItemKey, &String> = excuses.iter().map(|(name, excuse)| (excuse.item.key(), name)).collect();
    let mut leaves = BTreeMap::new();
    for (name, excuse) in excuses {
        let codes: BTreeSet<Code> = excuse.own_holds().map(|hold| hold.code).collect();
        for code in codes {
            let key = excuse.item.key();
            let without = excuse.own_verdict(Some(code));
            let mut freed = BTreeSet::new();
            if !without.is_rejected() {
                let former = own.insert(key, without).unwrap_or(without);
                let then = invalidation.settle(&own);
                let valid = then.iter().filter(|(_, verdict)| !verdict.is_rejected());
                let newly = valid.filter(|&(key, _)| settled[key].is_rejected());
                freed.extend(newly.map(|(key, _)| names[key].clone()));
                own.insert(key, former);
            }
            leaves.insert(Cause { item: name.clone(), code }, freed);
        }
    }
    leaves
}

/// The excuses as they would be without a cause. A cause that is not there changes nothing.
pub fn without(context: Context<'_>, excuses: &Excuses, cause: &Cause) -> Excuses {
    let mut excuses = excuses.clone();
    if let Some(excuse) = excuses.get_mut(&cause.item) {
        lift(excuse, cause.code);
        invalidate(context, &mut excuses);
    }
    excuses
}

/// Takes everything of a code off an excuse.
fn lift(excuse: &mut Excuse, code: Code) {
    let (lifted, kept) = excuse.holds.drain(..).partition::<Vec<_>, _>(|hold| hold.code == code);
    excuse.holds = kept;
    excuse.notes.retain(|note| !lifted.iter().any(|hold| hold.text == *note));
    if code == Code::MissingBuild {
        excuse.missing_builds.clear();
    }
    // A policy may have reasons of several codes; it passes once nothing of it holds.
    let policies: Vec<Option<PolicyName>> = excuse.holds.iter().map(|hold| policy(hold.code)).collect();
    for result in &mut excuse.policies {
        if Some(result.policy) == policy(code) && !policies.contains(&Some(result.policy)) {
            result.verdict = Verdict::Pass;
        }
    }
    excuse.verdict = excuse.verdict.min(excuse.own_verdict(None));
}

/// The policy that finds holds of a code; none for what excuses find themselves.
fn policy(code: Code) -> Option<PolicyName> {
    match code {
        Code::Age => Some(PolicyName::Age),
        Code::Bugs => Some(PolicyName::RcBugs),
        Code::Piuparts => Some(PolicyName::Piuparts),
        Code::TestsRunning | Code::TestsRegression => Some(PolicyName::Autopkgtest),
        Code::Block | Code::NeedsApproval => Some(PolicyName::Block),
        Code::BuildDepends => Some(PolicyName::BuildDepends),
        Code::BuiltUsing => Some(PolicyName::BuiltUsing),
        Code::PolicyDepends => Some(PolicyName::Depends),
        Code::PolicyImplicitDeps => Some(PolicyName::ImplicitDeps),
        Code::PolicyBuiltOnBuildd => Some(PolicyName::BuiltOnBuildd),
        Code::PolicyBlockBugs => Some(PolicyName::BlockBugs),
        Code::PolicyLinux => Some(PolicyName::Linux),
        Code::MissingBuild
        | Code::OldBinaries
        | Code::WrongSource
        | Code::Downgrade
        | Code::Unsatisfiable
        | Code::DependsOnInvalid
        | Code::HintRemove
        | Code::NewerInTarget
        | Code::NoBinaries
        | Code::Uninstallable
        | Code::TrialOrder => None,
    }
}
