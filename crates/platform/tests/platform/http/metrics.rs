//! What is counted: the list of it, and that what happens is counted.

use std::time::Duration;

use tidegate_platform::http::{Count, Metrics};
use tidegate_platform::relay::{Policy, Relay, Trouble};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::{Job, JobName, JobResult, JobSpec, Jobs, Run, Scope, Worker, WorkerOptions};
use tidegate_testkit::{Kind, TestDb};

use super::{HAUL, Service};
use crate::relay::{TestSink, announce, bench};
use crate::wake::PLATFORM;

const TOW: JobName = JobName::new("harbour.tow");

struct Tow;

impl Job for Tow {
    fn spec(&self) -> JobSpec {
        JobSpec::new(TOW)
    }

    async fn run(&self, run: &Run) -> JobResult {
        Ok(run.done().await?)
    }
}

/// Regenerates and compares: run with `TIDEGATE_BLESS=1` after a change that is meant.
#[test]
fn the_checked_in_list_of_what_is_counted_is_what_the_code_says() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let metrics = Metrics::default();
        let worker = Worker::start(t.db.clone(), Jobs::default().with(Tow), WorkerOptions::default());
        metrics.register_worker(&worker.counts());
        metrics.register_of_sink("outbox_unrouted", "Messages that no queue wanted", "amqp", Count::default());
        worker.stop(Duration::from_secs(5)).await;
        crate::checked_in("metrics.txt", &(metrics.names().join("\n") + "\n"));
    });
}

#[test]
fn what_waits_is_refused_stands_still_and_is_due_is_counted() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let odd = |ship: &str, _| match ship {
            "a/refused" => Some(Trouble::Refused("never".to_owned())),
            "b/later" => Some(Trouble::Later("at high tide".to_owned())),
            _ => None,
        };
        let bench = bench(t, Relay::new().with(TestSink::new(Policy::HOOK, odd))).await;
        for ship in ["a/refused", "b/later", "b/behind", "c/1"] {
            announce(&t.db, ship).await;
        }
        bench.settle().await;
        t.clock.advance(Duration::from_secs(5));
        let scope = &Scope::job("harbour.moor");
        let begun: Result<()> =
            t.db.write("harbour.begin", |tx| {
                in_tx(async move {
                    tx.wake(HAUL.key("a"));
                    tx.pause(scope, tidegate_kernel::Actor::user("ann"), "fog").await
                })
            })
            .await;
        begun.expect("it is committed");
        // the sink's own message is not for it, and is what the pause told
        bench.settle().await;
        let text = service.get("/metrics").send().await.expect("it answers").text().await.expect("it is text");
        for line in [
            r#"tidegate_outbox_pending{sink="test"} 2"#,
            r#"tidegate_outbox_set_aside{sink="test"} 1"#,
            r#"tidegate_blockers_open{code="platform.job-paused",level="hold"} 1"#,
            r#"tidegate_wake_due{job="harbour.haul"} 1"#,
        ] {
            assert!(text.lines().any(|found| found.strip_suffix(".0").unwrap_or(found) == line), "{line}: {text}");
        }
        let age = text.lines().find_map(|line| line.strip_prefix(r#"tidegate_outbox_age_seconds{sink="test"} "#));
        let age: f64 = age.expect("there is something to send").parse().expect("a number");
        assert!(age >= 5.0, "{age}");
        service.end().await;
    });
}

#[test]
fn runs_are_counted_by_how_they_end() {
    TestDb::both(PLATFORM, async |t| {
        let metrics = Metrics::default();
        let worker = Worker::start(t.db.clone(), Jobs::default().with(Tow), WorkerOptions::default());
        metrics.register_worker(&worker.counts());
        let woken: Result<()> =
            t.db.write("harbour.wake", |tx| {
                in_tx(async move {
                    tx.wake(TOW.key("a"));
                    Ok(())
                })
            })
            .await;
        woken.expect("it is committed");
        let done = r#"tidegate_runs_total{job="harbour.tow",outcome="done"} 1"#;
        while !metrics.text().contains(done) {
            tokio::task::yield_now().await;
        }
        let text = metrics.text();
        assert!(text.contains(r#"tidegate_wake_latency_seconds_count{job="harbour.tow"} 1"#), "{text}");
        assert!(text.contains(r#"tidegate_wake_swept_total{job="harbour.tow"} 0"#), "{text}");
        assert!(text.contains("tidegate_lease_taken_over_total 0"), "{text}");
        worker.stop(Duration::from_secs(5)).await;
    });
}
