//! Results in an object store.

use std::collections::BTreeSet;

use tidegate_archive::compression::{Compression, compress};

use super::{BOTH, both_pass, open, queued, with_swift};
use crate::doubles::swift::{ResultTar, Swift};
use tidegate_testkit::{Answer, WebFault};

const FOO: &str = "prefix=testing/amd64/f/foo/";

#[test]
fn results_decide_and_end_what_is_pending() {
    let swift = Swift::start();
    swift.make("testing");
    let case = with_swift(&swift);
    case.run();
    assert_eq!(queued(&case), BOTH);
    both_pass(&swift);
    let run = case.run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(open(&case), BTreeSet::new());
    let info = run.policy("foo", "autopkgtest");
    assert_eq!(info["foo/2"]["amd64"][0], "PASS", "{info}");
    let log = "https://ci.example.org/results/autopkgtest-testing/testing/amd64/f/foo/20261121_080000_aa@/log.gz";
    assert_eq!(info["foo/2"]["amd64"][1], log);
}

/// Scenario 27.
#[test]
fn a_known_result_is_not_fetched_again() {
    let swift = Swift::start();
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(4, "foo 2", "foo/2"));
    swift.put("bar", "amd64", "20261121_080001_ab@", &ResultTar::new(0, "bar 1", "foo/2"));
    let case = with_swift(&swift);
    case.run();
    let first = swift.web.asked();
    assert_eq!(first.iter().filter(|question| question.ends_with("/result.tar")).count(), 2, "{first:?}");
    assert!(first.iter().any(|question| question.contains(FOO) && !question.contains("marker")), "{first:?}");
    case.run();
    let second = swift.web.asked();
    let marker =
        "/autopkgtest-testing/?delimiter=@&marker=testing/amd64/f/foo/20261121_080000_aa@&prefix=testing/amd64/f/foo/";
    assert_eq!(second, [marker]);
}

/// Each pair once a run, whatever asks for it.
#[test]
fn a_pair_is_looked_at_once() {
    let swift = Swift::start();
    swift.make("testing");
    let case = with_swift(&swift);
    case.run();
    swift.web.asked();
    case.run();
    let mut asked = swift.web.asked();
    asked.sort();
    let listing = "/autopkgtest-testing/?delimiter=@&prefix=testing/amd64";
    assert_eq!(asked, [format!("{listing}/b/bar/"), format!("{listing}/f/foo/")]);
}

/// Scenario 29.
#[test]
fn a_container_that_nobody_has_made_is_empty() {
    let swift = Swift::start();
    let case = with_swift(&swift);
    case.run();
    assert!(swift.web.asked().iter().any(|question| question.contains(FOO)));
    assert_eq!(queued(&case), BOTH);
}

#[test]
fn the_container_of_a_ppa_has_its_name() {
    let swift = Swift::start();
    with_swift(&swift).set("ADT_PPAS", "ann/one").run();
    let asked = swift.web.asked();
    assert!(asked.iter().all(|question| question.starts_with("/autopkgtest-testing-ann-one/?")), "{asked:?}");
}

#[test]
fn a_shared_cache_is_only_read_and_everything_is_listed() {
    let swift = Swift::start();
    both_pass(&swift);
    let shared = r#"{"foo/2": {"foo": {"amd64": ["FAIL", "2", "20261121_070000_aa@", 1795244400]}}}"#;
    let case = with_swift(&swift).file("shared.cache", shared);
    let path = case.path("shared.cache").display().to_string();
    let case = case.set("ADT_SHARED_RESULTS_CACHE", &path);
    assert_eq!(case.run().moved(), "foo 2");
    assert_eq!(case.text("shared.cache"), shared);
    assert!(!case.path("state/autopkgtest-results.cache").exists());
    assert!(swift.web.asked().iter().all(|question| !question.contains("marker")));
}

#[test]
fn a_tar_may_be_compressed() {
    let swift = Swift::start();
    both_pass(&swift);
    let tar = ResultTar::new(0, "foo 2", "foo/2").bytes();
    let gz = compress(Compression::Gzip, &tar).unwrap();
    swift.put_bytes("foo", "amd64", "20261121_080000_aa@", gz);
    assert_eq!(with_swift(&swift).run().moved(), "foo 2");
}

/// Scenario 51: foo 1 was tested, though foo/2 was to be.
#[test]
fn a_result_of_an_older_version_than_the_triggers_is_none() {
    let swift = Swift::start();
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(0, "foo 1", "foo/2"));
    swift.put("bar", "amd64", "20261121_080001_ab@", &ResultTar::new(0, "bar 1", "foo/2"));
    let case = with_swift(&swift);
    for _ in 0..2 {
        assert_eq!(case.run().tests("foo"), "bar/1 amd64 PASS, foo amd64 RUNNING-ALWAYSFAIL");
        assert_eq!(queued(&case), ["debci-testing-amd64:foo foo/2"]);
        assert_eq!(open(&case), BTreeSet::from(["foo/2 foo amd64".to_owned()]));
        assert!(!case.text("state/autopkgtest-results.cache").contains("20261121_080000_aa@"));
    }
}

