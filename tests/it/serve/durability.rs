//! Scenario 22: what is answered is on the disk.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tidegate_testkit::OwnPostgres;

use super::{House, Service};

/// How often something was forced to the disk, by what `strace` wrote so far.
fn syncs(trace: &Path) -> usize {
    let text = std::fs::read_to_string(trace).expect("strace writes");
    // of a call that another thread came into, the end is a line of its own
    text.lines()
        .filter(|line| line.contains("sync(") && !line.contains("unfinished") || line.contains("sync resumed"))
        .count()
}

fn strace(trace: &Path) -> [String; 7] {
    let trace = trace.display().to_string();
    ["strace", "-D", "-f", "-e", "trace=fdatasync,fsync", "-o"]
        .map(str::to_owned)
        .into_iter()
        .chain([trace])
        .collect::<Vec<_>>()
        .try_into()
        .expect("seven words")
}

/// Every write is answered after what it wrote was forced to the disk, and what only reads forces nothing.
fn each_answer_waits_for_the_disk(mut service: Service, trace: &Path) {
    let token = format!("Bearer {}", service.set_up());
    let headers = [("authorization", token.as_str())];
    for number in 0..10 {
        let before = syncs(trace);
        let team = json!({"name": format!("crew{number}")});
        let made = service.ask("POST", "/api/v1/platform/teams", &headers, Some(&team)).expect("it answers");
        assert_eq!(made.0, 201, "{}", made.1);
        assert!(syncs(trace) > before, "team {number} was answered before it was on the disk");
        let result = json!({"testcase": "t", "outcome": "PASSED", "data": {"item": format!("a-{number}")}});
        let before = syncs(trace);
        let stored = service.ask("POST", "/resultsdb/api/v2.0/results", &headers, Some(&result)).expect("it answers");
        assert_eq!(stored.0, 201, "{}", stored.1);
        assert!(syncs(trace) > before, "result {number} was answered before it was on the disk");
    }
    assert!(service.stop().0.success());
}

#[test]
fn an_answer_waits_for_the_disk_on_sqlite() {
    let house = House::sqlite();
    let trace = house.folder.path().join("trace");
    let service = house.command(&["serve", "--port", "0"]);
    let [strace, words @ ..] = strace(&trace);
    let mut command = Command::new(strace);
    command.args(words).arg(service.get_program()).args(service.get_args()).env_clear();
    command.current_dir(house.folder.path()).stdin(std::process::Stdio::null());
    command.envs(service.get_envs().filter_map(|(name, value)| Some((name, value?))));
    each_answer_waits_for_the_disk(House::serve_by(command, &[]), &trace);
}

#[test]
fn an_answer_waits_for_the_disk_on_postgresql() {
    let Some(server) = OwnPostgres::start(&[]) else { return };
    server.stop();
    let trace = server.folder().join("trace");
    let wrapped = strace(&trace);
    server.start_again(&wrapped.each_ref().map(String::as_str));
    let house = House::with_store(&server.url());
    // it forces everything to the disk, so nothing is to be waived
    let service = house.serve(&[("TIDEGATE_TEST__HOOKS", "false")]);
    each_answer_waits_for_the_disk(service, &trace);
}
