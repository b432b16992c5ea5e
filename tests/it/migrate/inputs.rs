//! Bad input: what is refused, with which words, and that nothing is touched then.

use std::fmt::Write as _;

use super::case::{Case, PROGRAM};
use super::run::Run;

fn an_update() -> Case {
    Case::new().testing("foo 1").unstable("foo 2")
}

/// Runs well once, then with this file in place of the right one, and asserts that this was refused and touched nothing.
fn refused(file: &str, content: &[u8]) -> Run {
    let case = an_update();
    let before = case.run();
    let dates = case.text("state/age-policy-dates");
    let case = case.bytes(file, content);
    let run = case.run_with(&[]).failed(1);
    assert!(run.stderr.contains(file), "it does not name {file}: {}", run.stderr);
    assert!(run.files == before.files, "an output was touched");
    assert_eq!(case.text("state/age-policy-dates"), dates);
    run
}

#[test]
fn more_architectures_than_any_archive_has_are_refused() {
    let names: Vec<String> = (0..300).map(|number| format!("arch{number}")).collect();
    an_update()
        .set("ARCHITECTURES", &names.join(" "))
        .run_with(&[])
        .failed(1)
        .said(&["300 architectures", "ARCHITECTURES"]);
}

const FOO: &str = "Package: foo\nVersion: 2\nSection: misc\nArchitecture: amd64\n";

/// Scenario 67, what is refused.
#[test]
fn a_damaged_index_is_refused_with_the_place_and_the_stanza() {
    let bar = "Package: bar\nVersion: 1\nArchitecture: amd64\n";
    for (damage, content, words) in [
        ("cut within a field's name", format!("{FOO}\n{bar}Depe"), &["byte 103", "bar"][..]),
        ("cut before the version", format!("{FOO}\nPackage: bar\n"), &["byte 59", "`Version`", "bar"]),
        ("cut within a relation", format!("{FOO}\n{bar}Depends: foo (>= 1"), &["byte 103", "Depends", "truncated"]),
        ("a NUL byte", format!("{FOO}Depends: a\0b\n"), &["byte 68", "NUL"]),
        ("two stanzas run into one", format!("{FOO}{bar}"), &["byte 58", "`Package`", "foo"]),
        ("a field repeated", format!("{FOO}Depends: a\nDepends: b\n"), &["byte 69", "`Depends`", "foo"]),
        ("a field repeated in other letters", format!("{FOO}section: libs\n"), &["byte 58", "foo"]),
        ("no field at all", "<html>not found</html>\n".to_owned(), &["byte 0"]),
        ("a continuation of nothing", format!(" folded\n{FOO}"), &["byte 0"]),
        ("a source that is none", format!("{FOO}Source: a b (\n"), &["byte 58", "Source", "foo"]),
        ("no architecture", "Package: foo\nVersion: 2\n".to_owned(), &["`Architecture`", "foo"]),
        ("another architecture", FOO.replace("amd64", "arm64"), &["byte 0", "foo", "arm64", "amd64"]),
    ] {
        let run = refused("unstable/Packages_amd64", content.as_bytes());
        for word in words {
            assert!(run.stderr.contains(word), "{damage}: no {word} in: {}", run.stderr);
        }
    }
}

#[test]
fn an_index_that_is_no_text_is_refused() {
    let run = refused("unstable/Packages_amd64", &[FOO.as_bytes(), b"Maintainer: \xe9\n"].concat());
    assert!(run.stderr.contains("byte 70") && run.stderr.contains("UTF-8"), "{}", run.stderr);
    refused("testing/Sources", b"Package: foo\nVersion: 1\nMaintainer: \xff\n");
}

#[test]
fn damaged_sources_are_refused_too() {
    let run = refused("unstable/Sources", b"Package: foo\nVersion: 2\nVersion: 3\n");
    assert!(run.stderr.contains("byte 24") && run.stderr.contains("foo"), "{}", run.stderr);
    refused("testing/Sources", b"Version: 2\n");
}

#[test]
fn one_version_with_two_meanings_is_refused_with_both_places() {
    for field in ["Depends", "Pre-Depends", "Conflicts", "Breaks", "Provides", "Built-Using"] {
        let one = |value: &str| format!("foo 1; {field}: {value} (= 1)");
        let run = Case::new().testing(&one("a")).unstable(&one("b")).run_with(&[]).failed(1);
        for word in ["foo", "amd64", field, "testing/Packages_amd64", "unstable/Packages_amd64"] {
            assert!(run.stderr.contains(word), "no {word} in: {}", run.stderr);
        }
    }
}

#[test]
fn one_meaning_in_two_forms_is_none() {
    let case = Case::new().testing("foo 1; Depends: a, b").unstable("foo 1; Depends: a,  b");
    case.run();
}

/// Scenario 67, what is read.
#[test]
fn line_ends_of_other_systems_are_read() {
    let source = "Package: foo\r\nVersion: 2\r\n\r\n";
    let package = format!("{FOO}Depends: bar,\n baz\nProvides: qux\n").replace('\n', "\r\n");
    let case = Case::new().testing("foo 1\nbar 1\nbaz 1").file("unstable/Sources", source);
    let others = "Package: bar\nVersion: 1\nArchitecture: amd64\n\nPackage: baz\nVersion: 1\nArchitecture: amd64";
    let run = case.file("unstable/Packages_amd64", &format!("{package}\r\n{others}")).run();
    assert_eq!(run.verdict("foo"), "PASS");
    assert_eq!(run.binaries("amd64"), "bar 1, baz 1, foo 2");
}