/// Scenario 26, as a server says it: bar passed before, and ends with code 4 now.
#[test]
fn a_regression_comes_from_the_store() {
    let swift = Swift::start();
    swift.put("foo", "amd64", "20261121_080000_aa@", &ResultTar::new(0, "foo 2", "foo/2"));
    swift.put("bar", "amd64", "20261120_080000_aa@", &ResultTar::new(0, "bar 1", "old/1"));
    swift.put("bar", "amd64", "20261121_080000_aa@", &ResultTar::new(4, "bar 1", "foo/2"));
    let run = with_swift(&swift).run();
    assert_eq!(run.tests("foo"), "bar/1 amd64 REGRESSION, foo/2 amd64 PASS");
    assert_eq!(run.verdict("foo"), "REJECTED_PERMANENTLY autopkgtest");
}

/// Section 7: what is damaged, of another package or without triggers does not count, and says where it lies.
#[test]
fn what_is_no_result_is_ignored_with_its_url() {
    let good = || ResultTar::new(0, "foo 2", "foo/2");
    let tar = good().bytes();
    let mut flipped = tar.clone();
    flipped[200] ^= 0xff;
    let huge = vec![b' '; 2 << 20];
    // 100 MB of nothing in 100 KB.
    let bomb = compress(Compression::Gzip, &vec![0; 100 << 20]).unwrap();
    let without_code = ResultTar::new(0, "foo 2", "foo/2").bytes()[1024..].to_vec();
    for (bytes, why) in [
        (b"no tar at all".to_vec(), "damaged"),
        (flipped, "damaged"),
        (tar[..700].to_vec(), "damaged"),
        (vec![0x1f, 0x8b, 8, 0, 1, 2, 3], "truncated"),
        (bomb, "at most"),
        (ResultTar::new(0, "bar 2", "foo/2").bytes(), "a result of \"bar\""),
        (ResultTar::new(0, "foo", "foo/2").bytes(), "no source and version"),
        (ResultTar::new(0, "foo 2", "").bytes(), "no trigger"),
        (ResultTar::new(0, "foo 2", "words only").bytes(), "no trigger"),
        (ResultTar::new(0, &format!("foo {}", "9".repeat(2000)), "foo/2").bytes(), "absurdly long"),
        (ResultTar::new(0, "foo 2", "").with("testinfo.json", "{").bytes(), "no JSON"),
        (ResultTar::new(0, "foo 2", "").with("testinfo.json", "[1]").bytes(), "no trigger"),
        (ResultTar::new(0, "", "foo/2").with("testpkg-version", huge).bytes(), "absurdly large"),
        (ResultTar::new(0, "", "foo/2").with("testpkg-version", b"\xff\xfe".to_vec()).bytes(), "UTF-8"),
        (without_code, "exitcode"),
    ] {
        let swift = Swift::start();
        both_pass(&swift);
        swift.put_bytes("foo", "amd64", "20261121_080000_aa@", bytes);
        let case = with_swift(&swift);
        let run = case.run();
        let url = swift.web.url("autopkgtest-testing/testing/amd64/f/foo/20261121_080000_aa@/result.tar");
        run.said(&["W: ", &url, why, "does not count"]);
        assert_eq!(open(&case), BTreeSet::from(["foo/2 foo amd64".to_owned()]), "{why}");
    }
}

/// Section 7: paths in a tar lead nowhere.
#[test]
fn a_tar_writes_no_files() {
    let swift = Swift::start();
    both_pass(&swift);
    let case = with_swift(&swift);
    let outside = case.path("escaped").display().to_string();
    let tar = ResultTar::new(0, "foo 2", "foo/2").with("../../../escaped", "x").with(&outside, "x");
    swift.put("foo", "amd64", "20261121_080000_aa@", &tar);
    assert_eq!(case.run().moved(), "foo 2");
    assert!(!case.path("escaped").exists() && !case.path("../escaped").exists());
}

/// A listing may say anything: only runs below what was asked for are fetched.
#[test]
fn a_listing_leads_only_to_what_was_asked_for() {
    let swift = Swift::start();
    both_pass(&swift);
    let lines = "testing/amd64/f/foo/../../../../20261121_080000_aa@\n/etc/passwd\ntesting/amd64/f/foo/20261121_080000_aa@\n\
                 testing/amd64/b/bar/20261121_080000_aa@\ntesting/amd64/f/foo/99999999_999999@\nhttp://example.org/20261121_080000@\n\u{0}\n";
    swift.web.spoil(FOO, WebFault::Answer(Answer::ok(lines)), 1);
    with_swift(&swift).run();
    let tars: Vec<String> = swift.web.asked().into_iter().filter(|question| question.contains("tar")).collect();
    let tar = |source: &str, id: &str| format!("/autopkgtest-testing/testing/amd64/{source}/{id}/result.tar");
    let expected = [tar("b/bar", "20261121_080001_ab@"), tar("f/foo", "20261121_080000_aa@")];
    assert_eq!(tars.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}
