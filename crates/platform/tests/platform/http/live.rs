//! What happened, as a list and as a stream.

use futures_util::StreamExt as _;
use reqwest::Response;
use serde_json::json;
use tidegate_kernel::{Actor, Message, OrderKey, Subject, Topic};
use tidegate_platform::outbox::{SEQUENCE, Sequence};
use tidegate_platform::store::{Result, in_tx};
use tidegate_platform::wake::{Engine, Jobs};
use tidegate_testkit::{Kind, TestDb};

use super::{Service, sent};
use crate::wake::PLATFORM;

pub(super) const EVENTS: &str = "/api/v1/events";

/// Announces that a ship came, and has it numbered.
pub(super) async fn announce(t: &TestDb, topic: &str, ship: &str) {
    let subject: Subject = format!("item:{ship}").parse().expect("it is a subject");
    let gate = topic.split('.').next().unwrap_or_default();
    let announced: Result<()> =
        t.db.write("harbour.announce", |tx| {
            let (topic, subject) = (Topic::new(topic).expect("it is a topic"), subject.clone());
            let key = OrderKey::new(gate, ship).expect("it is a key");
            in_tx(async move {
                let message = Message::new(topic, key, tx.now(), Actor::system()).with("ship", ship).about(subject);
                tx.publish(message).map(drop)
            })
        })
        .await;
    announced.expect("it is committed");
    let engine = Engine::new(t.db.clone(), Jobs::default().with(Sequence), std::time::Duration::from_secs(60));
    for (job, key) in engine.behind(&[tidegate_platform::wake::Follows::Outbox]).await.expect("the store answers") {
        assert_eq!(job, SEQUENCE.as_str());
        engine.run(job, &key, true).await.expect("the store answers");
    }
}

/// Reads a stream until it has so many events, and gives them as pairs of topic and ship.
async fn events(response: Response, count: usize) -> (Vec<(String, String)>, String) {
    let (mut text, mut stream) = (String::new(), response.bytes_stream());
    loop {
        let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
        let blocks: Vec<_> = whole.split("\n\n").filter(|block| block.contains("event:")).collect();
        if blocks.len() >= count {
            let field = |block: &str, name: &str| {
                let line =
                    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
                line.unwrap_or_default()
            };
            let ship = |block: &str| {
                let data: serde_json::Value = serde_json::from_str(&field(block, "data")).unwrap_or_default();
                data["body"]["ship"].as_str().unwrap_or_default().to_owned()
            };
            let told = blocks.iter().map(|block| (field(block, "event"), ship(block))).collect();
            return (told, field(blocks[blocks.len() - 1], "id"));
        }
        let chunk = stream.next().await.expect("the stream goes on").expect("the stream is read");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
}

fn ships(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ("harbour.ship.came".to_owned(), (*name).to_owned())).collect()
}

#[test]
fn a_list_has_what_was_asked_for() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        for ship in ["ulla", "brunhilde", "ulla"] {
            announce(t, "harbour.ship.came", ship).await;
        }
        announce(t, "harbour.ship.left", "ulla").await;
        let of = async |query: &str| {
            let (status, list) = sent(service.get(&format!("{EVENTS}?{query}"))).await;
            assert_eq!(status, 200);
            let ships = list["items"].as_array().unwrap().iter().map(|item| item["message"]["body"]["ship"].clone());
            (ships.collect::<Vec<_>>(), list["next"].clone())
        };
        assert_eq!(of("topic=harbour.ship.came").await.0, ["ulla", "brunhilde", "ulla"]);
        assert_eq!(of("topic=harbour.*&subject=item:brunhilde").await.0, ["brunhilde"]);
        assert_eq!(of("gate=elsewhere").await.0, Vec::<serde_json::Value>::new());
        let (first, next) = of("limit=3").await;
        assert_eq!(first.len(), 3);
        assert_eq!(of(&format!("after={}", next.as_str().unwrap())).await, (vec![json!("ulla")], json!(null)));
        service.end().await;
    });
}

