//! Scenario 2 for the platform: each of its codes appears with who can act and when it is looked at again, and ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_kernel::catalogue::departures;
use tidegate_kernel::{Actor, Blocker};
use tidegate_platform::blockers::{PlatformCode, say_gates};
use tidegate_platform::outbox::Entry;
use tidegate_platform::relay::{Policy, Relay, Sent, Sink, Takes, Trouble};
use tidegate_platform::store::{Place, Result, in_tx};
use tidegate_platform::wake::{Job, JobName, JobResult, JobSpec, Jobs, Run, Scope};
use tidegate_testkit::{Bench, Kind, TestDb};

use crate::http::{Service, sent};
use crate::relay::publish;
use crate::wake::PLATFORM;

const TOW: JobName = JobName::new("harbour.tow");

/// A receiver, or a job, that works as soon as the fog has gone.
#[derive(Clone)]
struct InFog {
    name: &'static str,
    policy: Policy,
    is_clear: Arc<AtomicBool>,
    trouble: Trouble,
}

impl Sink for InFog {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn takes(&self) -> Takes {
        Takes::Messages(vec!["harbour.*".to_owned()])
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        if self.is_clear.load(Ordering::SeqCst) {
            return Sent::all(entries.len());
        }
        Sent { through: 0, trouble: Some(self.trouble.clone()) }
    }
}

struct Tow(Arc<AtomicBool>);

impl Job for Tow {
    fn spec(&self) -> JobSpec {
        JobSpec::new(TOW)
    }

    async fn run(&self, run: &Run) -> JobResult {
        anyhow::ensure!(self.0.load(Ordering::SeqCst), "fog");
        Ok(run.done().await?)
    }
}

async fn shown(service: &Service) -> Vec<Value> {
    let (status, list) = sent(service.get("/api/v1/blockers?limit=500&gate=platform")).await;
    assert_eq!(status, 200, "{list}");
    list["items"].as_array().expect("a list").clone()
}

fn codes(blockers: &[Value]) -> BTreeSet<String> {
    blockers.iter().map(|blocker| blocker["code"].as_str().expect("a text").to_owned()).collect()
}

/// Asserts that who can act and what comes next are told.
fn assert_told(blocker: &Value) {
    assert!(!blocker["who"].as_array().expect("a list").is_empty(), "{blocker}");
    let again = &blocker["look_again"];
    assert!(!again["at"].is_null() || !again["on"].as_array().expect("a list").is_empty(), "{blocker}");
}

fn relay(is_clear: &Arc<AtomicBool>) -> Relay {
    let gone = || Trouble::gone("the tide is out");
    let refused = || Trouble::Refused("not that flag".to_owned());
    let all = [
        ("amqp", Policy::AMQP, gone()),
        // what the test announces is as old as can be
        ("mail", Policy { oldest: None, ..Policy::MAIL }, gone()),
        ("hook:chat", Policy { down_after: Duration::from_secs(60), ..Policy::HOOK }, gone()),
        ("hook:strict", Policy::HOOK, refused()),
    ];
    let sinks = all.map(|(name, policy, trouble)| InFog { name, policy, is_clear: Arc::clone(is_clear), trouble });
    sinks.into_iter().fold(Relay::new(), Relay::with)
}

