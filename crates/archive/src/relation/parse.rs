//! From the text of a relation field to [`Relation`]s.

use memchr::{memchr, memchr3};

use super::{Operator, Provide, Qualifier, Relation, RelationError};
use crate::deb822::{is_blank, trim};

/// Splits a field into its groups, at the commas that are not in parentheses or brackets.
///
/// Groups come without blanks around them, and empty ones (a comma at the end, two in a row) not at all. A folded field may be
/// passed as the scanner gives it, comment lines included.
pub fn groups(field: &str) -> impl Iterator<Item = &str> {
    let end_of_first = if has_comments(field) { group_end_among_comments } else { group_end };
    let mut rest = Some(field);
    std::iter::from_fn(move || {
        loop {
            let bytes = rest?.as_bytes();
            let (start, end) = (skip_blanks(bytes, 0), end_of_first(bytes));
            let group = trim(&rest?[start..end]);
            rest = rest?.get(end + 1..);
            if !group.is_empty() {
                return Some(group);
            }
        }
    })
}

/// Parses the alternatives of one group into `out`, which is cleared first.
///
/// # Errors
///
/// [`RelationError`] if the group is not of the form that the module describes; `out` is then empty.
pub fn parse_group<'a>(text: &'a str, out: &mut Vec<Relation<'a>>) -> Result<(), RelationError> {
    out.clear();
    let mut cursor = Cursor { text, position: 0 };
    loop {
        match cursor.relation() {
            Ok(relation) => out.push(relation),
            Err(error) => {
                out.clear();
                return Err(error);
            }
        }
        if cursor.at_end() {
            return Ok(());
        }
        if !cursor.take(b'|') {
            out.clear();
            return Err(cursor.expected(cursor.what_may_follow()));
        }
    }
}

/// The entries of a `Provides` field.
///
/// An entry counts if it is unversioned or with `=`; one with another operator is skipped, because a package has one version. An
/// entry that does not parse, or that has alternatives, a qualifier or restrictions, is an error in its place.
pub fn provides(field: &str) -> impl Iterator<Item = Result<Provide<'_>, RelationError>> {
    groups(field).filter_map(|group| match single(group) {
        Ok(Relation { name, constraint, .. }) => match constraint {
            None => Some(Ok(Provide { name, version: None })),
            Some((Operator::Exactly, version)) => Some(Ok(Provide { name, version: Some(version) })),
            Some(_) => None,
        },
        Err(error) => Some(Err(error)),
    })
}

/// The sources that a `Built-Using` field names, with their versions. Entries of another form than `name (= version)` are skipped.
pub fn built_using(field: &str) -> impl Iterator<Item = (&str, &str)> {
    groups(field).filter_map(|group| match single(group).ok()? {
        Relation { name, constraint: Some((Operator::Exactly, version)), .. } => Some((name, version)),
        _ => None,
    })
}

/// Parses a group that is one name with perhaps a version.
fn single(text: &str) -> Result<Relation<'_>, RelationError> {
    let mut cursor = Cursor { text, position: 0 };
    let relation = cursor.relation()?;
    let plain =
        relation.qualifier == Qualifier::None && relation.architectures.is_empty() && relation.profiles.is_empty();
    if cursor.at_end() && plain { Ok(relation) } else { Err(cursor.expected("nothing but a name and a version")) }
}

/// Whether a field ends where none can: in parentheses, brackets or a restriction formula, or after `|`.
pub(crate) fn ends_open(field: &str) -> bool {
    let Some(last) = groups(field).last() else {
        return false;
    };
    let mut closing = None;
    for (_, byte) in content(last.as_bytes()) {
        match byte {
            b'<' if closing.is_none() => closing = Some(b'>'),
            _ => step(&mut closing, byte),
        }
    }
    closing.is_some() || last.ends_with('|')
}

/// Where the first group ends, at a comma or at the end of the text, if there are no comment lines.
///
/// This is as good as always so, and every relation of an archive passes here: hence the leaps.
fn group_end(bytes: &[u8]) -> usize {
    let mut position = 0;
    while let Some(length) = memchr3(b',', b'(', b'[', &bytes[position..]) {
        position += length;
        let closing = match bytes[position] {
            b',' => return position,
            b'(' => b')',
            _ => b']',
        };
        match memchr(closing, &bytes[position..]) {
            Some(length) => position += length + 1,
            None => break,
        }
    }
    bytes.len()
}

/// As [`group_end`], where there may be comment lines.
fn group_end_among_comments(bytes: &[u8]) -> usize {
    let mut closing = None;
    for (position, byte) in content(bytes) {
        if byte == b',' && closing.is_none() {
            return position;
        }
        step(&mut closing, byte);
    }
    bytes.len()
}

fn has_comments(field: &str) -> bool {
    memchr(b'#', field.as_bytes()).is_some() && field.contains("\n#")
}

/// Keeps account of which bracket is open, by the byte that closes it. Brackets do not nest.
fn step(closing: &mut Option<u8>, byte: u8) {
    match (*closing, byte) {
        (None, b'(') => *closing = Some(b')'),
        (None, b'[') => *closing = Some(b']'),
        (Some(expected), found) if expected == found => *closing = None,
        _ => {}
    }
}

/// The bytes that are not in a comment line, with their places.
fn content(bytes: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let position = next;
        let byte = *bytes.get(position)?;
        next = match byte {
            b'\n' if bytes.get(position + 1) == Some(&b'#') => comment_end(bytes, position + 1),
            _ => position + 1,
        };
        Some((position, byte))
    })
}

