//! Cuts a stream into lines.

use super::MAX_LINE;

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// What it holds.
    Text(Vec<u8>),
    /// It was longer than lines may be; what it held is gone.
    TooLong,
}

/// Cuts what comes in pieces into lines. It never holds more than one line.
#[derive(Debug, Default)]
pub struct Lines {
    begun: Vec<u8>,
    is_too_long: bool,
}

impl Lines {
    /// The lines that end in this piece.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut parts = piece.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.append(part);
            if parts.peek().is_some() {
                lines.push(self.end());
            }
        }
        lines
    }

    /// The last line, if it had no end of its own.
    pub fn finish(mut self) -> Option<Line> {
        (self.is_too_long || !self.begun.is_empty()).then(|| self.end())
    }

    fn append(&mut self, part: &[u8]) {
        if self.is_too_long || self.begun.len() + part.len() > MAX_LINE {
            self.is_too_long = true;
            self.begun.clear();
        } else {
            self.begun.extend_from_slice(part);
        }
    }

    fn end(&mut self) -> Line {
        let text = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.is_too_long) { Line::TooLong } else { Line::Text(text) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_line_is_skipped_and_the_next_is_read() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for _ in 0..3 {
            found.extend(lines.push(&vec![b'x'; MAX_LINE / 2]));
        }
        found.extend(lines.push(b"\nshort\n"));
        assert_eq!(found, [Line::TooLong, Line::Text(b"short".to_vec())]);
        assert_eq!(lines.finish(), None);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[ab\n]{0,40}", size in 1..5_usize) {
            let mut lines = Lines::default();
            let mut found: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| lines.push(piece)).collect();
            found.extend(lines.finish());
            let expected: Vec<_> = text.lines().map(|line| Line::Text(line.as_bytes().to_vec())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
