//! Results in one file of debci's: `{"results": [{…}]}`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use reqwest::Url;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::found::{Found, LONGEST_WORD, triggers};
use super::http::Http;
use super::results::Pair;
use super::{FeedError, shown};
use crate::policy::autopkgtest::results::{FoundRun, Outcome, TestRun};

/// Debian's has a tenth of that.
const LARGEST: usize = 1 << 30;

/// The version of a test that is not run any more.
const BLACKLISTED: &str = "blacklisted";

#[derive(Debug, Deserialize)]
struct Page {
    results: Vec<Line>,
}

/// A result, or something else that stands in the list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Result(Entry),
    Other(IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Entry {
    suite: Option<String>,
    trigger: Option<String>,
    package: String,
    arch: String,
    version: Option<String>,
    status: Option<String>,
    run_id: Option<RunId>,
    updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RunId {
    Number(u64),
    Text(String),
}

/// Reads the file.
///
/// # Errors
/// It is not there, or something else.
pub(super) fn read_file(path: &Path, series: &str, now: i64, pairs: &[Pair]) -> Result<Found, FeedError> {
    let place = path.display().to_string();
    let unusable = |why: String| FeedError::Unusable { place: place.clone(), why };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
    let size = file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| unusable(error.to_string()))?;
    if size > LARGEST {
        return Err(unusable(format!("it has more than the {LARGEST} bytes that are taken")));
    }
    read(&bytes, &place, series, now, pairs)
}

/// Fetches the file and reads it.
///
/// # Errors
/// The server has none to give, or it is something else.
pub(super) async fn fetch(http: &Http, url: &Url, series: &str, now: i64, pairs: &[Pair]) -> Result<Found, FeedError> {
    let (_, body) = http.get(url, &[200], LARGEST).await?;
    read(&body, &shown(url), series, now, pairs)
}

fn read(bytes: &[u8], place: &str, series: &str, now: i64, pairs: &[Pair]) -> Result<Found, FeedError> {
    let page: Page = serde_json::from_slice(bytes).map_err(|error| FeedError::Unusable {
        place: place.to_owned(),
        why: format!("no results of debci: {error}; expected {{\"results\": […]}}, fetch it again"),
    })?;
    let wanted: BTreeMap<(&str, &str), &Pair> =
        pairs.iter().map(|pair| ((pair.source.as_str(), pair.arch.as_str()), pair)).collect();
    let mut found = Found::default();
    let mut odd = Vec::new();
    for (number, line) in page.results.into_iter().enumerate() {
        let Line::Result(entry) = line else {
            odd.push(number);
            continue;
        };
        let elsewhere = entry.suite.as_ref().is_some_and(|suite| suite != series);
        if elsewhere || !wanted.contains_key(&(entry.package.as_str(), entry.arch.as_str())) {
            continue;
        }
        if take(entry, now, &mut found).is_none() {
            odd.push(number);
        }
    }
    if let Some(first) = odd.first() {
        let count = odd.len();
        found
            .warnings
            .push(format!("{place}: {count} entries are no results, the first is number {first}; they do not count"));
    }
    // Later runs are taken after earlier ones, in whatever order the list has them.
    found.runs.sort_by_key(|found| found.run.seen);
    Ok(found)
}

/// Takes an entry; none if it does not say what is needed.
fn take(entry: Entry, now: i64, found: &mut Found) -> Option<()> {
    let triggers = triggers(entry.trigger.as_deref()?);
    if triggers.is_empty() || entry.version.as_ref().is_some_and(|version| version.len() > LONGEST_WORD) {
        return None;
    }
    let (outcome, version) = match (entry.status.as_deref(), entry.version) {
        (None, _) => {
            let running = |trigger| (trigger, entry.package.clone(), entry.arch.clone());
            found.running.extend(triggers.into_iter().map(running));
            return Some(());
        }
        // The machine failed, not the test: it will be run again.
        (Some("tmpfail"), _) => return Some(()),
        (Some(BLACKLISTED), _) | (Some("pass" | "neutral" | "fail"), None) => (Outcome::Fail, BLACKLISTED.to_owned()),
        (Some("pass"), Some(version)) => (Outcome::Pass, version),
        (Some("neutral"), Some(version)) => (Outcome::Neutral, version),
        (Some("fail"), Some(version)) => (Outcome::Fail, version),
        (Some(_), _) => return None,
    };
    let run_id = entry.run_id.map(|id| match id {
        RunId::Number(number) => number.to_string(),
        RunId::Text(text) => text,
    });
    let seen = entry.updated_at.and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let seen = seen.map_or(now, jiff::Timestamp::as_second);
    let run = TestRun { outcome, version: Some(version), run_id, seen };
    found.runs.push(FoundRun { source: entry.package, arch: entry.arch, triggers, run });
    Some(())
}
