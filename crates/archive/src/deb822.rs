//! The stanza format of Debian control data: fields, folded over lines, in stanzas parted by blank lines.
//!
//! [`Scanner`] walks a text once and hands out slices of it. It knows no field by name; what a stanza means is up to
//! [`crate::index`] or the caller. It refuses what an intact file never has (a NUL byte, a repeated field, a line of no known
//! form), because these are how a truncated download, a disk error or two stanzas run into one show themselves.
//!
//! Format: Debian Policy chapter 5.1 and deb822(5). Where the two leave room, the scanner takes what dpkg and apt take: CRLF line
//! ends, blanks before the colon, a last stanza without a newline.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use memchr::memchr2;

/// One field of a stanza, borrowed from the scanned text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it is written. Names compare without regard to ASCII case; see [`Field::is`].
    pub name: &'a str,
    /// The value as it is written, without blanks and line ends at both ends.
    ///
    /// A folded value keeps its inner line ends and the blanks that begin its continuation lines. A comment line between two of
    /// its lines is part of the slice too: within a value, `#` directly after a line end can be nothing else. [`Field::lines`]
    /// and [`crate::relation`] leave such lines out.
    pub value: &'a str,
    /// Where the field's first line begins.
    pub offset: usize,
}

impl<'a> Field<'a> {
    /// Whether this is the field called `name`, without regard to ASCII case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The lines of the value, each without blanks at both ends; empty lines and comment lines are left out.
    pub fn lines(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.value
            .split('\n')
            .enumerate()
            .filter(|&(index, line)| index == 0 || !line.starts_with('#'))
            .map(|(_, line)| trim(line))
            .filter(|line| !line.is_empty())
    }
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {offset}")]
pub struct ScanError {
    /// The byte that could not be read, or the beginning of the line that could not.
    pub offset: usize,
    /// What was found there and what was expected.
    pub problem: ScanProblem,
}

/// What the scanner found instead of what it expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanProblem {
    /// The bytes are not UTF-8.
    #[error("expected UTF-8 text, found another byte sequence")]
    NotUtf8,
    /// There is a NUL byte in the text.
    #[error("expected text, found a NUL byte")]
    Nul,
    /// A line is of no form that the format knows.
    #[error("expected `Field: value`, a continuation, a comment or a blank line, found something else")]
    NotAField,
    /// A continuation line stands where no field has begun.
    #[error("expected a field, found a continuation line that continues none")]
    Continuation,
    /// A field occurs twice in one stanza: a blank line was lost between two stanzas, or the stanza is wrong.
    #[error("expected a blank line before the next stanza, found the field `{name}` a second time")]
    Repeated {
        /// The name as the second occurrence writes it.
        name: String,
    },
}

/// Takes bytes as text.
///
/// # Errors
///
/// [`ScanProblem::NotUtf8`] at the first byte that is not part of a UTF-8 sequence.
pub fn text(bytes: &[u8]) -> Result<&str, ScanError> {
    std::str::from_utf8(bytes).map_err(|error| ScanError { offset: error.valid_up_to(), problem: ScanProblem::NotUtf8 })
}

/// Walks the stanzas of a text, one call each, in one pass and without copying.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    text: &'a str,
    position: usize,
    names: Names<'a>,
}

