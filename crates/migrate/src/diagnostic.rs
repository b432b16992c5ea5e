//! What is wrong with an input that a person wrote, and where.
//!
//! One shape for every reader of the gate (configuration, hints, state files), so that `config check`, `hints check` and a run
//! print the same line for the same mistake. A diagnostic is data: the reader collects them all and never stops at the first,
//! never prints, and never decides what a mistake means for the run.

use std::fmt;

/// How bad a mistake is for the thing that it was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The input is used, though perhaps not as its writer meant it.
    Warning,
    /// The line or the value can't be used.
    Error,
}

/// One mistake in one input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as the user named it, or the option when the text came from the command line.
    pub file: String,
    /// 1-based line; 1 when the whole file is meant.
    pub line: u32,
    /// 1-based column, counted in characters.
    pub column: u32,
    /// Whether the input is refused or only doubted.
    pub severity: Severity,
    /// Stable name of the kind of mistake, in kebab case.
    pub code: &'static str,
    /// Which thing, what was expected, and what to do.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, .. } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

/// A place in a file, from which diagnostics are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters.
    pub column: u32,
}

impl Place<'_> {
    /// A mistake because of which the line or value is not used.
    #[must_use]
    pub fn error(self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Error, code, message.into())
    }

    /// A doubt about something that is used all the same.
    #[must_use]
    pub fn warning(self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Warning, code, message.into())
    }

    fn diagnostic(self, severity: Severity, code: &'static str, message: String) -> Diagnostic {
        Diagnostic { file: self.file.to_owned(), line: self.line, column: self.column, severity, code, message }
    }
}

/// The text in quotation marks for a message: control characters escaped, and cut after 80 characters.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("\"{}…\"", text[..end].escape_debug()),
        None => format!("\"{}\"", text.escape_debug()),
    }
}

/// The candidate that was probably meant by `word`, if one is close enough.
pub(crate) fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let near = 1 + word.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= near)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The end of a message that offers the word which was probably meant, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    suggest(word, candidates).map_or_else(String::new, |meant| format!("; did you mean {}?", quote(meant)))
}

/// Number of insertions, deletions, replacements and swaps of neighbours that make `b` of `a`; letter case doesn't count.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().map(|c| c.to_ascii_lowercase()).collect();
    let b: Vec<char> = b.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut best = (last[j] + usize::from(a[i] != b[j])).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The words of a line between white space, each with its column. `column` is that of the first character of `line`.
pub(crate) fn words(line: &str, column: u32) -> impl Iterator<Item = (u32, &str)> {
    split(line, column, char::is_whitespace)
}

/// The words of a line between separators, each with its column; counted along the way, so that long lines cost no more.
pub(crate) fn split(line: &str, column: u32, separator: fn(char) -> bool) -> impl Iterator<Item = (u32, &str)> {
    let mut rest = line;
    let mut column = column;
    std::iter::from_fn(move || {
        let skipped = rest.find(|c| !separator(c))?;
        column = after(column, &rest[..skipped]);
        rest = &rest[skipped..];
        let (word, tail) = rest.split_at(rest.find(separator).unwrap_or(rest.len()));
        let start = column;
        column = after(column, word);
        rest = tail;
        Some((start, word))
    })
}

/// The column behind `text` that begins at `column`.
pub(crate) fn after(column: u32, text: &str) -> u32 {
    column.saturating_add(u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
}

/// The lines of a text with their 1-based numbers, without a byte order mark at its beginning.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_like_a_compilers() {
        let place = Place { file: "britney.conf", line: 14, column: 3 };
        let diagnostic = place.error("unknown-key", "unknown key \"TESTNG\"");
        assert_eq!(diagnostic.to_string(), "britney.conf:14:3: unknown key \"TESTNG\"");
        assert_eq!(diagnostic.severity, Severity::Error);
        assert!(Severity::Warning < Severity::Error);
    }

    #[test]
    fn the_nearest_word_is_suggested() {
        let known = ["TESTING", "UNSTABLE", "TPU", "PU"];
        assert_eq!(suggest("TESTNIG", known), Some("TESTING"));
        assert_eq!(suggest("unstabel", known), Some("UNSTABLE"));
        assert_eq!(suggest("WEATHER", known), None);
        assert_eq!(suggest(&"X".repeat(10_000), known), None);
        assert_eq!(did_you_mean("TPUU", known), "; did you mean \"TPU\"?");
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("force", "froce"), 1);
        assert_eq!(distance("force", "forced"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn words_know_their_columns() {
        let found: Vec<_> = words("  éa \tb", 1).collect();
        assert_eq!(found, [(3, "éa"), (7, "b")]);
        assert_eq!(words("   ", 1).count(), 0);
        assert_eq!(split("a,,b", 5, |c| c == ',').collect::<Vec<_>>(), [(5, "a"), (8, "b")]);
    }

    #[test]
    fn quoted_text_is_short_and_printable() {
        assert_eq!(quote("a\u{7}b"), "\"a\\u{7}b\"");
        assert_eq!(quote(&"é".repeat(100)).chars().count(), 83);
    }
}
