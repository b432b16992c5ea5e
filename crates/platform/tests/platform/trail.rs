//! Links and steps.

use std::time::Duration;

use tidegate_kernel::{Evidence, EvidenceKind, Relation, StepOutcome, StoredRelation, Subject};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::trail::{Direction, Step, StepOf, Trail, Walk};
use tidegate_testkit::TestDb;

use crate::outbox::PLATFORM;

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

async fn follow(t: &TestDb, from: &Subject, direction: Direction, depth: u32) -> Walk {
    let trail = &Trail::default();
    let walk: Result<Walk> = t.db.read(|reader| in_tx(trail.walk(reader, from, direction, depth, 5))).await;
    walk.expect("it can be read")
}

async fn join(t: &TestDb, from: &str, relation: StoredRelation, to: &str) {
    let (from, to) = (&subject(from), &subject(to));
    let linked: Result<bool> = t.db.write("merge.land", |tx| in_tx(tx.link(from, relation, to, "merge", &[]))).await;
    assert!(linked.expect("it is committed"));
}

#[test]
fn a_walk_goes_breadth_first_and_says_where_it_was_cut() {
    TestDb::both(PLATFORM, async |t| {
        let commit = |number: u32| format!("commit:acme/web@{number:040}");
        join(t, "pr:acme/web#1", StoredRelation::PortedTo, "pr:acme/web#2").await;
        join(t, "pr:acme/web#1", StoredRelation::LandedAs, &commit(1)).await;
        join(t, "pr:acme/web#2", StoredRelation::LandedAs, &commit(2)).await;
        join(t, &commit(1), StoredRelation::BuiltAs, "build:web-1-1.fc44").await;
        let distances = |walk: &Walk| walk.nodes.iter().map(|(_, distance)| *distance).collect::<Vec<_>>();
        let from = &subject("pr:acme/web#1");
        let all = follow(t, from, Direction::Both, 8).await;
        assert_eq!((distances(&all), all.links.len(), all.truncated), (vec![1, 1, 2, 2], 4, false));
        let near = follow(t, from, Direction::Forward, 1).await;
        assert_eq!((distances(&near), near.truncated), (vec![1, 1], true), "there is more behind");
        for number in 3..9 {
            join(t, from.to_string().as_str(), StoredRelation::PortedTo, &format!("pr:acme/web#{number}")).await;
        }
        let cut = follow(t, from, Direction::Forward, 8).await;
        assert_eq!((cut.nodes.len(), cut.truncated), (5, true));
        let back = follow(t, &subject("build:web-1-1.fc44"), Direction::Backward, 8).await;
        assert_eq!(distances(&back), [1, 2], "what the pull request was ported to is another change");
    });
}

#[test]
fn a_link_is_found_from_both_ends_and_is_stored_once() {
    TestDb::both(PLATFORM, async |t| {
        let (pr, commit) = (&subject("pr:acme/web#12"), &subject(&format!("commit:acme/web@{}", "a".repeat(40))));
        let shown = &[Evidence::new(EvidenceKind::Commit, "aaaa", "fast-forward")];
        for _ in 0..2 {
            let linked: Result<bool> =
                t.db.write("merge.land", |tx| in_tx(tx.link(pr, StoredRelation::LandedAs, commit, "merge", shown)))
                    .await;
            linked.unwrap();
            t.clock.advance(Duration::from_secs(60));
        }
        let forward = follow(t, pr, Direction::Forward, 8).await;
        let backward = follow(t, commit, Direction::Backward, 8).await;
        assert_eq!((&forward.nodes, &backward.nodes), (&vec![(commit.clone(), 1)], &vec![(pr.clone(), 1)]));
        assert_eq!(forward.links, backward.links);
        let forward = forward.links;
        assert_eq!(
            (forward.len(), forward[0].relation, forward[0].at),
            (1, Relation::LandedAs, crate::wake::at("08:00:00"))
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
        let subjects = std::slice::from_ref(subject);
        let trail = &Trail::default();
        let steps: Result<Vec<StepOf>> = t.db.read(|reader| in_tx(trail.steps_of(reader, subjects, 10))).await;
        let outcomes: Vec<_> = steps.unwrap().into_iter().map(|of| (of.step.gate, of.step.outcome)).collect();
        let told =
            [("results", StepOutcome::Waiting), ("migrate", StepOutcome::Failed), ("results", StepOutcome::Passed)];
        assert_eq!(outcomes, told.map(|(gate, outcome)| (gate.to_owned(), outcome)));
    });
}
