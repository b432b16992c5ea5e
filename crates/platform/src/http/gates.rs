//! The gates of this program as its service has them: which are on, and whose words somebody may read.

use super::Platform;
use super::caller::Caller;
use crate::trail::Trail;

/// How a gate is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateState {
    /// Its name.
    pub name: &'static str,
    /// Whether it is on.
    pub enabled: bool,
}

/// Whose a route is, where it is a gate's.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfGate(pub(super) &'static str);

impl Platform {
    /// With these gates, and what they know of the ways of subjects.
    ///
    /// # Panics
    ///
    /// Somebody else has this platform already, which is a mistake in the wiring.
    #[must_use]
    pub fn with_gates(mut self, gates: Vec<GateState>, trail: Trail) -> Self {
        let inner =
            std::sync::Arc::get_mut(&mut self.inner).expect("gates are said before anybody shares the platform");
        inner.gates = gates;
        inner.trail = trail;
        self
    }

    /// From now on so many requests a second from an address without a login.
    pub fn set_anonymous_rate(&self, per_second: std::num::NonZeroU32) {
        self.inner.rate.set(per_second.get());
    }

    /// The gates whose words that caller may not read.
    pub fn hidden_from(&self, caller: &Caller) -> Vec<String> {
        if !caller.principal().is_anonymous() {
            return Vec::new();
        }
        let hidden = self.inner.gates.iter().filter(|state| !self.auth().anonymous_read_of(state.name));
        hidden.map(|state| state.name.to_owned()).collect()
    }

    /// The gates that are off.
    pub(super) fn missing_gates(&self) -> Vec<String> {
        self.inner.gates.iter().filter(|state| !state.enabled).map(|state| state.name.to_owned()).collect()
    }
}
