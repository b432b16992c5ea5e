//! A text that no log and no error shows.

use std::fmt;

use subtle::ConstantTimeEq as _;

/// A password, a token, an address that has one in it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps that text to itself.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is that text, in a time that does not tell how much of it was right.
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown_and_can_be_compared() {
        let secret = Secret::new("tide");
        assert_eq!(format!("{secret:?}"), "***");
        assert!(secret.is("tide") && !secret.is("tid") && !secret.is("tides") && !secret.is("wide"));
    }
}
