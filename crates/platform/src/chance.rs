//! The machine's own randomness.

use tidegate_kernel::Rng;

/// Randomness from the operating system. The only one outside of tests; it is handed to whoever needs chance or ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn next_u64(&self) -> u64 {
        getrandom::u64().expect("an operating system that runs has randomness")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_repeat_itself() {
        assert_ne!(SystemRng.next_u64(), SystemRng.next_u64());
    }
}
