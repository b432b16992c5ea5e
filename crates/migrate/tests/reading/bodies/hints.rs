//! What must hold when any bytes are read as hints.

use tidegate_migrate::compat::britney::hints::{parse_command_line, parse_file};
use tidegate_migrate::hint::{HintRights, HintSet, ItemNames};

/// Reads `data` as a hint file and, if it is text, as the value of `--hints`.
///
/// # Panics
///
/// If a rule is broken that holds for any input.
pub(crate) fn run(data: &[u8]) {
    let architectures = ["amd64", "arm64"].map(str::to_owned);
    let suites = ["tpu", "pu"].map(str::to_owned);
    let names = ItemNames { architectures: &architectures, suites: &suites };
    let read = |data: &[u8]| parse_file(data, "hints", "ann", HintRights::ALL, names);
    let (hints, diagnostics) = read(data);
    let lines = 1 + data.split(|&byte| byte == b'\n').count();
    for diagnostic in &diagnostics {
        assert!((1..=lines).contains(&(diagnostic.line as usize)) && diagnostic.column >= 1, "{diagnostic}");
    }
    for hint in &hints {
        // What a hint prints is that hint.
        let shown = hint.to_string();
        let (again, diagnostics) = read(shown.as_bytes());
        assert_eq!(diagnostics, [], "{shown}");
        assert_eq!(again.len(), 1, "{shown}");
        assert_eq!((again[0].kind, &again[0].items), (hint.kind, &hint.items), "{shown}");
    }
    assert_eq!(parse_file(data, "hints", "ann", HintRights::NONE, names).0, []);
    let total = hints.len();
    let (set, warnings) = HintSet::new(hints);
    assert_eq!(set.superseded().len(), warnings.len());
    assert_eq!(set.len() + warnings.len(), total);
    for hint in set.iter() {
        if let Some(item) = hint.item() {
            assert!(set.find(hint.kind, &item.name).any(|found| found == hint));
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = parse_command_line(text, names);
    }
}
