//! The broker is away, blocked or cut off: nobody who posts waits for it, and what it missed it gets under the same ids.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use tidegate_testkit::Received;

use super::{Bus, serve_at};
use crate::results::crowd::Crowd;
use crate::results::{Desk, V2, failed, told};
use crate::serve::both;

impl Desk {
    /// Posts results that are taken, and says how long each took, the fastest first.
    fn results(&self, name: &str, count: usize) -> Vec<Duration> {
        let mut took: Vec<_> = (0..count)
            .map(|number| {
                #[expect(clippy::disallowed_methods, reason = "the figure is for people")]
                let begin = Instant::now();
                self.result(&failed(&format!("{name}{number}-1-1")));
                begin.elapsed()
            })
            .collect();
        took.sort_unstable();
        took
    }

    /// The results that a bus has to be told of, and how.
    fn to_be_told(&self) -> told::Told {
        told::expected(told::stored(self).values())
    }
}

/// Hears until so many different messages came, and then whatever else is there.
fn hear_all(bus: &Bus, queue: &str, expected: &told::Told, before: Vec<Received>) -> Vec<Received> {
    let mut ids: BTreeSet<_> = before.iter().map(Received::id).collect();
    let count: usize = expected.values().map(Vec::len).sum();
    let mut heard = before;
    if ids.len() < count {
        heard.extend(bus.hear(queue, |message| {
            ids.insert(message.id());
            ids.len() == count
        }));
    }
    heard
}

fn percentiles(took: &[Duration]) -> String {
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    format!("p50 {:?}, p95 {:?}, p99 {:?}", at(50), at(95), at(99))
}

/// Scenario 14, while others post too.
#[test]
fn nobody_waits_for_a_broker_that_is_stopped_and_it_misses_nothing() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let queue = bus.queue(house);
        let desk = Desk::open(bus.serve(house, &[]));
        let crowd = Crowd::of(2, 14, &desk.token);
        crowd.go_to(&desk.service.at);
        let with = desk.results("with", 200);
        bus.stop();
        let without = desk.results("without", 200);
        println!("with the broker: {}; without: {}", percentiles(&with), percentiles(&without));
        bus.start_again();
        let posted = crowd.stop();
        assert_eq!(told::stored(&desk).len(), posted.answers + 400);
        let expected = desk.to_be_told();
        assert_eq!(told::heard(&hear_all(&bus, &queue, &expected, Vec::new())), expected);
        assert!(desk.service.stop().0.success());
    });
}

/// Scenario 15: the broker has the message, and its confirmation never arrives.
#[test]
fn what_is_cut_off_before_its_confirmation_comes_again_under_its_id() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let (queue, proxy) = (bus.queue(house), bus.proxy());
        let desk = Desk::open(serve_at(house, &proxy.address(), &[]));
        desk.result(&failed("first-1-1"));
        let mut heard = hear_all(&bus, &queue, &desk.to_be_told(), Vec::new());
        proxy.stall_answers();
        desk.result(&failed("second-1-1"));
        let expected = desk.to_be_told();
        heard = hear_all(&bus, &queue, &expected, heard);
        let before = heard.len();
        proxy.cut();
        proxy.pass();
        // both messages of the result come once more, as nobody knows that they arrived
        let mut repeated = 2;
        heard.extend(bus.hear(&queue, |_| {
            repeated -= 1;
            repeated == 0
        }));
        assert_eq!(heard.len(), before + 2);
        assert_eq!(told::heard(&heard), expected);
        assert!(desk.service.stop().0.success());
    });
}

/// Scenario 16, on both sides of the sending.
#[cfg(feature = "steps")]
#[test]
fn what_was_committed_before_a_kill_reaches_the_broker_after_it() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let queue = bus.queue(house);
        let mut service = bus.serve(house, &[]);
        let token = service.set_up();
        assert!(service.stop().0.success());
        for (number, point) in ["before", "after"].into_iter().enumerate() {
            let steps = format!("kill:amqp.send.{point}#1");
            let lease = ("TIDEGATE_JOBS__LEASE", "1s");
            let service = bus.serve(house, &[("TIDEGATE_STEPS", &steps), lease]);
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str())];
            let body = failed(&format!("p{number}-1-1"));
            // it may be killed before it answers, as the sending follows the commit at once
            service.ask("POST", &format!("{V2}/results"), &headers, Some(&body));
            let (status, _) = service.ended();
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));

            let desk = Desk { service: bus.serve(house, &[lease]), token: token.clone() };
            let expected: told::Told =
                desk.to_be_told().into_iter().filter(|(key, _)| key.contains(&format!("p{number}-"))).collect();
            assert_eq!(expected.values().map(Vec::len).sum::<usize>(), 2);
            let heard = hear_all(&bus, &queue, &expected, Vec::new());
            assert!(desk.service.stop().0.success());
            let heard = [heard, bus.take(&queue)].concat();
            assert_eq!(told::heard(&heard), expected, "killed {point} the sending");
        }
    });
}

/// Scenario 17.
#[test]
fn nobody_waits_for_a_broker_that_takes_nothing() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let queue = bus.queue(house);
        let desk = Desk::open(bus.serve(house, &[]));
        desk.result(&failed("first-1-1"));
        let heard = hear_all(&bus, &queue, &desk.to_be_told(), Vec::new());
        bus.block(true);
        let took = desk.results("blocked", 50);
        println!("while the broker took nothing: {}", percentiles(&took));
        let meanwhile = bus.take(&queue);
        bus.block(false);
        assert!(meanwhile.is_empty(), "{} messages were taken", meanwhile.len());
        let expected = desk.to_be_told();
        assert_eq!(told::heard(&hear_all(&bus, &queue, &expected, heard)), expected);
        assert!(desk.service.stop().0.success());
    });
}

/// Scenario 18.
#[test]
fn what_nobody_listens_to_is_sent_all_the_same() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let desk = Desk::open(bus.serve(house, &[]));
        desk.result(&failed("first-1-1"));
        let queue = bus.queue(house);
        desk.result(&failed("second-1-1"));
        let heard =
            bus.hear(&queue, |message| message.body.contains("second") && message.body.contains("announcement"));
        let sinks = desk.get("/api/v1/platform/sinks");
        let amqp = sinks["items"].as_array().unwrap().iter().find(|sink| sink["name"] == "amqp").unwrap();
        assert_eq!((&amqp["set_aside"], &amqp["error"]), (&0.into(), &Value::Null));
        assert!(heard.len() <= 4, "the first result was not kept for later listeners");
        assert!(desk.service.stop().0.success());
    });
}
