//! Debian version numbers: their order, and which strings are valid ones.
//!
//! The order is total over all strings, valid or not, because indices do hold invalid versions and an engine has to rank them all
//! the same. On every pair that dpkg is willing to compare, the answer is dpkg's.
//!
//! Rules: Debian Policy 5.6.12 and deb-version(7).

use std::cmp::Ordering;

/// Compares two versions: epoch, then upstream version, then revision.
///
/// An epoch or revision that is not there counts as `0`. Within a part, runs of non-digits (`~` before the end of the part, the
/// end before letters, letters before all others) and runs of digits (as numbers, of any length) alternate. Blanks around a
/// version are ignored, and an empty version is earlier than any other, as in dpkg.
pub fn compare(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (a, b) = (Parts::of(a), Parts::of(b));
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (false, false) => {}
    }
    compare_part(a.epoch, b.epoch)
        .then_with(|| compare_part(a.upstream, b.upstream))
        .then_with(|| compare_part(a.revision, b.revision))
}

/// A version that is ordered, and equal to another, by [`compare`]: `1.0` equals `1.00` and `0:1.0-0`.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a>(
    /// The version as it is written.
    pub &'a str,
);

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        compare(self.0, other.0).is_eq()
    }
}

impl Eq for Version<'_> {}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.0, other.0)
    }
}

/// Why a string is no valid version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The string is empty.
    #[error("expected a version, found nothing")]
    Empty,
    /// What is before the colon is not a number of at most 31 bits.
    #[error("expected a number below 2147483648 before the colon, found `{0}`")]
    Epoch(String),
    /// There is no upstream version.
    #[error("expected an upstream version, found nothing")]
    NoUpstream,
    /// The upstream version begins with another character than a digit.
    #[error("expected the upstream version to begin with a digit, found `{0}`")]
    NoDigit(char),
    /// There is a character that no version may have at that place.
    #[error("expected letters, digits and `.+-~`, found `{0}`")]
    Character(char),
    /// Nothing follows the last hyphen.
    #[error("expected a revision after the last hyphen, found nothing")]
    NoRevision,
}

/// Checks a version against Debian policy. What is refused here still has its place in the order of [`compare`].
///
/// # Errors
///
/// The first rule that the string breaks.
pub fn check(version: &str) -> Result<(), VersionError> {
    if version.is_empty() {
        return Err(VersionError::Empty);
    }
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, version),
    };
    if let Some(epoch) = epoch {
        let digits = !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || epoch.parse::<i32>().is_err() {
            return Err(VersionError::Epoch(epoch.into()));
        }
    }
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (rest, None),
    };
    match upstream.chars().next() {
        None => return Err(VersionError::NoUpstream),
        Some(first) if !first.is_ascii_digit() => return Err(VersionError::NoDigit(first)),
        Some(_) => {}
    }
    if revision == Some("") {
        return Err(VersionError::NoRevision);
    }
    let allowed = |part: char, extra: &[char]| part.is_ascii_alphanumeric() || extra.contains(&part);
    let upstream_wrong = upstream.chars().find(|&found| !allowed(found, &['.', '+', '-', '~']));
    let revision_wrong = revision.unwrap_or_default().chars().find(|&found| !allowed(found, &['.', '+', '~']));
    match upstream_wrong.or(revision_wrong) {
        Some(found) => Err(VersionError::Character(found)),
        None => Ok(()),
    }
}

/// A version cut into its parts, each perhaps empty.
#[derive(Clone, Copy)]
struct Parts<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let version = version.as_bytes().trim_ascii();
        let (epoch, rest) = match version.iter().position(|&byte| byte == b':') {
            // dpkg reads the epoch as C reads a number: with a sign.
            Some(colon) => {
                let epoch = &version[..colon];
                (epoch.strip_prefix(b"+").unwrap_or(epoch), &version[colon + 1..])
            }
            None => (&version[..0], version),
        };
        let (upstream, revision) = match rest.iter().rposition(|&byte| byte == b'-') {
            Some(hyphen) => (&rest[..hyphen], &rest[hyphen + 1..]),
            None => (rest, &rest[..0]),
        };
        Parts { epoch, upstream, revision }
    }

    fn is_empty(self) -> bool {
        self.epoch.is_empty() && self.upstream.is_empty() && self.revision.is_empty()
    }
}

/// Compares one part of two versions.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let difference = compare_text(&mut a, &mut b).then_with(|| compare_number(&mut a, &mut b));
        if difference.is_ne() {
            return difference;
        }
    }
    Ordering::Equal
}

/// Compares the runs of non-digits at the front of both, and drops what is equal.
fn compare_text(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    loop {
        let (left, right) = (front_rank(a), front_rank(b));
        if left != right {
            return left.cmp(&right);
        }
        if left == END {
            return Ordering::Equal;
        }
        // Equal ranks above are equal bytes, and there is one on both sides.
        *a = &a[1..];
        *b = &b[1..];
    }
}