#[test]
fn a_stream_goes_on_where_it_stopped() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        announce(t, "harbour.ship.came", "before").await;
        let open = || service.get(&format!("{EVENTS}?topic=harbour.ship.came")).header("accept", "text/event-stream");
        let stream = open().send().await.unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        announce(t, "harbour.ship.left", "other").await;
        announce(t, "harbour.ship.came", "ulla").await;
        announce(t, "harbour.ship.came", "brunhilde").await;
        let (told, last) = events(stream, 2).await;
        assert_eq!(told, ships(&["ulla", "brunhilde"]), "what was before is not told");

        announce(t, "harbour.ship.came", "meanwhile").await;
        let again = open().header("last-event-id", &last).send().await.unwrap();
        announce(t, "harbour.ship.came", "later").await;
        assert_eq!(events(again, 2).await.0, ships(&["meanwhile", "later"]));
        let (status, _) = sent(open().header("last-event-id", "tide")).await;
        assert_eq!(status, 400);
        service.end().await;
    });
}

#[test]
fn what_comes_while_the_first_stream_opens_is_told() {
    TestDb::both(PLATFORM, async |t| {
        // the first stream of a service begins to read the feed: each of these services is new
        let first = Service::start(t).await;
        for number in 0..25 {
            let service = first.beside(&t.db).await;
            let (before, after) = (format!("before-{number}"), format!("after-{number}"));
            announce(t, "harbour.ship.came", &before).await;
            let (_, list) = sent(service.get(&format!("{EVENTS}?limit=500"))).await;
            let last = list["items"].as_array().unwrap().last().unwrap()["no"].to_string();
            let open = service.get(EVENTS).header("accept", "text/event-stream").header("last-event-id", last);
            let (stream, ()) = tokio::join!(open.send(), announce(t, "harbour.ship.came", &after));
            // if that one were lost this would be the first
            announce(t, "harbour.ship.came", "later").await;
            assert_eq!(events(stream.unwrap(), 1).await.0, ships(&[&after]));
            service.end().await;
        }
        first.end().await;
    });
}

/// What was deleted meanwhile, or is too much, is not passed over in silence.
#[test]
fn who_cannot_go_on_where_he_stopped_is_told_to_begin_anew() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        for ship in ["a", "b", "c"] {
            announce(t, "harbour.ship.came", ship).await;
        }
        let (_, list) = sent(service.get(EVENTS)).await;
        let numbers: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|item| item["no"].as_i64().unwrap()).collect();
        let open = async |after: i64| {
            let open = service.get(EVENTS).header("accept", "text/event-stream");
            events(open.header("last-event-id", after.to_string()).send().await.unwrap(), 1).await.0
        };
        assert_eq!(open(numbers[0]).await, ships(&["b"]));
        let reset = vec![("reset".to_owned(), String::new())];
        assert_eq!(open(numbers[2] + 1).await, reset, "nobody saw that number");
        // as the retention would; the numbers of SQLite are those of the outbox
        if t.db.is_postgres() {
            t.rows("DELETE FROM platform_feed WHERE no <= (SELECT MIN(no) + 1 FROM platform_feed)").await;
        }
        t.rows("DELETE FROM platform_outbox WHERE seq <= (SELECT MIN(seq) + 1 FROM platform_outbox)").await;
        assert_eq!(open(numbers[0]).await, reset, "what came next is gone");
        assert_eq!(open(0).await, ships(&["c"]), "who begins anew gets what there is");
        service.end().await;
    });
}

#[test]
fn an_address_has_64_streams() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let mut settings = super::settings();
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        let (gates, mounts) = (tidegate_platform::http::Routes::new(), tidegate_platform::http::Mounts::default());
        let service = Service::with(t, settings, gates, mounts).await;
        let open = async |address: &str| {
            let open = service.get(EVENTS).header("accept", "text/event-stream").header("x-forwarded-for", address);
            open.send().await.unwrap()
        };
        let mut streams = Vec::new();
        for _ in 0..64 {
            streams.push(open("2001:db8::1").await);
        }
        assert!(streams.iter().all(|stream| stream.status() == 200));
        let refused = open("2001:db8::2").await;
        assert_eq!(refused.status(), 429, "one network is one address");
        assert_eq!(open("192.0.2.1").await.status(), 200, "another address has its own");
        streams.pop();
        // the service learns by and by that a client hung up
        let freed = async { while open("2001:db8::1").await.status() != 200 {} };
        tokio::time::timeout(std::time::Duration::from_secs(30), freed).await.expect("a place is free again");
        drop(streams);
        service.end().await;
    });
}