#[test]
fn every_code_appears_with_who_and_when_and_ends() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let is_clear = Arc::new(AtomicBool::new(false));
        let relay = relay(&is_clear).enrol(&t.db).await.expect("it is committed");
        let bench = Bench::new(t, Jobs::default().with(relay).with(Tow(Arc::clone(&is_clear))));
        let message = publish(&t.db, || crate::outbox::arrival("a", "a/1")).await;
        let scope = &Scope::job("harbour.haul");
        let begun: Result<()> =
            t.db.write("harbour.begin", |tx| {
                in_tx(async move {
                    tx.wake(TOW.key("a"));
                    tx.pause(scope, Actor::user("ann"), "fog").await
                })
            })
            .await;
        begun.expect("it is committed");
        say_gates(&t.db, &[("catalog", false), ("results", true)]).await.expect("it is committed");
        bench.advance(Duration::from_secs(20 * 60)).await;

        let mut all = shown(&service).await;
        let mut expected: BTreeSet<_> = [
            "bus-unreachable",
            "gate-off",
            "hook-unreachable",
            "job-failing",
            "job-paused",
            "mail-unreachable",
            "message-set-aside",
        ]
        .map(|code| format!("platform.{code}"))
        .into();
        assert_eq!(codes(&all), expected);
        if t.kind == Kind::Postgres {
            all.extend(store_in_trouble(t, &service).await);
            expected.extend(["platform.disk-full".to_owned(), "platform.store-read-only".to_owned()]);
            let blockers: Vec<Blocker> =
                all.iter().map(|json| serde_json::from_value(json.clone()).expect("a blocker")).collect();
            assert_eq!(departures::<PlatformCode>(&blockers), Vec::<String>::new());
        }
        assert_eq!(codes(&all), expected);
        all.iter().for_each(assert_told);

        is_clear.store(true, Ordering::SeqCst);
        let retry = json!({"sink": "hook:strict"});
        let (status, _) = sent(service.post(&format!("/api/v1/platform/messages/{message}/retry"), &retry)).await;
        assert_eq!(status, 200);
        let path = "/api/v1/platform/jobs/harbour.haul/resume";
        assert_eq!(sent(service.post(path, &json!({}))).await.0, 200);
        say_gates(&t.db, &[("catalog", true)]).await.expect("it is committed");
        bench.advance(Duration::from_secs(2 * 3_600)).await;
        assert_eq!(shown(&service).await, Vec::<Value>::new());
        let (_, history) = sent(service.get("/api/v1/blockers/history?limit=500")).await;
        let history = history["items"].as_array().expect("a list").clone();
        assert_eq!(codes(&history), expected);
        assert!(history.iter().all(|blocker| !blocker["until"].is_null()), "{history:?}");
        service.end().await;
    });
}

/// What is shown while the disk of the store is full, and while the server takes no writes. Both end with the next write.
async fn store_in_trouble(t: &TestDb, service: &Service) -> Vec<Value> {
    let mut seen = Vec::new();
    let write = async |name: &str| sent(service.post("/api/v1/platform/teams", &json!({"name": name}))).await;
    // a connection that was cut is noticed by who uses it first
    let of_store = async || loop {
        let (status, list) = sent(service.get("/api/v1/blockers?subject=item:tidegate-store")).await;
        if status != 503 {
            return list["items"].as_array().expect("a list").clone();
        }
    };
    t.rows(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER full_disk BEFORE INSERT ON platform_team EXECUTE FUNCTION full_disk()",
    )
    .await;
    let (status, refused) = write("dockers").await;
    assert_eq!((status, &refused["code"]), (503, &json!("platform.unavailable")));
    seen.extend(of_store().await);
    assert_eq!(codes(&seen), ["platform.disk-full".to_owned()].into());
    let one = format!("/api/v1/blockers/{}", seen[0]["id"].as_str().expect("a text"));
    assert_eq!(sent(service.get(&one)).await.1["until"], Value::Null);
    t.rows("DROP TRIGGER full_disk ON platform_team").await;
    assert_eq!(write("dockers").await.0, 201);
    assert_eq!(of_store().await, Vec::<Value>::new());
    assert_ne!(sent(service.get(&one)).await.1["until"], Value::Null, "it is in the history");

    let Place::Postgres(url) = &t.options().place else { unreachable!("it runs on PostgreSQL") };
    let name = url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a database has a name");
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    t.rows(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on; {others}")).await;
    while write("pilots").await.1["code"] != json!("platform.unavailable") || of_store().await.is_empty() {}
    let read_only = of_store().await;
    assert_eq!(codes(&read_only), ["platform.store-read-only".to_owned()].into());
    seen.extend(read_only);
    t.rows(&format!(
        "BEGIN READ WRITE; ALTER DATABASE \"{name}\" RESET default_transaction_read_only; COMMIT; {others}"
    ))
    .await;
    while write("pilots").await.0 != 201 {}
    assert_eq!(of_store().await, Vec::<Value>::new());
    seen
}
