//! What a service is filled with, and asked about: the same for the same size.

use serde_json::{Value, json};
use tidegate_kernel::Timestamp;

/// Results of each build.
pub(super) const EACH: u64 = 6;
const TESTCASES: u64 = 50;
const OUTCOMES: [&str; 4] = ["PASSED", "PASSED", "PASSED", "FAILED"];
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];
const SCENARIOS: [&str; 3] = ["bios", "uefi", "cloud"];
/// Between two results, in microseconds.
const APART: i64 = 7_000_000;
/// When the last result was sent: 2026-11-01.
const END: i64 = 1_793_491_200_000_000;

/// A history of so many builds, six results each, from the oldest to the newest.
#[derive(Debug, Clone, Copy)]
pub(super) struct History {
    pub(super) builds: u64,
}

impl History {
    /// How many results it has.
    pub(super) fn results(self) -> u64 {
        self.builds * EACH
    }

    /// The build of that number.
    pub(super) fn item(build: u64) -> String {
        format!("package{}-1.{}-1.fc44", build % 500, build / 500)
    }

    /// One of the tests of a build.
    pub(super) fn testcase(build: u64, which: u64) -> String {
        format!("dist.test{}", (build * EACH + which) % TESTCASES)
    }

    /// A result of that build, without a time.
    pub(super) fn result(build: u64, which: u64, outcome: u64) -> Value {
        json!({
            "testcase": Self::testcase(build, which),
            "outcome": pick(&OUTCOMES, outcome),
            "data": {
                "item": Self::item(build),
                "type": "koji_build",
                "arch": pick(&ARCHITECTURES, build + which),
                "scenario": pick(&SCENARIOS, which),
            },
        })
    }

    /// The result of that place, from 0.
    pub(super) fn place(self, place: u64) -> Value {
        let (build, which) = (place / EACH, place % EACH);
        let mut result = Self::result(build, which, build * 31 + which * 7);
        let behind = i64::try_from(self.results() - place).unwrap_or(i64::MAX);
        let at = Timestamp::from_microseconds(END - behind.saturating_mul(APART));
        let text = at.map(|at| at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()).unwrap_or_default();
        result["submit_time"] = text.into();
        result
    }
}

fn pick(of: &'static [&'static str], number: u64) -> &'static str {
    let count = u64::try_from(of.len()).unwrap_or(u64::MAX);
    of[usize::try_from(number % count).unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_history_has_its_shape() {
        let history = History { builds: 100 };
        let all: Vec<_> = (0..history.results()).map(|place| history.place(place)).collect();
        let distinct =
            |of: fn(&Value) -> &Value| all.iter().map(|result| of(result).to_string()).collect::<BTreeSet<_>>();
        assert_eq!(distinct(|result| &result["data"]["item"]).len(), 100);
        assert_eq!(distinct(|result| &result["testcase"]).len(), 50);
        assert_eq!(distinct(|result| &result["data"]["scenario"]).len(), 3);
        assert_eq!(distinct(|result| &result["submit_time"]).len(), 600);
        assert_eq!(all[599]["submit_time"], "2026-10-31T23:59:53.000000");
        assert_eq!(all[598]["submit_time"], "2026-10-31T23:59:46.000000");
    }
}
