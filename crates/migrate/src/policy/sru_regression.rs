//! Have the tests of a stable update ended with a regression that its bug has not been told?
//!
//! It holds nothing; the policy autopkgtest does that. It reads what that one noted: statuses by tested version and
//! architecture. While a test runs nothing is said, so that one letter tells all.

use std::fmt;

use serde_json::Value;

use super::Opinion;
use super::letter::{Letter, LetterKind};
use crate::excuses::{Context, Excuse};
use crate::rules::PolicyName;

/// A test that the policy autopkgtest noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedTest<'a> {
    /// What was tested: `source/version`.
    pub tested: &'a str,
    /// Where.
    pub arch: &'a str,
    /// How it stands.
    pub status: &'a str,
    /// Its log, if it has one.
    pub log: Option<&'a str>,
}

impl fmt::Display for NotedTest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tested, arch, log, .. } = self;
        write!(f, "{tested} on {arch}")?;
        log.map_or(Ok(()), |log| write!(f, ": {log}"))
    }
}

pub(super) fn judge(context: Context<'_>, excuse: &mut Excuse) -> Opinion {
    let Context { distribution, rules, facts, .. } = context;
    let (source, version) = (distribution.name(excuse.item.name), distribution.text(excuse.item.version));
    let told = facts.regressions_told.get(rules.distribution_name(), &rules.series, source);
    if told != Some(version) && has_regressed(excuse) {
        let age = u32::try_from(excuse.age.unwrap_or(0).max(0)).unwrap_or(u32::MAX);
        let (source, version) = (source.to_owned(), version.to_owned());
        excuse.letters.push(Letter { kind: LetterKind::Regression, source, version, age });
    }
    Opinion::default()
}

/// Whether all tests have ended, and one of them is a regression.
fn has_regressed(excuse: &Excuse) -> bool {
    let runs = tests(excuse).any(|test| test.status.starts_with("RUNNING"));
    !runs && tests(excuse).any(|test| test.status == "REGRESSION")
}

/// The tests that an excuse has noted.
pub fn tests(excuse: &Excuse) -> impl Iterator<Item = NotedTest<'_>> {
    let results = excuse.policies.iter().filter(|result| result.policy == PolicyName::Autopkgtest);
    let tested = results.flat_map(|result| &result.info);
    tested.flat_map(|(tested, archs)| {
        archs.as_object().into_iter().flatten().filter_map(move |(arch, test)| {
            let status = test.get(0).and_then(Value::as_str)?;
            Some(NotedTest { tested, arch, status, log: test.get(1).and_then(Value::as_str) })
        })
    })
}
