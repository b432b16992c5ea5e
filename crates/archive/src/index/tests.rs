//! Examples of indices, whole and damaged.

use super::*;

const TIDE: &str = "\
Package: libtide1
Source: tide (1.0-1)
Version: 1.0-1+b2
Architecture: amd64
Essential: no
Multi-Arch: same
Pre-Depends: init
Depends: libc6 (>= 2.38),
 libgate1
Conflicts: ebb
Breaks: libtide0 (<< 1)
Provides: libtide (= 1.0)
Built-Using: gate (= 2-1)
Section: libs
Maintainer: Tide Masters <tide@example.org>
Description: rises and falls
";

fn one(text: &str) -> Package<'_> {
    packages(text).next().expect("there is a stanza").expect("it is whole")
}

fn errors(text: &str) -> Vec<String> {
    let found = packages(text).filter_map(Result::err);
    found.map(|error| error.to_string()).collect()
}

#[test]
fn reads_every_field_of_a_package() {
    assert_eq!(
        one(TIDE),
        Package {
            offset: 0,
            name: "libtide1",
            version: "1.0-1+b2",
            architecture: "amd64",
            section: "libs",
            source: "tide",
            source_version: "1.0-1",
            multi_arch: MultiArch::Same,
            essential: false,
            pre_depends: "init",
            depends: "libc6 (>= 2.38),\n libgate1",
            conflicts: "ebb",
            breaks: "libtide0 (<< 1)",
            provides: "libtide (= 1.0)",
            built_using: "gate (= 2-1)",
            maintainer: "Tide Masters <tide@example.org>",
        }
    );
}

#[test]
fn a_package_without_a_source_field_is_its_own_source() {
    let stanza = "Package: a\nVersion: 2\nArchitecture: all\n";
    let of = |field: &str| {
        let text = format!("{stanza}{field}");
        let package = one(&text);
        (package.source.to_owned(), package.source_version.to_owned())
    };
    let own = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    assert_eq!(of(""), own("a", "2"));
    assert_eq!(of("Source:\n"), own("a", "2"));
    assert_eq!(of("Source: b\n"), own("b", "2"));
    assert_eq!(of("source: b (1:1)\n"), own("b", "1:1"));
    assert_eq!(of("Source: b( 1 )\n"), own("b", "1"));
}

#[test]
fn a_malformed_source_is_an_error() {
    for source in ["b (1", "b 1)", "b ()", "(1)", "b c", "b (1) c", "b (1 2)", "b ((1))"] {
        let text = format!("Package: a\nVersion: 2\nArchitecture: all\nSource: {source}\n");
        let expected = format!(
            "expected `Source: name` or `Source: name (version)`, found `{source}` at byte 40, in the stanza of `a`"
        );
        assert_eq!(errors(&text), [expected]);
    }
}

#[test]
fn reads_flags_whatever_their_case() {
    let of = |fields: &str| {
        let text = format!("Package: a\nVersion: 2\nArchitecture: all\n{fields}\n");
        let package = one(&text);
        (package.essential, package.multi_arch)
    };
    assert_eq!(of("Essential: yes"), (true, MultiArch::No));
    assert_eq!(of("ESSENTIAL: Yes\nmulti-arch: FOREIGN"), (true, MultiArch::Foreign));
    assert_eq!(of("Multi-Arch: allowed"), (false, MultiArch::Allowed));
    assert_eq!(of("Multi-Arch: sideways"), (false, MultiArch::No));
}

#[test]
fn a_stanza_without_what_identifies_it_is_an_error_and_the_rest_is_read() {
    let text =
        "Version: 1\nArchitecture: all\n\nPackage: b\nArchitecture: all\n\nPackage: c\nVersion:\nArchitecture: all\n
Package: d\nVersion: 1\n\nPackage: e\nVersion: 1\nArchitecture: all\n";
    assert_eq!(
        errors(text),
        [
            "expected the field `Package`, found none in the stanza at byte 0",
            "expected the field `Version`, found none in the stanza at byte 30, in the stanza of `b`",
            "expected the field `Version`, found none in the stanza at byte 60, in the stanza of `c`",
            "expected the field `Architecture`, found none in the stanza at byte 99, in the stanza of `d`",
        ]
    );
    assert_eq!(packages(text).last().expect("there is a stanza").map(|package| package.name), Ok("e"));
}

