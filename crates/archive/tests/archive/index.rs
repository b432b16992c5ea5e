//! Scenario 67: whatever happens to a `Packages` file, there is an error with its place, or the right result.

use proptest::prelude::*;
use tidegate_archive::deb822::{ScanProblem, text};
use tidegate_archive::index::{IndexError, IndexProblem, Package, packages};

fn index(count: usize) -> String {
    let stanza = |number| {
        format!(
            "Package: p{number}\nSource: s{number} (1.{number})\nVersion: 1.{number}-1\nArchitecture: amd64\n\
             Depends: libc6 (>= 2.38), p0 (>= 1.0) | q [amd64]\nSection: misc\n\n"
        )
    };
    (0..count).map(stanza).collect()
}

fn read(bytes: &[u8]) -> Result<Vec<Package<'_>>, IndexError> {
    let text = text(bytes).map_err(|error| IndexError {
        offset: error.offset,
        package: None,
        problem: IndexProblem::Scan(error.problem),
    })?;
    packages(text).collect()
}

#[test]
fn windows_line_ends_change_nothing() {
    let unix = index(3);
    let windows = unix.replace('\n', "\r\n");
    let plain = |packages: Result<Vec<Package<'_>>, _>| {
        let packages = packages.expect("the index is whole").into_iter();
        packages.map(|package| format!("{:?}", Package { offset: 0, ..package })).collect::<Vec<_>>()
    };
    assert_eq!(plain(read(windows.as_bytes())), plain(read(unix.as_bytes())));
}

#[test]
fn a_nul_byte_is_found_wherever_it_is() {
    let whole = index(2).into_bytes();
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] = 0;
        let error = read(&damaged).expect_err("a NUL byte is damage");
        assert_eq!((error.offset, error.problem), (place, IndexProblem::Scan(ScanProblem::Nul)));
    }
}

#[test]
fn a_field_of_ten_megabytes_is_read() {
    let provides = (0..).map(|number| format!("virtual-{number} (= 1)"));
    let provides = provides.take(500_000).collect::<Vec<_>>().join(", ");
    assert!(provides.len() > 10 << 20);
    let text = format!("{}Package: big\nVersion: 1\nArchitecture: all\nProvides: {provides}\n", index(1));
    let packages = read(text.as_bytes()).expect("the index is whole");
    assert_eq!(packages[1].provides, provides);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_gives_an_error_or_what_came_before(length in 0..index(4).len()) {
        let whole = index(4);
        let expected = read(whole.as_bytes()).expect("the index is whole");
        match read(&whole.as_bytes()[..length]) {
            Err(error) => prop_assert!(error.offset < length),
            Ok(found) => {
                let complete = found.len().saturating_sub(1);
                prop_assert_eq!(&found[..complete], &expected[..complete]);
            }
        }
    }

    #[test]
    fn two_stanzas_run_into_one_are_an_error(number in 0..3_usize) {
        let whole = index(4);
        let (place, _) = whole.match_indices("\n\n").nth(number).expect("four stanzas end four times");
        let mut merged = whole.clone();
        merged.remove(place);
        let error = read(merged.as_bytes()).expect_err("Package comes twice");
        let expected = IndexProblem::Scan(ScanProblem::Repeated { name: "Package".to_owned() });
        prop_assert_eq!(error.problem, expected);
        prop_assert_eq!(error.offset, place + 1);
        prop_assert_eq!(error.package, Some(format!("p{number}")));
    }
}
