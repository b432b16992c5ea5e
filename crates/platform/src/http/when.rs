//! Times as people write them in a query: an instant, or how long ago.

use std::str::FromStr;
use std::time::Duration;

use tidegate_kernel::Timestamp;

use crate::config::duration;

/// A time in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// `2026-11-21T08:04:12Z`
    At(Timestamp),
    /// `-24h`
    Ago(Duration),
}

/// A text that is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-11-21T08:04:12Z, or -24h for a day ago")]
pub struct NotAWhen;

impl FromStr for When {
    type Err = NotAWhen;

    fn from_str(text: &str) -> Result<Self, NotAWhen> {
        match text.strip_prefix('-') {
            Some(ago) => duration(ago).map(Self::Ago).map_err(|_| NotAWhen),
            None => text.parse().map(Self::At).map_err(|_| NotAWhen),
        }
    }
}

impl When {
    /// The instant, as seen from that one.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.earlier(ago),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_how_long_ago() {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let read = |text: &str| text.parse::<When>().map(|when| when.from(now).to_string());
        assert_eq!(read("2026-11-20T07:00:00+00:00").unwrap(), "2026-11-20T07:00:00.000000Z");
        assert_eq!(read("-24h").unwrap(), "2026-11-20T08:00:00.000000Z");
        for text in ["", "24h", "-", "-24", "tomorrow"] {
            assert_eq!(read(text), Err(NotAWhen), "{text:?}");
        }
    }
}
