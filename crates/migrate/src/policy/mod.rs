//! Policies: pure rules that look at one item and say whether it may move, and why not.
//!
//! One file a policy. Each gets the [`Context`] and the excuse as far as it is, and returns an `Opinion`; nothing
//! is read, asked or sent from here.

mod age;
pub mod autopkgtest;
mod block;
mod block_bugs;
mod build_depends;
mod built_on_buildd;
mod built_using;
mod depends;
pub mod email;
mod implicit_deps;
pub mod letter;
mod linux;
mod memo;
mod piuparts;
mod rc_bugs;
pub mod source_ppa;
pub mod sru_regression;
mod update_excuse;

pub use memo::Memo;

use serde_json::{Map, Value};

use crate::excuses::{Context, DependencyKind, Excuse, Hold, ItemKey, PolicyResult};
use crate::model::{Scope, SuiteId, Verdict};
use crate::rules::PolicyName;

/// What a policy thinks of an item.
#[derive(Debug, Default)]
struct Opinion {
    /// The verdict where nothing holds; a hold's verdict counts as well.
    hinted: bool,
    holds: Vec<Hold>,
    notes: Vec<String>,
    hints: Vec<(&'static str, String)>,
    dependencies: Vec<(DependencyKind, Vec<ItemKey>)>,
    info: Map<String, Value>,
}

impl Opinion {
    fn verdict(&self) -> Verdict {
        let own = if self.hinted { Verdict::PassHinted } else { Verdict::Pass };
        self.holds.iter().map(|hold| hold.verdict).fold(own, Verdict::max)
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.info.insert(key.to_owned(), value.into());
    }
}

/// Asks every policy that looks at this kind of item, in the order of the rules.
pub(crate) fn judge(context: Context<'_>, excuse: &mut Excuse) {
    excuse.valid_before_policies = excuse.is_valid();
    for &policy in &context.rules.policies {
        let Some(opinion) = ask(policy, context, excuse) else { continue };
        let verdict = opinion.verdict();
        excuse.raise(verdict);
        for hold in opinion.holds {
            excuse.hold(hold);
        }
        excuse.notes.extend(opinion.notes);
        for (kind, user) in opinion.hints {
            excuse.hint(kind, &user);
        }
        for (kind, items) in opinion.dependencies {
            context.require(excuse, kind, items);
        }
        excuse.policies.push(PolicyResult { policy, verdict, info: opinion.info });
    }
}

fn ask(policy: PolicyName, context: Context<'_>, excuse: &mut Excuse) -> Option<Opinion> {
    let is_source = match excuse.item.scope {
        Scope::Source => true,
        Scope::Arch(_) => false,
        Scope::Removal | Scope::Cruft(_) => return None,
    };
    let is_primary = excuse.item.suite == SuiteId::PRIMARY;
    match policy {
        PolicyName::RcBugs => (is_source && is_primary).then(|| rc_bugs::judge(context, excuse)),
        PolicyName::Piuparts => {
            let facts = context.facts.piuparts.as_ref().filter(|_| is_source && is_primary)?;
            Some(piuparts::judge(context, excuse, facts))
        }
        PolicyName::Age => (is_source && is_primary).then(|| age::judge(context, excuse)),
        PolicyName::BuildDepends => is_source.then(|| build_depends::judge(context, excuse)),
        PolicyName::Block => Some(block::judge(context, excuse)),
        PolicyName::BuiltUsing => Some(built_using::judge(context, excuse)),
        PolicyName::Autopkgtest => (is_source && is_primary).then(|| autopkgtest::judge(context, excuse)),
        PolicyName::Depends => Some(depends::judge(context, excuse)),
        PolicyName::ImplicitDeps => Some(implicit_deps::judge(context, excuse)),
        PolicyName::BuiltOnBuildd => Some(built_on_buildd::judge(context, excuse)),
        PolicyName::BlockBugs => (is_source && is_primary).then(|| block_bugs::judge(context, excuse)),
        PolicyName::UpdateExcuse => (is_source && is_primary).then(|| update_excuse::judge(context, excuse)),
        PolicyName::SourcePpa => (is_source && is_primary).then(|| source_ppa::judge(context, excuse)),
        PolicyName::Linux => {
            if is_source && is_primary {
                linux::judge(context, excuse)
            } else {
                None
            }
        }
        PolicyName::SruAdtRegression => (is_source && is_primary).then(|| sru_regression::judge(context, excuse)),
        PolicyName::Email => (is_source && is_primary).then(|| email::judge(context, excuse)),
    }
}
