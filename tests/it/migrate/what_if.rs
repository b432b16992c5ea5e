//! What would change, without changing it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::case::{Case, NOON, PROGRAM};
use super::run::Run;

fn what_if(case: &Case, arguments: &[&str]) -> Value {
    let mut call = vec!["--json", "migrate", "what-if", "-c", "britney.conf", "--now", NOON];
    call.extend(arguments);
    case.write_inputs();
    let before = contents(case);
    let run = case.call(PROGRAM, &call, "");
    assert_eq!(run.code, Some(0), "{}", run.words());
    assert!(contents(case) == before, "something was written");
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// Every file of a case.
fn contents(case: &Case) -> BTreeMap<String, Vec<u8>> {
    fn read(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                read(&path, files);
            } else {
                files.insert(path.display().to_string(), fs::read(&path).expect("a file can be read"));
            }
        }
    }
    let mut files = BTreeMap::new();
    read(&case.path(""), &mut files);
    files
}

fn verdicts(run: &Run) -> BTreeMap<String, String> {
    let excuses = run.excuses();
    let all = excuses["sources"].as_array().expect("sources is a list");
    let text = |excuse: &Value, key: &str| excuse[key].as_str().expect("it is a word").to_owned();
    all.iter().map(|excuse| (text(excuse, "item-name"), text(excuse, "migration-policy-verdict"))).collect()
}

fn lines(value: &Value) -> BTreeSet<String> {
    let list = value.as_array().expect("a list of items");
    list.iter().map(|item| item.as_str().expect("an item is a word").to_owned()).collect()
}

/// Scenario 37.
#[test]
fn five_days_later_is_what_a_run_five_days_later_makes() {
    let case = || {
        let case = Case::new()
            .with_ages()
            .testing("foo 1\nbar 1\nuser 1; Depends: foo (<< 2)")
            .unstable("foo 2\nbar 2\nnew 1; Depends: young\nyoung 1\nuser 2; Depends: foo (>= 2)")
            .file("state/age-policy-urgencies", "bar 2 low\nuser 2 high\n");
        case.seen(&[("foo 2", 1), ("bar 2", 1), ("new 1", 9), ("young 1", 0), ("user 2", 0)])
    };
    let checked = case();
    let answer = what_if(&checked, &["--days", "+5"]);
    let (now, later) = (case().run(), case().now("2026-11-26T12:00:00Z").run());
    let (before, after) = (verdicts(&now), verdicts(&later));
    let changed = |item: &&String| before.get(*item) != after.get(*item);
    let expected: BTreeMap<&String, [&String; 2]> =
        after.keys().filter(changed).map(|item| (item, [&before[item], &after[item]])).collect();
    assert!(expected.len() >= 3, "{expected:?}");
    let difference = &answer["difference"];
    assert_eq!(difference["verdicts"], serde_json::to_value(expected).expect("it is JSON"));
    let items = |run: &Run| {
        let moved = run.moved();
        moved.split(", ").filter(|item| !item.is_empty()).map(|item| item.replace(' ', "/")).collect::<BTreeSet<_>>()
    };
    let newly: BTreeSet<String> = items(&later).difference(&items(&now)).cloned().collect();
    assert_eq!(lines(&difference["newly_moving"]), newly);
    assert_eq!(lines(&difference["newly_staying"]), BTreeSet::new());
}

/// Scenario 63, second half.
#[test]
fn removing_what_needs_it_lets_a_removal_go() {
    let case = Case::new().testing("foo 1\nbar 1; Depends: foo").unstable("bar 1; Depends: foo");
    assert_eq!(case.run().moved(), "");
    let answer = what_if(&case, &["--remove", "bar"]);
    let going = lines(&answer["difference"]["newly_moving"]);
    assert_eq!(going, BTreeSet::from(["-bar/1".to_owned(), "-foo/1".to_owned()]));
    assert_eq!(answer["removals_that_stay"], serde_json::json!([]));
}

#[test]
fn a_removal_that_breaks_others_is_said_to_stay() {
    let suites = "foo 1\nbar 1; Depends: foo";
    let case = Case::new().testing(suites).unstable(suites);
    let answer = what_if(&case, &["--remove", "foo"]);
    assert_eq!(answer["removals_that_stay"], serde_json::json!(["-foo"]));
}

#[test]
fn hints_and_policies_can_be_thought_away_or_added() {
    let case =
        Case::new().with_ages().testing("foo 1\nbar 1").unstable("foo 2\nbar 2").hints("block bar\nurgent bar/2\n");
    let case = case.seen(&[("foo 2", 0), ("bar 2", 0)]);
    let moving = |arguments: &[&str]| lines(&what_if(&case, arguments)["difference"]["newly_moving"]);
    let set = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(moving(&["--hint", "urgent foo/2"]), set(&["foo/2"]));
    assert_eq!(moving(&["--without-hint", "block bar"]), set(&["bar/2"]));
    assert_eq!(moving(&["--policy-off", "age"]), set(&["foo/2"]));
    assert_eq!(moving(&["--force", "foo/2", "--hint", "unblock bar/2"]), set(&["bar/2", "foo/2"]));
    assert_eq!(moving(&["--days", "4"]), set(&[]));
    assert_eq!(moving(&["--days", "+5"]), set(&["foo/2"]));
}

#[test]
fn an_architecture_can_be_thought_to_break() {
    let case = Case::new()
        .architectures("amd64 arm64")
        .testing("foo 1")
        .unstable("source foo 2\n+ foo; on=amd64\n+ foo; Depends: nothing; on=arm64");
    let difference = what_if(&case, &["--break", "arm64"])["difference"].clone();
    assert_eq!(lines(&difference["newly_moving"]), BTreeSet::from(["foo/2".to_owned()]));
    assert_eq!(difference["newly_uninstallable"], serde_json::json!({"arm64": ["foo"]}));
}

#[test]
fn simulate_is_another_name_of_it() {
    let case = Case::new().testing("foo 1").unstable("foo 2");
    let run = case.call(PROGRAM, &["migrate", "simulate", "-c", "britney.conf", "--hint", "block foo"], "");
    assert_eq!(run.code, Some(0), "{}", run.words());
    assert!(run.stdout.contains("foo"), "{}", run.stdout);
}
