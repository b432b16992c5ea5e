//! What can be installed: with the essential packages, and with what is provided.

use super::case::Case;

/// Scenario 58. The essential package needs one of two.
#[test]
fn alternatives_of_what_is_essential_are_real() {
    let base = "base 1; Essential: yes; Depends: one | two\none 1\ntwo 1";
    let case = Case::new()
        .testing(base)
        .unstable(&format!("{base}\nagainst-one 1; Conflicts: one\nagainst-both 1; Conflicts: one, two"));
    let run = case.run_with(&["--explain"]).succeeded();
    assert_eq!(run.verdict("against-both"), "PASS");
    assert_eq!(run.moved(), "against-one 1");
    let explanation = run.excuse("against-both")["explanation"].to_string();
    assert!(explanation.contains("essential"), "{explanation}");
}

#[test]
fn an_essential_package_cannot_be_broken() {
    let base = "base 1; Essential: yes";
    let case = Case::new().testing(base).unstable(&format!("{base}\nfoo 1; Conflicts: base\nbar 1"));
    assert_eq!(case.run().moved(), "bar 1");
}

#[test]
fn essential_packages_that_exclude_each_other_are_reported_and_left_out() {
    let base = "a 1; Essential: yes; Conflicts: b\nb 1; Essential: yes";
    let run = Case::new().testing(base).unstable(&format!("{base}\nfoo 1")).run();
    run.said(&["essential", "amd64"]);
    assert_eq!(run.moved(), "foo 1");
}

/// Scenario 60.
#[test]
fn a_package_does_not_exclude_itself_by_what_it_provides() {
    let agents = "a 1; Provides: agent; Conflicts: agent\nb 1; Provides: agent; Conflicts: agent";
    let user = "user 1; Depends: a, b\nsingle 1; Depends: agent";
    let run = Case::new().testing(&format!("{agents}\n{user}")).unstable(&format!("{agents}\n{user}")).run();
    assert_eq!(run.uninstallable("amd64"), "user");
}

#[test]
fn what_is_provided_satisfies_by_its_own_version() {
    let installable = |relation: &str| {
        let provider = "p 1; Provides: plain, versioned (= 3)";
        let suites = format!("{provider}\nuser 1; Depends: {relation}");
        Case::new().testing(&suites).unstable(&suites).run().uninstallable("amd64").is_empty()
    };
    for satisfied in
        ["plain", "versioned", "versioned (= 3)", "versioned (>= 2)", "versioned (<< 4)", "p (= 1)", "p (< 1)"]
    {
        assert!(installable(satisfied), "{satisfied}");
    }
    for not in
        ["plain (>= 0)", "versioned (>> 3)", "versioned (= 1)", "plain:any", "versioned:any", "p (<< 1)", "p:any"]
    {
        assert!(!installable(not), "{not}");
    }
}

#[test]
fn relations_on_one_name_are_met_by_one_version() {
    let suites = |user: &str| {
        let libs = "source lib 2\n+ lib 2\np 1; Provides: lib (= 1)";
        format!("{libs}\n{user}")
    };
    let case = |user: &str| Case::new().testing(&suites(user)).unstable(&suites(user)).run().uninstallable("amd64");
    assert_eq!(case("user 1; Depends: lib (>= 2)"), "");
    assert_eq!(case("user 1; Depends: lib (>= 1), lib (<< 3)"), "");
    assert_eq!(case("user 1; Depends: lib (>= 2), lib (<< 2)"), "user", "not the one by lib 2 and the other by p");
}

#[test]
fn a_cycle_of_dependencies_is_installable() {
    let cycle = "a 1; Depends: b\nb 1; Depends: c\nc 1; Depends: a";
    assert_eq!(Case::new().unstable(cycle).run().moved(), "a 1, b 1, c 1");
}

#[test]
fn a_deep_conflict_is_found() {
    let suites = "user 1; Depends: left, right\nleft 1; Depends: deep | gone\nright 1; Depends: other\n\
                  deep 1\nother 1; Breaks: deep";
    assert_eq!(Case::new().testing(suites).unstable(suites).run().uninstallable("amd64"), "user");
    let suites = suites.replace("gone", "way");
    let suites = format!("{suites}\nway 1");
    assert_eq!(Case::new().testing(&suites).unstable(&suites).run().uninstallable("amd64"), "");
}
