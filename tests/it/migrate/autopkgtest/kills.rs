//! A run that is ended anywhere: each request is in its queue at least once, under one id, and is never made anew.
//!
//! Where a run can be ended is told by the program: one run records its points, and then a run is ended at each of them. The
//! run is one in which everything happens: bar was asked for by an earlier run that reached no queue, baz has to be asked
//! for, the kept results are damaged, and there is a new database of results.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::database::Published;
use super::{open, queued, tested, update, with_swift};
use crate::doubles::broker::Broker;
use crate::doubles::swift::{ResultTar, Swift};
use crate::migrate::case::Case;

/// More series than any test needs.
const SERIES: usize = 256;

/// So many runs are ended at the same time.
const AT_ONCE: usize = 3;

/// What happens at a point, for the tests of it to be made up for by the next run.
const KILL: &str = "kill";
const FAIL: &str = "error";

/// The stage of these stories: a database on a server, and what an earlier run left.
struct Stage {
    published: Published,
    journal: String,
    pending: String,
    database: Vec<u8>,
    checksum: String,
    /// The id of the request for bar.
    id: String,
}

impl Stage {
    fn new() -> Self {
        let foo_passes = [("foo", "20261121_080000@", Some("2"), "foo/2", 0)];
        let published = Published::of_series(&["s0"], &foo_passes);
        let before = published.case().set("ADT_AMQP", "file:///nowhere/requests").now("2026-11-21T11:00:00Z");
        let before = before.testing(&story(1, "")).unstable(&story(2, ""));
        before.run_with(&["--series", "s0"]).succeeded().said(&["W: ", "published again by the next run"]);
        let journal = before.text("state/.tidegate-requests");
        let entry: serde_json::Value = serde_json::from_str(journal.trim()).expect("one request is open");
        let stage = Self {
            id: entry["id"].as_str().expect("a request has an id").to_owned(),
            journal,
            pending: before.text("state/autopkgtest-pending.json"),
            database: std::fs::read(before.path("state/autopkgtest.db")).expect("the database is kept"),
            checksum: before.text("state/autopkgtest.db.sha256"),
            published,
        };
        let all: Vec<String> = (0..SERIES).map(series).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        stage.published.publish_of_series(&all, &foo_passes);
        stage
    }

    /// The case in a series, whose queue nothing else uses.
    fn case(&self, series: &str, queue: &str) -> Case {
        let more = "\nbaz 1; Testsuite: autopkgtest; Depends: foo";
        self.published
            .case()
            .testing(&story(1, more))
            .unstable(&story(2, more))
            .file("state/.tidegate-requests", &self.journal.replace("debci-s0-", &format!("debci-{series}-")))
            .file("state/autopkgtest-pending.json", &self.pending)
            .file("state/autopkgtest-results.cache", "[")
            .bytes("state/autopkgtest.db", &self.database)
            .file("state/autopkgtest.db.sha256", &self.checksum)
            .set("ADT_AMQP", queue)
            .env("TIDEGATE_HASTE", "1")
    }

    /// Runs to the end, then ends a run at each of its points for which `at` is true, and hands what is left to `check`,
    /// after the next run and the one after it.
    fn end_everywhere(
        &self,
        verb: &str,
        queue: &str,
        at: impl Fn(&str) -> bool,
        check: impl Fn(&Case, &str, &str) + Sync,
    ) {
        let mut points = self.case("s0", queue).points(&["--series", "s0"]);
        for unit in [
            "state.move-aside.before",
            "results.database.rename.after",
            "results.checksum.write.before",
            "results.cache.rename.before",
            "requests.journal.write.before",
            "requests.pending.rename.after",
            "requests.publish.before#1",
            "requests.publish.after#2",
            "requests.confirm.after#1",
        ] {
            assert!(points.iter().any(|point| point.starts_with(unit)), "{unit} is no point: {points:?}");
        }
        points.retain(|point| at(point));
        assert!(points.len() < SERIES);
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some((number, point)) = Some(next.fetch_add(1, Ordering::Relaxed))
                .and_then(|number| points.get(number).map(|point| (number + 1, point)))
            {
                let series = series(number);
                let case = self.end_at(verb, point, &series, queue);
                check(&case, &series, point);
            }
        };
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(work);
            }
        });
    }

    fn end_at(&self, verb: &str, point: &str, series: &str, queue: &str) -> Case {
        let arguments = ["--series", series];
        let case = self.case(series, queue).env("TIDEGATE_STEPS", &format!("{verb}:{point}"));
        let run = case.run_with(&arguments);
        if verb == KILL {
            assert_eq!(run.code, None, "nothing was killed at {point}: {}", run.words());
        } else {
            assert!(matches!(run.code, Some(0 | 1 | 3)), "{point}: {:?} {}", run.code, run.words());
            run.said(&["was told to fail"]);
        }
        // An hour later the id of a new request would be another one.
        let case = case.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
        case.run_with(&arguments).succeeded();
        let case = case.now("2026-11-21T14:00:00Z");
        let last = case.run_with(&arguments).succeeded();
        assert!(!last.words().contains("published again"), "{point}: {}", last.words());
        assert!(last.files.len() >= 5, "{point}: {:?}", last.files.keys());
        let still_open = BTreeSet::from(["foo/2 bar amd64".to_owned(), "foo/2 baz amd64".to_owned()]);
        assert_eq!(open(&case), still_open, "{point}");
        let journal = case.text("state/.tidegate-requests");
        assert_eq!(journal.matches("\"body\"").count(), 2, "{point}: {journal}");
        assert_eq!(journal.matches("\"queued\":true").count(), 2, "{point}: {journal}");
        assert!(journal.contains(&self.id), "{point}: {journal}");
        case
    }
}

