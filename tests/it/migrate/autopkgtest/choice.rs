//! Which tests an item needs.

use super::{known, pending, tested, tested_on_two, update};
use crate::migrate::case::Case;

/// Scenario 24, as far as it is decided: one test each of foo and bar, none twice.
#[test]
fn its_own_tests_and_those_of_what_depends_on_it() {
    let run = update(tested()).run();
    assert_eq!(run.tests("foo"), "bar amd64 RUNNING-ALWAYSFAIL, foo amd64 RUNNING-ALWAYSFAIL");
    // That foo's binaries need each other asks for no further test of it.
    let case = tested()
        .testing("source foo 1; Testsuite: autopkgtest\n+ foo; Depends: libfoo\n+ libfoo")
        .unstable("source foo 2; Testsuite: autopkgtest\n+ foo; Depends: libfoo\n+ libfoo");
    assert_eq!(case.run().tests("foo"), "foo amd64 RUNNING-ALWAYSFAIL");
}

/// Scenario 25, as far as it is decided.
#[test]
fn what_is_pending_is_waited_for() {
    let passed = [("old/1", "foo", "amd64", "PASS", "1"), ("old/1", "bar", "amd64", "PASS", "1")];
    let case = known(update(tested()), &passed);
    let case = pending(case, &serde_json::json!({"foo/2": {"foo": ["amd64"], "bar": ["amd64"]}}));
    let run = case.run();
    assert_eq!(run.tests("foo"), "bar amd64 RUNNING, foo amd64 RUNNING");
    assert_eq!(run.verdict("foo"), "REJECTED_TEMPORARILY autopkgtest");
}

#[test]
fn only_sources_that_have_tests_are_tested() {
    for (field, tests) in [
        ("", ""),
        ("; Testsuite: special", ""),
        ("; Testsuite: special, autopkgtest", "bar amd64 RUNNING-ALWAYSFAIL"),
        ("; Testsuite: autopkgtest-pkg-perl", "bar amd64 RUNNING-ALWAYSFAIL"),
    ] {
        let case =
            tested().testing(&format!("foo 1\nbar 1; Depends: foo{field}")).unstable("foo 2\nbar 1; Depends: foo");
        assert_eq!(case.run().tests("foo"), tests, "{field}");
    }
}

