//! The time of a result as clients send it.

use tidegate_kernel::Timestamp;

use crate::compat::json::{Json, Kind};
use crate::compat::python;

/// Milliseconds since 1970 as a number or in text, or a time of the form `YYYY-MM-DDTHH:MM:SS.ffffff` with a zone or in
/// UTC. The fraction may be absent: servers that write no fraction of nought have sent such times.
pub(super) fn submit_time(value: &Json<'_>) -> Result<Timestamp, String> {
    let found = match &value.kind {
        Kind::Number(number) => milliseconds(number),
        Kind::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => milliseconds(text),
        Kind::Text(text) => dated(text),
        Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Object(_) | Kind::Deep => None,
    };
    found.ok_or_else(|| {
        format!(
            "Expected timestamp in milliseconds or datetime (in format YYYY-MM-DDTHH:MM:SS.ffffff), got {}",
            python::shown(value)
        )
    })
}

/// Only whole ones: a fraction of a millisecond is a mistake of unit.
fn milliseconds(number: &str) -> Option<Timestamp> {
    let whole = match number.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => number,
    };
    Timestamp::from_microseconds(whole.parse::<i64>().ok()?.checked_mul(1_000)?)
}

fn dated(text: &str) -> Option<Timestamp> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("0", rest),
    };
    if !(1..=6).contains(&fraction.len()) {
        return None;
    }
    let at = |range: std::ops::Range<usize>| digits(date_time.get(range)?);
    let separators: Vec<_> = [4, 7, 10, 13, 16].iter().map(|place| date_time.as_bytes()[*place]).collect();
    if separators != *b"--T::" {
        return None;
    }
    let nanosecond = digits(&format!("{fraction:0<9}"))?;
    let narrow = |number: i32| i8::try_from(number).ok();
    let civil = jiff::civil::DateTime::new(
        i16::try_from(at(0..4)?).ok()?,
        narrow(at(5..7)?)?,
        narrow(at(8..10)?)?,
        narrow(at(11..13)?)?,
        narrow(at(14..16)?)?,
        narrow(at(17..19)?)?,
        nanosecond,
    );
    let utc = civil.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    let utc = Timestamp::from(utc).as_microseconds();
    Timestamp::from_microseconds(utc - i64::from(offset_minutes(zone)?) * 60_000_000)
}

/// Nothing, `Z`, `+00`, `±hh:mm` or `±hhmm`.
fn offset_minutes(zone: &str) -> Option<i32> {
    if matches!(zone, "" | "Z" | "+00") {
        return Some(0);
    }
    let sign = match zone.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let (hours, minutes) = (digits(hours)?, digits(minutes).filter(|_| minutes.len() == 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &str) -> Option<i32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::json::parse;

    fn read(json: &str) -> Result<String, String> {
        submit_time(&parse(json.as_bytes()).unwrap()).map(|time| time.to_string())
    }

    #[test]
    fn milliseconds_are_taken_as_number_and_as_text() {
        for json in ["1795248252847", "\"1795248252847\"", "1795248252847.0"] {
            assert_eq!(read(json), Ok("2026-11-21T08:04:12.847000Z".to_owned()), "{json}");
        }
        assert_eq!(read("-1"), Ok("1969-12-31T23:59:59.999000Z".to_owned()));
    }

    #[test]
    fn times_are_converted_to_utc() {
        for zone in ["", "Z", "+00", "+00:00", "+0000", "-00:00"] {
            assert_eq!(
                read(&format!("\"2026-11-21T08:04:12.847042{zone}\"")),
                Ok("2026-11-21T08:04:12.847042Z".into())
            );
        }
        assert_eq!(read("\"2026-11-21T08:04:12.8+02:00\""), Ok("2026-11-21T06:04:12.800000Z".into()));
        assert_eq!(read("\"2026-11-21T08:04:12.8-0130\""), Ok("2026-11-21T09:34:12.800000Z".into()));
        assert_eq!(read("\"2026-11-21T08:04:12\""), Ok("2026-11-21T08:04:12.000000Z".into()));
    }

    #[test]
    fn what_is_no_time_is_shown_as_given() {
        let expected = "Expected timestamp in milliseconds or datetime (in format YYYY-MM-DDTHH:MM:SS.ffffff), got ";
        for (json, shown) in [
            ("\"now\"", "'now'"),
            ("\"\"", "''"),
            ("true", "True"),
            ("1.5", "1.5"),
            ("1e3", "1e3"),
            ("\"2026-11-21\"", "'2026-11-21'"),
            ("\"2026-02-30T08:04:12.0\"", "'2026-02-30T08:04:12.0'"),
            ("\"2026-11-21T08:04:12.\"", "'2026-11-21T08:04:12.'"),
            ("\"2026-11-21T08:04:12.1234567\"", "'2026-11-21T08:04:12.1234567'"),
            ("\"2026-11-21T08:04:12.1+2\"", "'2026-11-21T08:04:12.1+2'"),
            ("99999999999999999999", "99999999999999999999"),
        ] {
            assert_eq!(read(json), Err(format!("{expected}{shown}")), "{json}");
        }
    }
}
