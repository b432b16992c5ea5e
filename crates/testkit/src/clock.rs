//! A clock that moves when the test says so.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tidegate_kernel::{Clock, Timestamp};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that stands at that instant.
    pub fn at(instant: Timestamp) -> Self {
        Self(AtomicI64::new(instant.as_microseconds()))
    }

    /// Moves it by so much, and says what it shows then.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let then = self.now().later(by);
        self.set(then);
        then
    }

    /// Moves it to that instant, forwards or back.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.as_microseconds(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microseconds(self.0.load(Ordering::SeqCst)).expect("it was set from an instant")
    }
}
