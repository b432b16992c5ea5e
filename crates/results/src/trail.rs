//! What the gate knows of the ways of builds and updates: the changes that it told are its steps, and updates have builds.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use tidegate_kernel::{Relation, StepOutcome, Subject, SubjectKind};
use tidegate_platform::store::{Reader, Result};
use tidegate_platform::trail::{Ends, Link, Step, StepOf, TrailSource};

use crate::store::{self, Tested};
use crate::subject;

/// The gate, as the trail knows it.
const GATE: &str = "results";

/// The gate's part of the trail.
#[derive(Debug, Clone, Copy)]
pub struct TestedSubjects;

impl TrailSource for TestedSubjects {
    fn gate(&self) -> &'static str {
        GATE
    }

    fn links<'r>(&'r self, reader: &'r mut Reader, ends: &'r Ends, limit: i64) -> BoxFuture<'r, Result<Vec<Link>>> {
        Box::pin(links(reader, ends, limit))
    }

    fn steps<'r>(
        &'r self,
        reader: &'r mut Reader,
        subjects: &'r [Subject],
        limit: i64,
    ) -> BoxFuture<'r, Result<Vec<StepOf>>> {
        Box::pin(async move {
            let found = store::tested(reader, &items(subjects), limit).await?;
            let steps = found.into_iter().filter_map(step);
            Ok(steps.filter(|of| subjects.contains(&of.subject)).collect())
        })
    }

    fn known<'r>(&'r self, reader: &'r mut Reader, subjects: &'r [Subject]) -> BoxFuture<'r, Result<Vec<Subject>>> {
        Box::pin(async move {
            let mut found = store::items(reader, &items(subjects)).await?;
            let ends = Ends { begin: subjects.to_vec(), end: subjects.to_vec() };
            for link in links(reader, &ends, SOME).await? {
                found.extend([link.from, link.to]);
            }
            found.sort();
            found.dedup();
            found.retain(|found| subjects.contains(found));
            Ok(found)
        })
    }

    fn beginning<'r>(
        &'r self,
        reader: &'r mut Reader,
        prefixes: &'r [Subject],
        limit: i64,
    ) -> BoxFuture<'r, Result<Vec<Subject>>> {
        Box::pin(async move {
            let mut found = BTreeSet::new();
            for item in items(prefixes) {
                found.extend(store::items_from(reader, item, SOME).await?);
            }
            for update in prefixes.iter().filter(|prefix| prefix.kind() == SubjectKind::Update) {
                found.extend(store::updates_from(reader, update.id(), limit).await?);
            }
            let texts: Vec<_> = prefixes.iter().map(Subject::to_string).collect();
            found.retain(|found| texts.iter().any(|text| found.to_string().starts_with(text)));
            Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
        })
    }

    fn around<'r>(&'r self, reader: &'r mut Reader, subject: &'r Subject) -> BoxFuture<'r, Result<Vec<Subject>>> {
        Box::pin(async move {
            let Some((_, item)) = subject::named(subject) else { return Ok(Vec::new()) };
            store::items_around(reader, item, SOME).await
        })
    }
}

/// So many rows are read where only some are needed: an item may have many.
const SOME: i64 = 200;

/// The items of these subjects, each once.
fn items(subjects: &[Subject]) -> BTreeSet<&str> {
    subjects.iter().filter_map(subject::named).map(|(_, item)| item).collect()
}

async fn links(reader: &mut Reader, ends: &Ends, limit: i64) -> Result<Vec<Link>> {
    let of_kind = |subjects: &'_ [Subject], kind| -> Vec<String> {
        subjects.iter().filter(|subject| subject.kind() == kind).map(|subject| subject.id().to_owned()).collect()
    };
    let (builds, updates) = (of_kind(&ends.begin, SubjectKind::Build), of_kind(&ends.end, SubjectKind::Update));
    if builds.is_empty() && updates.is_empty() {
        return Ok(Vec::new());
    }
    let link = |(build, update, at)| Link {
        from: Subject::new(SubjectKind::Build, build),
        to: Subject::new(SubjectKind::Update, update),
        relation: Relation::InUpdate,
        gate: GATE.to_owned(),
        at,
        evidence: Vec::new(),
    };
    Ok(store::in_updates(reader, &builds, &updates, limit).await?.into_iter().map(link).collect())
}

/// The change that was told; nothing where the item is no subject.
fn step(tested: Tested) -> Option<StepOf> {
    let Tested { subject, testcase, variant, outcome, prev_outcome, at, message_id, result } = tested;
    let came = match outcome.as_str() {
        "PASSED" => StepOutcome::Passed,
        "FAILED" | "NEEDS_INSPECTION" => StepOutcome::Failed,
        _ => StepOutcome::Info,
    };
    let before = prev_outcome.map(|outcome| format!(", {outcome} before")).unwrap_or_default();
    let step = Step {
        gate: GATE.to_owned(),
        step: "tested".to_owned(),
        at,
        outcome: came,
        text: format!("{testcase} ({variant}): {outcome}{before}"),
        url: Some(format!("/results/{result}")),
        message_id,
    };
    Some(StepOf { subject: subject?, step })
}
