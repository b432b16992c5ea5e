//! What people who operate the service ask and do: what stands still, where a change went, what did not go through.

use reqwest::Method;
use serde_json::{Value, json};
use tidegate_kernel::{Actor, StepOutcome, Subject};
use tidegate_platform::auth::AuthOptions;
use tidegate_platform::http::{Access, Endpoint, GateState, Mounts, Routes};
use tidegate_platform::inbox::{Consume, Consumer, Incoming};
use tidegate_platform::relay::{Policy, Relay, Trouble};
use tidegate_platform::store::{Result, Tx, in_tx};
use tidegate_platform::trail::Step;
use tidegate_platform::wake::{Jobs, Scope};
use tidegate_testkit::{Answer, Bench, TestDb, Web};

use super::{Service, sent, settings};
use crate::relay::{TestSink, announce, bench};
use crate::wake::PLATFORM;

const COMMIT: &str = "commit:acme/web@9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

async fn pause(t: &TestDb, job: &str, reason: &str) {
    let scope = &Scope::job(job);
    let paused: Result<()> = t.db.write("harbour.pause", |tx| in_tx(tx.pause(scope, Actor::user("ann"), reason))).await;
    paused.expect("it is committed");
}

async fn resume(t: &TestDb, job: &str) {
    let scope = &Scope::job(job);
    let resumed: Result<bool> = t.db.write("harbour.resume", |tx| in_tx(tx.resume(scope, Actor::user("ann")))).await;
    assert!(resumed.expect("it is committed"));
}

fn subjects(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("a list").iter().map(|item| item["subject"].as_str().expect("a text")).collect()
}

#[test]
fn blockers_are_listed_filtered_paged_and_kept() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        for job in ["harbour.haul", "harbour.tow", "harbour.moor"] {
            pause(t, job, "fog").await;
            t.clock.advance(std::time::Duration::from_secs(3_600));
        }
        let (status, first) = sent(service.get("/api/v1/blockers?limit=2")).await;
        assert_eq!(status, 200);
        assert_eq!(subjects(&first), ["item:tidegate-pause/harbour.haul", "item:tidegate-pause/harbour.moor"]);
        let cursor = first["next"].as_str().expect("there is more");
        let (_, rest) = sent(service.get(&format!("/api/v1/blockers?limit=2&cursor={cursor}"))).await;
        assert_eq!((subjects(&rest), &rest["next"]), (vec!["item:tidegate-pause/harbour.tow"], &Value::Null));
        let one = &first["items"][0];
        assert_eq!(one["since"], "2026-11-21T08:00:00.000000Z");
        assert_eq!((&one["gate"], &one["until"], &one["level"]), (&json!("platform"), &Value::Null, &json!("hold")));
        assert!(!one["who"].as_array().unwrap().is_empty() && !one["look_again"]["on"].as_array().unwrap().is_empty());
        for (query, count) in [
            ("q=TOW%20was", 1),
            ("since_before=-90m", 2),
            ("who=platform.operator&code=platform.job-paused,platform.job-failing", 3),
            ("subject=item:tidegate-pause/harbour.tow", 1),
            ("gate=results", 0),
            ("level=note", 0),
        ] {
            let (_, list) = sent(service.get(&format!("/api/v1/blockers?{query}"))).await;
            assert_eq!(subjects(&list).len(), count, "{query}");
        }
        for query in ["level=loud", "since_before=yesterday", "subject=harbour", "gat=x"] {
            assert_eq!(sent(service.get(&format!("/api/v1/blockers?{query}"))).await.0, 400, "{query}");
        }
        resume(t, "harbour.haul").await;
        pause(t, "harbour.haul", "ice").await;
        let at = format!("/api/v1/blockers/{}", one["id"].as_str().unwrap());
        let (_, again) = sent(service.get(&at)).await;
        assert_eq!((&again["id"], &again["since"]), (&one["id"], &json!("2026-11-21T11:00:00.000000Z")));
        let history = "/api/v1/blockers/history?subject=item:tidegate-pause/harbour.haul";
        let (_, history) = sent(service.get(history)).await;
        let ends: Vec<_> = history["items"].as_array().unwrap().iter().map(|item| item["until"].clone()).collect();
        assert_eq!(ends, [Value::Null, json!("2026-11-21T11:00:00.000000Z")]);
        assert_eq!(sent(service.get("/api/v1/blockers/0000000000000000")).await.0, 404);
        assert_eq!(sent(service.get("/api/v1/blockers/nonsense")).await.0, 404);
        service.end().await;
    });
}

