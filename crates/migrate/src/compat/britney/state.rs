//! The small files beside the indices: what runs remember, what other programs report, and what the archive adds by hand.
//!
//! Pure readers and writers. A line that can't be used is left out with a diagnostic, and the others count; whether a missing
//! or damaged file stops the run is the caller's decision, for only it knows which policies are on.

mod autopkgtest;
mod bug_times;
mod bugs;
mod constraints;
mod dates;
mod faux;
mod json;
mod mails;
mod piuparts;
mod signers;
mod source_ppas;
mod urgencies;

use std::collections::BTreeMap;

use tidegate_archive::deb822::{Field, ScanError, Scanner};

use crate::diagnostic::{Diagnostic, Place, lines, words};

pub use autopkgtest::{
    PENDING_TESTS, TEST_RESULTS, parse_pending_tests, parse_test_results, render_pending_tests, render_test_results,
    time_of_run,
};
pub use bug_times::{BugTimes, parse_bug_times};
pub use bugs::{RcBugs, parse_rc_bugs};
pub use constraints::{ConstrainedPackage, Constraint, parse_constraints};
pub use dates::{AgeDates, FirstSeen, parse_age_dates};
pub use faux::{FauxPackage, parse_faux_packages};
pub use mails::{MailRecord, MailRecords, MailState, NoMailState, RegressionsTold};
pub use piuparts::{Piuparts, PiupartsResult, PiupartsState, parse_piuparts};
pub use signers::{Signer, Signers, parse_signers};
pub use source_ppas::{SourcePpas, parse_source_ppas};
pub use urgencies::{Urgencies, parse_urgencies};

/// By source, then by version.
type Versions<T> = BTreeMap<String, BTreeMap<String, T>>;

/// The words of each line that has any and is no comment, with the line's place.
fn word_lines<'a>(text: &'a str, file: &'a str) -> impl Iterator<Item = (Place<'a>, Vec<(u32, &'a str)>)> {
    let lines = lines(text)
        .map(move |(line, content)| (Place { file, line, column: 1 }, words(content, 1).collect::<Vec<_>>()));
    lines.filter(|(_, words)| words.first().is_some_and(|(_, word)| !word.starts_with('#')))
}

/// Exactly three words, or a diagnostic that says how the line should look.
fn three<'a>(words: &[(u32, &'a str)], place: Place<'_>, example: &str) -> Result<[(u32, &'a str); 3], Diagnostic> {
    <[_; 3]>::try_from(words).map_err(|_| {
        let message = format!("{} words instead of three, so the line is left out; write {example}", words.len());
        place.warning("state-malformed", message)
    })
}

/// The stanzas of a text, each handed to `read` with the place of its first field; reading ends at damage, which is reported.
fn stanzas<'t, 'f>(
    text: &'t str,
    file: &'f str,
    diagnostics: &mut Vec<Diagnostic>,
    mut read: impl FnMut(&Stanza<'_, 't, 'f>, &mut Vec<Diagnostic>),
) {
    let mut scanner = Scanner::new(text);
    let mut fields = Vec::new();
    let mut counter = LineCounter { text, offset: 0, line: 1 };
    loop {
        match scanner.next_stanza(&mut fields) {
            Ok(Some(offset)) => {
                let place = Place { file, line: counter.line_of(offset), column: 1 };
                read(&Stanza { place, text, start: offset, fields: &fields }, diagnostics);
            }
            Ok(None) => return,
            Err(ScanError { offset, problem }) => {
                let place = Place { file, line: counter.line_of(offset), column: 1 };
                diagnostics.push(place.error("stanza-damaged", problem.to_string()));
                return;
            }
        }
    }
}

/// One stanza with what is needed to point into it.
struct Stanza<'s, 't, 'f> {
    place: Place<'f>,
    text: &'t str,
    start: usize,
    fields: &'s [Field<'t>],
}

impl<'t, 'f> Stanza<'_, 't, 'f> {
    fn field(&self, name: &str) -> Option<&Field<'t>> {
        self.fields.iter().find(|field| field.is(name))
    }

    /// A field's value, if it is there and not empty.
    fn value(&self, name: &str) -> Option<&'t str> {
        self.field(name).map(|field| field.value.trim()).filter(|value| !value.is_empty())
    }

    /// The value, or an error that says what the field is for.
    fn required(&self, name: &str, what: &str) -> Result<&'t str, Diagnostic> {
        let missing = || self.place.error("field-missing", format!("the stanza has no {name}; add it: {what}"));
        self.value(name).ok_or_else(missing)
    }

    /// The place of the line on which a field's value begins.
    fn place_of(&self, field: &Field<'_>) -> Place<'f> {
        let rest = &self.text[field.offset..];
        let behind_name = rest.find(':').map_or("", |colon| &rest[colon + 1..]);
        let space = &behind_name[..behind_name.len() - behind_name.trim_start().len()];
        let lines = newlines(&self.text[self.start..field.offset]) + newlines(space);
        Place { line: self.place.line.saturating_add(lines), ..self.place }
    }
}

/// Counts lines along with a scanner that only moves forwards.
struct LineCounter<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
}

impl LineCounter<'_> {
    fn line_of(&mut self, offset: usize) -> u32 {
        let offset = offset.clamp(self.offset, self.text.len());
        self.line = self.line.saturating_add(newlines_bytes(&self.text.as_bytes()[self.offset..offset]));
        self.offset = offset;
        self.line
    }
}

fn newlines(text: &str) -> u32 {
    newlines_bytes(text.as_bytes())
}

fn newlines_bytes(text: &[u8]) -> u32 {
    u32::try_from(text.split(|&byte| byte == b'\n').count() - 1).unwrap_or(u32::MAX)
}
