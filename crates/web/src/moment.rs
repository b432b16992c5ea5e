//! Times as people and machines read them.

use std::fmt;

use askama::filters::HtmlSafe;
use tidegate_kernel::Timestamp;

/// An instant in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.to_jiff().strftime("%Y-%m-%d %H:%M:%S");
        write!(f, "<time datetime=\"{}\">{shown}</time>", self.0)
    }
}

impl HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_time_is_for_people_and_machines() {
        let at = "2026-11-21T08:04:12.847042Z".parse().unwrap();
        assert_eq!(Moment(at).to_string(), "<time datetime=\"2026-11-21T08:04:12.847042Z\">2026-11-21 08:04:12</time>");
    }
}