/// Where the next byte is that is neither a blank nor in a comment line.
fn skip_blanks(bytes: &[u8], mut position: usize) -> usize {
    while let Some(&byte) = bytes.get(position) {
        if byte == b'\n' && bytes.get(position + 1) == Some(&b'#') {
            position = comment_end(bytes, position + 1);
        } else if is_blank(byte) {
            position += 1;
        } else {
            break;
        }
    }
    position
}

/// Where the line of the comment ends that begins at `start`.
fn comment_end(bytes: &[u8], start: usize) -> usize {
    memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length)
}

/// A place in the text of a group.
struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Cursor<'a> {
    fn relation(&mut self) -> Result<Relation<'a>, RelationError> {
        let name = self.word(is_name_byte);
        if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            self.position -= name.len();
            return Err(self.expected("a package name"));
        }
        let qualifier = self.qualifier()?;
        let constraint = self.constraint()?;
        let architectures = self.architectures()?;
        let profiles = self.profiles()?;
        Ok(Relation { name, qualifier, constraint, architectures, profiles })
    }

    fn qualifier(&mut self) -> Result<Qualifier<'a>, RelationError> {
        // No blanks are skipped: `a : any` is not a qualified name.
        if self.peek() != Some(b':') {
            return Ok(Qualifier::None);
        }
        self.position += 1;
        let start = self.position;
        match self.word_here(is_architecture_byte) {
            "" => {
                self.position = start;
                Err(self.expected("an architecture, `any` or `native`"))
            }
            "any" => Ok(Qualifier::Any),
            "native" => Ok(Qualifier::Native),
            architecture => Ok(Qualifier::Arch(architecture)),
        }
    }

    fn constraint(&mut self) -> Result<Option<(Operator, &'a str)>, RelationError> {
        if !self.take(b'(') {
            return Ok(None);
        }
        let operator = match self.word(|byte| matches!(byte, b'<' | b'=' | b'>')) {
            "<<" => Operator::StrictlyEarlier,
            "<=" | "<" => Operator::EarlierOrEqual,
            "=" => Operator::Exactly,
            ">=" | ">" => Operator::LaterOrEqual,
            ">>" => Operator::StrictlyLater,
            other => {
                self.position -= other.len();
                return Err(self.expected("`<<`, `<=`, `=`, `>=` or `>>`"));
            }
        };
        let version = self.word(is_version_byte);
        if version.is_empty() {
            return Err(self.expected("a version"));
        }
        self.close(b')', "`)`")?;
        Ok(Some((operator, version)))
    }

    fn architectures(&mut self) -> Result<&'a str, RelationError> {
        if !self.take(b'[') {
            return Ok("");
        }
        self.skip();
        let start = self.position;
        let end = self.words(is_architecture_byte, "an architecture")?;
        if start == end {
            return Err(self.expected("an architecture"));
        }
        self.close(b']', "`]`")?;
        Ok(&self.text[start..end])
    }

    fn profiles(&mut self) -> Result<&'a str, RelationError> {
        self.skip();
        let start = self.position;
        let mut end = start;
        while self.take(b'<') {
            self.skip();
            let first = self.position;
            if self.words(is_name_byte, "a build profile")? == first {
                return Err(self.expected("a build profile"));
            }
            self.close(b'>', "`>`")?;
            end = self.position;
        }
        Ok(&self.text[start..end])
    }

    /// Takes words, each perhaps with `!` before it, up to a byte that begins none; returns where the last one ends.
    fn words(&mut self, part: fn(u8) -> bool, expected: &'static str) -> Result<usize, RelationError> {
        let mut end = self.position;
        loop {
            let negated = self.take(b'!');
            let word = if negated { self.word_here(part) } else { self.word(part) };
            match (word.is_empty(), negated) {
                (true, true) => return Err(self.expected(expected)),
                (true, false) => return Ok(end),
                (false, _) => end = self.position,
            }
        }
    }

    /// What a reader would have expected where an alternative has ended and neither `|` nor the end follows.
    fn what_may_follow(&self) -> &'static str {
        match self.peek() {
            Some(b'(' | b'[' | b'<') => "version, architectures and profiles in this order, or `|`",
            _ => "`(`, `[`, `<`, `|` or the end",
        }
    }

    fn close(&mut self, byte: u8, expected: &'static str) -> Result<(), RelationError> {
        if self.take(byte) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// Skips blanks, then takes `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip();
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// Skips blanks, then takes the bytes that `part` accepts.
    fn word(&mut self, part: fn(u8) -> bool) -> &'a str {
        self.skip();
        self.word_here(part)
    }

    fn word_here(&mut self, part: fn(u8) -> bool) -> &'a str {
        let rest = &self.text[self.position..];
        let length = rest.bytes().position(|byte| !part(byte)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn at_end(&mut self) -> bool {
        self.skip();
        self.peek().is_none()
    }

    fn skip(&mut self) {
        self.position = skip_blanks(self.text.as_bytes(), self.position);
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn expected(&self, expected: &'static str) -> RelationError {
        RelationError::new(self.text, self.position, expected)
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

fn is_architecture_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Whatever is not part of the syntax around it: an invalid version has to be read too, to be compared and listed.
fn is_version_byte(byte: u8) -> bool {
    let syntax = matches!(byte, b'(' | b')' | b'[' | b']' | b'<' | b'=' | b'>' | b'|' | b',');
    !syntax && !is_blank(byte)
}
