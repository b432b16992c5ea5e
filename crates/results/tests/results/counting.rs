//! How many statements something costs, whatever its size.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tidegate_testkit::{Kind, TestDb};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::gate::TABLES;
use crate::web::Web;

/// Hears what the library says of every statement on this thread. Of BEGIN it says nothing.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

/// Whether a statement does not count: COMMIT, and what a connection asks when it is opened.
#[derive(Default)]
struct IsAside(bool);

impl Visit for IsAside {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}");
        self.0 |= field.name() == "summary" && (text.contains("COMMIT") || text.contains("current_setting"));
    }
}

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut is_aside = IsAside::default();
        event.record(&mut is_aside);
        self.0.fetch_add(usize::from(!is_aside.0), Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The statements of a request, beside BEGIN and COMMIT.
async fn statements<T>(work: impl Future<Output = T>) -> usize {
    let counter = Counter::default();
    let hearing = tracing::subscriber::set_default(counter.clone());
    work.await;
    drop(hearing);
    counter.0.load(Ordering::SeqCst)
}

fn update(builds: usize, outcome: &str) -> serde_json::Value {
    let builds: Vec<_> = (0..builds).map(|number| format!("package-{number}-1.0-1.fc44")).collect();
    let data = json!({"type": "bodhi_update", "item": "U-1", "builds": builds});
    json!({"outcome": outcome, "testcase": "t", "data": data})
}

/// Without a token, as who sends it is looked up beside the transaction, once in a while.
#[test]
fn a_post_is_at_most_six_statements_whatever_it_is_told_to() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let web = Web::with(t, |gate| gate.open_writes = true).await;
        let post = async |body: serde_json::Value| {
            let request = Request::post("/resultsdb/api/v2.0/results").header("content-type", "application/json");
            let answer = web.send(request.body(Body::from(body.to_string())).expect("a request")).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        };
        post(update(1, "PASSED")).await;
        let mut counts = Vec::new();
        for (builds, outcome) in [(1, "FAILED"), (1, "FAILED"), (20, "PASSED"), (1_000, "FAILED")] {
            counts.push(statements(post(update(builds, outcome))).await);
        }
        assert!(counts.iter().all(|count| (1..=6).contains(count)), "{counts:?}");
    });
}

#[test]
fn ten_thousand_builds_are_told_as_one() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let builds: Vec<_> = (0..10_000).map(|number| format!("package-{number}-1.0-1.fc44")).collect();
        let set = Request::put("/api/v1/results/updates/U-1/builds").header("authorization", web.bearer("writer"));
        let set =
            set.header("content-type", "application/json").body(Body::from(json!({"builds": builds}).to_string()));
        assert_eq!(web.send(set.unwrap()).await.status, StatusCode::OK);
        let data = json!({"type": "bodhi_update", "item": "U-1"});
        web.result(json!({"outcome": "PASSED", "testcase": "t", "data": data})).await;
        let told = "SELECT COUNT(*), COUNT(DISTINCT key) FROM platform_outbox WHERE topic = 'results.result.changed'";
        assert_eq!(t.rows(told).await, [["10000", "10000"]]);
        assert_eq!(t.rows("SELECT COUNT(*) FROM results_announcement WHERE seq = 1").await, [["10000"]]);
    });
}

#[test]
fn a_page_costs_the_same_whatever_is_on_it() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        let web = Web::over(t).await;
        let groups: Vec<_> = (0..5).map(|number| format!("g{number}")).collect();
        for number in 0..40 {
            let testcase = format!("t{}", number % 7);
            let data = json!({"item": format!("a-{}", number % 3), "type": "koji_build"});
            web.result(json!({"outcome": "PASSED", "testcase": testcase, "groups": groups, "data": data})).await;
        }
        for query in ["results?limit=", "results?item=a-1&limit=", "results/latest?item=a-1&x=", "groups?limit="] {
            let of = async |limit: usize| statements(web.get(&format!("/api/v2.0/{query}{limit}"))).await;
            let (few, many) = (of(1).await, of(40).await);
            assert!(few == many && many <= 4, "{query}: {few} and {many}");
        }
    });
}
