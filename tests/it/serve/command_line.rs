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

#[test]
fn a_server_that_is_away_is_unknown_and_named() {
    let folder = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    for words in
        [&["me"][..], &["jobs", "list"], &["user", "add", "bob"], &["token", "list"], &["--json", "grant", "list"]]
    {
        let (exit, answer, said) = run({
            let mut command = program(folder.path(), words);
            command.env("TIDEGATE_SERVER", &url);
            command
        });
        assert_eq!((exit, answer.as_str()), (3, ""), "{words:?}: {said}");
        assert!(said.contains(&url), "{said}");
    }
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
        assert_eq!(ask(&["--yes", "user", "remove", "bob"]).0, 0);
        let (exit, listed, _) = ask(&["user", "list"]);
        assert_eq!((exit, listed.lines().count()), (0, 2), "{listed}");
        let (status, said) = service.stop();
        assert!(status.success() && !said.contains(secret), "{said}");
    });
}