#[test]
fn a_stop_ends_streams_and_is_not_ready() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let stream = service.get(EVENTS).header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(sent(service.get("/readyz")).await.0, 200);
        service.stop.send_replace(true);
        let rest = stream.bytes().await.expect("the stream ends well");
        assert!(!String::from_utf8_lossy(&rest).contains("event:"));
        service.end().await;
    });
}

async fn reset(service: &Service, last: i64) -> String {
    let open = service.get(EVENTS).header("accept", "text/event-stream").header("last-event-id", last.to_string());
    // a stream that is reset ends
    open.send().await.expect("the service answers").text().await.expect("the stream ends well")
}

#[test]
fn who_is_too_far_behind_or_beyond_what_is_kept_begins_anew() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        for ship in ["a", "b", "c"] {
            announce(t, "harbour.ship.came", ship).await;
        }
        let (_, list) = sent(service.get(EVENTS)).await;
        let numbers: Vec<i64> =
            list["items"].as_array().unwrap().iter().map(|item| item["no"].as_i64().unwrap()).collect();
        let gone = if t.db.is_postgres() {
            "WITH gone AS (DELETE FROM platform_outbox WHERE body ->> 'ship' IN ('a', 'b') RETURNING seq)
             DELETE FROM platform_feed WHERE seq IN (SELECT seq FROM gone)"
        } else {
            "DELETE FROM platform_outbox WHERE body ->> 'ship' IN ('a', 'b')"
        };
        t.rows(gone).await;
        let told = reset(&service, numbers[0]).await;
        let head = numbers[2];
        assert!(told.contains("event: reset") && told.contains(&format!("id: {head}")), "{told}");
        assert!(!told.contains("harbour.ship.came"), "{told}");

        let many: Result<()> =
            t.db.write("harbour.announce", |tx| {
                in_tx(async move {
                    for number in 0..1_001 {
                        let topic = Topic::new("harbour.ship.came").expect("it is a topic");
                        let key = OrderKey::new("harbour", &number.to_string()).expect("it is a key");
                        tx.publish(Message::new(topic, key, tx.now(), Actor::system()))?;
                    }
                    Ok(())
                })
            })
            .await;
        many.expect("it is committed");
        announce(t, "harbour.ship.came", "last").await;
        assert!(reset(&service, head).await.contains("event: reset"), "1,002 are too many");
        service.end().await;
    });
}

#[test]
fn who_may_not_read_a_gate_hears_nothing_of_it() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let anonymous = |path: &str| service.request(reqwest::Method::GET, path);
        let open = anonymous(EVENTS).header("accept", "text/event-stream");
        let (of_anonymous, of_admin) = (
            open.send().await.unwrap(),
            service.get(EVENTS).header("accept", "text/event-stream").send().await.unwrap(),
        );
        announce(t, "harbour.ship.came", "before").await;
        let options = |may: bool| tidegate_platform::auth::AuthOptions {
            anonymous_read_of: [("harbour", may)].into(),
            ..crate::auth::options(vec![])
        };
        let mut told = of_anonymous.bytes_stream();
        let mut text = String::new();
        while !text.contains("before") {
            text.push_str(&String::from_utf8_lossy(&told.next().await.expect("it goes on").expect("it is read")));
        }
        service.auth.set_options(options(false)).expect("the grants are good");
        announce(t, "harbour.ship.came", "hidden").await;
        assert_eq!(events(of_admin, 2).await.0, ships(&["before", "hidden"]));
        assert_eq!(sent(anonymous(EVENTS)).await.1["items"], json!([]));
        // what comes behind it has come, so it was passed over
        announce(t, "lighthouse.lamp.lit", "lamp").await;
        while !text.contains("lamp") {
            text.push_str(&String::from_utf8_lossy(&told.next().await.expect("it goes on").expect("it is read")));
        }
        service.auth.set_options(options(true)).expect("the grants are good");
        announce(t, "harbour.ship.came", "after").await;
        while !text.contains("after") {
            text.push_str(&String::from_utf8_lossy(&told.next().await.expect("it goes on").expect("it is read")));
        }
        assert!(!text.contains("hidden"), "{text}");
        service.end().await;
    });
}
