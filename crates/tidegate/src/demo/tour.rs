//! What the demo says: where it is, and five things to look at.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::ci::{BROKEN_FOR_A_NIGHT, DAYS, MENDED, UPDATE, UPDATE_BUILDS};
use super::pages::{ENTER, EXCUSES};
use super::story::{self, Grouped, Story};
use super::visit::PAUSED_JOB;
use super::{ADMIN_TOKEN, example};

/// The topic of what is told once.
pub(super) const CHANGED: &str = "results.result.changed";

/// What there is to be said.
#[derive(Debug, Serialize)]
pub(super) struct Tour<'a> {
    /// Where the service is.
    pub(super) url: &'a str,
    /// The link that logs in.
    pub(super) login: String,
    /// Where its data lies.
    pub(super) folder: &'a Path,
    /// So many results its history has.
    pub(super) history: u64,
    /// What became of the migration.
    pub(super) migration: &'a Story,
    /// How this program is called from here.
    #[serde(skip)]
    pub(super) program: String,
    /// Whether the folder goes when the demo ends.
    #[serde(skip)]
    pub(super) is_temporary: bool,
}

/// The link that logs in.
pub(super) fn login(url: &str, key: &str) -> String {
    format!("{url}{ENTER}?key={key}")
}

impl Tour<'_> {
    /// About fifty lines.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        let (url, login) = (self.url, &self.login);
        let _ = writeln!(
            text,
            "Tidegate runs at {url}, with the made-up results of a small CI system and a slice of the\n\
             real Debian archive. This link lets you in as its admin:\n\n  {login}\n\nFive things to look at:"
        );
        self.stops(&mut text);
        let folder = self.folder.display();
        let end = if self.is_temporary {
            format!("Ctrl-C ends the demo and removes its folder, {folder}.")
        } else {
            let serve = format!("{} --config {folder}/{} serve", self.program, super::CONFIG);
            format!("Ctrl-C ends the demo. {folder} stays; to go on with it:\n  {serve}")
        };
        let _ = write!(text, "\n{end}");
        text
    }

    fn stops(&self, text: &mut String) {
        let Self { url, folder, program, .. } = self;
        let (folder, history) = (folder.display(), Grouped(usize::try_from(self.history).unwrap_or(usize::MAX)));
        let ask = format!("{program} --server {url}");
        let config = format!("{folder}/{}/{}", example::FOLDER, example::CONFIG);
        let _ = writeln!(
            text,
            "
1. What moves, and what is stuck: {url}/
   {history} results of the last {DAYS} days are there, and every second another one comes: the page
   follows by itself. One job is paused, for an example of what stands still: the page says why,
   since when, and who can act.

2. A test case's history as a picture: {url}/results/testcases/{BROKEN_FOR_A_NIGHT}
   During one night it failed for everything.

3. A change, told once: {url}/results?item={MENDED}
   A test failed, failed and failed, then passed, passed and passed: six results, two messages.
   Then one result was about all {UPDATE_BUILDS} builds of {UPDATE}, and was posted twice:
   {UPDATE_BUILDS} messages. In another terminal, all that were sent and all that follow:
     {ask} events follow --topic {CHANGED} --after 0

4. What stands still: {url}/blockers
   Since when, who can act, and how. {url}/ops has all jobs and receivers.
   To let the paused job go on:
     {ask} --token-file {folder}/{ADMIN_TOKEN} jobs resume {PAUSED_JOB}

5. May it enter the release? {url}{EXCUSES}"
        );
        for line in self.migration.to_text().lines() {
            let line = format!("   {line}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let _ = writeln!(
            text,
            "   Ask on:
     {program} migrate explain -c {config} {stays}
     {program} migrate causes -c {config}
     {program} migrate what-if -c {config} --remove {remove}",
            stays = story::STAYS,
            remove = story::REMOVE,
        );
    }

    /// One line.
    pub(super) fn in_short(&self) -> String {
        format!(
            "{} results of {DAYS} days, and each change told once; {}",
            Grouped(usize::try_from(self.history).unwrap_or(usize::MAX)),
            self.migration.in_short()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_tells_what_to_look_at() {
        let migration = Story::default();
        let url = "http://127.0.0.1:8470";
        let tour = Tour {
            url,
            login: login(url, "0123"),
            folder: Path::new("/tmp/demo"),
            history: 1_234,
            migration: &migration,
            program: "tidegate".to_owned(),
            is_temporary: true,
        };
        insta::assert_snapshot!(tour.to_text());
        let kept = Tour { is_temporary: false, ..tour };
        let text = kept.to_text();
        assert!(
            text.ends_with("stays; to go on with it:\n  tidegate --config /tmp/demo/tidegate.toml serve"),
            "{text}"
        );
    }
}
