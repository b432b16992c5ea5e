//! One name for a tuple of texts: SHA-256 over its parts, each behind its length.
//!
//! Lengths instead of separators, because values may hold any character: no two different tuples have the same bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 of a tuple of parts, in text `sha256:` and 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct KeyHash(pub [u8; 32]);

/// A text that is no [`KeyHash`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key: expected sha256: and 64 hex digits in small letters")]
pub struct NotAKeyHash(String);

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for KeyHash {
    type Error = NotAKeyHash;

    fn try_from(text: String) -> Result<Self, NotAKeyHash> {
        let parse = |text: &str| {
            let digits = text.strip_prefix("sha256:")?.as_bytes();
            let mut bytes = [0; 32];
            for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
                *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
            }
            Some(Self(bytes)).filter(|hash| hash.to_string() == text)
        };
        parse(&text).ok_or(NotAKeyHash(text))
    }
}

/// The SHA-256 of one text.
pub(crate) fn of_text(text: &str) -> KeyHash {
    KeyHash(Sha256::digest(text).into())
}

/// Takes the parts of a tuple one after the other.
#[derive(Default)]
pub(crate) struct Parts(Sha256);

impl Parts {
    /// A part that is one text.
    pub(crate) fn text(self, text: &str) -> Self {
        self.list(Some([text]))
    }

    /// A part that is a list of texts, or absent; an absent one differs from an empty one.
    pub(crate) fn list<'a>(mut self, texts: Option<impl IntoIterator<Item = &'a str>>) -> Self {
        let Some(texts) = texts else {
            self.0.update([0]);
            return self;
        };
        for text in texts {
            self.0.update([1]);
            self.0.update((text.len() as u64).to_be_bytes());
            self.0.update(text);
        }
        self.0.update([2]);
        self
    }

    pub(crate) fn hash(self) -> KeyHash {
        KeyHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(parts: &[Option<&[&str]>]) -> KeyHash {
        let add = |all: Parts, part: Option<&[&str]>| all.list(part.map(|texts| texts.iter().copied()));
        parts.iter().copied().fold(Parts::default(), add).hash()
    }

    #[test]
    fn different_tuples_have_different_bytes() {
        let tuples: [&[Option<&[&str]>]; 8] = [
            &[None],
            &[Some(&[])],
            &[Some(&[""])],
            &[Some(&["ab"])],
            &[Some(&["a", "b"])],
            &[Some(&["a"]), Some(&["b"])],
            &[None, Some(&["a"])],
            &[Some(&["a"]), None],
        ];
        let mut hashes: Vec<_> = tuples.iter().map(|tuple| hash(tuple)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), tuples.len());
    }

    #[test]
    fn text_comes_back_as_it_went() {
        let key = hash(&[Some(&["a"])]);
        let text = String::from(key);
        assert_eq!(KeyHash::try_from(text.clone()), Ok(key));
        for wrong in ["", "sha256:", &text[7..], &text.to_uppercase(), &text[..70]] {
            assert!(KeyHash::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
