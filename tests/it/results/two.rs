//! Two processes of the service on one store.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Desk, V2, failed, sample};
use crate::serve::{ask, on_postgres};

/// Two processes, and a token that is good at both.
struct Pair {
    places: [String; 2],
    bearer: String,
}

impl Pair {
    /// Sends all bodies at once, to the processes in turn, and gives the ids that they were stored under.
    fn post(&self, bodies: &[Value]) -> BTreeSet<i64> {
        let headers = [("authorization", self.bearer.as_str())];
        let post = |number: usize| {
            let at = &self.places[number % self.places.len()];
            let answer = ask(at, "POST", &format!("{V2}/results"), &headers, Some(&bodies[number]));
            let (status, stored) = answer.expect("the service answers");
            assert_eq!(status, 201, "{stored}");
            stored["id"].as_i64().expect("it has an id")
        };
        std::thread::scope(|scope| {
            let sent: Vec<_> = (0..bodies.len()).map(|number| scope.spawn(move || post(number))).collect();
            sent.into_iter().map(|sent| sent.join().expect("it is taken")).collect()
        })
    }
}

fn with_pair(test: impl Fn(&Desk, &Pair)) {
    on_postgres(|house| {
        let desk = Desk::open(house.serve(&[]));
        let other = house.serve(&[]);
        let places = [desk.service.at.clone(), other.at.clone()];
        let pair = Pair { places, bearer: format!("Bearer {}", desk.token) };
        test(&desk, &pair);
        assert!(other.stop().0.success());
        assert!(desk.service.stop().0.success());
    });
}

/// Scenario 9.
#[test]
fn the_same_result_at_once_from_many_clients_of_two_processes_is_one_change() {
    with_pair(|desk, pair| {
        let ids = pair.post(&vec![failed("nethack-9-1.fc44"); 64]);
        assert_eq!(ids.len(), 64);
        let state = desk.get("/api/v1/results/announcements/state?item=nethack-9-1.fc44");
        assert_eq!((&state["items"][0]["seq"], &state["items"][0]["suppressed"]), (&json!(1), &json!(63)));
        let told: Vec<_> = desk.follow("resultsdb.result.new,results.result.changed").take(65).collect();
        let changes: Vec<_> = told.iter().filter(|message| message["topic"] == "results.result.changed").collect();
        assert_eq!(changes.len(), 1);
        let told: BTreeSet<_> = told.iter().filter_map(|message| message["body"]["id"].as_i64()).collect();
        assert_eq!(told, ids, "each of them was told once");
    });
}

/// Scenario 11.
#[test]
fn opposite_orders_of_builds_in_two_processes_do_not_wait_in_a_circle() {
    let builds: Vec<_> = (0..200).map(|number| format!("p{number}-1-1.fc44")).collect();
    let backwards: Vec<_> = builds.iter().rev().collect();
    let update = |outcome: &str, builds: Value| {
        let data = json!({"item": "FEDORA-2026-1", "type": "bodhi_update", "builds": builds});
        json!({"outcome": outcome, "testcase": "update.install", "data": data})
    };
    with_pair(|desk, pair| {
        let (rounds, mut ids) = (sample(15, 100), BTreeSet::new());
        for round in 0..rounds {
            let outcomes = if round % 2 == 0 { ["PASSED", "FAILED"] } else { ["FAILED", "PASSED"] };
            let bodies = [update(outcomes[0], json!(builds)), update(outcomes[1], json!(backwards))];
            ids.extend(pair.post(&bodies));
        }
        assert_eq!(ids.len(), 2 * rounds, "no result was lost");
        let state = |build: &str| desk.get(&format!("/api/v1/results/announcements/state?item={build}"));
        let first = state(&builds[0])["items"][0].clone();
        for build in &builds[1..] {
            let state = &state(build)["items"][0];
            assert_eq!(
                (&state["outcome"], &state["seq"]),
                (&first["outcome"], &first["seq"]),
                "all builds heard the same"
            );
        }
    });
}
