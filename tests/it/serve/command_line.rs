//! What a person types: mistakes of the configuration, and a server that is asked or away.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{House, both, program, run};

#[test]
fn every_mistake_of_the_configuration_is_a_line() {
    let folder = TempDir::new().unwrap();
    let text = "[http]\nlsiten = []\nmax_body = 4\n\n[jobs]\nslots = 0\n\n[bus]\npassword = \"neap\"\n\n[stroe]\n";
    fs::write(folder.path().join("tidegate.toml"), text).unwrap();
    for words in [&["config", "check"][..], &["serve"], &["config", "show"]] {
        let (exit, answer, said) = run(program(folder.path(), words));
        assert_eq!((exit, answer.as_str()), (2, ""), "{said}");
        let lines: Vec<_> = said.trim_start_matches("tidegate: ").lines().collect();
        let places: Vec<_> = lines.iter().map(|line| line.split(": ").next().unwrap()).collect();
        let expected = ["2:1", "3:12", "6:9", "9:1", "11:2"].map(|place| format!("tidegate.toml:{place}"));
        assert_eq!(places, expected, "{said}");
        assert!(
            lines[0].ends_with("did you mean \"listen\"?") && lines[4].ends_with("did you mean \"store\"?"),
            "{said}"
        );
        assert!(!said.contains("neap"), "{said}");
    }
}

#[test]
fn no_file_is_a_configuration_and_one_that_is_asked_for_has_to_be_there() {
    let folder = TempDir::new().unwrap();
    let (exit, answer, _) = run(program(folder.path(), &["config", "check"]));
    assert_eq!((exit, answer.contains("there is no file")), (0, true), "{answer}");
    let (exit, _, said) = run(program(folder.path(), &["--config", "gone.toml", "config", "check"]));
    assert_eq!((exit, said.contains("gone.toml: No such file")), (2, true), "{said}");
    let (exit, shown, _) = run(program(folder.path(), &["--json", "config", "show"]));
    assert_eq!(exit, 0);
    let lines: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.contains(&json!({"key": "http.max_body", "value": "\"4MiB\"", "origin": "default"})), "{shown}");

    let (exit, reference, _) = run(program(folder.path(), &["config", "reference"]));
    assert_eq!(exit, 0);
    fs::write(folder.path().join("tidegate.toml"), reference).unwrap();
    let (exit, answer, said) = run(program(folder.path(), &["config", "check"]));
    assert_eq!((exit, answer.as_str()), (0, "tidegate.toml is good\n"), "{said}");
}

/// A command of each kind that asks a server.
const REMOTE: &[&[&str]] = &[
    &["setup", "--token", "tgs_0"],
    &["me"],
    &["user", "add", "bob"],
    &["team", "list"],
    &["token", "list"],
    &["--json", "grant", "list"],
    &["trail", "build:a-1-1"],
    &["why", "build:a-1-1"],
    &["blockers", "list"],
    &["blockers", "history", "--since-before", "-24h"],
    &["events", "topics"],
    &["events", "follow"],
    &["jobs", "list"],
    &["jobs", "runs", "platform.relay", "mail"],
    &["jobs", "resume", "--all"],
    &["messages", "list", "--state", "set_aside"],
    &["messages", "resend", "--sink", "mail", "--from", "1", "--to", "9"],
    &["inbox", "list"],
    &["hook", "list"],
    &["writes"],
    &["config", "reload"],
];