async fn step(t: &TestDb, subject: &str, gate: &str) {
    let subject: &Subject = &subject.parse().expect("a subject");
    let (at, outcome, text) = (t.db.now(), StepOutcome::Passed, "It went through.".to_owned());
    let step =
        &Step { gate: gate.to_owned(), step: "decide".to_owned(), at, outcome, text, url: None, message_id: None };
    let stepped: Result<()> = t.db.write("harbour.step", |tx| in_tx(tx.step(subject, step))).await;
    stepped.expect("it is committed");
}

#[test]
fn a_trail_goes_both_ways_and_says_where_the_change_stands() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let links = "/api/v1/trail/links";
        let evidence =
            json!([{"kind": "url", "id": "1", "text": "built", "url": "https://koji.example.org/1", "at": null}]);
        let link = json!({"from": COMMIT, "to": "build:web-1-1.fc44", "evidence": evidence});
        let made = service.post(links, &link).send().await.expect("the service answers");
        assert_eq!(made.headers()["location"].to_str().unwrap(), format!("/api/v1/trail/{}", encoded(COMMIT)));
        assert_eq!(made.status(), 201);
        assert_eq!(sent(service.post(links, &link)).await.0, 200, "the same again changes nothing");
        assert_eq!(t.rows("SELECT object FROM platform_write WHERE permission = 'platform:link'").await.len(), 1);
        let backwards = json!({"from": "build:web-1-1.fc44", "to": COMMIT});
        let (status, refused) = sent(service.post(links, &backwards)).await;
        assert_eq!((status, refused["errors"].as_array().unwrap().len()), (400, 2), "{refused}");

        step(t, "build:web-1-1.fc44", "results").await;
        let trail = async |path: &str| sent(service.get(&format!("/api/v1/trail/{path}"))).await;
        let (status, forward) = trail(&format!("{}?direction=forward", encoded(COMMIT))).await;
        assert_eq!(status, 200, "{forward}");
        assert_eq!(
            forward["nodes"],
            json!([{"subject": "build:web-1-1.fc44", "title": "web-1-1.fc44", "distance": 1}])
        );
        assert_eq!((&forward["stands_at"], &forward["truncated"]), (&Value::Null, &json!(false)));
        assert_eq!(forward["steps"][0]["subject"], "build:web-1-1.fc44");
        assert_eq!(forward["links"][0]["evidence"], evidence);
        // by a short form and by digits of the commit
        let (_, build) = trail("web-1-1.fc44").await;
        assert_eq!((&build["subject"], &build["stands_at"]), (&json!("build:web-1-1.fc44"), &json!("results")));
        assert_eq!(trail("9f86d08").await.1["subject"], COMMIT);
        let (_, of_kind) = trail("web-1-1.fc44?kind=compose").await;
        assert_eq!((&of_kind["nodes"], &of_kind["links"]), (&json!([]), &build["links"]));
        // two that may be meant, one that is unknown, and one that only a gate knows that is not there
        step(t, "update:web-1-1.fc44", "results").await;
        let (status, several) = trail("web-1-1.fc44").await;
        assert_eq!((status, &several["code"]), (404, &json!("platform.unknown-subject")));
        let named: Vec<_> = several["errors"].as_array().unwrap().iter().map(|item| item["detail"].clone()).collect();
        assert_eq!(named, ["build:web-1-1.fc44", "update:web-1-1.fc44"]);
        let (status, near) = trail("build%3Aweb-1-2.fc44").await;
        assert_eq!((status, &near["errors"][0]["detail"]), (404, &json!("build:web-1-1.fc44")), "{near}");
        let (_, far) = trail("build%3Anethack-9-1.fc44").await;
        assert_eq!((&far["code"], &far["errors"]), (&json!("platform.unknown-subject"), &json!([])));
        assert_eq!(trail(&format!("{}?new=true", encoded(COMMIT))).await.1["code"], "platform.gate-off");
        for query in ["depth=0", "direction=up", "kind=ship", "cursor=x"] {
            assert_eq!(trail(&format!("{}?{query}", encoded(COMMIT))).await.0, 400, "{query}");
        }
        let (_, found) = sent(service.get("/api/v1/search?q=web-1")).await;
        assert_eq!(subjects(&found), ["build:web-1-1.fc44", "update:web-1-1.fc44"]);
        assert_eq!(found["items"][0]["url"], "/trail/build%3Aweb-1-1.fc44");
        assert_eq!(sent(service.get("/api/v1/search?q=%20")).await.0, 400);
        service.end().await;
    });
}

