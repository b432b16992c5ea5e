//! The lines of the file, before anything is known of what the keys mean.

use std::collections::BTreeMap;

use super::{CommandLine, KEYS, key};
use crate::diagnostic::{Diagnostic, Place, after, did_you_mean, lines, quote, suggest};

/// Stands for a file in diagnostics about overrides.
pub(super) const COMMAND_LINE: &str = "command line";

/// The value of one key.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// `%(SERIES)` is replaced; no space around it.
    pub(super) value: String,
    /// Whether the file has it, not the command line.
    pub(super) in_file: bool,
    pub(super) line: u32,
    /// Column of the value.
    pub(super) column: u32,
}

/// The keys of a file, in upper case, each with the value that counts.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The first non-empty value of each key, or the first empty one if it has no other.
    pub(super) of: BTreeMap<String, Entry>,
    /// What the file has under keys that the command line beats.
    pub(super) beaten: BTreeMap<String, Entry>,
}

/// Reads the lines, with the command line's keys in front of them.
pub(super) fn read(
    text: &str,
    file: &str,
    command_line: &CommandLine<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Entries {
    let mut entries = Entries::default();
    for (name, value) in command_line.overrides {
        let value = value.trim().replace("%(SERIES)", command_line.series);
        entries.add(name.to_ascii_uppercase(), Entry { value, in_file: false, line: 1, column: 1 });
    }
    for (line, content) in lines(text) {
        let trimmed = content.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let place = Place { file, line, column: after(1, leading_space(content)) };
        let Some((name, value)) = content.split_once('=') else {
            let message = format!("{} is no setting; write KEY = value, or # in front of a comment", quote(trimmed));
            diagnostics.push(place.error("not-a-setting", message));
            continue;
        };
        let written = name.trim();
        if written.is_empty() {
            diagnostics.push(
                place.error("not-a-setting", "the key is missing in front of the equals sign; write KEY = value"),
            );
            continue;
        }
        let upper = written.to_ascii_uppercase();
        if key(&upper).is_none() {
            let message = format!("unknown key {}, ignored{}", quote(written), meant(&upper));
            diagnostics.push(place.warning("unknown-key", message));
            continue;
        }
        let column = after(after(after(1, name), "="), leading_space(value));
        let value = value.trim().replace("%(SERIES)", command_line.series);
        if let Some(first) = entries.add(upper, Entry { value, in_file: true, line, column }) {
            let message = format!(
                "{} is set again; the first value, of line {}, counts; remove one of them",
                quote(written),
                first
            );
            diagnostics.push(place.warning("key-repeated", message));
        }
    }
    entries
}

impl Entries {
    /// Adds a value behind the others; the line of the file's earlier one if that differs and neither is empty.
    fn add(&mut self, name: String, entry: Entry) -> Option<u32> {
        let Some(first) = self.of.get_mut(&name) else {
            self.of.insert(name, entry);
            return None;
        };
        if first.value.is_empty() {
            *first = entry;
            return None;
        }
        if first.in_file {
            return (!entry.value.is_empty() && entry.value != first.value).then_some(first.line);
        }
        if !entry.value.is_empty() {
            self.beaten.entry(name).or_insert(entry);
        }
        None
    }
}

/// The end of a message that offers the key which was probably meant: a single one, or a family's with the same rest.
fn meant(upper: &str) -> String {
    let single = did_you_mean(upper, KEYS.iter().filter(|key| key.family.is_none()).map(|key| key.name));
    let family = || {
        let (head, rest) = upper.split_once('_')?;
        let family = suggest(&format!("{head}_"), KEYS.iter().filter(|key| key.family.is_some()).map(|key| key.name))?;
        (!rest.is_empty()).then(|| format!("; did you mean {}?", quote(&format!("{family}{rest}"))))
    };
    if single.is_empty() { family().unwrap_or_default() } else { single }
}

fn leading_space(text: &str) -> &str {
    &text[..text.len() - text.trim_start().len()]
}
