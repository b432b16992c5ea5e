//! The made-up CI system of the demo: what it found in two weeks, and what it finds from now on.
//!
//! Its results are bodies of ResultsDB's interface. The seed is fixed, so every demo has the same builds and outcomes; only
//! the times are counted back from its start.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_kernel::{Rng, SeededRng, Timestamp};

/// The days of its history.
pub(super) const DAYS: u64 = 14;
/// A test case that failed for everything during one night, and passes since.
pub(super) const BROKEN_FOR_A_NIGHT: &str = "dist.abicheck";
/// A test case that fails now and then, and passes when it is run again.
const FLAKY: &str = "ci.functional";

const SEED: u64 = 0x71de_6a7e;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

const TESTCASES: [&str; 6] =
    ["dist.rpmdeplint", "dist.rpminspect", BROKEN_FOR_A_NIGHT, FLAKY, "ci.installability", "ci.upgrade"];
const ARCHES: [&str; 2] = ["x86_64", "aarch64"];
const PACKAGES: [(&str, &str); 20] = [
    ("bash", "5.3.8"),
    ("bind", "9.20.15"),
    ("coreutils", "9.9"),
    ("curl", "8.17.0"),
    ("dnf5", "5.3.0"),
    ("emacs", "30.2"),
    ("firefox", "145.0"),
    ("gcc", "15.2.1"),
    ("git", "2.52.0"),
    ("glibc", "2.42"),
    ("gnome-shell", "49.1"),
    ("httpd", "2.4.65"),
    ("kernel", "6.17.8"),
    ("mesa", "25.3.0"),
    ("openssl", "3.5.4"),
    ("podman", "5.7.0"),
    ("python3", "3.14.0"),
    ("rust", "1.91.1"),
    ("systemd", "258.2"),
    ("vim", "9.1.1914"),
];

/// A CI system with its builds.
pub(super) struct Ci {
    rng: SeededRng,
    /// The release of each package that was built last.
    releases: [u32; PACKAGES.len()],
    runs: u64,
    /// Results that come next, the next one last.
    coming: Vec<Value>,
}

/// One test of one build.
struct Test<'a> {
    nvr: &'a str,
    testcase: &'static str,
    arch: &'static str,
}

impl Ci {
    pub(super) fn new() -> Self {
        Self { rng: SeededRng::new(SEED), releases: [1; PACKAGES.len()], runs: 0, coming: Vec::new() }
    }

    /// What it found in the days before that instant, oldest first.
    pub(super) fn history(&mut self, now: Timestamp) -> Vec<Value> {
        let begin = now.earlier(DAY * u32::try_from(DAYS).unwrap_or(0));
        let mut found: Vec<(Timestamp, Value)> = Vec::new();
        for day in 0..u32::try_from(DAYS).unwrap_or(0) {
            for package in 0..PACKAGES.len() {
                if self.rng.below(3) > 0 {
                    continue;
                }
                // every build is tested before the history ends
                let built = begin.later(DAY * day + MINUTE * self.number(22 * 60));
                self.build(package, built, is_broken(day), &mut found);
            }
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(at, body)| dated(body, at)).collect()
    }

    /// The results of the tests of a new build.
    fn build(&mut self, package: usize, built: Timestamp, is_broken: bool, found: &mut Vec<(Timestamp, Value)>) {
        let nvr = self.next_build(package);
        let mut at = built;
        for testcase in TESTCASES {
            for arch in ARCHES {
                at = at.later(MINUTE * (1 + self.number(5)));
                let test = Test { nvr: &nvr, testcase, arch };
                let outcome =
                    if is_broken && testcase == BROKEN_FOR_A_NIGHT { "FAILED" } else { self.outcome(testcase) };
                found.push((at, self.result(&test, outcome)));
                if testcase == FLAKY && outcome == "FAILED" {
                    found.push((at.later(MINUTE * 30), self.result(&test, "PASSED")));
                }
            }
        }
    }

    /// The next result, without end: build after build, each test first running, then done.
    pub(super) fn next(&mut self) -> Value {
        loop {
            if let Some(result) = self.coming.pop() {
                return result;
            }
            let package = usize::try_from(self.rng.below(PACKAGES.len() as u64)).unwrap_or(0);
            let nvr = self.next_build(package);
            let mut coming = Vec::new();
            for testcase in TESTCASES {
                let test = Test { nvr: &nvr, testcase, arch: ARCHES[0] };
                let outcome = self.outcome(testcase);
                coming.push(self.result(&test, "RUNNING"));
                coming.push(self.result(&test, outcome));
                if testcase == FLAKY && outcome == "FAILED" {
                    coming.push(self.result(&test, "PASSED"));
                }
            }
            coming.reverse();
            self.coming = coming;
        }
    }

    fn next_build(&mut self, package: usize) -> String {
        let (name, version) = PACKAGES[package];
        self.releases[package] += 1;
        format!("{name}-{version}-{}.fc44", self.releases[package])
    }

