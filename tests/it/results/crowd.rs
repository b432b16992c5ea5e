//! Many clients that post, each until it is told to stop, through whatever happens to the service.
//!
//! A client that gets no answer sends the same under the same key to the service that comes next, as CI systems do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tidegate_kernel::{Rng as _, SeededRng};

use super::V2;
use crate::serve::ask;

const TESTCASES: u64 = 3;
const BUILDS: u64 = 6;

/// The clients.
pub(super) struct Crowd {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Vec<Value>>>,
    answers: Receiver<()>,
}

struct Shared {
    token: String,
    place: Mutex<Place>,
    moved: Condvar,
    stop: AtomicBool,
}

/// Where the service is, and how many there were before it.
#[derive(Default)]
struct Place {
    number: usize,
    at: String,
}

/// What the clients did.
pub(super) struct Posted {
    /// Every result that was answered with 201, by its id.
    pub(super) accepted: BTreeMap<i64, Value>,
    /// How many answers there were.
    pub(super) answers: usize,
}

impl Crowd {
    /// So many clients, who wait for a service; the seed determines what they post.
    pub(super) fn of(clients: u64, seed: u64, token: &str) -> Self {
        let (place, moved, stop) = (Mutex::default(), Condvar::new(), AtomicBool::new(false));
        let shared = Arc::new(Shared { token: token.to_owned(), place, moved, stop });
        let (answered, answers) = channel();
        let client = |number: u64| {
            let (shared, answered) = (Arc::clone(&shared), answered.clone());
            std::thread::spawn(move || shared.client(number, &SeededRng::new(seed ^ (number << 32)), &answered))
        };
        let clients = (0..clients).map(client).collect();
        Self { shared, clients, answers }
    }

    /// Sends them to a service, the next one.
    pub(super) fn go_to(&self, at: &str) {
        let mut place = self.shared.place.lock().expect("nobody panicked");
        *place = Place { number: place.number + 1, at: at.to_owned() };
        self.shared.moved.notify_all();
    }

    /// Waits for so many answers.
    pub(super) fn wait_for(&self, answers: u64) {
        for _ in 0..answers {
            self.answers.recv().expect("the clients go on");
        }
    }

    /// Has each of them finish what it is at.
    pub(super) fn stop(self) -> Posted {
        self.shared.stop.store(true, Ordering::SeqCst);
        let all: Vec<_> = self.clients.into_iter().flat_map(|client| client.join().expect("a client ends")).collect();
        let answers = all.len();
        let accepted = all.into_iter().map(|result| (result["id"].as_i64().expect("it has an id"), result)).collect();
        Posted { accepted, answers }
    }
}

impl Shared {
    fn client(&self, number: u64, rng: &SeededRng, answered: &Sender<()>) -> Vec<Value> {
        let mut stored = Vec::new();
        while !self.stop.load(Ordering::SeqCst) {
            let key = format!("{number}-{}", stored.len());
            stored.push(self.post(&key, &body(rng)));
            let _ = answered.send(());
        }
        stored
    }

    /// Posts until there is an answer.
    fn post(&self, key: &str, body: &Value) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let mut left = 0;
        loop {
            let (number, at) = self.place_after(left);
            match ask(&at, "POST", &format!("{V2}/results"), &headers, Some(body)) {
                Some((201, stored)) if stored["id"].is_i64() => return stored,
                // it was killed before it answered, or while it did
                None | Some((201, _)) => left = number,
                Some((status, problem)) => panic!("{status} to {body}: {problem}"),
            }
        }
    }

    /// The service that comes behind that one.
    fn place_after(&self, left: usize) -> (usize, String) {
        let place = self.place.lock().expect("nobody panicked");
        let place = self.moved.wait_while(place, |place| place.number <= left).expect("nobody panicked");
        (place.number, place.at.clone())
    }
}

/// Of few keys, so that most results are about something that was told before; some are about several builds.
fn body(rng: &SeededRng) -> Value {
    let outcome = ["PASSED", "PASSED", "FAILED", "RUNNING"][usize::try_from(rng.below(4)).expect("it is small")];
    let build = || format!("p{}-1-1.fc44", rng.below(BUILDS));
    let data = if rng.below(8) == 0 {
        json!({"type": "bodhi_update", "item": format!("FEDORA-2026-{}", rng.below(3)), "builds": [build(), build()]})
    } else {
        json!({"type": "koji_build", "item": build()})
    };
    json!({"testcase": format!("dist.t{}", rng.below(TESTCASES)), "outcome": outcome, "data": data})
}
