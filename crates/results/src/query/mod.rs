//! What is asked of the stored results, as data.
//!
//! A [`ResultFilter`] knows which results are meant, and [`ResultFilter::matches`] is the only place that says it: the
//! store walks down one index ([`Driver`]) and asks for each candidate. So wildcards, the size of letters and the order
//! of texts mean the same on every database, and no statement is put together from what a client sent.

mod pattern;
mod results;

pub use pattern::Pattern;
pub use results::{Driver, Limits, ResultFilter, Since, Wanted};

use std::str::FromStr;

use tidegate_kernel::Timestamp;

use crate::model::{Position, ResultId};

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The newest first.
    #[default]
    Descending,
    /// The oldest first.
    Ascending,
}

/// Where in a list a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Behind so many that match.
    Skip(u64),
    /// Behind the one at that position.
    After(Position),
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Where it begins.
    pub start: Start,
    /// So many it has at most.
    pub limit: usize,
    /// Which end comes first.
    pub sort: Sort,
}

/// A text that is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is no cursor: take the one that the page before gave")]
pub struct NotACursor;

/// The cursor that stands for a position: opaque to clients, stable while results come in.
pub fn cursor(position: Position) -> String {
    format!("{}.{}", position.submit_time.as_microseconds(), position.id)
}

/// The position that a cursor stands for.
///
/// # Errors
///
/// The text is no cursor.
pub fn position(cursor: &str) -> Result<Position, NotACursor> {
    fn number<T: FromStr>(text: &str) -> Result<T, NotACursor> {
        text.parse().map_err(|_| NotACursor)
    }
    let (time, id) = cursor.split_once('.').ok_or(NotACursor)?;
    let submit_time = Timestamp::from_microseconds(number(time)?).ok_or(NotACursor)?;
    Ok(Position { submit_time, id: ResultId(number(id)?) })
}

/// The parts of a list that was given as one text: cut at commas, without blanks around, without empty parts.
pub fn parts(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The instant of a text in ISO 8601. Without a zone it is UTC, a date alone is its midnight, and a blank before the
/// last `hh:mm` was a plus before it came through a query.
pub fn iso8601(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let mended = plus_restored(text);
    if let Ok(instant) = mended.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    let civil: jiff::civil::DateTime = mended.parse().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}

fn plus_restored(text: &str) -> String {
    let is_zone =
        |tail: &[u8]| matches!(tail, [a, b, b':', c, d] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()));
    // a date and a time may be separated by a blank as well; only behind a time it can have been a plus
    match text.rsplit_once(' ') {
        Some((before, zone)) if is_zone(zone.as_bytes()) && before.contains(':') => format!("{before}+{zone}"),
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = Position { submit_time: Timestamp::from_microseconds(-17).unwrap(), id: ResultId(9) };
        assert_eq!(position(&cursor(at)), Ok(at));
        for wrong in ["", "1", "a.b", "1.", "9223372036854775807.1"] {
            assert_eq!(position(wrong), Err(NotACursor), "{wrong}");
        }
    }

    #[test]
    fn times_are_converted_to_utc() {
        let expected = Some("2026-01-01T10:00:00Z".parse().unwrap());
        for text in [
            "2026-01-01T10:00:00",
            "2026-01-01 10:00:00Z",
            "2026-01-01T10:00:00.000000",
            "2026-01-01T12:00:00+02:00",
            "2026-01-01T12:00:00 02:00",
            "2026-01-01T08:30:00-01:30",
            "2026-01-01T10:00",
        ] {
            assert_eq!(iso8601(text), expected, "{text}");
        }
        assert_eq!(iso8601("2026-01-01 10:00"), expected);
        assert_eq!(iso8601("2026-01-01"), Some("2026-01-01T00:00:00Z".parse().unwrap()));
        for wrong in ["", "now", "123", "2026-13-01", "2026-01-01T10:00:00 x"] {
            assert_eq!(iso8601(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn blanks_and_empty_parts_are_dropped() {
        assert_eq!(parts(" a,,b ,"), ["a", "b"]);
        assert!(parts(" , ").is_empty());
    }
}