fn encoded(subject: &str) -> String {
    subject.replace(':', "%3A").replace('/', "%2F").replace('@', "%40")
}

#[test]
fn a_gate_that_is_off_or_closed_is_named_and_not_read() {
    TestDb::both(PLATFORM, async |t| {
        let gates = vec![
            GateState { name: "catalog", enabled: false },
            GateState { name: "platform", enabled: true },
            GateState { name: "harbour", enabled: true },
        ];
        let of_harbour =
            Routes::new().route(Endpoint::get("/harbour/ships", Access::Read), async || "ulla").of("harbour");
        let mounts = Mounts::default().off("/catalog", "catalog").off("/api/v1/catalog", "catalog");
        let service = Service::with_gates(t, settings(), of_harbour, mounts, gates).await;
        for (path, code) in [
            ("/catalog", "platform.gate-off"),
            ("/catalog/composes/1", "platform.gate-off"),
            ("/api/v1/catalog/products", "platform.gate-off"),
            ("/catalogue", "platform.not-found"),
        ] {
            let (status, problem) = sent(service.get(path)).await;
            assert_eq!((status, &problem["code"]), (404, &json!(code)), "{path}");
        }
        let closed = [("platform", false), ("harbour", false)].into();
        let options = AuthOptions { anonymous_read_of: closed, ..crate::auth::options(vec![]) };
        service.auth.set_options(options).expect("the grants are good");
        assert_eq!(sent(service.request(Method::GET, "/harbour/ships")).await.0, 401);
        assert_eq!(sent(service.get("/harbour/ships")).await.0, 200);
        assert_eq!(sent(service.request(Method::GET, "/api/v1/search?q=ulla")).await.0, 200, "the rest stays open");
        pause(t, "harbour.haul", "fog").await;
        let (path, trail) = ("/api/v1/blockers", "/api/v1/trail/item%3Atidegate-pause%2Fharbour.haul");
        let anonymous = |path: &str| sent(service.request(Method::GET, path));
        assert_eq!(anonymous(path).await.1["items"], json!([]));
        assert_eq!(sent(service.get(path)).await.1["items"].as_array().unwrap().len(), 1);
        let (hidden, shown) = (anonymous(trail).await.1, sent(service.get(trail)).await.1);
        assert_eq!((&hidden["blockers"], &hidden["stands_at"]), (&json!([]), &Value::Null));
        assert_eq!((&shown["stands_at"], &shown["missing_gates"]), (&json!("platform"), &json!(["catalog"])));
        service.end().await;
    });
}

#[test]
fn a_message_says_how_it_stands_at_each_receiver_and_can_be_sent_again() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let sink = TestSink::new(Policy::HOOK, |ship, _| (ship == "a/2").then(|| Trouble::Refused("never".to_owned())));
        let bench = bench(t, Relay::new().with(sink.clone())).await;
        let (taken, refused) = (announce(&t.db, "a/1").await, announce(&t.db, "a/2").await);
        bench.settle().await;
        let at = async |id: &str| sent(service.get(&format!("/api/v1/platform/messages/{id}"))).await;
        let (status, message) = at(&taken.to_string()).await;
        assert_eq!(
            (status, &message["kind"], &message["title"]),
            (200, &json!("message"), &json!("harbour.ship.arrived"))
        );
        assert_eq!(message["message"]["body"]["ship"], "a/1");
        assert_eq!(
            (&message["receivers"][0]["sink"], &message["receivers"][0]["state"]),
            (&json!("test"), &json!("sent"))
        );
        let (_, message) = at(&refused.to_string()).await;
        assert_eq!(
            (&message["receivers"][0]["state"], &message["receivers"][0]["error"]),
            (&json!("set_aside"), &json!("never"))
        );
        assert_eq!(at("0c0f9d3e-0000-4000-8000-000000000000").await.0, 404);

        for (query, count) in
            [("state=set_aside", 1), ("topic=harbour.ship.left", 0), ("key=harbour:a", 1), ("sink=no", 0)]
        {
            let (_, list) = sent(service.get(&format!("/api/v1/platform/messages?{query}"))).await;
            assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
        }
        let resend = async |dry_run: bool| {
            let body =
                json!({"sink": "test", "from": 0, "to": 1_000, "topic": "harbour.ship.arrived", "dry_run": dry_run});
            sent(service.post("/api/v1/platform/messages/resend", &body)).await
        };
        assert_eq!(resend(true).await, (200, json!({"sink": "test", "rows": 2, "dry_run": true})));
        bench.settle().await;
        assert_eq!(sink.got(), ["a/1"], "a dry run sends nothing");
        assert_eq!(resend(false).await, (200, json!({"sink": "test", "rows": 2, "dry_run": false})));
        bench.settle().await;
        assert_eq!(sink.got(), ["a/1", "a/1"]);
        let (status, _) =
            sent(service.post("/api/v1/platform/messages/resend", &json!({"sink": "no", "from": 0, "to": 1}))).await;
        assert_eq!(status, 404);
        service.end().await;
    });
}

