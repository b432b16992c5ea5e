//! Values with units, as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::setting::NotASetting;

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So long.
    For(Duration),
    /// Always.
    Forever,
}

/// A number of bytes: `512KiB`, `4MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A time of day in UTC: `03:10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

const SECOND: u64 = 1_000;
const DAY: u64 = 86_400 * SECOND;
/// A unit and its milliseconds. A year is 365 days.
const TIMES: [(&str, u64); 7] =
    [("ms", 1), ("s", SECOND), ("m", 60 * SECOND), ("h", 3_600 * SECOND), ("d", DAY), ("w", 7 * DAY), ("y", 365 * DAY)];
const SIZES: [(&str, u64); 5] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The duration of that text: `90s`, `10m`, `24h`, `14d`, `26w`, `2y`.
///
/// # Errors
///
/// It has no number, no unit or another one.
pub(crate) fn duration(text: &str) -> Result<Duration, NotASetting> {
    with_unit(text, &TIMES).map(Duration::from_millis).ok_or(NotASetting)
}

impl FromStr for Size {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        with_unit(text, &SIZES).map(Self).ok_or(NotASetting)
    }
}

impl Size {
    /// As a length in memory.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0 >= *factor && self.0.is_multiple_of(*factor);
        let (unit, factor) = SIZES.iter().rev().find(fits).unwrap_or(&SIZES[0]);
        write!(f, "{}{unit}", self.0 / factor)
    }
}

impl FromStr for Keep {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        if text == "forever" { Ok(Self::Forever) } else { duration(text).map(Self::For) }
    }
}

impl FromStr for TimeOfDay {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let (hour, minute) = text.split_once(':').ok_or(NotASetting)?;
        let part = |text: &str, below: u8| {
            let two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| two && *number < below).ok_or(NotASetting)
        };
        Ok(Self { hour: part(hour, 24)?, minute: part(minute, 60)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        let seconds = ["90s", "10m", "24h", "14d", "26w", "2y", "1500ms"].map(|text| duration(text).unwrap().as_secs());
        assert_eq!(seconds, [90, 600, 86_400, 1_209_600, 15_724_800, 63_072_000, 1]);
        for text in ["", "90", "s", "-1s", "1.5h", "1 fortnight", "99999999999999999999s", "18446744073709551615y"] {
            assert_eq!(duration(text), Err(NotASetting), "{text:?}");
        }
    }

    #[test]
    fn sizes_have_a_unit_and_are_shown_in_the_largest() {
        for text in ["1B", "1023B", "32KiB", "4MiB", "1GiB", "3TiB"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert_eq!("1024B".parse::<Size>().unwrap().to_string(), "1KiB");
        for text in ["", "4", "4MB", "MiB", "-1B", "99999999999999TiB"] {
            assert_eq!(text.parse::<Size>(), Err(NotASetting), "{text:?}");
        }
    }

    #[test]
    fn something_can_be_kept_for_ever() {
        assert_eq!("forever".parse(), Ok(Keep::Forever));
        assert_eq!("14d".parse(), Ok(Keep::For(Duration::from_secs(1_209_600))));
        assert_eq!("always".parse::<Keep>(), Err(NotASetting));
    }

    #[test]
    fn a_time_of_day_has_two_digits_twice() {
        assert_eq!("03:10".parse(), Ok(TimeOfDay { hour: 3, minute: 10 }));
        for text in ["3:10", "24:00", "12:60", "12", "+1:10", "aa:bb"] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NotASetting), "{text:?}");
        }
    }
}
