//! How the service ends: in peace with all requests answered, or killed with what it answered kept.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tidegate_platform::store::{Reads as _, Result, in_tx};
use tidegate_testkit::{Answer, Web};

use super::{Service, answer, both, send};

/// As many run when the service is told to stop.
const JOBS: usize = 5;

tidegate_platform::statements! {
    pub(crate) LEASES;

    HELD = "SELECT job, key FROM platform_wake WHERE lease_owner IS NOT NULL ORDER BY job, key";
}

/// Five web hooks whose receiver answers none before it may.
struct Slow {
    web: Web,
    asked: Receiver<()>,
}

impl Slow {
    fn start(may_answer: &Arc<Mutex<()>>) -> Self {
        let (ask, asked) = channel();
        let may_answer = Arc::clone(may_answer);
        let web = Web::start(move |_| {
            let _ = ask.send(());
            drop(may_answer.lock());
            Answer::status(204)
        });
        Self { web, asked }
    }

    fn hook_up(&self, service: &Service, headers: &[(&str, &str)]) {
        for number in 0..JOBS {
            let hook = json!({"name": format!("slow{number}"), "topics": ["platform.pause.changed"],
                "url": self.web.url(&number.to_string())});
            let (status, made) =
                service.ask("POST", "/api/v1/platform/hooks", headers, Some(&hook)).expect("it answers");
            assert_eq!(status, 201, "{made}");
        }
    }

    /// Waits until each of them was asked once.
    fn all_wait(&self) {
        for _ in 0..JOBS {
            self.asked.recv().expect("the receiver lives");
        }
    }
}

/// Scenario 33.
#[test]
fn a_stop_answers_every_request_and_leaves_no_lease() {
    both(|house| {
        let mut service = house.serve(&[("TIDEGATE_HTTP__DRAIN", "1s"), ("TIDEGATE_JOBS__SLOTS", "20")]);
        let bearer = format!("Bearer {}", service.set_up());
        let headers = [("authorization", bearer.as_str())];
        let may_answer = Arc::new(Mutex::new(()));
        let slow = Slow::start(&may_answer);
        slow.hook_up(&service, &headers);
        let held = may_answer.lock().expect("nobody panicked");
        let pause = json!({"reason": "low water"});
        let paused = service.ask("POST", "/api/v1/platform/jobs/platform.retention/pause", &headers, Some(&pause));
        assert_eq!(paused.map(|(status, _)| status), Some(200));
        slow.all_wait();
        // each waits for the one before it, as they are about the same builds
        let builds: Vec<_> = (0..500).map(|build| format!("p{build}-1-1")).collect();
        let data = json!({"item": "FEDORA-2026-1", "type": "bodhi_update", "builds": builds});
        let body = json!({"outcome": "PASSED", "testcase": "update.install", "data": data});
        let path = "/api/v1/results/records";
        let sent = || send(&service.at, "POST", path, &headers, Some(&body)).expect("it listens");
        let asked: Vec<_> = (0..20).map(|_| sent()).collect();
        let ready = |service: &super::Service| service.ask("GET", "/readyz", &[], None).map(|(status, _)| status);
        assert_eq!(ready(&service), Some(200));
        service.signal(Signal::SIGTERM);
        drop(held);
        for (number, stream) in asked.into_iter().enumerate() {
            assert_eq!(answer(stream).map(|(status, _)| status), Some(201), "request {number}");
        }
        let (status, said) = service.ended();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(said.contains("the service has stopped"), "{said}");
        let leases: Vec<(String, String)> = house.in_store(async |db| {
            let held: Result<_> = db.read(|reader| in_tx(reader.query(HELD).fetch_all())).await;
            held.expect("the store answers")
        });
        assert_eq!(leases, Vec::new());
    });
}

#[test]
fn a_second_process_on_the_same_file_names_the_first() {
    let house = super::House::sqlite();
    let service = house.serve(&[]);
    let (exit, _, said) = super::run(house.command(&["serve", "--port", "0"]));
    assert_eq!((exit, said.contains("is in use by process")), (3, true), "{said}");
    assert!(service.stop().0.success());
}

#[cfg(feature = "steps")]
#[test]
fn what_was_committed_before_a_kill_is_answered_after_it() {
    both(|house| {
        let mut service = house.serve(&[]);
        let shown = format!("Bearer {}", service.set_up());
        assert!(service.stop().0.success());
        let headers = [("authorization", shown.as_str()), ("idempotency-key", "k1")];
        let team = json!({"name": "crew"});
        for (point, kept) in [("before", false), ("after", true)] {
            let steps = format!("kill:platform.team.create.commit.{point}#1");
            let service = house.serve(&[("TIDEGATE_STEPS", &steps)]);
            let answer = service.ask("POST", "/api/v1/platform/teams", &headers, Some(&team));
            assert_eq!(answer, None, "it is killed before it answers");
            let (status, _) = service.ended();
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));

            let service = house.serve(&[]);
            let (_, teams) = service.ask("GET", "/api/v1/platform/teams", &headers[..1], None).expect("it answers");
            let names: Vec<&Value> = teams["items"].as_array().unwrap().iter().map(|team| &team["name"]).collect();
            assert_eq!(names, if kept { vec!["crew"] } else { vec![] }, "killed {point} the commit");
            if kept {
                let again = service.ask("POST", "/api/v1/platform/teams", &headers, Some(&team)).expect("it answers");
                assert_eq!((again.0, &again.1["name"]), (201, &json!("crew")), "the first answer, not a conflict");
            }
            assert!(service.stop().0.success());
        }
    });
}