fn series(number: usize) -> String {
    format!("s{number}")
}

/// foo in a version, bar that depends on it, and more.
fn story(version: u8, more: &str) -> String {
    format!("foo {version}; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo{more}")
}

/// In a file a request is exactly once.
fn once_in_the_file(case: &Case, series: &str, point: &str) {
    let mut asked = queued(case);
    asked.sort();
    let expected = ["bar", "baz"].map(|source| format!("debci-{series}-amd64:{source} foo/2"));
    assert_eq!(asked, expected, "ended at {point}");
}

#[test]
fn a_run_that_is_killed_anywhere_asks_once() {
    Stage::new().end_everywhere(KILL, "file://requests", |_| true, once_in_the_file);
}

/// An effect that fails is said, and the next run makes up for it.
#[test]
fn an_effect_that_fails_anywhere_is_made_up_for() {
    Stage::new().end_everywhere(FAIL, "file://requests", |_| true, once_in_the_file);
}

/// With a broker a request may come twice, but under one id.
pub(super) fn with_a_broker(broker: &Broker) {
    let stage = Stage::new();
    let check = |case: &Case, series: &str, point: &str| {
        let queue = format!("debci-{series}-amd64");
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for message in broker.take(&queue).expect("the queue was made") {
            let source = message.body.lines().next().unwrap_or_default().to_owned();
            ids.entry(source).or_default().insert(message.id());
        }
        let found: Vec<(&str, usize)> = ids.iter().map(|(source, ids)| (source.as_str(), ids.len())).collect();
        assert_eq!(found, [("bar", 1), ("baz", 1)], "ended at {point}: {ids:?}");
        assert!(ids["bar"].contains(&stage.id), "ended at {point}: {ids:?}");
        let journal = case.text("state/.tidegate-requests");
        assert!(ids["baz"].iter().all(|id| journal.contains(id)), "ended at {point}: {ids:?} {journal}");
    };
    stage.end_everywhere(KILL, &broker.url(), |_| true, check);
    stage.end_everywhere(FAIL, &broker.url(), |point| point.starts_with("requests."), check);
}

/// What a consumer has taken out of the file and answered in between is not published again.
#[test]
fn a_result_that_came_in_between_ends_what_was_not_confirmed() {
    let swift = Swift::start();
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(0, "foo 2", "foo/2"));
    let killed = with_swift(&swift).env("TIDEGATE_STEPS", "kill:requests.confirm.before#1");
    assert_eq!(killed.run_with(&[]).code, None);
    assert_eq!(queued(&killed), ["debci-testing-amd64:bar foo/2"]);
    swift.put("bar", "amd64", "20261121_123000_aa@", &ResultTar::new(0, "bar 1", "foo/2"));
    std::fs::remove_file(killed.path("requests")).unwrap();
    let next = killed.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
    assert_eq!(next.run().moved(), "foo 2");
    assert_eq!(queued(&next), [""; 0]);
}

/// A consumer that has taken a request out of the file and not answered may be given it again: nobody can know whether it was
/// there. It is asked for at the time of the first try, hence under the same id.
#[test]
fn what_may_not_have_been_queued_is_published_again() {
    let killed = update(tested()).env("TIDEGATE_STEPS", "kill:requests.confirm.before#1");
    assert_eq!(killed.run_with(&[]).code, None);
    let first = killed.text("requests");
    std::fs::remove_file(killed.path("requests")).unwrap();
    let next = killed.env("TIDEGATE_STEPS", "").now("2026-11-21T13:00:00Z");
    next.run().said(&["2 requests of an earlier run", "published again"]);
    assert_eq!(next.text("requests"), first);
    next.run();
    assert_eq!(next.text("requests"), first);
}
