//! Examples of relations, good and bad.

use std::cmp::Ordering;

use super::*;

fn parse(text: &str) -> Result<Vec<Relation<'_>>, String> {
    let mut relations = Vec::new();
    parse_group(text, &mut relations).map_err(|error| error.to_string())?;
    Ok(relations)
}

fn shown(text: &str) -> Vec<String> {
    let relations = parse(text).expect("the group is well-formed");
    relations.iter().map(ToString::to_string).collect()
}

#[test]
fn splits_a_field_into_groups() {
    let split = |field| groups(field).collect::<Vec<_>>();
    assert_eq!(split("a, b | c (>= 1),d"), ["a", "b | c (>= 1)", "d"]);
    assert_eq!(split(" ,a,, b ,\n"), ["a", "b"]);
    assert_eq!(split("a,\n b |\n  c,\r\n d"), ["a", "b |\n  c", "d"]);
    assert_eq!(split("a (= 1, 2), b [c, d], e"), ["a (= 1, 2)", "b [c, d]", "e"]);
    assert_eq!(split("a (>= 1, b (<< 2), c"), ["a (>= 1, b (<< 2)", "c"], "brackets do not nest");
    assert_eq!(split("a, b (>= 1, c"), ["a", "b (>= 1, c"]);
    assert_eq!(split("").len(), 0);
}

#[test]
fn splits_a_field_with_comments() {
    let field = "a,\n# not, this (one\n b |\n# nor this\n c,\n# last";
    let found: Vec<_> = groups(field).collect();
    assert_eq!(found, ["a", "b |\n# nor this\n c"]);
    assert_eq!(shown(found[1]), ["b", "c"]);
}

#[test]
fn reads_a_relation_with_all_its_parts() {
    assert_eq!(
        parse("tide:any (>= 1:2.0~rc1-1) [linux-any !arm64] <!nocheck> <stage1 cross>"),
        Ok(vec![Relation {
            name: "tide",
            qualifier: Qualifier::Any,
            constraint: Some((Operator::LaterOrEqual, "1:2.0~rc1-1")),
            architectures: "linux-any !arm64",
            profiles: "<!nocheck> <stage1 cross>",
        }])
    );
}

#[test]
fn reads_alternatives_and_does_not_mind_blanks() {
    assert_eq!(shown("a|b:native|c:arm64"), ["a", "b:native", "c:arm64"]);
    assert_eq!(shown("a(>=1)"), ["a (>= 1)"]);
    assert_eq!(shown("a\n  (  = \t1 )\n | b[ amd64 ]<x><y>"), ["a (= 1)", "b [amd64] <x><y>"]);
    assert_eq!(shown("a\t[\n !amd64 ] < !x\n y >"), ["a [!amd64] < !x\n y >"]);
}

#[test]
fn reads_every_operator() {
    for (written, operator) in [
        ("<<", Operator::StrictlyEarlier),
        ("<=", Operator::EarlierOrEqual),
        ("<", Operator::EarlierOrEqual),
        ("=", Operator::Exactly),
        (">=", Operator::LaterOrEqual),
        (">", Operator::LaterOrEqual),
        (">>", Operator::StrictlyLater),
    ] {
        let text = format!("a ({written} 1)");
        let relations = parse(&text).expect("the group is well-formed");
        assert_eq!(relations[0].constraint, Some((operator, "1")));
    }
}

#[test]
fn operators_admit_what_they_say() {
    use Ordering::{Equal, Greater, Less};
    let admitted = |operator: Operator| [Less, Equal, Greater].map(|have| operator.admits(have));
    assert_eq!(admitted(Operator::StrictlyEarlier), [true, false, false]);
    assert_eq!(admitted(Operator::EarlierOrEqual), [true, true, false]);
    assert_eq!(admitted(Operator::Exactly), [false, true, false]);
    assert_eq!(admitted(Operator::LaterOrEqual), [false, true, true]);
    assert_eq!(admitted(Operator::StrictlyLater), [false, false, true]);
}

