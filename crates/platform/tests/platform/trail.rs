//! Links and steps.

use std::time::Duration;

use tidegate_kernel::{Evidence, EvidenceKind, StepOutcome, StoredRelation, Subject};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::trail::{self, Step};
use tidegate_testkit::TestDb;

use crate::outbox::PLATFORM;

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

#[test]
fn a_link_is_found_from_both_ends_and_is_stored_once() {
    TestDb::both(PLATFORM, async |t| {
        let (pr, commit) = (&subject("pr:acme/web#12"), &subject(&format!("commit:acme/web@{}", "a".repeat(40))));
        let shown = &[Evidence::new(EvidenceKind::Commit, "aaaa", "fast-forward")];
        for _ in 0..2 {
            let linked: Result<()> =
                t.db.write("merge.land", |tx| in_tx(tx.link(pr, StoredRelation::LandedAs, commit, "merge", shown)))
                    .await;
            linked.unwrap();
            t.clock.advance(Duration::from_secs(60));
        }
        let (forward, backward): (Result<Vec<_>>, Result<Vec<_>>) = (
            t.db.read(|reader| in_tx(trail::forward(reader, pr, 10))).await,
            t.db.read(|reader| in_tx(trail::backward(reader, commit, 10))).await,
        );
        let (forward, backward) = (forward.unwrap(), backward.unwrap());
        assert_eq!((&forward[0].subject, &backward[0].subject), (commit, pr));
        assert_eq!(
            (forward.len(), forward[0].relation, forward[0].at),
            (1, StoredRelation::LandedAs, crate::wake::at("08:00:00"))
        );
        assert_eq!(forward[0].evidence, shown);
    });
}

#[test]
fn steps_are_told_in_order() {
    TestDb::both(PLATFORM, async |t| {
        let subject = &subject(&format!("item:{}", "x".repeat(4_000)));
        for (gate, outcome) in
            [("results", StepOutcome::Waiting), ("migrate", StepOutcome::Failed), ("results", StepOutcome::Passed)]
        {
            let (at, text, url) = (t.db.now(), "It moved.".to_owned(), Some("/x".to_owned()));
            let step =
                &Step { gate: gate.to_owned(), step: "decide".to_owned(), at, outcome, text, url, message_id: None };
            let stepped: Result<()> = t.db.write("results.decide", |tx| in_tx(tx.step(subject, step))).await;
            stepped.unwrap();
            t.clock.advance(Duration::from_secs(60));
        }
        let steps: Result<Vec<Step>> = t.db.read(|reader| in_tx(trail::steps(reader, subject, 10))).await;
        let outcomes: Vec<_> = steps.unwrap().into_iter().map(|step| (step.gate, step.outcome)).collect();
        let told =
            [("results", StepOutcome::Waiting), ("migrate", StepOutcome::Failed), ("results", StepOutcome::Passed)];
        assert_eq!(outcomes, told.map(|(gate, outcome)| (gate.to_owned(), outcome)));
    });
}
