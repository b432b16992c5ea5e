//! Have the tests of a stable update ended with a regression that its bug has not been told?
//!
//! It holds nothing; the policy autopkgtest does that. It reads what that one noted: statuses by tested version and
//! architecture. While a test runs nothing is said, so that one letter tells all.

use serde_json::Value;

use super::Opinion;
use super::letter::{Letter, LetterKind};
use crate::excuses::{Context, Excuse};
use crate::rules::PolicyName;

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
    let statuses = tests(excuse).map(|(_, _, status)| status);
    let mut regressed = false;
    for status in statuses {
        if status.starts_with("RUNNING") {
            return false;
        }
        regressed |= status == "REGRESSION";
    }
    regressed
}

/// The tests of an excuse: what was tested (`source/version`), where, and the status.
pub fn tests(excuse: &Excuse) -> impl Iterator<Item = (&str, &str, &str)> {
    let results = excuse.policies.iter().filter(|result| result.policy == PolicyName::Autopkgtest);
    let tested = results.flat_map(|result| &result.info);
    tested.flat_map(|(tested, archs)| {
        let archs = archs.as_object().into_iter().flatten();
        archs.filter_map(move |(arch, test)| {
            Some((tested.as_str(), arch.as_str(), test.get(0).and_then(Value::as_str)?))
        })
    })
}
