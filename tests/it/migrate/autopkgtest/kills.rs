//! A run that ends anywhere: each request is in its queue at least once, and never under a second id.

use super::*;

/// foo passed and bar has to be asked for; one request was open before.
fn case(swift: &Swift) -> Case {
    let more = "\nbaz 1; Testsuite: autopkgtest; Depends: foo";
    let case = with_swift(swift);
    let foo = |version: &str| {
        format!("foo {version}; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo{more}")
    };
    case.testing(&foo("1")).unstable(&foo("2"))
}

fn store() -> Swift {
    let swift = Swift::start();
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(0, "foo 2", "foo/2"));
    swift
}

/// Every point that a run reaches, with how often it was reached until then: `requests.publish.before#2`.
fn points(case: Case) -> Vec<String> {
    let file = case.path("points");
    let case = case.env("TIDEGATE_STEPS", &format!("record:{}", file.display()));
    case.run();
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    let text = case.text("points");
    let number = |name: &str| {
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        format!("{name}#{count}")
    };
    text.lines().map(number).collect()
}

#[test]
fn a_run_that_is_killed_anywhere_asks_once() {
    let swift = store();
    let points = points(case(&swift));
    for unit in [
        "requests.journal.write.before",
        "requests.pending.rename.after",
        "requests.publish.after",
        "requests.confirm.after",
        "results.cache.rename.before",
    ] {
        assert!(points.iter().any(|point| point.starts_with(unit)), "{unit} is no point: {points:?}");
    }
    let expected = ["debci-testing-amd64:bar foo/2", "debci-testing-amd64:baz foo/2"];
    for point in &points {
        let killed = case(&swift).env("TIDEGATE_STEPS", &format!("kill:{point}"));
        assert_eq!(killed.run_with(&[]).code, None, "nothing was killed at {point}");
        // An hour later the id of a new request would be another one.
        let next = killed.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
        next.run();
        let mut asked = queued(&next);
        asked.sort();
        assert_eq!(asked, expected, "killed at {point}");
        let ids = next.text("state/.tidegate-requests");
        assert_eq!(ids.matches("\"body\"").count(), 2, "killed at {point}: {ids}");
        next.run();
        assert_eq!(queued(&next).len(), 2, "killed at {point}");
        let left: Vec<_> = std::fs::read_dir(next.path("output")).unwrap().flatten().collect();
        assert!(left.len() >= 5, "killed at {point}: {left:?}");
    }
}

/// An effect that fails is said, and the next run makes up for it.
#[test]
fn an_effect_that_fails_anywhere_is_made_up_for() {
    let swift = store();
    for point in points(case(&swift)) {
        let failed = case(&swift).env("TIDEGATE_STEPS", &format!("error:{point}"));
        let run = failed.run_with(&[]);
        assert!(matches!(run.code, Some(0 | 1 | 3)), "{point}: {:?} {}", run.code, run.words());
        run.said(&["was told to fail"]);
        let next = failed.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
        next.run();
        let mut asked = queued(&next);
        asked.sort();
        assert_eq!(asked, ["debci-testing-amd64:bar foo/2", "debci-testing-amd64:baz foo/2"], "failed at {point}");
    }
}

/// What a consumer has taken out of the file in between is asked for again, under the same time, hence the same id.
#[test]
fn a_result_that_came_in_between_ends_what_was_not_confirmed() {
    let swift = store();
    let killed = case(&swift).env("TIDEGATE_STEPS", "kill:requests.confirm.before#1");
    assert_eq!(killed.run_with(&[]).code, None);
    assert_eq!(queued(&killed).len(), 2);
    for source in ["bar", "baz"] {
        swift.put(source, "amd64", "20261121_123000_aa@", &ResultTar::new(0, &format!("{source} 1"), "foo/2"));
    }
    std::fs::remove_file(killed.path("queue")).unwrap();
    let next = killed.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
    assert_eq!(next.run().moved(), "foo 2");
    assert_eq!(queued(&next), [""; 0]);
}
