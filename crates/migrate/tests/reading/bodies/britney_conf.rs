//! What must hold when any bytes are read as `britney.conf`.

use tidegate_migrate::compat::britney::config::{CommandLine, parse};
use tidegate_migrate::diagnostic::Severity;

/// Reads `data`, if it is text, as a configuration.
///
/// # Panics
///
/// If a rule is broken that holds for any text.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let overrides = [("ARCHITECTURES".to_owned(), "amd64".to_owned())];
    for overrides in [&[], &overrides[..]] {
        let command_line = CommandLine { overrides, ..CommandLine::default() };
        let result = parse(text, "britney.conf", &command_line);
        let diagnostics = match &result {
            Ok((config, warnings)) => {
                assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning));
                assert!(config.min_days.contains_key(&config.default_urgency));
                assert!(!config.target.as_os_str().is_empty() && !config.primary.as_os_str().is_empty());
                warnings
            }
            Err(mistakes) => {
                assert!(mistakes.iter().any(|mistake| mistake.severity == Severity::Error));
                mistakes
            }
        };
        let lines = 1 + text.lines().count();
        for diagnostic in diagnostics {
            assert!((1..=lines).contains(&(diagnostic.line as usize)) && diagnostic.column >= 1, "{diagnostic}");
        }
        assert!(diagnostics.is_sorted_by_key(|diagnostic| (diagnostic.line, diagnostic.column)));
        // Reading is a function of the text.
        assert_eq!(parse(text, "britney.conf", &command_line), result);
    }
}
