//! What policies work out once in a session and use for every item.
//!
//! It is made of the distribution, the target as loaded and the facts alone, so that it holds under any assumption about
//! hints and rules.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::excuses::Context;
use crate::model::NameId;
use crate::target::Target;

/// The memory of a session's policies; empty at first.
#[derive(Debug, Default)]
pub struct Memo {
    /// A copy of the target on which changes are tried. Every try takes its change back.
    bench: OnceLock<Mutex<Target>>,
    /// The sources on their way that were copied from one personal archive.
    together: OnceLock<BTreeMap<String, Vec<NameId>>>,
}

impl Memo {
    /// Lets `look` change a copy of the target, and takes the changes back.
    pub(super) fn on_bench<R>(&self, context: Context<'_>, look: impl FnOnce(&mut Target) -> R) -> R {
        let bench = self.bench.get_or_init(|| Mutex::new(context.target.clone()));
        let mut bench = bench.lock().unwrap_or_else(PoisonError::into_inner);
        let savepoint = bench.savepoint();
        let seen = look(&mut bench);
        bench.rollback(context.distribution, &savepoint);
        seen
    }

    /// The sources of each personal archive, made by `make` the first time.
    pub(super) fn together(
        &self,
        make: impl FnOnce() -> BTreeMap<String, Vec<NameId>>,
    ) -> &BTreeMap<String, Vec<NameId>> {
        self.together.get_or_init(make)
    }
}
