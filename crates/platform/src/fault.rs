//! Faults that test suites ask for: a switch that makes a part behave as if what it needs were gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// While it is on, whatever has it finds nothing that answers. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Fault(Arc<AtomicBool>);

impl Fault {
    /// Begins or ends it.
    pub fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