    fn outcome(&self, testcase: &str) -> &'static str {
        match (testcase, self.rng.below(30)) {
            (FLAKY, 0..6) | (_, 0) => "FAILED",
            (_, 1) => "NEEDS_INSPECTION",
            (_, 2) => "INFO",
            _ => "PASSED",
        }
    }

    fn result(&mut self, test: &Test<'_>, outcome: &str) -> Value {
        self.runs += 1;
        json!({
            "testcase": {"name": test.testcase, "ref_url": format!("https://ci.example.org/tests/{}", test.testcase)},
            "outcome": outcome,
            "ref_url": format!("https://ci.example.org/runs/{}", self.runs),
            "data": {"item": test.nvr, "type": "koji_build", "arch": test.arch},
        })
    }

    fn number(&self, bound: u32) -> u32 {
        u32::try_from(self.rng.below(u64::from(bound))).unwrap_or(0)
    }
}

fn is_broken(day: u32) -> bool {
    day == 9
}

fn dated(mut body: Value, at: Timestamp) -> Value {
    body["submit_time"] = (at.as_microseconds() / 1_000).into();
    body
}

/// A build whose test fails, fails again, and passes at last.
pub(super) const MENDED: &str = "nethack-9-1.fc44";
/// An update, whose one result is about all of its builds.
pub(super) const UPDATE: &str = "FEDORA-2026-5d2c1e9a40";
/// So many they are.
pub(super) const UPDATE_BUILDS: usize = PACKAGES.len();

/// What is posted in front of the visitor's eyes, and the changes that it makes.
pub(super) struct Lesson {
    /// The results, in their order.
    pub(super) results: Vec<Value>,
    /// The items that are told of, with the outcomes of each in order.
    pub(super) told: Vec<(String, Vec<&'static str>)>,
}

/// Six results of which two say something new, then one that says something of twenty builds, twice.
pub(super) fn lesson() -> Lesson {
    let of_build = |outcome: &str| {
        json!({
            "testcase": "dist.rpmdeplint", "outcome": outcome, "ref_url": "https://ci.example.org/nethack",
            "data": {"item": MENDED, "type": "koji_build", "arch": "x86_64"},
        })
    };
    let builds: Vec<String> = PACKAGES.iter().map(|(name, version)| format!("{name}-{version}-1.fc44")).collect();
    let of_update = json!({
        "testcase": "update.install_default", "outcome": "PASSED", "ref_url": "https://ci.example.org/update",
        "data": {"item": UPDATE, "type": "bodhi_update", "nvrs": builds},
    });
    let mut results: Vec<Value> = ["FAILED", "FAILED", "FAILED", "PASSED", "PASSED", "PASSED"].map(of_build).into();
    results.extend([of_update.clone(), of_update]);
    let mut told = vec![(MENDED.to_owned(), vec!["FAILED", "PASSED"])];
    told.extend(builds.into_iter().map(|build| (build, vec!["PASSED"])));
    Lesson { results, told }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_seed_decides_the_history() {
        let history = Ci::new().history(now());
        assert_eq!(history, Ci::new().history(now()));
        assert!((800..2_000).contains(&history.len()), "{}", history.len());
        let at = |body: &Value| body["submit_time"].as_i64().unwrap();
        assert!(history.is_sorted_by_key(at));
        let end = now().as_microseconds() / 1_000;
        assert!(at(&history[0]) > end - 15 * 86_400_000 && at(&history[history.len() - 1]) < end);
    }

    #[test]
    fn a_night_is_seen_in_the_history() {
        let history = Ci::new().history(now());
        let of_case = history.iter().filter(|body| body["testcase"]["name"] == BROKEN_FOR_A_NIGHT);
        let failed: Vec<bool> = of_case.map(|body| body["outcome"] == "FAILED").collect();
        let longest = failed.chunk_by(|a, b| a == b).filter(|run| run[0]).map(<[bool]>::len).max().unwrap();
        assert!(longest >= 6, "{failed:?}");
        assert!(failed.iter().filter(|failed| !**failed).count() > failed.len() / 2);
    }

    #[test]
    fn what_comes_goes_on_and_builds_nothing_twice() {
        let mut ci = Ci::new();
        let before = ci.history(now()).iter().map(|body| body["data"]["item"].to_string()).collect::<BTreeSet<_>>();
        let next: Vec<Value> = (0..200).map(|_| ci.next()).collect();
        assert!(next.iter().all(|body| !before.contains(&body["data"]["item"].to_string())));
        let outcomes: BTreeSet<&str> = next.iter().map(|body| body["outcome"].as_str().unwrap()).collect();
        assert!(outcomes.contains("RUNNING") && outcomes.contains("PASSED") && outcomes.contains("FAILED"));
        assert_eq!(next[0]["outcome"], "RUNNING");
        assert_ne!(next[1]["outcome"], "RUNNING");
    }
}
