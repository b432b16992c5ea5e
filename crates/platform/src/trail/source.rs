//! All that is known of ways: what is stored, and what gates compute from tables of their own.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidegate_kernel::Subject;

use super::{Ends, Link, StepOf, store};
use crate::store::{Reader, Result};

/// What a gate knows of ways by its own tables. Nothing of it is stored a second time.
pub trait TrailSource: Send + Sync + 'static {
    /// The gate.
    fn gate(&self) -> &'static str;

    /// The links that begin or end there, at most so many of each. It asks the store at most once.
    fn links<'r>(&'r self, reader: &'r mut Reader, ends: &'r Ends, limit: i64) -> BoxFuture<'r, Result<Vec<Link>>>;

    /// The newest steps of these subjects, at most so many, the newest first.
    fn steps<'r>(
        &'r self,
        reader: &'r mut Reader,
        subjects: &'r [Subject],
        limit: i64,
    ) -> BoxFuture<'r, Result<Vec<StepOf>>>;

    /// Those of these subjects that it knows.
    fn known<'r>(&'r self, reader: &'r mut Reader, subjects: &'r [Subject]) -> BoxFuture<'r, Result<Vec<Subject>>>;

    /// Subjects that it knows and whose texts begin with one of these, at most so many.
    fn beginning<'r>(
        &'r self,
        reader: &'r mut Reader,
        prefixes: &'r [Subject],
        limit: i64,
    ) -> BoxFuture<'r, Result<Vec<Subject>>>;

    /// Some subjects of that kind that it knows, before and behind that one in the order of their texts.
    fn around<'r>(&'r self, reader: &'r mut Reader, subject: &'r Subject) -> BoxFuture<'r, Result<Vec<Subject>>>;
}

/// The ways of all subjects. Clones share the sources.
#[derive(Clone, Default)]
pub struct Trail {
    pub(super) sources: Vec<Arc<dyn TrailSource>>,
    hidden: Vec<String>,
}

impl Trail {
    /// With what that gate knows by its own tables.
    #[must_use]
    pub fn with(mut self, source: impl TrailSource) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// The same without the words of these gates.
    #[must_use]
    pub fn without(&self, hidden: Vec<String>) -> Self {
        let sources = self.sources.iter().filter(|source| !hidden.iter().any(|gate| gate == source.gate()));
        Self { sources: sources.cloned().collect(), hidden }
    }

    /// The newest steps of these subjects, at most so many, in order.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn steps_of(&self, reader: &mut Reader, subjects: &[Subject], limit: i64) -> Result<Vec<StepOf>> {
        let mut steps = store::steps_of(reader, subjects, limit).await?;
        steps.retain(|of| !self.hidden.contains(&of.step.gate));
        for source in &self.sources {
            steps.extend(source.steps(reader, subjects, limit).await?);
        }
        steps.reverse();
        steps.sort_by_key(|of| of.step.at);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(steps.split_off(steps.len().saturating_sub(most)))
    }

    /// The links that begin or end there, at most so many of each and of each source.
    pub(super) async fn links(&self, reader: &mut Reader, ends: &Ends, limit: i64) -> Result<Vec<Link>> {
        let mut links = store::links(reader, ends, limit).await?;
        links.retain(|link| !self.hidden.contains(&link.gate));
        for source in &self.sources {
            links.extend(source.links(reader, ends, limit).await?);
        }
        Ok(links)
    }
}
