//! Relations against their slow readers, and there and back again.

use proptest::prelude::*;
use tidegate_archive::relation::{Operator, Qualifier, Relation, groups, parse_group, provides};

use crate::bodies::relations::run;

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "lib+b-1.2",
        ":any",
        ":native",
        ":arm64",
        ":",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "<<",
        ">=",
        "=",
        ">>",
        "!",
        "|",
        ",",
        ", ",
        " ",
        "\n ",
        "\r\n ",
        "\n#",
        "#",
        "1:2.0~rc1-1",
        " (>= 1)",
        " [linux-any !arm64]",
        " <!nocheck>",
        "é",
        "\0",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// A relation as owned parts.
#[derive(Debug, Clone)]
struct Parts {
    name: String,
    qualifier: Option<String>,
    constraint: Option<(Operator, String)>,
    architectures: Vec<String>,
    profiles: Vec<Vec<String>>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let operator = prop::sample::select(vec![
        Operator::StrictlyEarlier,
        Operator::EarlierOrEqual,
        Operator::Exactly,
        Operator::LaterOrEqual,
        Operator::StrictlyLater,
    ]);
    let term = "!?[a-z][a-z0-9.]{0,5}";
    (
        "[a-z0-9][a-z0-9+.-]{1,10}",
        prop::option::of("any|native|[a-z]{1,4}(-[a-z0-9]{1,4})?"),
        prop::option::of((operator, "([0-9]:)?[0-9][A-Za-z0-9.+~:-]{0,10}")),
        prop::collection::vec("!?[a-z]{1,5}(-[a-z0-9]{1,4})?", 0..3),
        prop::collection::vec(prop::collection::vec(term, 1..3), 0..3),
    )
        .prop_map(|(name, qualifier, constraint, architectures, profiles)| Parts {
            name,
            qualifier,
            constraint,
            architectures,
            profiles,
        })
}

/// Writes a relation with `blank` wherever blanks may be.
fn write(parts: &Parts, blank: &str) -> String {
    let mut text = parts.name.clone();
    let words = |words: &[String]| words.join(&[" ", blank].concat());
    if let Some(qualifier) = &parts.qualifier {
        text.extend([":", qualifier]);
    }
    if let Some((operator, version)) = &parts.constraint {
        let operator = operator.as_str();
        text.extend([blank, "(", blank, operator, blank, version, blank, ")"]);
    }
    if !parts.architectures.is_empty() {
        text.extend([blank, "[", blank, &words(&parts.architectures), blank, "]"]);
    }
    for formula in &parts.profiles {
        text.extend([blank, "<", blank, &words(formula), blank, ">"]);
    }
    text
}

fn check(found: &Relation<'_>, parts: &Parts) {
    assert_eq!(found.name, parts.name);
    let qualifier = match parts.qualifier.as_deref() {
        None => Qualifier::None,
        Some("any") => Qualifier::Any,
        Some("native") => Qualifier::Native,
        Some(architecture) => Qualifier::Arch(architecture),
    };
    assert_eq!(found.qualifier, qualifier);
    let constraint = parts.constraint.as_ref();
    assert_eq!(found.constraint, constraint.map(|(operator, version)| (*operator, version.as_str())));
    let words = |text: &str| {
        let lines = text.split('\n').filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_whitespace).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words(found.architectures), parts.architectures);
    let formulas: Vec<_> = found
        .profiles
        .split('<')
        .skip(1)
        .map(|formula| words(formula.split('>').next().expect("a split has a first part")))
        .collect();
    assert_eq!(formulas, parts.profiles);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(pieces in pieces(), text in any::<String>()) {
        run(pieces.as_bytes());
        run(text.as_bytes());
    }

    #[test]
    fn reads_back_what_was_written(
        field in prop::collection::vec(prop::collection::vec(parts(), 1..4), 0..5),
        blank in prop::sample::select(vec!["", " ", "\n ", "\r\n\t", "\n# (a | b), c [\n "]),
    ) {
        let written: Vec<_> = field
            .iter()
            .map(|group| {
                let alternatives: Vec<_> = group.iter().map(|parts| write(parts, blank)).collect();
                alternatives.join(&format!("{blank}|{blank}"))
            })
            .collect();
        let text = written.join(&format!("{blank},{blank}"));
        let mut relations = Vec::new();
        prop_assert_eq!(groups(&text).count(), field.len());
        for (found, group) in groups(&text).zip(&field) {
            parse_group(found, &mut relations).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(relations.len(), group.len());
            for (relation, parts) in relations.iter().zip(group) {
                check(relation, parts);
            }
        }
    }
}

#[test]
fn a_long_field_is_read_to_its_end() {
    let entries: Vec<_> = (0..500_000).map(|number| format!("virtual-{number} (= 1)")).collect();
    let field = entries.join(", ");
    assert_eq!(provides(&field).filter_map(Result::ok).count(), 500_000);
    let group = "a|".repeat(100_000) + "b";
    let mut relations = Vec::new();
    assert_eq!(parse_group(&group, &mut relations), Ok(()));
    assert_eq!(relations.len(), 100_001);
}
