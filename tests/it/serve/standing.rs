//! What stands still, where it went, what goes out: as the command line says it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{both, run};

#[test]
fn what_stands_still_is_said_with_who_can_act() {
    both(|house| {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let url = format!("http://{}", service.at);
        let ask = |words: &[&str]| {
            let mut command = house.command(words);
            command.env("TIDEGATE_SERVER", &url).env("TIDEGATE_TOKEN", &token);
            run(command)
        };
        assert_eq!(ask(&["jobs", "pause", "platform.retention", "--reason", "low water"]).0, 0);
        let (exit, listed, said) = ask(&["--json", "blockers", "list", "--code", "platform.job-paused"]);
        let blocker: Value = serde_json::from_str(&listed).unwrap_or_else(|_| panic!("{listed}{said}"));
        assert_eq!((exit, &blocker["level"]), (0, &json!("hold")), "{blocker}");
        let (id, subject) = (blocker["id"].as_str().unwrap(), blocker["subject"].as_str().unwrap());
        let (exit, shown, _) = ask(&["blockers", "show", id]);
        assert!(exit == 0 && shown.contains("platform.job-paused") && shown.contains("\nwho\n"), "{shown}");
        let (exit, why, _) = ask(&["why", subject]);
        assert_eq!(
            (exit, why.lines().next()),
            (0, Some(format!("{subject} stands at the gate platform").as_str())),
            "{why}"
        );
        assert!(why.contains("low water") && why.contains(" can "), "{why}");
        let (exit, trail, _) = ask(&["trail", subject, "--direction", "forward"]);
        assert!(exit == 0 && trail.contains("blockers:\n") && trail.contains("platform.job-paused"), "{trail}");
        let (exit, _, said) = ask(&["trail", "build:never-1-1.fc44"]);
        assert_eq!((exit, said.contains("build:never-1-1.fc44")), (1, true), "{said}");
        let (exit, _, said) = ask(&["blockers", "list", "--level", "high"]);
        assert_eq!((exit, said.contains("level")), (2, true), "{said}");

        assert_eq!(ask(&["jobs", "resume", "platform.retention"]).0, 0);
        assert_eq!(ask(&["blockers", "list"]).1.lines().count(), 1, "nothing stands still");
        let (_, history, _) = ask(&["--json", "blockers", "history"]);
        let ended: Value = serde_json::from_str(&history).unwrap();
        assert_eq!((ended["id"].as_str(), ended["until"].is_null()), (Some(id), false));
        assert!(service.stop().0.success());
    });
}

#[test]
fn what_goes_out_and_comes_in_is_looked_after() {
    both(|house| {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let url = format!("http://{}", service.at);
        let ask = |words: &[&str]| {
            let mut command = house.command(words);
            command.env("TIDEGATE_SERVER", &url).env("TIDEGATE_TOKEN", &token);
            run(command)
        };
        let (exit, secret, said) =
            ask(&["hook", "add", "quay", "--url", "http://127.0.0.1:1/x", "--topic", "platform.*"]);
        assert_eq!((exit, secret.trim().len() >= 32), (0, true), "{said}");
        let (exit, _, said) = ask(&["hook", "add", "quay", "--url", "ftp://127.0.0.1:1/x"]);
        assert_eq!((exit, said.contains("http://")), (2, true), "{said}");
        let (_, listed, _) = ask(&["hook", "list"]);
        assert!(listed.contains("quay  http://127.0.0.1:1  platform.*") && !listed.contains(secret.trim()), "{listed}");
        assert_eq!(
            ask(&["hook", "set", "quay", "--topic", "results.*", "--topic", "platform.*"]).1,
            "the hook quay is changed\n"
        );
        assert!(ask(&["hook", "show", "quay"]).1.contains("results.*,platform.*"));

        assert_eq!(ask(&["jobs", "pause", "platform.retention", "--reason", "low water"]).0, 0);
        let words =
            ["--json", "--server", &url, "events", "follow", "--topic", "platform.pause.changed", "--after", "0"];
        let mut follower = house.command(&words).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(follower.stdout.take().expect("it is piped")).lines();
        let told: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        follower.kill().expect("it runs");
        follower.wait().expect("it ends");
        let (id, no) = (told["message"]["id"].as_str().unwrap(), told["no"].to_string());
        let (exit, message, said) = ask(&["messages", "show", id]);
        assert!(
            exit == 0 && message.contains("platform.pause.changed") && message.contains("hook:quay"),
            "{message}{said}"
        );
        let (exit, listed, _) = ask(&["messages", "list", "--state", "set_aside"]);
        assert_eq!((exit, listed.lines().count()), (0, 1), "{listed}");
        let (exit, _, said) = ask(&["messages", "retry", id, "--sink", "mail"]);
        assert_eq!((exit, said.contains("\"mail\" holds no row")), (1, true), "{said}");
        let resend = ["messages", "resend", "--sink", "hook:quay", "--from", &no, "--to", &no, "--dry-run"];
        let (exit, answer, said) = ask(&resend);
        // nobody listens there, so it was not sent yet and need not be sent again
        assert_eq!((exit, answer.as_str()), (0, "0 rows would be sent again to hook:quay\n"), "{said}");

        let (exit, _, said) = ask(&["hook", "remove", "quay"]);
        assert_eq!((exit, said.contains("--yes")), (2, true), "{said}");
        assert_eq!(ask(&["--yes", "hook", "remove", "quay"]).0, 0);
        let (exit, listed, _) = ask(&["inbox", "list"]);
        assert_eq!((exit, listed.lines().count()), (0, 1), "{listed}");
        assert_eq!(ask(&["inbox", "show", "x", "--consumer", "results.update_builds"]).0, 1);
        assert!(service.stop().0.success());
    });
}
