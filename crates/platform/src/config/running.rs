//! The configuration that a program runs by, and how it takes over another one.

use super::issue::{ConfigErrors, Known};

/// The configuration of a running program.
pub trait Running: Send + Sync + 'static {
    /// Every key as it holds now.
    fn shown(&self) -> Vec<Known>;

    /// Reads the configuration anew and takes over what can be changed while the program runs: all of it, or nothing.
    ///
    /// # Errors
    ///
    /// Every mistake of the new configuration; then the old one goes on to hold.
    fn reload(&self) -> Result<Reloaded, ConfigErrors>;
}

/// What a new configuration changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Keys that hold with their new values.
    pub changed: Vec<String>,
    /// Keys whose new values hold from the next start on.
    pub at_restart: Vec<String>,
}

/// Keys whose values differ, those that were set or taken away too.
pub fn differing(before: &[Known], after: &[Known]) -> Vec<String> {
    let value =
        |all: &[Known], key: &str| all.iter().find(|known| known.key == key).and_then(|known| known.value.clone());
    let mut keys: Vec<_> = before.iter().chain(after).map(|known| known.key.clone()).collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| value(before, key) != value(after, key));
    keys
}

#[cfg(test)]
mod tests {
    use super::super::issue::Standing;
    use super::super::tree::Origin;
    use super::*;

    fn known(key: &str, value: Option<&str>) -> Known {
        let (doc, default, origin, standing) = ("", None, Origin::Default, Standing::Fixed);
        Known { key: key.to_owned(), doc, default, value: value.map(str::to_owned), origin, standing }
    }

    #[test]
    fn what_was_changed_set_or_taken_away_differs() {
        let before = [known("a", Some("1")), known("b", Some("1")), known("c", Some("1")), known("d", None)];
        let after = [known("a", Some("1")), known("b", Some("2")), known("d", None), known("e", Some("1"))];
        assert_eq!(differing(&before, &after), ["b", "c", "e"]);
    }
}