#[test]
fn damage_is_the_last_item() {
    let text = format!("{TIDE}{TIDE}\n{TIDE}");
    assert_eq!(packages(&text).count(), 1);
    assert_eq!(
        errors(&text),
        [format!(
            "expected a blank line before the next stanza, found the field `Package` a second time at byte {}, \
             in the stanza of `libtide1`",
            TIDE.len()
        )]
    );
}

#[test]
fn a_text_that_ends_within_a_relation_is_truncated() {
    let stanza = "Package: a\nVersion: 2\nArchitecture: all\n";
    for (end, field) in [
        ("Depends: b (>= 1", "Depends"),
        ("Depends: b,\n c (", "Depends"),
        ("Provides: b (= ", "Provides"),
        ("Pre-Depends: b |", "Pre-Depends"),
    ] {
        let expected = format!(
            "expected the rest of the field `{field}`, found the end of the text: it is truncated at byte 40, \
             in the stanza of `a`"
        );
        assert_eq!(errors(&format!("{stanza}{end}")), [expected]);
    }
    for whole in ["Depends: b (>= 1\n", "Depends: b (>= 1)", "Depends: b, c", "Maintainer: b (c"] {
        assert_eq!(errors(&format!("{stanza}{whole}")).len(), 0, "{whole}");
    }
}

#[test]
fn every_cut_of_a_package_is_an_error_or_the_right_result() {
    let whole = one(TIDE);
    for end in 0..TIDE.len() {
        for package in packages(&TIDE[..end]).flatten() {
            let prefix = |cut: &str, whole: &str| assert!(whole.starts_with(cut), "{end}: {cut}");
            prefix(package.name, whole.name);
            prefix(package.depends, whole.depends);
            prefix(package.provides, whole.provides);
            assert!(!relation::ends_open(package.depends), "{end}");
        }
    }
}

#[test]
fn reads_every_field_of_a_source() {
    let text = "\
Package: tide
Binary: libtide1,
 libtide-dev
Version: 1.0-1
Maintainer: Tide Masters <tide@example.org>
Build-Depends: debhelper-compat (= 13)
Build-Depends-Arch: gcc [linux-any]
Build-Depends-Indep: sphinx <!nodoc>
Architecture: any all
Testsuite: autopkgtest
Testsuite-Triggers: gate, python3
Extra-Source-Only: yes
Section: libs
";
    let expected = Source {
        offset: 1,
        name: "tide",
        version: "1.0-1",
        section: "libs",
        maintainer: "Tide Masters <tide@example.org>",
        binary: "libtide1,\n libtide-dev",
        architecture: "any all",
        build_depends: "debhelper-compat (= 13)",
        build_depends_arch: "gcc [linux-any]",
        build_depends_indep: "sphinx <!nodoc>",
        testsuite: "autopkgtest",
        testsuite_triggers: "gate, python3",
        extra_source_only: true,
    };
    let text = format!("\n{text}\n");
    assert_eq!(sources(&text).collect::<Vec<_>>(), [Ok(expected)]);
}

#[test]
fn a_source_needs_a_name_and_a_version() {
    let found: Vec<_> = sources("Package: a\n\nVersion: 1\n\nPackage: a\nVersion: 1")
        .map(|source| source.map(|source| source.offset).map_err(|error| error.problem))
        .collect();
    assert_eq!(found, [Err(IndexProblem::Missing("Version")), Err(IndexProblem::Missing("Package")), Ok(24)]);
}

#[test]
fn reads_a_release() {
    let text = "Origin: Tide\nSuite: unstable\nCodename: sid\nArchitectures: all amd64\n arm64\nComponents: main non-free\n\
                MD5Sum:\n 0 1 main/binary-amd64/Packages\n";
    assert_eq!(
        release(text),
        Ok(Release {
            suite: "unstable",
            codename: "sid",
            architectures: vec!["all", "amd64", "arm64"],
            components: vec!["main", "non-free"],
        })
    );
    assert_eq!(release("Suite: a\n").map(|release| release.architectures.len()), Ok(0));
    assert_eq!(release("\n").expect_err("there is none").problem, IndexProblem::NoStanza);
    let signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nSuite: a\n";
    assert_eq!(release(signed).expect_err("it has armour").problem, IndexProblem::Scan(ScanProblem::NotAField));
}