#[test]
fn drivers_have_tests_by_what_they_depend_on() {
    let case = tested()
        .testing("dkms 1\nbase 1\nwifi 1; Depends: dkms (>= 1), base")
        .unstable("dkms 1\nbase 2\nwifi 2; Depends: dkms (>= 1), base");
    let run = case.run();
    assert_eq!(run.tests("wifi"), "wifi amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(run.tests("base"), "wifi amd64 RUNNING-ALWAYSFAIL");
}

#[test]
fn a_sources_tests_are_those_of_the_source_suite_and_of_others_those_of_the_target() {
    let case = tested()
        .testing("foo 1; Testsuite: autopkgtest\nbar 1; Depends: foo")
        .unstable("foo 2\nbar 2; Testsuite: autopkgtest; Depends: foo");
    let run = case.run();
    assert_eq!(run.tests("foo"), "");
    assert_eq!(run.tests("bar"), "bar amd64 RUNNING-ALWAYSFAIL");
}

#[test]
fn tests_can_name_their_triggers() {
    let case = tested()
        .testing("foo 1\nbar 1; Testsuite: autopkgtest; Testsuite-Triggers: sugar, foo\nsource qux 1; Testsuite: autopkgtest; Testsuite-Triggers: foo\n+ qux; on=arm64")
        .unstable("foo 2\nbar 1; Testsuite: autopkgtest; Testsuite-Triggers: sugar, foo");
    // qux has no binaries on amd64.
    assert_eq!(case.run().tests("foo"), "bar amd64 RUNNING-ALWAYSFAIL");
}

#[test]
fn tests_run_where_there_are_binaries() {
    let case = tested_on_two()
        .testing("foo 1; Testsuite: autopkgtest\nbar 1; Testsuite: autopkgtest; Depends: foo")
        .unstable("source foo 2; Testsuite: autopkgtest\n+ foo; on=amd64\nbar 1; Testsuite: autopkgtest; Depends: foo");
    assert_eq!(case.run().tests("foo"), "bar amd64 RUNNING-ALWAYSFAIL, foo amd64 RUNNING-ALWAYSFAIL");
}

#[test]
fn rebuilds_removals_and_other_suites_are_not_tested() {
    let case = tested()
        .testing("foo 1; Testsuite: autopkgtest\ngone 1; Testsuite: autopkgtest\nfix 1")
        .unstable("source foo 1; Testsuite: autopkgtest\n+ foo 1+b1\nfix 1")
        .tpu("fix 2; Testsuite: autopkgtest");
    let run = case.run();
    for item in ["foo/amd64", "-gone", "fix_tpu"] {
        assert_eq!(run.tests(item), "not asked", "{item}");
    }
}

fn ubuntu(case: Case) -> Case {
    case.set("TIDEGATE_DIALECT", "ubuntu")
}

/// Compilers: everything depends on them, and they are in use from the source suite already.
#[test]
fn compilers_ask_for_tests_of_key_packages_alone() {
    let testing = "gcc-9 1\ngcc-snapshot 1\nbinutils 1; Testsuite: autopkgtest\nuser 1; Testsuite: autopkgtest; Depends: gcc-9, gcc-snapshot\ndoxygen 1";
    let case = |case: Case| {
        case.testing(testing).unstable("gcc-9 2; Testsuite: autopkgtest\ngcc-snapshot 2; Testsuite: autopkgtest")
    };
    let run = case(ubuntu(tested())).run();
    assert_eq!(run.tests("gcc-9"), "binutils amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(run.tests("gcc-snapshot"), "");
    let run = case(tested()).run();
    assert_eq!(run.tests("gcc-9"), "gcc-9 amd64 RUNNING-ALWAYSFAIL, user amd64 RUNNING-ALWAYSFAIL");
}

#[test]
fn kernels_are_tested_by_their_meta_packages() {
    let testing =
        "dkms 1\nlinux 1; Testsuite: autopkgtest\nlxc 1; Testsuite: autopkgtest\nsnapd 1\nwifi 1; Depends: dkms";
    let case = |case: Case| {
        case.testing(testing)
            .unstable("linux 2; Testsuite: autopkgtest\nlinux-meta 2\nlinux-odd 2; Testsuite: autopkgtest")
    };
    let run = case(ubuntu(tested())).run();
    let tests = "linux amd64 RUNNING-ALWAYSFAIL, lxc amd64 RUNNING-ALWAYSFAIL, wifi amd64 RUNNING-ALWAYSFAIL";
    assert_eq!(run.tests("linux-meta"), tests);
    assert_eq!(run.tests("linux"), "");
    assert_eq!(run.tests("linux-odd"), "linux-odd amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(case(tested()).run().tests("linux-meta"), "");
}

#[test]
fn some_sources_count_as_others() {
    let testing = "coreutils 1\nrust-coreutils 1\nuser 1; Testsuite: autopkgtest; Depends: coreutils";
    let case = |case: Case| case.testing(testing).unstable("coreutils 1\nrust-coreutils 2");
    assert_eq!(case(ubuntu(tested())).run().tests("rust-coreutils"), "user amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(case(tested()).run().tests("rust-coreutils"), "");
}

#[test]
fn some_architectures_are_not_tested() {
    let case = |case: Case| {
        case.architectures("amd64 i386 riscv64")
            .set("ADT_ARCHES", "amd64 i386 riscv64")
            .testing("")
            .unstable("all 1; arch=all; Testsuite: autopkgtest\nany 1; Testsuite: autopkgtest")
    };
    let run = case(ubuntu(tested())).run();
    assert_eq!(run.tests("all"), "all amd64 RUNNING-ALWAYSFAIL");
    assert_eq!(run.tests("any"), "any amd64 RUNNING-ALWAYSFAIL, any i386 RUNNING-ALWAYSFAIL");
    assert_eq!(case(tested()).run().tests("all").matches("RUNNING").count(), 3);
}
