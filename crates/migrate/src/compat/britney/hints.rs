//! Hint files: one a user, one hint a line.
//!
//! A line that can't be used is reported with line and column, and the others count. Where a line speaks of several packages
//! one by one, each makes a hint of its own, and a mistaken one costs only itself; a group (`easy`, `hint`, `force-hint`) is
//! used whole or not at all. Hints that only one dialect's policies look at are read in both.

mod form;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::form::{Argument, Form, form};
use crate::diagnostic::{Diagnostic, Place, did_you_mean, lines, quote, split, words};
use crate::hint::{Freeze, Hint, HintKind, HintRights, ItemNames, ItemRef};

/// The user of hints that were given with `--hints`.
pub const COMMAND_LINE_USER: &str = "command-line";

/// The option's name, which stands for a file in diagnostics about such hints.
const COMMAND_LINE_FILE: &str = "--hints";

/// The word that ends a file.
const FINISHED: &str = "finished";

/// Reads the hint file of `user`. A file that is not UTF-8 is ignored as a whole.
pub fn parse_file(
    text: &[u8],
    file: &str,
    user: &str,
    rights: HintRights,
    names: ItemNames<'_>,
) -> (Vec<Hint>, Vec<Diagnostic>) {
    let mut reader = Reader { user, rights, names, hints: Vec::new(), diagnostics: Vec::new() };
    match std::str::from_utf8(text) {
        Ok(text) => {
            for (line, content) in lines(text) {
                if !reader.line(content, Place { file, line, column: 1 }) {
                    break;
                }
            }
        }
        Err(error) => reader.diagnostics.push(not_utf8(text, error.valid_up_to(), file)),
    }
    (reader.hints, reader.diagnostics)
}

/// Reads the hints of `--hints "h1;h2"`: any is permitted. The number of a hint stands for its line.
pub fn parse_command_line(text: &str, names: ItemNames<'_>) -> (Vec<Hint>, Vec<Diagnostic>) {
    let mut reader =
        Reader { user: COMMAND_LINE_USER, rights: HintRights::ALL, names, hints: Vec::new(), diagnostics: Vec::new() };
    for (line, content) in (1..).zip(text.split(';')) {
        if !reader.line(content, Place { file: COMMAND_LINE_FILE, line, column: 1 }) {
            break;
        }
    }
    (reader.hints, reader.diagnostics)
}

/// Reads one line, which begins at `place`. Nothing comes of an empty line, a comment, `remark` and `finished`.
pub fn parse_line(
    line: &str,
    place: Place<'_>,
    user: &str,
    rights: HintRights,
    names: ItemNames<'_>,
) -> (Vec<Hint>, Vec<Diagnostic>) {
    let mut reader = Reader { user, rights, names, hints: Vec::new(), diagnostics: Vec::new() };
    reader.line(line, place);
    (reader.hints, reader.diagnostics)
}

fn not_utf8(text: &[u8], offset: usize, file: &str) -> Diagnostic {
    let line = text[..offset].split(|&byte| byte == b'\n').count();
    let place = Place { file, line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
    place.error("hint-not-utf8", format!("byte {offset} is not UTF-8, so the whole file is ignored; save it as UTF-8"))
}

fn not_permitted(kind: HintKind, user: &str, rights: HintRights) -> String {
    let permitted: Vec<&str> = rights.kinds().map(HintKind::as_str).collect();
    let permitted = if permitted.is_empty() { "nothing".to_owned() } else { permitted.join(" ") };
    let key = user.to_ascii_uppercase();
    format!(
        "{user} may not use {kind}; the line is ignored; permitted: {permitted}; to permit it, add it to HINTS_{key}"
    )
}

/// The line up to a word that begins with `#`.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    let begin = line.char_indices().find(|&(_, c)| {
        let found = c == '#' && before.is_whitespace();
        before = c;
        found
    });
    begin.map_or(line, |(begin, _)| &line[..begin])
}

struct Reader<'a> {
    user: &'a str,
    rights: HintRights,
    names: ItemNames<'a>,
    hints: Vec<Hint>,
    diagnostics: Vec<Diagnostic>,
}

/// A word with its column.
type Word<'a> = (u32, &'a str);

