//! What the bus tells the service, which dies over it.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Bus, PREFIX};
use crate::results::{Desk, V2, failed, wait_for};
use crate::serve::both;

const UPDATE: &str = "FEDORA-2026-1";
/// On PostgreSQL nobody takes over from the dead before their lease ends.
const LEASE: (&str, &str) = ("TIDEGATE_JOBS__LEASE", "400ms");

/// Says that an update has these builds.
fn edit(bus: &Bus, id: &str, update: &str, builds: &[&str]) {
    let builds: Vec<_> = builds.iter().map(|nvr| json!({"nvr": nvr})).collect();
    let body = json!({"update": {"alias": update, "builds": builds}});
    bus.tell(&format!("{PREFIX}.bodhi.update.edit"), id, &body);
}

/// What came with that id; nothing if it did not come.
fn came(desk: &Desk, id: &str) -> Option<Value> {
    let bearer = format!("Bearer {}", desk.token);
    let path = format!("/api/v1/platform/inbox/{id}?consumer=results.updates");
    let (status, one) = desk.service.ask("GET", &path, &[("authorization", &bearer)], None).expect("it answers");
    (status == 200).then_some(one)
}

fn is_done(desk: &Desk, id: &str) -> bool {
    came(desk, id).is_some_and(|one| one["state"] == "done")
}

/// Pauses or resumes what has the effects.
fn set(desk: &Desk, verb: &str, body: &Value) {
    let (status, answer) = desk.post_with(&format!("/api/v1/platform/jobs/platform.consume/{verb}"), &[], body);
    assert_eq!(status, 200, "{answer}");
}

/// The items that are told of when the update has that outcome. What is posted behind it is told behind it.
fn told(desk: &Desk, outcome: &str, marker: &str) -> Vec<String> {
    let data = json!({"item": UPDATE, "type": "bodhi_update"});
    let stored = desk.result(&json!({"outcome": outcome, "testcase": "update.install", "data": data}));
    let last = desk.result(&failed(marker));
    let of = |message: &Value, result: &Value| message["body"]["id"] == result["id"];
    let told = desk.follow("results.result.changed").take_while(|message| !of(message, &last));
    let told = told.filter(|message| of(message, &stored));
    let item = |message: Value| message["body"]["announcement"]["subject"]["item"].as_str().expect("a text").to_owned();
    let mut items: Vec<_> = told.map(item).collect();
    items.sort();
    items
}

/// Scenario 11 of the platform, by the one way in that this program has: an acknowledgement of the bus is its 202.
#[test]
fn what_was_acknowledged_before_a_kill_has_its_effect_after_it_once() {
    let Some(bus) = Bus::start() else { return };
    both(|house| {
        let queue = house.folder.path().file_name().and_then(|name| name.to_str()).expect("folders have names");
        let (quoted, bindings) = (format!("\"{queue}\""), format!("[\"{PREFIX}.bodhi.#\"]"));
        let environment = [("TIDEGATE_BUS__QUEUE", quoted.as_str()), ("TIDEGATE_BUS__BINDINGS", &bindings), LEASE];
        let desk = Desk::open(bus.serve(house, &environment));
        set(&desk, "pause", &json!({"reason": "the effect is to come after the kill"}));
        // until the service has made its queue nobody keeps what is said
        wait_for("the message is stored", || {
            edit(&bus, "first", UPDATE, &["a-1-1", "b-1-1"]);
            came(&desk, "first").is_some()
        });
        // one is acknowledged before the next is looked at
        edit(&bus, "other", "FEDORA-2026-2", &["d-1-1"]);
        wait_for("the next message is stored", || came(&desk, "other").is_some());
        desk.service.signal(Signal::SIGKILL);
        let Desk { service, token } = desk;
        service.ended();
        assert!(bus.take(queue).iter().all(|message| message.id() == "other"), "the first was acknowledged");

        let desk = Desk { service: bus.serve(house, &environment), token };
        assert_eq!(came(&desk, "first").map(|one| one["state"].clone()), Some(json!("waiting")));
        set(&desk, "resume", &json!({}));
        wait_for("the effect is there", || is_done(&desk, "first"));
        assert_eq!(told(&desk, "FAILED", "last-1-1"), ["a-1-1", "b-1-1"]);
        // a second effect of the first would take the build of the second away
        edit(&bus, "second", UPDATE, &["c-1-1"]);
        edit(&bus, "first", UPDATE, &["a-1-1", "b-1-1"]);
        edit(&bus, "third", "FEDORA-2026-3", &["e-1-1"]);
        wait_for("all are met", || is_done(&desk, "second") && is_done(&desk, "third"));
        assert_eq!(told(&desk, "PASSED", "last-1-2"), ["c-1-1"]);
        assert_eq!(desk.get(&format!("{V2}/results"))["data"].as_array().map(Vec::len), Some(4));
        assert!(desk.service.stop().0.success());
    });
}
