//! What must hold when any bytes come as the stream of an import.

use tidegate_results::import::{Encoding, Inflate, Line, Lines};

/// A line is at most so long.
const LONGEST: usize = 1 << 20;

/// Reads `data` as a stream, packed and not; the first byte says in which pieces it comes.
///
/// # Panics
///
/// If a rule is broken that holds for any input.
pub(crate) fn run(data: &[u8]) {
    let Some((size, stream)) = data.split_first() else { return };
    let size = usize::from(*size).max(1);
    for name in ["", "gzip", "zstd"] {
        let encoding = Encoding::named(name).expect("it is one of those that are taken");
        let mut inflate = Inflate::new(encoding).expect("it begins");
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut is_whole = true;
        for piece in stream.chunks(size) {
            is_whole &= inflate.push(piece, |bytes| found.extend(lines.push(bytes))).is_ok();
            if !is_whole {
                break;
            }
        }
        is_whole = is_whole && inflate.finish(|bytes| found.extend(lines.push(bytes))).is_ok();
        if is_whole {
            found.extend(lines.finish());
        }
        if is_whole && name.is_empty() {
            let text = |line: &Line| match line {
                Line::Text(text) => text.clone(),
                Line::TooLong => Vec::new(),
            };
            let texts: Vec<_> = found.iter().map(text).collect();
            let whole = texts.join(&b'\n');
            let expected = stream.strip_suffix(b"\n").unwrap_or(stream);
            assert!(stream.len() > LONGEST || whole == expected, "the pieces are of {size} bytes");
        }
        assert!(found.iter().all(|line| !matches!(line, Line::Text(text) if text.len() > LONGEST)));
    }
}