/// Scenario 67, the long field.
#[test]
fn a_field_of_ten_megabytes_is_read() {
    let mut provides = String::new();
    for number in 0..400_000 {
        let _ = write!(provides, "virtual-package-{number:06}, ");
    }
    assert!(provides.len() > 9_000_000);
    let case = Case::new()
        .testing("user 1; Depends: virtual-package-399999")
        .unstable(&format!("user 1; Depends: virtual-package-399999\nfoo 1; Provides: {provides}last"));
    let run = case.run();
    assert_eq!(run.uninstallable("amd64"), "user");
    assert_eq!(run.moved(), "foo 1");
}

#[test]
fn a_hundred_thousand_alternatives_are_read() {
    let mut depends = String::new();
    for number in 0..100_000 {
        let _ = write!(depends, "nothing-{number} | ");
    }
    let run = Case::new().unstable(&format!("foo 1; Depends: {depends}bar\nbar 1")).run();
    assert_eq!(run.moved(), "bar 1, foo 1");
}

#[test]
fn a_package_that_excludes_everything_is_only_itself_out() {
    let mut others = String::new();
    let mut names = Vec::new();
    for number in 0..500 {
        let _ = writeln!(others, "p{number} 1");
        names.push(format!("p{number}"));
    }
    let case = Case::new().testing(&others).unstable(&format!("{others}\nfoo 1; Conflicts: {}", names.join(", ")));
    assert_eq!(case.run().moved(), "foo 1");
}

#[test]
fn a_relation_that_cannot_be_read_is_met_by_nothing_and_listed() {
    for relation in ["bar (>= )", "bar (~ 1)", "bar (1)", "b@r", "bar | | bar", "bar [amd64", "bar bar"] {
        let case = Case::new().testing("bar 1").unstable(&format!("bar 1\nother 1\nfoo 1; Depends: {relation}"));
        let run = case.run();
        run.said(&["unstable/Packages_amd64", "foo", relation]);
        assert_eq!(run.moved(), "other 1", "{relation}");
    }
}

#[test]
fn a_version_that_is_none_is_compared_all_the_same_and_listed() {
    let case = Case::new().testing("foo 1").unstable("foo 2_3\nbar a:1");
    let run = case.run();
    run.said(&["foo", "2_3"]);
    assert_eq!(run.moved(), "bar a:1, foo 2_3");
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let case = an_update();
    let run = case.call(PROGRAM, &["migrate", "run", "-c", "no/such.conf"], "").failed(1);
    assert!(run.stderr.contains("no/such.conf"), "{}", run.stderr);
}

#[test]
fn keys_that_are_needed_are_named() {
    for key in ["TESTING", "UNSTABLE"] {
        let run = an_update().unset(key).run_with(&[]).failed(1);
        run.said(&["britney.conf:", key]);
    }
    let run = an_update().unset("ARCHITECTURES").run_with(&[]).failed(1);
    run.said(&["ARCHITECTURES", "Release", "testing"]);
}

#[test]
fn values_that_cannot_be_used_stop_the_run_and_all_are_said() {
    let case = an_update().set("MINDAYS_LOW", "ten").set("REMOVE_OBSOLETE", "perhaps").config_lines("no setting\n");
    let before = an_update().run();
    assert_eq!(before.code, Some(0));
    let run = case.run_with(&[]).failed(1);
    run.said(&["britney.conf:", "MINDAYS_LOW", "ten"]);
    run.said(&["britney.conf:", "REMOVE_OBSOLETE", "perhaps"]);
    run.said(&["britney.conf:", "no setting"]);
    assert!(run.files.is_empty());
    let check = case.call(PROGRAM, &["migrate", "config", "check", "-c", "britney.conf"], "");
    assert_eq!(check.code, Some(1));
    check.said(&["britney.conf:", "MINDAYS_LOW"]);
    check.said(&["britney.conf:", "REMOVE_OBSOLETE"]);
}

#[test]
fn unknown_keys_and_architectures_are_warnings() {
    let case = an_update().config_lines("TESTNIG = elsewhere\n").set("BREAK_ARCHES", "amd46");
    let run = case.run();
    run.said(&["britney.conf:", "TESTNIG", "did you mean", "TESTING"]);
    run.said(&["britney.conf:", "amd46", "BREAK_ARCHES", "did you mean", "amd64"]);
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn one_folder_for_two_suites_is_refused() {
    an_update().set("UNSTABLE", "testing").run_with(&[]).failed(1).said(&["britney.conf:", "testing"]);
}

#[test]
fn lines_of_state_that_cannot_be_read_are_left_out() {
    let case = an_update()
        .with_ages()
        .file("state/age-policy-dates", "foo 2\nfoo 2 soon\nfoo 2 20000\n")
        .file("state/age-policy-urgencies", "foo\nfoo 2 high\n")
        .file("state/rc-bugs-unstable", "foo\n");
    let run = case.run();
    for place in ["age-policy-dates:1", "age-policy-dates:2", "age-policy-urgencies:1", "rc-bugs-unstable:1"] {
        run.said(&[place]);
    }
    assert_eq!(run.moved(), "foo 2");
}

#[test]
fn a_folder_in_place_of_an_input_is_named() {
    for path in ["state/age-policy-dates", "state/rc-bugs-unstable", "static/constraints"] {
        let case = an_update().set("STATIC_INPUT_DIR", "static").file(&format!("{path}/file"), "");
        let run = case.run_with(&[]).failed(1);
        assert!(run.stderr.contains(path), "{}", run.stderr);
        assert!(run.files.is_empty());
    }
}