/// Compares the runs of digits at the front of both as numbers, and drops them if they are equal.
fn compare_number(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    let (left, right) = (take_number(a), take_number(b));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Takes the run of digits off the front; returns it without leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let bytes = *text;
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let start = bytes.iter().position(|&byte| byte != b'0').map_or(end, |start| start.min(end));
    *text = &bytes[end..];
    &bytes[start..end]
}

/// The rank of the end of a run of non-digits.
const END: u16 = 1;

fn front_rank(text: &[u8]) -> u16 {
    text.first().map_or(END, |&byte| RANKS[usize::from(byte)])
}

/// Where each byte stands in the order of non-digits; a digit ends their run.
const RANKS: [u16; 256] = {
    let mut ranks = [0; 256];
    let mut byte = 0_u8;
    loop {
        let code = byte as u16;
        ranks[byte as usize] = match byte {
            b'~' => 0,
            b'0'..=b'9' => END,
            // No valid version has a byte beyond ASCII. dpkg puts them here on machines where C's char is signed.
            b'A'..=b'Z' | b'a'..=b'z' | 0x80.. => END + code,
            _ => END + 256 + code,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    ranks
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_versions() {
        // Each is earlier than the next.
        let ordered = [
            "",
            "~",
            "~a",
            "0~~",
            "0~",
            "0",
            "0a",
            "0+b1",
            "0.1",
            "1~rc1",
            "1~rc1-1",
            "1",
            "1-0+b1",
            "1-0.1",
            "1-1~bpo1",
            "1-1",
            "1-1+b1",
            "1-1.1",
            "1-2",
            "1-10",
            "1a",
            "1a1",
            "1é",
            "1+",
            "1+dfsg-1",
            "1--1",
            "1.0.9",
            "1.0.10",
            "1.2",
            "1.12",
            "18446744073709551616",
            "18446744073709551617",
            "1:0",
            "1:1",
            "2:0~",
            "10:0",
        ];
        for (index, earlier) in ordered.iter().enumerate() {
            assert_eq!(compare(earlier, earlier), Ordering::Equal);
            for later in &ordered[index + 1..] {
                assert_eq!(compare(earlier, later), Ordering::Less, "{earlier} {later}");
                assert_eq!(compare(later, earlier), Ordering::Greater, "{later} {earlier}");
            }
        }
    }

    #[test]
    fn knows_equal_versions() {
        for (a, b) in [
            ("1.0", "1.00"),
            ("1", "0:1"),
            ("1", "1-0"),
            ("1.", "1.0"),
            ("1a", "1a0"),
            ("00:1.02-003", "0:1.2-3"),
            ("+1:2", "1:2"),
            (" 1\t", "1"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
            assert_eq!(Version(a), Version(b));
        }
        assert!(Version("1.9") < Version("1.10"));
    }

    #[test]
    fn compares_numbers_of_any_length() {
        let long = "9".repeat(10_000);
        let longer = "1".to_owned() + &"0".repeat(10_000);
        assert_eq!(compare(&long, &longer), Ordering::Less);
        assert_eq!(compare(&("0".repeat(10_000) + &long), &long), Ordering::Equal);
    }

    #[test]
    fn accepts_valid_versions() {
        for version in ["0", "1.0", "2:1.0-1", "1.0~rc1+dfsg-1+b1", "1-2-3", "2147483647:0", "20230101A-0ubuntu1~22.04"]
        {
            assert_eq!(check(version), Ok(()), "{version}");
        }
    }

    #[test]
    fn refuses_invalid_versions() {
        for (version, expected) in [
            ("", "expected a version, found nothing"),
            ("a:1", "expected a number below 2147483648 before the colon, found `a`"),
            (":1", "expected a number below 2147483648 before the colon, found ``"),
            ("+1:1", "expected a number below 2147483648 before the colon, found `+1`"),
            ("2147483648:1", "expected a number below 2147483648 before the colon, found `2147483648`"),
            ("1:", "expected an upstream version, found nothing"),
            ("-1", "expected an upstream version, found nothing"),
            ("v1", "expected the upstream version to begin with a digit, found `v`"),
            ("1_2", "expected letters, digits and `.+-~`, found `_`"),
            ("1:2:3", "expected letters, digits and `.+-~`, found `:`"),
            ("1-é", "expected letters, digits and `.+-~`, found `é`"),
            ("1 ", "expected letters, digits and `.+-~`, found ` `"),
            ("1-", "expected a revision after the last hyphen, found nothing"),
        ] {
            let error = check(version).expect_err("the version is invalid");
            assert_eq!(error.to_string(), expected, "{version:?}");
        }
    }
}
