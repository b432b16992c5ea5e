//! The time of a result whose sender gave none.

use tidegate_kernel::Timestamp;

/// The clock's time, raised to one microsecond after the newest result of its keys if the clock is behind that: two
/// hosts whose clocks differ never make a fresh result look late.
pub fn stamp(clock: Timestamp, newest_of_keys: impl IntoIterator<Item = Timestamp>) -> Timestamp {
    let newest = newest_of_keys.into_iter().max().filter(|newest| clock < *newest);
    let raised = newest.and_then(|newest| Timestamp::from_microseconds(newest.as_microseconds() + 1));
    raised.unwrap_or(clock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::history::at;

    #[test]
    fn a_clock_that_is_ahead_is_believed() {
        assert_eq!(stamp(at(7), []), at(7));
        assert_eq!(stamp(at(7), [at(5), at(7)]), at(7));
    }

    #[test]
    fn a_clock_that_is_behind_is_raised_above_all_keys() {
        let raised = stamp(at(7), [at(5), at(9), at(8)]);
        assert_eq!(raised.as_microseconds(), at(9).as_microseconds() + 1);
    }
}
