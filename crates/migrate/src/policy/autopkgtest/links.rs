//! Addresses of what test servers show of a test.

use std::fmt::Write as _;

use crate::compat::britney::config::{Autopkgtest, Location};
use crate::rules::Rules;

use super::results::TestRun;

/// Writes the addresses of one distribution's tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Links<'a> {
    config: &'a Autopkgtest,
    series: &'a str,
}

impl<'a> Links<'a> {
    pub(super) fn new(rules: &'a Rules) -> Self {
        Self { config: &rules.autopkgtest, series: &rules.series }
    }

    /// Whether results come from a debci, whose addresses are others.
    fn is_debci(self) -> bool {
        match &self.config.results {
            Some(Location::File(_)) => true,
            Some(Location::Http(url)) => url.ends_with(".json"),
            None => false,
        }
    }

    /// The page of what is running.
    pub(super) fn running(self) -> Option<String> {
        let page = if self.is_debci() { "status/pending" } else { "running" };
        self.config.ci_url.as_ref().map(|ci| format!("{ci}{page}"))
    }

    /// All runs of a test.
    pub(super) fn history(self, source: &str, arch: &str) -> Option<String> {
        let ci = self.config.ci_url.as_ref()?;
        Some(format!("{ci}packages/{}/{source}/{}/{arch}", shelf(source), self.series))
    }

    /// The log of a run.
    pub(super) fn log(self, source: &str, arch: &str, run: &TestRun) -> Option<String> {
        Some(format!("{}/log.gz", self.run(source, arch, run)?))
    }

    /// What a run left beside its log, where the server has it apart.
    pub(super) fn artifacts(self, source: &str, arch: &str, run: &TestRun) -> Option<String> {
        self.is_debci().then(|| Some(format!("{}/artifacts.tar.gz", self.run(source, arch, run)?))).flatten()
    }

    fn run(self, source: &str, arch: &str, run: &TestRun) -> Option<String> {
        let ci = self.config.ci_url.as_ref()?;
        let id = run.run_id.as_ref()?;
        let (series, shelf) = (self.series, shelf(source));
        if self.is_debci() {
            return Some(format!("{ci}data/autopkgtest/{series}/{arch}/{shelf}/{source}/{id}"));
        }
        let archive = self.config.ppas.last().map_or_else(String::new, |ppa| format!("-{}", ppa.replace('/', "-")));
        Some(format!("{ci}results/autopkgtest-{series}{archive}/{series}/{arch}/{shelf}/{source}/{id}"))
    }

    /// Where another run can be asked for.
    pub(super) fn retry(self, source: &str, arch: &str, triggers: &[String], run: &TestRun) -> Option<String> {
        let ci = self.config.ci_url.as_ref()?;
        if self.config.retry_by_run_id {
            return run.run_id.as_ref().map(|id| format!("{ci}api/v1/retry/{}", encoded(id)));
        }
        let (series, source) = (encoded(self.series), encoded(source));
        let mut url = format!("{ci}request.cgi?release={series}&arch={}&package={source}", encoded(arch));
        for trigger in triggers {
            let _ = write!(url, "&trigger={}", encoded(trigger));
        }
        for ppa in &self.config.ppas {
            let _ = write!(url, "&ppa={}", encoded(ppa));
        }
        Some(url)
    }
}

/// The folder in which servers keep a source: its first letter, or four of a library's.
pub(crate) fn shelf(source: &str) -> &str {
    let letters = if source.starts_with("lib") { 4 } else { 1 };
    source.char_indices().nth(letters).map_or(source, |(end, _)| &source[..end])
}

/// A value of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_have_shelves_of_four_letters() {
        assert_eq!(["libfoo", "lib", "green", "l"].map(shelf), ["libf", "lib", "g", "l"]);
    }

    #[test]
    fn values_of_queries_are_encoded() {
        assert_eq!(encoded("g++/1:2~rc1"), "g%2B%2B%2F1%3A2~rc1");
    }
}
