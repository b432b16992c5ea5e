//! What the trail gets from this gate.

use std::time::Duration;

use serde_json::json;
use tidegate_kernel::{Relation, StepOutcome, Subject};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::trail::{Direction, StepOf, Trail, Walk};
use tidegate_results::trail::TestedSubjects;
use tidegate_testkit::TestDb;

use crate::gate::TABLES;
use crate::web::Web;

fn trail() -> Trail {
    Trail::default().with(TestedSubjects)
}

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

macro_rules! names {
    ($t:ident, |$reader:ident| $found:expr) => {{
        let found: Result<Vec<Subject>> = $t.db.read(|$reader| in_tx($found)).await;
        found.unwrap().iter().map(Subject::to_string).collect::<Vec<_>>()
    }};
}

#[test]
fn each_change_that_was_told_is_a_step_of_its_subject() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for outcome in ["FAILED", "FAILED", "PASSED"] {
            web.tested("a-1-1", outcome).await;
            t.clock.advance(Duration::from_secs(1));
        }
        web.tested("b-1-1", "INFO").await;
        let (trail, subjects) = (&trail(), &[subject("build:a-1-1"), subject("build:b-1-1"), subject("update:a-1-1")]);
        let steps: Result<Vec<StepOf>> = t.db.read(|reader| in_tx(trail.steps_of(reader, subjects, 10))).await;
        let steps = steps.unwrap();
        let shown: Vec<_> = steps.iter().map(|of| (of.subject.id(), of.step.outcome, of.step.text.as_str())).collect();
        let expected = [
            ("a-1-1", StepOutcome::Failed, "t (no variant): FAILED"),
            ("a-1-1", StepOutcome::Passed, "t (no variant): PASSED, FAILED before"),
            ("b-1-1", StepOutcome::Info, "t (no variant): INFO"),
        ];
        assert_eq!(shown, expected);
        let told = web.native("announcements?item=a-1-1").await;
        assert_eq!(json!(steps[1].step.message_id), told["items"][1]["message_id"]);
        assert_eq!((steps[1].step.url.as_deref(), steps[1].step.gate.as_str()), (Some("/results/3"), "results"));
        let newest: Result<Vec<StepOf>> = t.db.read(|reader| in_tx(trail.steps_of(reader, subjects, 1))).await;
        assert_eq!(newest.unwrap(), steps[2..], "where there are too many, the newest are told");
    });
}

#[test]
fn a_build_leads_to_its_updates_and_back() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for (update, builds) in [("U-1", json!(["a-1-1", "b-1-1"])), ("U-2", json!(["a-1-1"]))] {
            let data = json!({"type": "bodhi_update", "item": update, "builds": builds});
            web.result(json!({"outcome": "PASSED", "testcase": "t", "data": data})).await;
        }
        let trail = &trail();
        let walked = async |from: &Subject, direction| {
            let walk: Result<Walk> = t.db.read(|reader| in_tx(trail.walk(reader, from, direction, 8, 10))).await;
            let walk = walk.unwrap();
            assert!(walk.links.iter().all(|link| link.relation == Relation::InUpdate && link.gate == "results"));
            walk.nodes.iter().map(|(node, _)| node.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(walked(&subject("build:a-1-1"), Direction::Forward).await, ["update:U-1", "update:U-2"]);
        assert_eq!(walked(&subject("build:a-1-1"), Direction::Backward).await, [""; 0]);
        assert_eq!(walked(&subject("update:U-1"), Direction::Both).await, ["build:a-1-1", "build:b-1-1"]);
    });
}

#[test]
fn what_was_tested_is_found_by_its_name_its_beginning_and_its_neighbours() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        for item in ["nethack-9-1.fc44", "nethack-9-2.fc44", "zsh-1-1"] {
            web.tested(item, "PASSED").await;
        }
        let long = "x".repeat(900);
        let data = json!({"type": "redhat-module", "item": long});
        web.result(json!({"outcome": "PASSED", "testcase": "t", "data": data})).await;
        let trail = &trail();
        let known = async |text: &str| names!(t, |reader| trail.known(reader, text));
        assert_eq!(known("nethack-9-1.fc44").await, ["build:nethack-9-1.fc44"]);
        assert_eq!(known(&format!("item:redhat-module/{long}")).await.len(), 1);
        assert_eq!(known("nethack").await, [""; 0]);
        let begun = async |text: &str| names!(t, |reader| trail.beginning(reader, text, 5));
        assert_eq!(begun("nethack").await, ["build:nethack-9-1.fc44", "build:nethack-9-2.fc44"]);
        assert_eq!(begun("compose:nethack").await, [""; 0]);
        let wrong = &subject("build:nethack-9-3.fc44");
        let near = names!(t, |reader| trail.near(reader, wrong));
        assert_eq!(near, ["build:nethack-9-1.fc44", "build:nethack-9-2.fc44"]);
        let hidden = &trail.without(vec!["results".to_owned()]);
        assert_eq!(names!(t, |reader| hidden.known(reader, "zsh-1-1")), [""; 0]);
    });
}