impl<'a> Scanner<'a> {
    /// A scanner at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Scanner { text, position: 0, names: Names::default() }
    }

    /// Reads the next stanza into `fields`, which is cleared first, and returns where its first field begins; `None` at the end.
    ///
    /// # Errors
    ///
    /// What [`ScanProblem`] lists, less `NotUtf8`. `fields` then holds what was read of the stanza before the error, and the
    /// scanner is at its end: after damage nothing that follows can be trusted to be a stanza.
    pub fn next_stanza(&mut self, fields: &mut Vec<Field<'a>>) -> Result<Option<usize>, ScanError> {
        fields.clear();
        self.names.clear();
        let result = self.scan(fields);
        if result.is_err() {
            self.position = self.text.len();
        }
        result
    }

    /// Whether nothing is left to read, not even blank lines.
    pub(crate) fn is_at_end(&self) -> bool {
        self.position == self.text.len()
    }

    fn scan(&mut self, fields: &mut Vec<Field<'a>>) -> Result<Option<usize>, ScanError> {
        let bytes = self.text.as_bytes();
        let mut value_start = 0;
        while let Some(&first) = bytes.get(self.position) {
            let line = self.position;
            match first {
                b'#' => {
                    self.end_of_line(line)?;
                }
                b' ' | b'\t' | b'\r' | b'\n' => {
                    let end = self.end_of_line(line)?;
                    let (start, end) = trimmed(bytes, line, end);
                    if start == end {
                        if fields.is_empty() {
                            continue;
                        }
                        break;
                    }
                    // A carriage return is a blank at the end of a line only.
                    let problem = match (first, fields.last_mut()) {
                        (b'\r', _) => ScanProblem::NotAField,
                        (_, None) => ScanProblem::Continuation,
                        (_, Some(field)) => {
                            if field.value.is_empty() {
                                value_start = start;
                            }
                            field.value = &self.text[value_start..end];
                            continue;
                        }
                    };
                    return Err(ScanError { offset: line, problem });
                }
                _ => {
                    let found = self.name(line);
                    let end = self.end_of_line(found.map_or(line, |(_, colon)| colon))?;
                    let Some((name, colon)) = found else {
                        return Err(ScanError { offset: line, problem: ScanProblem::NotAField });
                    };
                    if !self.names.insert(name, fields) {
                        return Err(ScanError { offset: line, problem: ScanProblem::Repeated { name: name.into() } });
                    }
                    let (start, end) = trimmed(bytes, colon + 1, end);
                    value_start = start;
                    fields.push(Field { name, value: &self.text[start..end], offset: line });
                }
            }
        }
        Ok(fields.first().map(|field| field.offset))
    }

    /// Where the line that holds byte `from` ends; moves on to the line after it.
    fn end_of_line(&mut self, from: usize) -> Result<usize, ScanError> {
        let bytes = self.text.as_bytes();
        let Some(length) = memchr2(b'\n', 0, &bytes[from..]) else {
            self.position = bytes.len();
            return Ok(bytes.len());
        };
        let end = from + length;
        if bytes[end] == 0 {
            return Err(ScanError { offset: end, problem: ScanProblem::Nul });
        }
        self.position = end + 1;
        Ok(end)
    }

    /// The name of the field that begins at `line`, and where its colon is.
    fn name(&self, line: usize) -> Option<(&'a str, usize)> {
        let rest = &self.text.as_bytes()[line..];
        let is_end = |&byte: &u8| byte == b':' || !byte.is_ascii_graphic();
        let length = rest.iter().position(is_end)?;
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let colon = length + rest[length..].iter().take_while(is_blank).count();
        let is_name = length > 0 && rest[0] != b'-' && rest.get(colon) == Some(&b':');
        is_name.then(|| (&self.text[line..line + length], line + colon))
    }
}

/// The names seen in one stanza, to find one that comes twice.
///
/// Almost every stanza has less than [`Names::FEW`] fields. For these a small filter answers, and only where it is unsure are the
/// fields looked through. A stanza beyond that goes to a hash set, so that a hostile one costs no more than its length.
#[derive(Debug, Clone, Default)]
struct Names<'a> {
    filter: [u64; 4],
    many: HashSet<FoldedName<'a>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 64;

    fn clear(&mut self) {
        self.filter = [0; 4];
        if !self.many.is_empty() {
            self.many = HashSet::new();
        }
    }

    /// Takes up `name`, which comes after `fields`; false if it is one of them.
    fn insert(&mut self, name: &'a str, fields: &[Field<'a>]) -> bool {
        if fields.len() >= Self::FEW {
            if self.many.is_empty() {
                self.many.extend(fields.iter().map(|field| FoldedName(field.name)));
            }
            return self.many.insert(FoldedName(name));
        }
        let bytes = name.as_bytes();
        let fold = |index: usize| usize::from(bytes[index] | 0x20);
        let hash = bytes.len() * 37 + fold(0) * 11 + fold(bytes.len() / 2) * 5 + fold(bytes.len() - 1);
        let word = &mut self.filter[hash / 64 % 4];
        let bit = 1 << (hash % 64);
        let maybe = *word & bit != 0;
        *word |= bit;
        !(maybe && fields.iter().any(|field| field.is(name)))
    }
}

/// A field name that hashes and compares without regard to ASCII case.
#[derive(Debug, Clone, Copy)]
struct FoldedName<'a>(&'a str);

impl PartialEq for FoldedName<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for FoldedName<'_> {}

impl Hash for FoldedName<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

/// Whether deb822 takes this for a blank, or for an end of line.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Cuts blanks and line ends off both ends.
pub(crate) fn trim(text: &str) -> &str {
    let (start, end) = trimmed(text.as_bytes(), 0, text.len());
    &text[start..end]
}

/// `start..end` without the blanks at both ends.
fn trimmed(bytes: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && is_blank(bytes[start]) {
        start += 1;
    }
    while start < end && is_blank(bytes[end - 1]) {
        end -= 1;
    }
    (start, end)
}
