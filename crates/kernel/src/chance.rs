//! Randomness that is handed in, so that a run can be repeated.
//!
//! Whoever needs chance (ids, the jitter of a retry, the order of a shuffled test) takes an [`Rng`]. The machine's own
//! randomness lives in `platform`; here is only the one that a seed determines.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Gives random numbers.
pub trait Rng: Send + Sync {
    /// The next 64 random bits.
    fn next_u64(&self) -> u64;

    /// A number below `bound`; 0 if the bound is 0. The bias of the remainder is below one in 2^32 for bounds of 32 bits.
    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16] {
        let (high, low) = (self.next_u64(), self.next_u64());
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }

    /// The duration, longer or shorter by up to a fifth, so that what failed together is not tried again together.
    fn jittered(&self, duration: Duration) -> Duration {
        let thousandths = 800 + self.below(401);
        duration.mul_f64(f64::from(u32::try_from(thousandths).unwrap_or(1_000)) / 1_000.0)
    }
}

/// Randomness that its seed determines (`SplitMix64`): the same seed gives the same numbers on every machine.
#[derive(Debug, Default)]
pub struct SeededRng(AtomicU64);

impl SeededRng {
    /// The sequence of that seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Rng for SeededRng {
    fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_numbers() {
        let numbers = |seed| {
            let rng = SeededRng::new(seed);
            [rng.next_u64(), rng.next_u64(), rng.next_u64()]
        };
        // the reference sequence of SplitMix64 for the seed 1234567
        assert_eq!(
            numbers(1_234_567),
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
        assert_ne!(numbers(1), numbers(2));
    }

    #[test]
    fn jitter_stays_within_a_fifth_and_moves() {
        let rng = SeededRng::new(7);
        let tried: Vec<_> = (0..1_000).map(|_| rng.jittered(Duration::from_secs(10))).collect();
        assert!(tried.iter().all(|tried| (Duration::from_secs(8)..=Duration::from_secs(12)).contains(tried)));
        assert!(tried.iter().any(|tried| *tried < Duration::from_millis(8_200)));
        assert!(tried.iter().any(|tried| *tried > Duration::from_millis(11_800)));
    }

    #[test]
    fn below_stays_below() {
        let rng = SeededRng::new(3);
        assert!((0..1_000).all(|_| rng.below(6) < 6));
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
    }
}