impl Reader<'_> {
    /// Reads one line; false if it ends the file.
    fn line(&mut self, content: &str, place: Place<'_>) -> bool {
        let text = without_comment(content);
        let mut words = words(text, place.column);
        let Some((column, word)) = words.next() else { return true };
        if word == FINISHED {
            return false;
        }
        let place = Place { column, ..place };
        let Ok(kind) = word.parse() else {
            let names = HintKind::ALL.iter().map(|kind| kind.as_str()).chain([FINISHED]);
            let message = format!("unknown hint {}; the line is ignored{}", quote(word), did_you_mean(word, names));
            self.diagnostics.push(place.error("hint-unknown", message));
            return true;
        };
        if !self.rights.allow(kind) {
            self.diagnostics.push(place.error("hint-not-permitted", not_permitted(kind, self.user, self.rights)));
            return true;
        }
        self.arguments(kind, &mut words, text.trim(), place);
        true
    }

    fn arguments<'t>(
        &mut self,
        kind: HintKind,
        words: &mut impl Iterator<Item = Word<'t>>,
        text: &str,
        place: Place<'_>,
    ) {
        let Form { example, argument, .. } = form(kind);
        let mut hint = Hint {
            kind: if kind == HintKind::Approve { HintKind::Unblock } else { kind },
            user: self.user.to_owned(),
            items: Vec::new(),
            days: None,
            bugs: BTreeSet::new(),
            freeze: None,
            file: place.file.to_owned(),
            line: place.line,
            text: text.to_owned(),
        };
        match argument {
            Argument::Nothing => return,
            Argument::Items => {}
            Argument::Freeze => return self.freeze(hint, words, place),
            Argument::Days => match words.next().map(|(column, word)| (column, word, word.parse())) {
                Some((_, _, Ok(days))) => hint.days = Some(days),
                Some((column, word, Err(_))) => {
                    let place = Place { column, ..place };
                    return self.malformed(place, format!("{} is not a number of days; write {example}", quote(word)));
                }
                None => return self.malformed(place, format!("the number of days is missing; write {example}")),
            },
            Argument::Bugs => match words.next() {
                Some(word) => match self.bugs(word, place, example) {
                    Some(bugs) => hint.bugs = bugs,
                    None => return,
                },
                None => return self.malformed(place, format!("the bug numbers are missing; write {example}")),
            },
        }
        if kind.is_group() {
            self.group(hint, words, place);
        } else {
            self.packages(kind, &hint, words, place);
        }
    }

    fn freeze<'t>(&mut self, hint: Hint, words: &mut impl Iterator<Item = Word<'t>>, place: Place<'_>) {
        let example = form(hint.kind).example;
        let word = words.next();
        let freeze = [Freeze::Source, Freeze::NewSource]
            .into_iter()
            .find(|freeze| word.is_some_and(|(_, word)| word == freeze.as_str()));
        match (word, freeze, words.next()) {
            (_, Some(_), None) => self.hints.push(Hint { freeze, ..hint }),
            (_, Some(_), Some((column, word))) => {
                self.malformed(Place { column, ..place }, format!("{} is too much; write {example}", quote(word)));
            }
            (Some((column, word)), None, _) => {
                self.malformed(
                    Place { column, ..place },
                    format!("{} can't be blocked as a whole; write {example}", quote(word)),
                );
            }
            (None, None, _) => self.malformed(place, format!("what to block is missing; write {example}")),
        }
    }

    fn bugs(&mut self, (column, word): Word<'_>, place: Place<'_>, example: &str) -> Option<BTreeSet<String>> {
        let number = |bug: &str| !bug.is_empty() && bug.bytes().all(|byte| byte.is_ascii_digit());
        if !word.split(',').all(number) {
            let message =
                format!("{} is not a list of bug numbers with commas and no spaces; write {example}", quote(word));
            self.malformed(Place { column, ..place }, message);
            return None;
        }
        Some(split(word, column, |c| c == ',').map(|(_, bug)| bug.to_owned()).collect())
    }

    fn group<'t>(&mut self, mut hint: Hint, words: impl Iterator<Item = Word<'t>>, place: Place<'_>) {
        let Form { example, at_least, .. } = form(hint.kind);
        let before = self.diagnostics.len();
        for (column, word) in words {
            hint.items.extend(self.item(hint.kind, word, Place { column, ..place }));
        }
        if self.diagnostics.len() > before {
            return;
        }
        if hint.items.len() < at_least {
            let (needed, found) = (at_least, hint.items.len());
            let plural = if needed == 1 { "" } else { "s" };
            return self.malformed(
                place,
                format!("{} needs at least {needed} item{plural} and has {found}; write {example}", hint.kind),
            );
        }
        self.hints.push(hint);
    }

    /// `kind` is the written one, which may be `approve`.
    fn packages<'t>(&mut self, kind: HintKind, hint: &Hint, words: impl Iterator<Item = Word<'t>>, place: Place<'_>) {
        let mut none = true;
        for (column, word) in words {
            none = false;
            let item = self.item(kind, word, Place { column, ..place });
            self.hints.extend(item.map(|item| Hint { items: vec![item], ..hint.clone() }));
        }
        if none {
            self.malformed(place, format!("{kind} of what? write {}", form(kind).example));
        }
    }

    fn item(&mut self, kind: HintKind, word: &str, place: Place<'_>) -> Option<ItemRef> {
        let item = ItemRef::parse(word, self.names).map_err(|error| error.to_string());
        match item.and_then(|item| form(kind).check(kind, item)) {
            Ok(item) => Some(item),
            Err(reason) => {
                self.malformed(place, format!("{}: {reason}", quote(word)));
                None
            }
        }
    }

    fn malformed(&mut self, place: Place<'_>, message: String) {
        self.diagnostics.push(place.error("hint-malformed", message));
    }
}