struct Unload;

impl Consumer for Unload {
    fn name(&self) -> &'static str {
        "harbour"
    }

    async fn handle(&self, _: &mut Tx, incoming: &Incoming) -> anyhow::Result<()> {
        anyhow::ensure!(incoming.payload["crane"] == true, "no crane");
        Ok(())
    }
}

#[test]
fn what_came_and_failed_is_shown_tried_again_and_given_up() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let bench = Bench::new(t, Jobs::default().with(Consume::default().with(Unload)));
        for id in ["a/1", "a/2", "a/3"] {
            let payload = &json!({"crane": id == "a/3"});
            let came: Result<bool> =
                t.db.write("harbour.hook", |tx| in_tx(tx.receive_later("harbour", id, "ship.new", payload))).await;
            assert!(came.expect("it is committed"));
        }
        bench.advance(std::time::Duration::from_secs(86_400)).await;
        let list = async |query: &str| {
            let (_, list) = sent(service.get(&format!("/api/v1/platform/inbox?{query}"))).await;
            let items = list["items"].as_array().expect("a list").clone();
            let short =
                |item: &Value| format!("{} {}", item["message_id"].as_str().unwrap(), item["state"].as_str().unwrap());
            (items.iter().map(short).collect::<Vec<_>>(), list["next"].clone())
        };
        assert_eq!(list("").await.0, ["a/3 done", "a/2 set_aside", "a/1 set_aside"]);
        assert_eq!(list("state=done").await.0, ["a/3 done"]);
        let (first, next) = list("state=set_aside&limit=1").await;
        let (second, _) = list(&format!("state=set_aside&limit=1&cursor={}", next.as_str().unwrap())).await;
        assert_eq!((first, second), (vec!["a/2 set_aside".to_owned()], vec!["a/1 set_aside".to_owned()]));
        let (_, one) = sent(service.get("/api/v1/platform/inbox/a%2F1?consumer=harbour")).await;
        assert_eq!((&one["attempts"], &one["payload"]), (&json!(10), &json!({"crane": false})));
        assert!(one["error"].as_str().unwrap().contains("no crane"), "{one}");
        assert_eq!(sent(service.get("/api/v1/platform/inbox/a%2F1")).await.0, 400, "whose has to be said");

        let act = async |id: &str, verb: &str, body: Value| {
            sent(service.post(&format!("/api/v1/platform/inbox/{id}/{verb}"), &body)).await.0
        };
        assert_eq!(act("a%2F1", "retry", json!({"consumer": "harbour"})).await, 200);
        assert_eq!(act("a%2F2", "drop", json!({"consumer": "harbour"})).await, 400, "a reason is needed");
        assert_eq!(act("a%2F2", "drop", json!({"consumer": "harbour", "reason": "scrapped"})).await, 200);
        assert_eq!(act("a%2F2", "retry", json!({"consumer": "harbour"})).await, 404);
        assert_eq!(list("state=waiting").await.0, ["a/1 waiting"]);
        let writes = t.rows("SELECT object, reason FROM platform_write WHERE object LIKE 'inbox:%' ORDER BY id").await;
        assert_eq!(writes, [["inbox:a/1", "NULL"], ["inbox:a/2", "scrapped"]]);
        service.end().await;
    });
}

