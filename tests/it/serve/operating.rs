//! What an operator does to the running program, and what may happen to it.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Service, both};

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn get(service: &Service, token: &str, path: &str) -> (u16, Value) {
    service.ask("GET", path, &[("authorization", &bearer(token))], None).expect("the service answers")
}

fn post(service: &Service, token: &str, path: &str, body: &Value) -> (u16, Value) {
    service.ask("POST", path, &[("authorization", &bearer(token))], Some(body)).expect("the service answers")
}

fn codes(service: &Service, token: &str) -> Vec<String> {
    let (_, list) = get(service, token, "/api/v1/blockers?gate=platform");
    let code = |item: &Value| item["code"].as_str().expect("a text").to_owned();
    list["items"].as_array().expect("a list").iter().map(code).collect()
}

#[test]
fn a_configuration_is_read_anew_on_a_signal_and_on_command() {
    both(|house| {
        let file = house.folder.path().join("tidegate.toml");
        std::fs::write(&file, "[auth]\nanonymous_read = true\n").expect("it can be written");
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let closed = || service.ask("GET", "/api/v1/platform/jobs", &[], None).expect("it answers").0 == 401;
        assert!(!closed());
        std::fs::write(&file, "[auth]\nanonymous_read = false\n[jobs]\nslots = 7\n").expect("it can be written");
        let (status, taken) = post(&service, &token, "/api/v1/platform/config/reload", &json!({}));
        assert_eq!((status, taken), (200, json!({"changed": ["auth.anonymous_read"], "at_restart": ["jobs.slots"]})));
        assert!(closed());
        // a mistake in one place, and nothing of the rest holds
        std::fs::write(&file, "[auth]\nanonymous_read = true\n[[auth.grant]]\nrole = \"no.body\"\nuser = \"ann\"\n")
            .expect("it can be written");
        let (status, refused) = post(&service, &token, "/api/v1/platform/config/reload", &json!({}));
        assert_eq!((status, refused["errors"].as_array().map(Vec::len)), (409, Some(1)), "{refused}");
        assert!(closed());
        std::fs::write(&file, "[auth]\nanonymous_read = true\n").expect("it can be written");
        service.signal(Signal::SIGHUP);
        // the signal is handled beside the requests
        while closed() {}
        let (_, shown) = get(&service, &token, "/api/v1/platform/config");
        let key =
            |key: &str| shown["items"].as_array().unwrap().iter().find(|item| item["key"] == key).cloned().unwrap();
        assert_eq!(key("auth.anonymous_read")["value"], "true");
        assert!(service.stop().0.success());
    });
}

#[test]
fn a_gate_that_is_off_answers_so_and_is_shown() {
    both(|house| {
        let mut service = house.serve(&[("TIDEGATE_RESULTS__ENABLED", "false")]);
        let token = service.set_up();
        let (status, problem) = get(&service, &token, "/api/v1/results/records");
        assert_eq!((status, &problem["code"]), (404, &json!("platform.gate-off")));
        let (status, message) = get(&service, &token, "/resultsdb/api/v2.0/results");
        assert_eq!((status, message["code"].is_null()), (404, true), "in the words of its clients: {message}");
        assert_eq!(codes(&service, &token), ["platform.gate-off"]);
        assert!(service.stop().0.success());
        let service = house.serve(&[]);
        assert_eq!(get(&service, &token, "/api/v1/results/records").0, 200);
        assert_eq!(codes(&service, &token), Vec::<String>::new());
        assert!(service.stop().0.success());
    });
}

#[test]
fn several_processes_share_the_work_on_postgresql_and_none_on_sqlite() {
    both(|house| {
        let words = ["serve", "--port", "0", "--roles", "web"];
        if house.is_sqlite() {
            for words in [words.as_slice(), &["worker"]] {
                let (code, _, said) = super::run(house.command(words));
                assert_eq!((code, said.contains("SQLite has one process")), (2, true), "{said}");
            }
            return;
        }
        let mut web = house.serve_as(&words, &[]);
        let token = web.set_up();
        let worker = house.serve_as(&["worker"], &[]);
        let roles = || {
            let (_, list) = get(&web, &token, "/api/v1/platform/workers");
            let mut roles: Vec<_> = list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["roles"].as_str().unwrap().to_owned())
                .collect();
            roles.sort();
            roles
        };
        while roles().len() < 2 {}
        assert_eq!(roles(), ["web", "worker,relay,consumer,forge"]);
        assert_eq!(worker.at, "without a listener");
        // a wish of one process is met by the other
        let key = "/api/v1/platform/jobs/platform.retention/platform";
        assert_eq!(post(&web, &token, &format!("{key}/run"), &json!({})).0, 202);
        let runs = || get(&web, &token, &format!("{key}/runs")).1["items"].as_array().map_or(0, Vec::len);
        while runs() == 0 {}
        assert!(worker.stop().0.success() && web.stop().0.success());
    });
}
