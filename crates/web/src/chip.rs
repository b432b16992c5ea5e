//! The states of all gates, as small marks: each with a sign and its word, so that none is told by its colour alone.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::escape::Escaped;

/// What a state means for whoever looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Somebody has to do something.
    Bad,
    /// Somebody should look.
    Warn,
    /// It goes on by itself.
    Busy,
    /// Nothing to do.
    Calm,
}

/// A state as a small mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    tone: Tone,
    word: String,
}

impl Tone {
    /// The one table of states of all gates. A state that is not here says nothing.
    pub fn of(state: &str) -> Self {
        match state.to_ascii_lowercase().as_str() {
            "passed" | "done" | "up" | "sent" | "active" => Self::Good,
            "failed" | "error" | "failing" | "down" | "set_aside" | "hold" | "blocked" => Self::Bad,
            "needs_inspection" | "paused" | "parked" | "note" => Self::Warn,
            "running" | "queued" | "waiting" | "wait" | "due" | "again" => Self::Busy,
            _ => Self::Calm,
        }
    }

    /// The class by which the style knows it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Busy => "busy",
            Self::Calm => "calm",
        }
    }

    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Warn => "!",
            Self::Busy => "…",
            Self::Calm => "·",
        }
    }
}

impl Chip {
    /// The mark of that state.
    pub fn of(state: &str) -> Self {
        Self { tone: Tone::of(state), word: state.replace('_', " ") }
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, sign) = (self.tone.class(), self.tone.sign());
        let word = Escaped(&self.word);
        write!(f, "<span class=\"chip {class}\"><span aria-hidden=\"true\">{sign}</span> {word}</span>")
    }
}

impl HtmlSafe for Chip {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_told_by_sign_and_word() {
        assert_eq!(
            Chip::of("NEEDS_INSPECTION").to_string(),
            "<span class=\"chip warn\"><span aria-hidden=\"true\">!</span> NEEDS INSPECTION</span>"
        );
        assert!(Chip::of("<b>&").to_string().ends_with(" &lt;b&gt;&amp;</span>"));
    }
}
