//! The command as britney2's callers know it: arguments, exit codes, folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use super::case::{Case, NOON, PROGRAM};

fn two_updates() -> Case {
    Case::new().testing("foo 1\nbar 1").unstable("foo 2\nbar 2")
}

/// Scenario 4.
#[test]
fn under_a_name_that_begins_with_britney_it_is_the_run() {
    for name in ["britney", "britney.py", "britney2"] {
        let case = two_updates();
        symlink(PROGRAM, case.path(name)).expect("a link can be made");
        let run = case.call(case.path(name), &["-c", "britney.conf", "--control-files", "-v"], "").succeeded();
        assert_eq!(run.moved(), "bar 2, foo 2", "{name}");
    }
    let case = two_updates();
    symlink(PROGRAM, case.path("gate")).expect("a link can be made");
    case.call(case.path("gate"), &["-c", "britney.conf"], "").failed(2);
}

#[test]
fn a_call_that_nobody_understands_is_refused_before_anything() {
    for arguments in [
        &["--no-such-option"][..],
        &["superfluous"],
        &["--print-uninst", "--nuninst-cache"],
        &["--now", "yesterday"],
        &["--threads", "none"],
        &["--architectures"],
    ] {
        let case = two_updates();
        let run = if arguments[0] == "--now" {
            case.call(PROGRAM, &["migrate", "run", "-c", "britney.conf", "--now", "yesterday"], "")
        } else {
            case.run_with(arguments)
        };
        let run = run.failed(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{arguments:?}: {}", run.words());
        assert!(run.files.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let case = two_updates().set("STATE_DIR", "no/state");
    let run = case.run_with(&["--dry-run"]).succeeded();
    assert!(run.files.is_empty(), "{:?}", run.files.keys());
    assert!(!case.path("no").exists());
    assert!(!case.path("testing/Dates").exists());
    run.said(&["2 moved"]);
}

#[test]
fn the_uninstallable_packages_can_be_asked_for_alone() {
    let broken = "foo 1; Depends: nothing\nsource data 1\n+ data; arch=all; Depends: nothing";
    let case = Case::new().architectures("amd64 arm64").set("NOBREAKALL_ARCHES", "amd64").testing(broken);
    let run = case.run_with(&["--print-uninst"]).succeeded();
    for line in ["amd64: data foo", "arm64: foo", "arm64+all: data foo"] {
        assert!(run.stdout.lines().any(|found| found == line), "no `{line}` in:\n{}", run.stdout);
    }
    assert!(run.files.is_empty());
}

#[test]
fn a_known_state_of_installability_can_be_given() {
    let case = two_updates();
    let first = case.run();
    let again = case.run_with(&["--nuninst-cache"]).succeeded();
    assert_eq!(again.result(), first.result());
    assert_eq!(again.text("non-installable-status"), first.text("non-installable-status"));
}

/// Scenario 69.
#[test]
fn with_actions_only_these_are_tried_and_no_excuses_are_written() {
    let case = two_updates().unstable("foo 2\nbar 2\nwild 1");
    let run = case.run_with(&["--actions", "foo/2"]).succeeded();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.binaries("amd64"), "bar 1, foo 2");
    assert!(!run.files.contains_key("excuses.yaml") && !run.files.contains_key("excuses.html"));
    let run = case.run_with(&["--actions", "bar/2 wild/1"]).succeeded();
    assert_eq!(run.moved(), "bar 2, wild 1");
}

#[test]
fn actions_may_be_of_every_kind() {
    let case =
        Case::new().testing("foo 1\ngone 1\nbar 2\n+ libbar1 1; from=1").unstable("source foo 1\n+ foo 1+b1\nbar 2");
    let moved = |actions| case.run_with(&["--actions", actions]).succeeded().moved();
    assert_eq!(moved("foo/amd64/1"), "foo 1 amd64");
    assert_eq!(moved("-gone/1"), "-gone 1");
    assert_eq!(moved("-libbar1/amd64/1"), "-libbar1 1 amd64");
}

#[test]
fn an_action_that_names_nothing_is_refused() {
    for action in ["nowhere/1", "foo/3", "foo//2"] {
        let run = two_updates().run_with(&["--actions", action]);
        assert!(matches!(run.code, Some(1 | 2)), "{action}: {:?}", run.code);
        assert!(run.stderr.contains(action), "{}", run.stderr);
        assert!(run.files.is_empty());
    }
}

/// Scenario 69, second half.
#[test]
fn without_migrations_there_are_excuses_and_state_only() {
    let case = two_updates();
    let run = case.run_with(&["--no-compute-migrations"]).succeeded();
    assert_eq!(run.items(), "bar, foo");
    assert!(run.files.contains_key("excuses.html"));
    for name in ["HeidiResult", "HeidiResultDelta", "output.txt"] {
        assert!(!run.files.contains_key(name), "{name}");
    }
    assert!(case.text("state/age-policy-dates").contains("foo 2 "));
    assert_eq!(case.run_with(&["--no-compute-migrations", "--compute-migrations"]).succeeded().moved(), "bar 2, foo 2");
}

#[test]
fn the_series_is_put_into_every_value() {
    let case = two_updates().set("HEIDI_OUTPUT", "output/%(SERIES)/HeidiResult").set("TESTING", "%(SERIES)");
    case.run_with(&[]).succeeded();
    assert!(case.path("output/testing/HeidiResult").exists());
    fs::rename(case.path("testing"), case.path("trixie")).expect("a folder can be renamed");
    case.run_with(&["--series", "trixie"]).succeeded();
    assert!(case.text("output/trixie/HeidiResult").contains("foo 2 amd64"));
}

#[test]
fn the_time_comes_from_the_call_or_the_configuration() {
    let case = two_updates().set("FAKE_RUNTIME", "1000000000");
    let run = case.call(PROGRAM, &["migrate", "run", "-c", "britney.conf"], "").succeeded();
    assert!(run.report().starts_with("Generated on: 2001.09.09 01:46:40 +0000\n"), "{}", run.report());
    let run = case.run_with(&["--dry-run"]).succeeded();
    assert_eq!(run.code, Some(0));
    let run = case.run();
    assert!(run.report().starts_with("Generated on: 2026.11.21 12:00:00 +0000\n"), "{}", run.report());
    let run = case.call(PROGRAM, &["migrate", "run", "-c", "britney.conf", "--now", "1000000001"], "").succeeded();
    assert!(run.report().starts_with("Generated on: 2001.09.09 01:46:41 +0000\n"), "{}", run.report());
}

#[test]
fn the_dialect_is_told_from_the_configuration() {
    let debian = |case: Case| {
        case.run_with(&["-v"]).succeeded().said(&["dialect: debian"]);
    };
    debian(two_updates());
    debian(two_updates().set("CHECK_BUILDD", "no").set("TIDEGATE_DIALECT", "debian"));
    let ubuntu = |case: Case, more: &[&str]| {
        case.run_with(&[&["-v"], more].concat()).succeeded().said(&["dialect: ubuntu"]);
    };
    ubuntu(two_updates().set("CHECK_BUILDD", "no"), &[]);
    ubuntu(two_updates().set("EMAIL_ENABLE", ""), &[]);
    ubuntu(two_updates(), &["--distribution", "ubuntu"]);
}

#[test]
fn more_is_said_with_v_and_nothing_on_standard_error() {
    let [quiet, loud, louder] =
        [&[][..], &["-v"], &["-v", "-v"]].map(|arguments| two_updates().run_with(arguments).succeeded().stdout.len());
    assert!(quiet < loud && loud <= louder, "{quiet}, {loud}, {louder}");
}

#[test]
fn the_log_can_be_json() {
    let run = two_updates().config_lines("WEATHER = fine\n").run_with(&["-v", "--json-log"]).succeeded();
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    assert!(lines.iter().any(|line| line["level"] == "warning" && line["message"].to_string().contains("WEATHER")));
}

/// Scenario 30.
#[test]
fn a_state_folder_keeps_its_mode() {
    let case = two_updates();
    fs::set_permissions(case.path("state"), fs::Permissions::from_mode(0o2775)).expect("it is ours");
    case.run();
    let mode = fs::metadata(case.path("state")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o2775);
    assert!(case.path("state/age-policy-dates").exists());
}

/// Scenario 68.
#[test]
fn a_state_folder_is_made_with_its_parents_unless_a_file_is_in_the_way() {
    let case = two_updates().set("STATE_DIR", "var/lib/state");
    case.run();
    assert!(case.path("var/lib/state/age-policy-dates").exists());
    for (path, culprit) in [("file", "file"), ("file/state", "file")] {
        let case = two_updates().set("STATE_DIR", path).file("file", "not a folder\n");
        let run = case.run_with(&[]).failed(1);
        assert!(run.stderr.contains(culprit), "{}", run.stderr);
        assert!(run.files.is_empty());
        assert_eq!(case.text("file"), "not a folder\n");
    }
}

#[test]
fn hints_can_be_tried_at_a_prompt() {
    let others = "x 1; Depends: a (<< 2)\nz 1; Depends: b (>= 2)";
    let case = Case::new()
        .set("AUTOHINTER", "no")
        .testing(&format!("a 1\nb 1\n{others}"))
        .unstable(&format!("a 2\nb 2; Depends: a (>= 2)\n{others}"));
    let call = ["migrate", "run", "-c", "britney.conf", "--now", NOON, "--hint-tester"];
    let run = case.call(PROGRAM, &call, "easy a/2 b/2\nquit\neasy a/2 b/2\n").succeeded();
    assert!(run.stdout.contains("britney> "), "{}", run.stdout);
    assert_eq!(run.stdout.matches("SUCCESS").count(), 1, "{}", run.stdout);
    assert!(run.files.is_empty());
    let run = case.call(PROGRAM, &call, "block b\neasy a/2 b/2\n").succeeded();
    assert!(!run.stdout.contains("SUCCESS"), "{}", run.stdout);
    assert!(run.stdout.contains("b/2 is not a valid candidate"), "{}", run.stdout);
    case.call(PROGRAM, &call, "nonsense\nexit\n").succeeded().said(&["unknown hint"]);
}

#[test]
fn the_new_target_can_be_written_as_indices() {
    let case = Case::new()
        .architectures("amd64 arm64")
        .testing("foo 1\ngone 1\nold 1; Depends: foo")
        .unstable("foo 2; Depends: data\nsource data 1\n+ data; arch=all\nold 1; Depends: foo");
    let run = case.run_with(&["--write-target", "next"]).succeeded();
    assert_eq!(run.sources(), "data 1, foo 2, old 1");
    let names = |path: &str| {
        let text = case.text(path);
        let names = text.lines().filter_map(|line| line.strip_prefix("Package: ").map(str::to_owned));
        names.collect::<Vec<_>>().join(" ")
    };
    let mut sources: Vec<String> = names("next/Sources").split(' ').map(str::to_owned).collect();
    sources.sort();
    assert_eq!(sources, ["data", "foo", "old"]);
    assert!(case.text("next/Packages_arm64").contains("Package: foo\nVersion: 2\n"));
    let again = case.set("TESTING", "next").run();
    assert_eq!((again.items(), again.moved()), (String::new(), String::new()));
    assert_eq!(again.result(), run.result());
}
