//! Instants, and who may say what time it is.
//!
//! Every decision takes the time as a value, so that a past decision can be made again and a test runs a year in a
//! second. [`SystemClock`] is the only place that reads the machine's clock; `clippy.toml` refuses the others.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant in UTC, in whole microseconds.
///
/// Its text is RFC 3339 with six digits and `Z`: `2026-11-21T08:04:12.847042Z`. In a database it is the number of
/// microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Timestamp(jiff::Timestamp);

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no time: expected {expected}")]
pub struct NotATime {
    text: String,
    expected: &'static str,
}

impl Timestamp {
    /// 1970-01-01, midnight.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// Those microseconds since 1970; `None` outside of the years -9999 to 9999.
    pub fn from_microseconds(microseconds: i64) -> Option<Self> {
        jiff::Timestamp::from_microsecond(microseconds).ok().map(Self)
    }

    /// Those seconds since 1970; `None` outside of the years -9999 to 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        jiff::Timestamp::from_second(seconds).ok().map(Self)
    }

    /// Microseconds since 1970.
    pub fn as_microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Whole seconds since 1970, rounded down: the second that this instant lies in.
    pub fn as_seconds(self) -> i64 {
        self.as_microseconds().div_euclid(1_000_000)
    }

    /// So much later, at most the end of the year 9999.
    #[must_use]
    pub fn later(self, duration: Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let later = Self::from_microseconds(self.as_microseconds().saturating_add(microseconds));
        later.or_else(|| Self::from_seconds(jiff::Timestamp::MAX.as_second())).unwrap_or(self)
    }

    /// So much earlier, at most the beginning of the year -9999.
    #[must_use]
    pub fn earlier(self, duration: Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let earlier = Self::from_microseconds(self.as_microseconds().saturating_sub(microseconds));
        earlier.unwrap_or(Self(jiff::Timestamp::MIN))
    }

    /// How long it is from here until then; nothing if that is past.
    pub fn until(self, then: Self) -> Duration {
        Duration::from_micros(u64::try_from(then.as_microseconds() - self.as_microseconds()).unwrap_or(0))
    }

    /// The same instant for calculations with jiff.
    pub fn to_jiff(self) -> jiff::Timestamp {
        self.0
    }

    /// What a person writes where a time is asked for: RFC 3339, or whole seconds since 1970.
    ///
    /// # Errors
    ///
    /// The text is neither, or lies outside of the years -9999 to 9999.
    pub fn parse_argument(text: &str) -> Result<Self, NotATime> {
        let trimmed = text.trim();
        let parsed = match trimmed.parse() {
            Ok(seconds) => Self::from_seconds(seconds),
            Err(_) => trimmed.parse().ok(),
        };
        parsed.ok_or_else(|| NotATime {
            text: text.to_owned(),
            expected: "RFC 3339 (2026-11-21T08:04:12Z) or seconds since 1970 (1795248252)",
        })
    }
}

impl From<jiff::Timestamp> for Timestamp {
    /// Cuts what is finer than a microsecond, towards the past.
    fn from(instant: jiff::Timestamp) -> Self {
        let microseconds = instant.as_nanosecond().div_euclid(1_000);
        let cut = i64::try_from(microseconds).ok().and_then(Self::from_microseconds);
        cut.unwrap_or(Self(jiff::Timestamp::MIN))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        match text.parse::<jiff::Timestamp>() {
            Ok(instant) => Ok(instant.into()),
            Err(_) => Err(NotATime { text: text.to_owned(), expected: "RFC 3339 (2026-11-21T08:04:12.847042Z)" }),
        }
    }
}

impl From<Timestamp> for String {
    fn from(instant: Timestamp) -> Self {
        instant.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        text.parse()
    }
}

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked; all else takes a Clock")]
    fn now(&self) -> Timestamp {
        jiff::Timestamp::now().into()
    }
}

/// A clock that stands still: a run with a given time, or a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn text_has_six_digits_and_z() {
        assert_eq!(at("2026-11-21T08:04:12.847042Z").to_string(), "2026-11-21T08:04:12.847042Z");
        assert_eq!(at("2026-11-21T08:04:12Z").to_string(), "2026-11-21T08:04:12.000000Z");
        assert_eq!(at("2026-11-21T10:04:12.5+02:00").to_string(), "2026-11-21T08:04:12.500000Z");
        assert_eq!(serde_json::to_string(&Timestamp::EPOCH).unwrap(), "\"1970-01-01T00:00:00.000000Z\"");
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut_towards_the_past() {
        assert_eq!(at("2026-11-21T08:04:12.847042999Z"), at("2026-11-21T08:04:12.847042Z"));
        assert_eq!(at("1969-12-31T23:59:59.9999999Z"), at("1969-12-31T23:59:59.999999Z"));
        assert_eq!(at("1969-12-31T23:59:59.999999Z").as_seconds(), -1);
        assert_eq!(Timestamp::from(jiff::Timestamp::MIN).to_jiff(), jiff::Timestamp::MIN);
    }

    #[test]
    fn an_argument_is_rfc_3339_or_epoch_seconds() {
        let instant = at("2026-11-21T08:04:12Z");
        for text in ["2026-11-21T08:04:12Z", " 1795248252\n", "2026-11-21 09:04:12+01:00"] {
            assert_eq!(Timestamp::parse_argument(text), Ok(instant), "{text:?}");
        }
        assert_eq!(Timestamp::parse_argument("-1").map(Timestamp::as_microseconds), Ok(-1_000_000));
    }

    #[test]
    fn no_argument_but_a_time_is_taken() {
        for text in ["", "now", "2026-11-21", "2026-11-21T08:04:12", "1.5", "99999999999999999"] {
            let refused = Timestamp::parse_argument(text).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{text:?} is no time: expected RFC 3339 (")), "{refused}");
        }
    }

    #[test]
    fn json_comes_back_as_it_went() {
        for microseconds in [i64::from(i32::MIN), -1, 0, 1, 1_795_248_252_847_042] {
            let instant = Timestamp::from_microseconds(microseconds).unwrap();
            let json = serde_json::to_string(&instant).unwrap();
            assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), instant);
            assert_eq!(instant.as_microseconds(), microseconds);
        }
        assert!(serde_json::from_str::<Timestamp>("\"tomorrow\"").is_err());
    }

    #[test]
    fn later_and_until_are_each_others_way_back() {
        let (begin, hour) = (at("2026-11-21T08:04:12Z"), Duration::from_secs(3_600));
        assert_eq!(begin.later(hour), at("2026-11-21T09:04:12Z"));
        assert_eq!(begin.until(begin.later(hour)), hour);
        assert_eq!(begin.later(hour).until(begin), Duration::ZERO);
        assert_eq!(begin.later(Duration::MAX).to_string(), "9999-12-30T22:00:00.000000Z");
    }

    #[test]
    fn a_fixed_clock_stands_still_and_the_system_clock_is_past_2020() {
        let clock = FixedClock(at("2026-11-21T08:04:12Z"));
        assert_eq!(clock.now(), clock.now());
        assert!(SystemClock.now() > at("2020-01-01T00:00:00Z"));
    }
}
