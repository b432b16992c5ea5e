//! Texts that may be too long for an index.

use sha2::{Digest as _, Sha256};

/// The longest text that is indexed as it is, in bytes.
const LONGEST: usize = 256;

/// The text, or `sha256:` and its digest if it is too long for an index.
pub(crate) fn index_text(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut key = "sha256:".to_owned();
    for byte in Sha256::digest(text) {
        key.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_long_is_digested() {
        assert_eq!(index_text("abc"), "abc");
        assert_eq!(index_text(&"x".repeat(256)).len(), 256);
        let long = index_text(&"x".repeat(257));
        assert_eq!((&long[..7], long.len()), ("sha256:", 71));
    }
}
