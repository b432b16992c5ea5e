//! The program is killed at random instants while clients post, and started again on the same store.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tidegate_kernel::{Rng as _, SeededRng};

use super::bus::Bus;
use super::crowd::Crowd;
use super::{Desk, sample, told};
use crate::serve::{House, both};

const CLIENTS: u64 = 4;
/// On PostgreSQL nobody takes over from the dead before their lease ends.
const LEASE: (&str, &str) = ("TIDEGATE_JOBS__LEASE", "400ms");

#[test]
fn killed_at_any_instant_it_stores_and_tells_everything_once() {
    let Some(bus) = Bus::start() else { return };
    both(|house| println!("{}", killed_under_load(house, &bus, 1)));
}

/// Says how much there was to lose.
fn killed_under_load(house: &House, bus: &Bus, seed: u64) -> String {
    let queue = bus.queue(house);
    let mut service = bus.serve(house, &[LEASE]);
    let token = service.set_up();
    let (crowd, chance) = (Crowd::of(CLIENTS, seed, &token), SeededRng::new(seed));
    let kills = sample(8, 200);
    for _ in 0..kills {
        crowd.go_to(&service.at);
        crowd.wait_for(chance.below(40));
        pass(&chance, 20_000);
        service.signal(Signal::SIGKILL);
        service.ended();
        if chance.below(6) == 0 {
            killed_while_it_starts(house, &chance);
        }
        service = bus.serve(house, &[LEASE]);
    }
    crowd.go_to(&service.at);
    let posted = crowd.stop();
    let desk = Desk { service, token };

    let stored = told::stored(&desk);
    assert_eq!(stored.len(), posted.answers, "as many are stored as were taken");
    for (id, accepted) in &posted.accepted {
        assert_eq!(said(&stored[id]), said(accepted));
    }

    let expected = told::expected(stored.values());
    let mut missing: usize = expected.values().map(Vec::len).sum();
    let mut ids = BTreeSet::new();
    let mut heard = bus.hear(&queue, |message| {
        missing -= usize::from(ids.insert(message.id()));
        missing == 0
    });
    assert!(desk.service.stop().0.success());
    heard.extend(bus.take(&queue));
    assert_eq!(told::heard(&heard), expected);
    format!(
        "{kills} kills: {} results taken and stored, {} messages told, {} of them repeated",
        posted.answers,
        ids.len(),
        heard.len() - ids.len()
    )
}

/// Lets up to so many microseconds pass, so that the instant of what follows is anybody's guess.
fn pass(chance: &SeededRng, microseconds: u64) {
    let (_kept, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_micros(chance.below(microseconds)));
}

fn killed_while_it_starts(house: &House, chance: &SeededRng) {
    let mut command = house.command(&["serve", "--port", "0"]);
    let output = || std::process::Stdio::null();
    let mut child = command.stdout(output()).stderr(output()).spawn().expect("the program starts");
    pass(chance, 100_000);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

/// What a result says, without links to where the service was.
fn said(result: &Value) -> Value {
    json!([result["testcase"]["name"], result["outcome"], result["data"], result["submit_time"]])
}
