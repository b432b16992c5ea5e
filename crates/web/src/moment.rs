//! Times as people and machines read them.

use std::fmt;

use askama::filters::HtmlSafe;
use tidegate_kernel::Timestamp;

/// An instant in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// How long ago an instant was, in the one unit that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// The instant.
    pub since: Timestamp,
    /// By that clock.
    pub now: Timestamp,
}

fn shown(at: Timestamp) -> impl fmt::Display {
    at.to_jiff().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{}</time>", self.0, shown(self.0))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.now.as_microseconds() - self.since.as_microseconds()).max(0) / 1_000_000;
        let (count, unit) = match seconds {
            0..120 => (seconds, "s"),
            120..7_200 => (seconds / 60, "min"),
            7_200..172_800 => (seconds / 3_600, "h"),
            _ => (seconds / 86_400, "days"),
        };
        write!(f, "<time datetime=\"{0}\" title=\"{1} UTC\">{count} {unit}</time>", self.since, shown(self.since))
    }
}

impl HtmlSafe for Moment {}
impl HtmlSafe for Age {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AT: &str = "2026-11-21T08:04:12.847042Z";

    #[test]
    fn a_time_is_for_people_and_machines() {
        let at = AT.parse().unwrap();
        assert_eq!(Moment(at).to_string(), "<time datetime=\"2026-11-21T08:04:12.847042Z\">2026-11-21 08:04:12</time>");
    }

    #[test]
    fn an_age_has_one_unit() {
        let since: Timestamp = AT.parse().unwrap();
        let after = |seconds| Age { since, now: since.later(Duration::from_secs(seconds)) }.to_string();
        for (seconds, shown) in
            [(0, ">0 s<"), (119, ">119 s<"), (120, ">2 min<"), (7_200, ">2 h<"), (172_800, ">2 days<")]
        {
            assert!(after(seconds).contains(shown), "{}", after(seconds));
        }
        assert!(Age { since: since.later(Duration::from_secs(9)), now: since }.to_string().contains(">0 s<"));
    }
}