#[test]
fn a_server_that_is_away_is_unknown_and_named() {
    let folder = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    for words in REMOTE {
        let (exit, answer, said) = run({
            let mut command = program(folder.path(), words);
            command.env("TIDEGATE_SERVER", &url);
            command
        });
        assert_eq!((exit, answer.as_str()), (3, ""), "{words:?}: {said}");
        assert!(said.contains(&url) && said.contains("--server"), "{said}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_by_the_option_that_has_it() {
    let folder = TempDir::new().unwrap();
    let (exit, _, said) = run(program(folder.path(), &["--server", "gate.example.org", "me"]));
    assert_eq!((exit, said.contains("--server: \"gate.example.org\"")), (2, true), "{said}");
    let mut command = program(folder.path(), &["me"]);
    command.env("TIDEGATE_SERVER", "localhost:1");
    let (exit, _, said) = run(command);
    assert_eq!((exit, said.contains("TIDEGATE_SERVER: \"localhost:1\"")), (2, true), "{said}");
    let (exit, _, said) = run(program(folder.path(), &["--token-file", "gone", "me"]));
    assert_eq!((exit, said.contains("gone: No such file")), (2, true), "{said}");
}

#[test]
fn a_dry_run_says_what_it_would_ask_without_secrets_and_asks_nothing() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("password"), "spring tide\n").unwrap();
    let dry: &[&[&str]] = &[
        &["setup", "--token", "tgs_0", "--password-file", "password", "--dry-run"],
        &["user", "add", "bob", "--password-file", "password", "--dry-run"],
        &["user", "remove", "bob", "--dry-run"],
        &["team", "join", "crew", "bob", "--dry-run"],
        &["token", "remove", "1", "--dry-run"],
        &["grant", "add", "platform.operator", "--team", "crew", "--dry-run"],
        &["jobs", "pause", "platform.relay", "mail", "--reason", "why not", "--dry-run"],
        &["messages", "drop", "1", "--sink", "mail", "--reason", "old", "--dry-run"],
        &["inbox", "retry", "1", "--consumer", "c", "--dry-run"],
        &["hook", "add", "h", "--url", "https://example.org", "--secret-file", "password", "--dry-run"],
        &["config", "reload", "--dry-run"],
    ];
    // at port 1 nobody listens, so whoever asked would fail
    for words in dry {
        let words = [&["--server", "http://127.0.0.1:1"], *words].concat();
        let (exit, answer, said) = run(program(folder.path(), &words));
        assert_eq!((exit, said.as_str()), (0, ""), "{words:?}");
        assert!(
            answer.starts_with("would ask: ") && !answer.contains("spring tide") && !answer.contains("tgs_0"),
            "{answer}"
        );
    }
    let words = ["--json", "--server", "http://127.0.0.1:1", "jobs", "run", "a.b", "k/1", "--dry-run"];
    let would = json!({"dry_run": true, "method": "POST", "path": "/api/v1/platform/jobs/a.b/k%2F1/run", "body": null});
    assert_eq!(run(program(folder.path(), &words)).1.trim(), would.to_string());
}

#[test]
fn what_a_test_may_do_is_not_open_to_the_network() {
    let folder = TempDir::new().unwrap();
    let text = "[http]\nlisten = [\"192.0.2.1:8470\"]\n\n[test]\nhooks = true\n";
    fs::write(folder.path().join("tidegate.toml"), text).unwrap();
    for words in [&["serve"][..], &["config", "check"]] {
        let (exit, answer, said) = run(program(folder.path(), words));
        assert_eq!((exit, answer.as_str()), (2, ""), "{said}");
        assert!(said.contains("test.hooks") && said.contains("192.0.2.1:8470"), "{said}");
    }
}

#[test]
fn the_manual_and_completions_know_every_command() {
    let folder = TempDir::new().unwrap();
    let (exit, script, _) = run(program(folder.path(), &["completions", "bash"]));
    assert_eq!((exit, script.contains("blockers")), (0, true));
    let (exit, page, _) = run(program(folder.path(), &["man"]));
    assert_eq!((exit, page.contains(".TH tidegate") && page.contains("blockers")), (0, true), "{page}");
    assert_eq!(run(program(folder.path(), &["man", "pages/man1"])).0, 0);
    assert!(folder.path().join("pages/man1/tidegate-events-follow.1").is_file());
}

/// Scenario 29 for the command line.
#[test]
fn a_write_from_the_command_line_is_one_entry() {
    both(|house| {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let bearer = format!("Bearer {token}");
        let entries = || {
            let headers = [("authorization", bearer.as_str())];
            let (_, writes) = service.ask("GET", "/api/v1/platform/writes?limit=500", &headers, None).unwrap();
            writes["items"].as_array().expect("a list").clone()
        };
        let ask = |words: &[&str]| {
            let mut command = house.command(words);
            command.env("TIDEGATE_SERVER", format!("http://{}", service.at)).env("TIDEGATE_TOKEN", &token);
            run(command)
        };
        let before = entries().len();
        let commands: &[(&[&str], i32)] = &[
            (&["team", "add", "crew"], 0),
            (&["jobs", "pause", "platform.relay", "mail", "--reason", "low water"], 0),
            // what is refused, and what only asks, is no entry
            (&["team", "add", "crew"], 1),
            (&["--yes", "team", "remove", "crew", "--dry-run"], 0),
            (&["team", "list"], 0),
            (&["jobs", "resume", "platform.relay", "mail"], 0),
        ];
        for (words, expected) in commands {
            let (exit, _, said) = ask(words);
            assert_eq!(exit, *expected, "{words:?}: {said}");
        }
        let entries = entries();
        let new = entries[..entries.len() - before].iter().rev();
        let short = |entry: &Value| {
            assert_eq!((&entry["actor"], &entry["via"]), (&json!({"kind": "user", "name": "ann"}), &json!("cli")));
            let (permission, object, reason) = (&entry["permission"], &entry["object"], &entry["reason"]);
            json!([permission, object, reason])
        };
        let expected = [
            json!(["platform:admin", "team:crew", null]),
            json!(["platform:operate", "job:platform.relay/mail", "low water"]),
            json!(["platform:operate", "job:platform.relay/mail", null]),
        ];
        assert_eq!(new.map(short).collect::<Vec<_>>(), expected);
        assert!(service.stop().0.success());
    });
}

