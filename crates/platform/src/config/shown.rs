//! The configuration as people read it: what is set, and what could be.

use std::fmt::Write as _;

use super::issue::{Known, Standing};

/// Every key with its value and where that comes from, a line each.
pub fn show(known: &[Known]) -> String {
    let set: Vec<_> = known.iter().filter(|known| known.standing != Standing::Example).collect();
    let pair = |known: &Known| format!("{} = {}", known.key, known.value.as_deref().unwrap_or("-"));
    let widest = set.iter().map(|known| pair(known).chars().count()).max().unwrap_or(0).min(60);
    let mut text = String::new();
    for known in set {
        let origin = if known.value.is_none() { "not set".to_owned() } else { known.origin.to_string() };
        let _ = writeln!(text, "{:widest$}  # {origin}", pair(known));
    }
    text
}

/// A file that sets nothing, with every key, what it means and its default.
pub fn reference(known: &[Known]) -> String {
    let mut text = "# Every key that can be set. What is commented out has this value by itself.\n".to_owned();
    let mut table = String::new();
    for known in known.iter().filter(|known| known.standing != Standing::Named) {
        let (path, key) = known.key.rsplit_once('.').unwrap_or(("", &known.key));
        if path != table {
            path.clone_into(&mut table);
            let _ = match path.strip_suffix("[]") {
                Some(list) => writeln!(text, "\n# [[{list}]]"),
                None if known.standing == Standing::Example => writeln!(text, "\n# [{path}]"),
                None => writeln!(text, "\n[{path}]"),
            };
        }
        let _ = writeln!(text, "#{}", known.doc);
        let _ = match known.default {
            Some(default) => writeln!(text, "# {key} = {default}"),
            None => writeln!(text, "# {key} ="),
        };
    }
    text
}