#[test]
fn reads_versions_that_are_not_valid() {
    let relations = parse("a (>= ${source:Version}) | b (= é_1)").expect("versions are not judged here");
    assert_eq!(relations[0].constraint, Some((Operator::LaterOrEqual, "${source:Version}")));
    assert_eq!(relations[1].constraint, Some((Operator::Exactly, "é_1")));
}

#[test]
fn refuses_what_is_no_relation() {
    for (text, expected) in [
        ("", "expected a package name at byte 0"),
        ("a |", "expected a package name at byte 3"),
        ("| a", "expected a package name at byte 0"),
        ("a || b", "expected a package name at byte 3"),
        ("${misc:Depends}", "expected a package name at byte 0"),
        ("+a", "expected a package name at byte 0"),
        ("a b", "expected `(`, `[`, `<`, `|` or the end at byte 2"),
        ("a,b", "expected `(`, `[`, `<`, `|` or the end at byte 1"),
        ("a:", "expected an architecture, `any` or `native` at byte 2"),
        ("a :any", "expected `(`, `[`, `<`, `|` or the end at byte 2"),
        ("a (1)", "expected `<<`, `<=`, `=`, `>=` or `>>` at byte 3"),
        ("a (== 1)", "expected `<<`, `<=`, `=`, `>=` or `>>` at byte 3"),
        ("a (=> 1)", "expected `<<`, `<=`, `=`, `>=` or `>>` at byte 3"),
        ("a ()", "expected `<<`, `<=`, `=`, `>=` or `>>` at byte 3"),
        ("a (>=)", "expected a version at byte 5"),
        ("a (>= 1", "expected `)` at byte 7"),
        ("a (>= 1 2)", "expected `)` at byte 8"),
        ("a [amd64", "expected `]` at byte 8"),
        ("a []", "expected an architecture at byte 3"),
        ("a [amd64 !]", "expected an architecture at byte 10"),
        ("a <!nocheck", "expected `>` at byte 11"),
        ("a <>", "expected a build profile at byte 3"),
        ("a [amd64] (>= 1)", "expected version, architectures and profiles in this order, or `|` at byte 10"),
    ] {
        let error = parse(text).expect_err("the group is malformed");
        assert_eq!(error, format!("{expected} of the relation `{text}`"));
    }
}

#[test]
fn an_error_leaves_nothing_behind_and_quotes_in_moderation() {
    let mut relations = parse("before").expect("the group is well-formed");
    let long = format!("a | b | {}", "é".repeat(100_000));
    let error = parse_group(&long, &mut relations).expect_err("the group is malformed");
    assert_eq!(relations, []);
    assert!(error.text.ends_with("é…") && error.text.len() <= RelationError::TEXT_MAX + "…".len());
}

#[test]
fn provides_count_unversioned_or_with_equality() {
    let found: Vec<_> = provides("a, b (= 1), c (>= 1), d | e, f:any, g [amd64], h")
        .map(|entry| entry.map(|provide| (provide.name, provide.version)).map_err(|error| error.offset))
        .collect();
    assert_eq!(found, [Ok(("a", None)), Ok(("b", Some("1"))), Err(2), Err(5), Err(9), Ok(("h", None))]);
}

#[test]
fn built_using_counts_with_equality() {
    let found: Vec<_> = built_using("gcc-14 (= 14.2-1), glibc (>= 2), linux, (, go (= 1)").collect();
    assert_eq!(found, [("gcc-14", "14.2-1")], "a parenthesis left open takes the rest with it");
    assert_eq!(built_using("a (= 1), b (= 2)\n").count(), 2);
}

#[test]
fn sees_whether_a_field_was_cut() {
    for cut in ["a (>= 1", "a (", "a, b [amd64", "a <!nocheck", "a |", "a (= 1) |"] {
        assert!(ends_open(cut), "{cut}");
    }
    for whole in ["", "a", "a (<< 1)", "a (= 1), b [amd64] <x>", "a,", "a,\n# (\n b"] {
        assert!(!ends_open(whole), "{whole}");
    }
}
