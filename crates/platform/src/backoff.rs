//! How long to wait before the next try.

use std::time::Duration;

use tidegate_kernel::Rng;

/// A first pause that doubles up to a longest one, each with a jitter of a fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
}

impl Backoff {
    /// From that pause to that one.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after so many failures in a row, without jitter.
    pub fn pause(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first.saturating_mul(1_u32 << doublings).min(self.longest)
    }

    /// The pause after so many failures in a row.
    pub fn jittered(self, failures: u32, rng: &dyn Rng) -> Duration {
        rng.jittered(self.pause(failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_longest_and_stays_there() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(600));
        let pauses: Vec<_> = [0, 1, 2, 3, 10, 11, 40, u32::MAX].map(|tries| backoff.pause(tries).as_secs()).into();
        assert_eq!(pauses, [1, 1, 2, 4, 512, 600, 600, 600]);
    }
}
