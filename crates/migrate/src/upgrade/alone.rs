//! Items tried by themselves on a target that is given, and always taken back: for explanations.

use std::collections::BTreeSet;

use super::{Impossible, Report, Uninstallable, Upgrade};
use crate::excuses::{Context, Excuses};
use crate::model::{ArchId, Item, NameId};
use crate::target::Target;

/// What a trial would do.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// The first architecture that would get worse; none if the trial would be accepted.
    pub(crate) worse: Option<ArchId>,
    /// The uninstallable names.
    pub(crate) after: Uninstallable,
}

impl<'a> Upgrade<'a> {
    /// A bench on a target as it is: nothing is a candidate there, and nothing moves for good.
    pub(crate) fn bench(
        context: Context<'a>,
        excuses: &'a Excuses,
        keep_installable: &'a BTreeSet<NameId>,
        target: Target,
    ) -> Self {
        Self {
            context,
            excuses,
            keep_installable,
            target,
            strict: None,
            candidates: Vec::new(),
            accepted: Vec::new(),
            moved: BTreeSet::new(),
            report: Report::default(),
            trials: 0,
            refused_hints: Vec::new(),
            progress: &|_| {},
        }
    }

    /// Applies items together as a trial does, lets `look` see the target and what is thought of it, and takes it
    /// back. Items of an architecture that may break are judged as in that architecture's own run.
    pub(crate) fn try_out<R>(
        &mut self,
        items: &[Item],
        now: &Uninstallable,
        look: impl FnOnce(&Target, Result<Judgement, Impossible>) -> R,
    ) -> R {
        let archs: BTreeSet<_> = items.iter().map(|item| item.scope.architecture()).collect();
        self.strict = match archs.first() {
            Some(&arch) if archs.len() == 1 => arch,
            _ => None,
        };
        let savepoint = self.target.savepoint();
        let trial = self.attempt(items, now, false);
        let judgement = trial.map(|trial| Judgement { worse: trial.worse, after: trial.after });
        let seen = look(&self.target, judgement);
        self.target.rollback(self.context.distribution, &savepoint);
        self.strict = None;
        seen
    }
}
