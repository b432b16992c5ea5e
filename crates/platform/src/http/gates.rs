//! The gates of this program as its service has them: which are on, and who may read what they say.

use super::Platform;
use super::caller::Caller;

/// How a gate is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateState {
    /// Its name.
    pub name: &'static str,
    /// Whether it is on.
    pub enabled: bool,
    /// Whether people without a login may read what it says, if that is not as everywhere.
    pub anonymous_read: Option<bool>,
}

/// Whose a route is, where it is a gate's.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfGate(pub(super) &'static str);

impl Platform {
    /// With these gates.
    ///
    /// # Panics
    ///
    /// Somebody else has this platform already, which is a mistake in the wiring.
    #[must_use]
    pub fn with_gates(mut self, gates: Vec<GateState>) -> Self {
        let inner =
            std::sync::Arc::get_mut(&mut self.inner).expect("gates are said before anybody shares the platform");
        inner.gates = gates;
        self
    }

    /// Whether people without a login may read what that gate says; without a gate, what the platform says.
    pub fn anonymous_read(&self, gate: Option<&str>) -> bool {
        let of_gate = self.inner.gates.iter().find(|state| Some(state.name) == gate);
        of_gate.and_then(|state| state.anonymous_read).unwrap_or(self.auth().anonymous_read())
    }

    /// The gates whose words that caller may not read.
    pub(super) fn hidden_from(&self, caller: &Caller) -> Vec<String> {
        if !caller.principal().is_anonymous() {
            return Vec::new();
        }
        let hidden = self.inner.gates.iter().filter(|state| !self.anonymous_read(Some(state.name)));
        hidden.map(|state| state.name.to_owned()).collect()
    }

    /// The gates that are off.
    pub(super) fn missing_gates(&self) -> Vec<String> {
        self.inner.gates.iter().filter(|state| !state.enabled).map(|state| state.name.to_owned()).collect()
    }
}
