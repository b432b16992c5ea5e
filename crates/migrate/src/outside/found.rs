//! What test servers say, in the words of all three: exit codes, triggers, ids of runs.

use crate::compat::britney::state::time_of_run;
use crate::policy::autopkgtest::results::{FoundRun, Outcome, TestRun};

/// The version of a failure so early that nobody knows what was tested.
const UNKNOWN: &str = "unknown";

/// Longer texts are no versions, triggers or ids of anything.
pub(super) const LONGEST_WORD: usize = 1024;

/// What one look at a source on an architecture found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Runs that ended, the oldest first.
    pub(super) runs: Vec<FoundRun>,
    /// Triggers of tests that were asked for and run now.
    pub(super) running: Vec<(String, String, String)>,
    /// What was there and does not count.
    pub(super) warnings: Vec<String>,
}

/// One run as a server has it.
#[derive(Debug)]
pub(super) struct RawRun<'a> {
    pub(super) source: &'a str,
    pub(super) arch: &'a str,
    pub(super) run_id: &'a str,
    pub(super) exit_code: i64,
    pub(super) version: Option<&'a str>,
    pub(super) triggers: &'a str,
}

impl RawRun<'_> {
    /// The run as the policy takes it. None if it ended before anybody knew what would be tested, which is a fault of the
    /// machine that runs tests: it will be run again.
    ///
    /// # Errors
    /// Why it says nothing.
    pub(super) fn read(&self) -> Result<Option<FoundRun>, String> {
        let triggers = triggers(self.triggers);
        if triggers.is_empty() {
            return Err("it names no trigger".to_owned());
        }
        let seen = time_of_run(self.run_id).ok_or("its id begins with no time")?;
        let version = match self.version.map(str::trim).filter(|version| !version.is_empty()) {
            Some(version) if version.len() > LONGEST_WORD => return Err("its version is absurdly long".to_owned()),
            Some(version) => version,
            None if matches!(self.exit_code, 4 | 12 | 20) => UNKNOWN,
            None => return Ok(None),
        };
        let run = TestRun {
            outcome: outcome(self.exit_code),
            version: Some(version.to_owned()),
            run_id: Some(self.run_id.to_owned()),
            seen,
        };
        Ok(Some(FoundRun { source: self.source.to_owned(), arch: self.arch.to_owned(), triggers, run }))
    }
}

/// What an exit code of autopkgtest means.
fn outcome(exit_code: i64) -> Outcome {
    match exit_code {
        0 | 2 => Outcome::Pass,
        8 => Outcome::Neutral,
        _ => Outcome::Fail,
    }
}

/// The triggers of a line: words that have a slash in them.
pub(super) fn triggers(line: &str) -> Vec<String> {
    let words = line.split_whitespace().filter(|word| word.contains('/') && word.len() <= LONGEST_WORD);
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(exit_code: i64, version: Option<&str>) -> RawRun<'_> {
        let triggers = "glibc/2 nonsense foo/1";
        RawRun { source: "foo", arch: "amd64", run_id: "20150101_100000_ab@", exit_code, version, triggers }
    }

    #[test]
    fn exit_codes_have_outcomes() {
        let outcome = |code| run(code, Some("1")).read().unwrap().map(|found| found.run.outcome);
        for (code, expected) in
            [(0, Outcome::Pass), (2, Outcome::Pass), (8, Outcome::Neutral), (4, Outcome::Fail), (16, Outcome::Fail)]
        {
            assert_eq!(outcome(code), Some(expected), "{code}");
        }
    }

    #[test]
    fn without_a_version_only_some_failures_count() {
        for (code, version) in
            [(4, Some("unknown")), (12, Some("unknown")), (20, Some("unknown")), (16, None), (0, None)]
        {
            let found = run(code, None).read().unwrap();
            assert_eq!(found.and_then(|found| found.run.version).as_deref(), version, "{code}");
        }
    }

    #[test]
    fn triggers_are_words_with_a_slash_and_the_id_tells_the_time() {
        let found = run(0, Some("1")).read().unwrap().unwrap();
        assert_eq!(found.triggers, ["glibc/2", "foo/1"]);
        assert_eq!(found.run.seen, 1_420_106_400);
        assert_eq!(RawRun { triggers: "foo", ..run(0, None) }.read().unwrap_err(), "it names no trigger");
    }
}
