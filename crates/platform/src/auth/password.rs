//! Passwords, kept by argon2id.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use tidegate_kernel::Rng;
use tokio::sync::Semaphore;

use crate::secret::Secret;

/// Shortest and longest, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 10..=1_024;
/// Each takes 19 MiB and some 20 ms of a core, so only so many at a time.
const AT_A_TIME: usize = 2;

/// A password that nobody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has 10 to 1024 bytes")]
pub struct BadPassword;

/// Hashes and compares passwords, a few at a time.
#[derive(Debug)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    /// What is compared where there is nobody of that name, so that it takes as long.
    nobody: String,
}

impl Passwords {
    pub(super) fn new(rng: &dyn Rng) -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), nobody: hash(b"nobody has this password", rng.bytes()) }
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: &Secret, rng: &dyn Rng) -> Result<String, BadPassword> {
        if !LENGTHS.contains(&password.expose().len()) {
            return Err(BadPassword);
        }
        let (password, salt) = (password.clone(), rng.bytes());
        Ok(self.in_turn(move || hash(password.expose().as_bytes(), salt)).await)
    }

    /// Whether the password is the one of that hash; without one it is not, after as long a time.
    pub(super) async fn is(&self, password: &Secret, stored: Option<String>) -> bool {
        if password.expose().len() > *LENGTHS.end() {
            return false;
        }
        let (password, known) = (password.clone(), stored.is_some());
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let same = self.in_turn(move || {
            let parsed = PasswordHash::new(&stored);
            parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok())
        });
        same.await && known
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("nobody closes it");
        // the turn ends with the work, also where nobody waits for it any more
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.expect("hashing does not panic")
    }
}

fn hash(password: &[u8], salt: [u8; 16]) -> String {
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    Argon2::default().hash_password(password, &salt).expect("the parameters are argon2's own").to_string()
}

#[cfg(test)]
mod tests {
    use tidegate_kernel::SeededRng;

    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let rng = SeededRng::new(5);
        let passwords = Passwords::new(&rng);
        let stored = passwords.hash(&Secret::new("spring tide"), &rng).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.is(&Secret::new("spring tide"), Some(stored.clone())).await);
        assert!(!passwords.is(&Secret::new("neap tide.."), Some(stored)).await);
        assert!(!passwords.is(&Secret::new("nobody has this password"), None).await);
        assert!(!passwords.is(&Secret::new("spring tide"), Some("no hash".to_owned())).await);
        assert_eq!(passwords.hash(&Secret::new("short"), &rng).await, Err(BadPassword));
        assert_eq!(passwords.hash(&Secret::new("x".repeat(1_025)), &rng).await, Err(BadPassword));
    }
}