#[test]
fn a_hook_that_was_added_gets_what_comes_after_and_goes_with_what_it_has_not_got() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let receiver = Web::start(|_| Answer::status(204));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client can be made");
        let bench = bench(t, Relay::new().with_hooks(client)).await;
        announce(&t.db, "a/before").await;
        bench.settle().await;
        let hooks = "/api/v1/platform/hooks";
        let body = json!({"name": "chat", "url": receiver.url(""), "topics": ["harbour.*"]});
        let (status, made) = sent(service.post(hooks, &body)).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(made["secret"].as_str().map(str::len), Some(64), "it is made and shown once");
        assert_eq!(sent(service.post(hooks, &body)).await.0, 409);
        announce(&t.db, "a/1").await;
        bench.settle().await;
        let ships = || {
            let ship = |request: &tidegate_testkit::Request| {
                let envelope: Value = serde_json::from_slice(&request.body).expect("an envelope");
                envelope["body"]["ship"].as_str().unwrap_or_default().to_owned()
            };
            receiver.requests().iter().map(ship).collect::<Vec<_>>()
        };
        assert_eq!(ships(), ["a/1"], "it begins with the next message");

        let (_, shown) = sent(service.get(&format!("{hooks}/chat"))).await;
        assert_eq!((&shown["origin"], &shown["version"], &shown["secret"]), (&json!("store"), &json!(1), &Value::Null));
        let target = receiver.url("");
        assert!(target.starts_with(shown["target"].as_str().unwrap()), "only scheme and host are shown: {shown}");
        let change = |version: i64| {
            let body = json!({"version": version, "topics": ["merge.*"]});
            service.request(Method::PATCH, &format!("{hooks}/chat")).bearer_auth(&service.admin).json(&body)
        };
        assert_eq!(sent(change(7)).await.0, 412);
        assert_eq!(sent(change(1)).await.1["version"], 2);
        announce(&t.db, "a/2").await;
        bench.settle().await;
        assert_eq!(ships(), ["a/1"], "it takes other topics now");

        let remove = || service.request(Method::DELETE, &format!("{hooks}/chat")).bearer_auth(&service.admin);
        assert_eq!(sent(remove()).await.0, 204);
        assert_eq!(sent(remove()).await.0, 404);
        assert_eq!(t.rows("SELECT name FROM platform_sink").await, Vec::<Vec<String>>::new());
        assert_eq!(t.rows("SELECT reason FROM platform_write WHERE object = 'hook:chat'").await.len(), 3);
        for body in [
            json!({"name": "Chat", "url": "https://x.example.org"}),
            json!({"name": "chat", "url": "file:///etc/passwd"}),
            json!({"name": "chat", "url": "https://x.example.org", "topics": ["*.started"]}),
            json!({"name": "chat", "url": "https://x.example.org", "secret": "short"}),
        ] {
            assert_eq!(sent(service.post(hooks, &body)).await.0, 400, "{body}");
        }
        service.end().await;
    });
}

#[test]
fn a_hook_begins_where_it_is_told_and_one_of_the_configuration_is_changed_there() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let bench = bench(t, Relay::new()).await;
        announce(&t.db, "a/1").await;
        bench.settle().await;
        let hooks = "/api/v1/platform/hooks";
        let body = json!({"name": "late", "url": "https://x.example.org", "from": 1});
        assert_eq!(sent(service.post(hooks, &body)).await.0, 201);
        assert_eq!(t.rows("SELECT name, position FROM platform_sink").await, [["hook:late", "0"]]);
        t.rows("INSERT INTO platform_sink (name, takes, position, state, since, attempts) VALUES ('hook:fixed', 'messages', 0, 'up', 0, 0)").await;
        let (_, list) = sent(service.get(hooks)).await;
        let origins: Vec<_> = list["items"].as_array().unwrap().iter().map(|hook| hook["origin"].clone()).collect();
        assert_eq!(origins, ["config", "store"]);
        let remove = service.request(Method::DELETE, &format!("{hooks}/fixed")).bearer_auth(&service.admin);
        assert_eq!(sent(remove).await.0, 409);
        // a start without it in the configuration forgets it
        Relay::new().enrol(&t.db).await.expect("it is committed");
        assert_eq!(t.rows("SELECT name FROM platform_sink").await, [["hook:late"]]);
        service.end().await;
    });
}
