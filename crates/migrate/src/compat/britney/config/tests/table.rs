//! The table of keys against what is read, and what holds for any text.

use proptest::prelude::*;

use super::*;

/// A value that means something else than the default, for each kind of key.
fn other_than_default(key: &Key) -> String {
    match key.value {
        ValueKind::Path | ValueKind::Text | ValueKind::Host => format!("other-{}", key.name),
        ValueKind::Words | ValueKind::Architectures | ValueKind::Architecture => "critical".to_owned(),
        ValueKind::Days | ValueKind::DaysOrUrgency => "3".to_owned(),
        ValueKind::Number => "1".to_owned(),
        ValueKind::Flag if key.default.starts_with("yes") && !key.default.contains("file") => "no".to_owned(),
        ValueKind::Flag | ValueKind::Switch => "yes".to_owned(),
        ValueKind::Urgency => "high".to_owned(),
        ValueKind::Rights => "ALL".to_owned(),
        ValueKind::Location => "file://x".to_owned(),
        ValueKind::Mailbox => "other@example.org".to_owned(),
        ValueKind::Web => "https://other".to_owned(),
        ValueKind::Queue => "file://y".to_owned(),
        ValueKind::UrlTemplate => "https://x".to_owned(),
        ValueKind::Word(word) => word.to_owned(),
        ValueKind::Dialect => "ubuntu".to_owned(),
    }
}

#[test]
fn every_key_of_the_table_has_an_effect() {
    for key in KEYS {
        let name = format!("{}{}", key.name, if key.family.is_some() { "CRITICAL" } else { "" });
        // The key is there both times, so that the dialect is the same.
        let with = |value: &str| {
            let text = format!("{name} = {value}\nMINDAYS_MEDIUM = 5\nMINDAYS_HIGH = 5\nTESTING = t\nUNSTABLE = u\n");
            read(&text, &CommandLine::default()).unwrap().0
        };
        assert_ne!(with(""), with(&other_than_default(key)), "{name}");
    }
}

#[test]
fn names_in_the_table_are_plain_and_different() {
    let names: BTreeSet<&str> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names.len(), KEYS.len());
    for entry in KEYS {
        assert_eq!(entry.name, entry.name.to_ascii_uppercase());
        assert_eq!(entry.name.ends_with('_'), entry.family.is_some());
        assert!(!entry.meaning.is_empty() && !entry.default.is_empty(), "{}", entry.name);
    }
    assert_eq!(key("HINTS_ANN").map(|key| key.name), Some("HINTS_"));
    assert_eq!(key("HINTSDIR").map(|key| key.name), Some("HINTSDIR"));
    assert_eq!(key("HINTS_"), None);
}

proptest! {
    #[test]
    fn reading_never_panics(text in any::<String>(), series in any::<String>()) {
        let _ = read(&text, &CommandLine { series: &series, ..CommandLine::default() });
    }

    #[test]
    fn reading_what_looks_like_a_configuration_never_panics(
        lines in proptest::collection::vec((0..KEYS.len(), "[a-zA-Z0-9_{}:/.,%() é-]{0,16}"), 0..12),
    ) {
        let lines: Vec<String> = lines.iter().map(|(key, value)| {
            let key = &KEYS[*key];
            format!("{}{} = {value}", key.name, if key.family.is_some() { "LOW" } else { "" })
        }).collect();
        let result = read(&lines.join("\n"), &CommandLine::default());
        let diagnostics = result.map_or_else(|mistakes| mistakes, |(_, warnings)| warnings);
        for diagnostic in diagnostics {
            prop_assert!(diagnostic.line >= 1 && diagnostic.column >= 1);
            prop_assert!(diagnostic.line as usize <= lines.len().max(1));
        }
    }

    #[test]
    fn comments_and_unknown_keys_change_nothing(extra in "[a-z ]{0,10}") {
        let plain = format!("{SUITES}ARCHITECTURES = amd64\n");
        let (config, _) = read(&plain, &CommandLine::default()).unwrap();
        let (same, _) = read(&format!("#{extra}\n{plain}X_{extra} = {extra}\n"), &CommandLine::default()).unwrap();
        prop_assert_eq!(config, same);
    }
}
