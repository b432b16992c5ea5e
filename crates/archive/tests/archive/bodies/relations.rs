//! What must hold when any text is read as relations.

use tidegate_archive::relation::{
    Relation, architecture_matches, built_using, groups, parse_group, profiles_match, provides,
};

/// Reads `data`, if it is text, as every kind of relation field.
///
/// # Panics
///
/// If a rule is broken that holds for any text.
pub(crate) fn run(data: &[u8]) {
    let Ok(field) = std::str::from_utf8(data) else {
        return;
    };
    check_groups(field);
    let mut relations = Vec::new();
    for group in groups(field).chain([field]) {
        if parse_group(group, &mut relations).is_ok() {
            check_round_trip(&relations);
        } else {
            assert_eq!(relations, []);
        }
    }
    assert!(provides(field).count() <= groups(field).count());
    for (name, version) in built_using(field) {
        assert!(!name.is_empty() && !version.is_empty());
    }
    let _ = architecture_matches(field, "amd64");
    let _ = architecture_matches("any-amd64 linux-any", field);
    let _ = profiles_match(field, &["nocheck"]);
}

/// The groups are those of the slow splitter, once the comments are out of both.
fn check_groups(field: &str) {
    let found: Vec<_> = groups(field).map(|group| trimmed(&without_comments(group))).collect();
    assert_eq!(found, split_slowly(&without_comments(field)), "{field:?}");
    assert!(found.iter().all(|group| !group.is_empty()));
}

/// What was parsed is parsed again from how it is shown.
fn check_round_trip(relations: &[Relation<'_>]) {
    assert!(!relations.is_empty());
    let shown: Vec<_> = relations.iter().map(ToString::to_string).collect();
    let shown = shown.join(" | ");
    let mut again = Vec::new();
    assert_eq!(parse_group(&shown, &mut again), Ok(()));
    assert_eq!(again, relations);
    assert_eq!(groups(&shown).collect::<Vec<_>>(), [shown.as_str()]);
    for relation in relations {
        // Total for whatever the parser lets through.
        let _ = architecture_matches(relation.architectures, "amd64");
        assert!(profiles_match(relation.profiles, &[]) || !relation.profiles.is_empty());
    }
}

/// Cuts out each line that begins with `#`, unless it is the first.
fn without_comments(field: &str) -> String {
    let mut lines = field.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.filter(|line| !line.starts_with('#')).fold(first, |text, line| text + "\n" + line)
}

/// Splits a field without comments character by character.
fn split_slowly(field: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut closing = None;
    for character in field.chars() {
        if character == ',' && closing.is_none() {
            found.push(String::new());
            continue;
        }
        match (closing, character) {
            (None, '(') => closing = Some(')'),
            (None, '[') => closing = Some(']'),
            (Some(expected), found) if expected == found => closing = None,
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(character);
        }
    }
    let found = found.iter().map(|group| trimmed(group));
    found.filter(|group| !group.is_empty()).collect()
}

fn trimmed(text: &str) -> String {
    text.trim_matches([' ', '\t', '\r', '\n']).to_owned()
}
