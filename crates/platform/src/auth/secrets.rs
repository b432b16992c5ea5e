//! Secrets that we make ourselves: tokens, the cookies of sessions, the one-time token of a new store.
//!
//! Each has 256 bits of chance, so a plain digest keeps it: nobody finds it by trying. A prefix says what it is, so that
//! scanners find one that was left somewhere.

use sha2::{Digest as _, Sha256};
use tidegate_kernel::{Rng, hex};

use crate::secret::Secret;

/// The digest of a secret, as the store has it: 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

pub(crate) const TOKEN: &str = "tg_";
pub(crate) const SETUP: &str = "tgs_";
pub(crate) const SESSION: &str = "";

/// A new secret with that prefix.
pub(crate) fn new(prefix: &str, rng: &dyn Rng) -> Secret {
    Secret::new(format!("{prefix}{}{}", hex(&rng.bytes()), hex(&rng.bytes())))
}

impl Digest {
    /// Of a secret that somebody shows; `None` if it cannot be one.
    pub(crate) fn of(prefix: &str, shown: &str) -> Option<Self> {
        let digits = shown.strip_prefix(prefix)?;
        let is_ours = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_ours.then(|| Self(hex(&Sha256::digest(shown))))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is that one, in a time that does not tell how much of it was right.
    pub(crate) fn is(&self, stored: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

/// What a form of a session carries beside its cookie; whoever does not know the cookie cannot make it.
pub(crate) fn csrf_of(session: &str) -> String {
    hex(&Sha256::digest(format!("csrf {session}")))
}

#[cfg(test)]
mod tests {
    use tidegate_kernel::SeededRng;

    use super::*;

    #[test]
    fn a_token_has_its_prefix_and_64_digits_of_chance() {
        let rng = SeededRng::new(1);
        let (one, other) = (new(TOKEN, &rng), new(TOKEN, &rng));
        assert_eq!(one.expose().len(), 3 + 64);
        assert_ne!(one.expose(), other.expose());
        let digest = Digest::of(TOKEN, one.expose()).unwrap();
        assert!(digest.is(Digest::of(TOKEN, one.expose()).unwrap().as_str()));
        assert!(!digest.is(Digest::of(TOKEN, other.expose()).unwrap().as_str()));
    }

    #[test]
    fn what_cannot_be_one_has_no_digest() {
        let digits = "0".repeat(64);
        assert!(Digest::of(TOKEN, &format!("tg_{digits}")).is_some());
        for shown in
            ["", "tg_", &digits, &format!("tgs_{digits}"), &format!("tg_{digits}0"), &format!("tg_{}", "G".repeat(64))]
        {
            assert_eq!(Digest::of(TOKEN, shown), None, "{shown}");
        }
    }

    #[test]
    fn a_session_has_its_own_csrf_token() {
        assert_ne!(csrf_of("a"), csrf_of("b"));
        assert_eq!(csrf_of("a").len(), 64);
    }
}