/// The command, asked of that server.
fn asked(house: &House, at: &str, words: &[&str]) -> (i32, String, String) {
    let mut command = house.command(words);
    command.env("TIDEGATE_SERVER", format!("http://{at}"));
    run(command)
}

#[test]
fn people_are_managed_from_the_command_line() {
    both(|house| {
        let mut service = house.serve(&[]);
        let token = service.setup_token();
        let at = service.at.clone();
        let ask = |words: &[&str]| asked(house, &at, words);
        let (exit, answer, said) = ask(&["setup", "--token", &token, "--name", "ann"]);
        assert_eq!(exit, 0, "{said}");
        let kept = house.folder.path().join(".config/tidegate/logins.json");
        assert!(answer.contains(kept.to_str().unwrap()), "{answer}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kept).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);

        assert_eq!(ask(&["user", "add", "bob", "--mail", "bob@example.org"]).0, 0);
        assert_eq!(ask(&["user", "add", "bob"]).0, 1);
        assert_eq!(ask(&["user", "add", "b b"]).0, 2);
        assert_eq!(ask(&["team", "add", "crew"]).0, 0);
        assert_eq!(ask(&["team", "join", "crew", "bob"]).0, 0);
        assert_eq!(ask(&["grant", "add", "platform.operator", "--team", "crew"]).0, 0);
        let (exit, _, said) = ask(&["grant", "add", "platform.operater", "--user", "bob"]);
        assert_eq!((exit, said.contains("did you mean \"platform.operator\"?")), (2, true), "{said}");
        let (exit, listed, _) = ask(&["--json", "team", "list"]);
        let team: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!((exit, &team["members"]), (0, &json!(["bob"])));

        let (exit, secret, _) = ask(&["token", "add", "ci", "--user", "bob", "--scope", "platform:operate"]);
        let secret = secret.trim();
        assert!(exit == 0 && secret.starts_with("tg_"), "{secret}");
        let mut command = house.command(&["--json", "me"]);
        command.env("TIDEGATE_SERVER", format!("http://{at}")).env("TIDEGATE_TOKEN", secret);
        let me: Value = serde_json::from_str(&run(command).1).unwrap();
        assert_eq!((&me["user"], &me["token"], &me["teams"]), (&json!("bob"), &json!("ci"), &json!(["crew"])));

        let (exit, _, said) = ask(&["user", "remove", "bob"]);
        assert_eq!((exit, said.contains("--yes")), (2, true), "{said}");
        let (exit, listed, _) = ask(&["writes", "--object", "user:bob"]);
        assert_eq!((exit, listed.contains("user:ann  cli  platform:admin")), (0, true), "{listed}");
        assert_eq!(ask(&["--yes", "user", "remove", "bob"]).0, 0);
        let (exit, listed, _) = ask(&["user", "list"]);
        assert_eq!((exit, listed.lines().count()), (0, 2), "{listed}");
        let (status, said) = service.stop();
        assert!(status.success() && !said.contains(secret), "{said}");
    });
}

#[test]
fn jobs_are_shown_paused_and_resumed() {
    both(|house| {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let at = service.at.clone();
        let ask = |words: &[&str]| {
            let mut command = house.command(words);
            command.env("TIDEGATE_SERVER", format!("http://{at}")).env("TIDEGATE_TOKEN", &token);
            run(command)
        };
        let (exit, _, said) = ask(&["jobs", "pause", "platform.relai", "--reason", "x"]);
        assert_eq!((exit, said.contains("did you mean \"platform.relay\"?")), (1, true), "{said}");
        assert_eq!(ask(&["jobs", "pause", "platform.relay", "--reason", "low water"]).1, "platform.relay is paused\n");
        let (_, listed, _) = ask(&["jobs", "list"]);
        assert!(
            listed.lines().any(|line| line.starts_with("platform.relay ") && line.ends_with("low water")),
            "{listed}"
        );
        let (exit, runs, _) = ask(&["jobs", "runs", "platform.retention", "platform"]);
        assert_eq!((exit, runs.starts_with("started")), (0, true), "{runs}");
        assert_eq!(
            ask(&["jobs", "resume", "--all", "--dry-run"]).1,
            "would ask: POST /api/v1/platform/jobs/platform.relay/resume\n"
        );
        assert_eq!(ask(&["jobs", "resume", "--all"]).1, "platform.relay goes on\n");
        assert_eq!(ask(&["jobs", "resume"]).0, 2);
        assert!(service.stop().0.success());
    });
}
