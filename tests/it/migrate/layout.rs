//! How suites lie on disk: flat or as a mirror, plain or compressed.

use serde_json::json;
use tidegate_archive::compression::{Compression, compress};

use super::case::Case;
use super::notation::Suite;

/// Puts a story into a suite as one component of a mirror.
fn mirrored(mut case: Case, suite: &str, component: &str, architectures: &str, story: &str) -> Case {
    let story = Suite::parse(story);
    let folder = format!("{suite}/{component}");
    case = case.file(&format!("{folder}/source/Sources"), &story.sources_index());
    for arch in architectures.split_whitespace() {
        case = case.file(&format!("{folder}/binary-{arch}/Packages"), &story.packages_index(arch));
    }
    case
}

/// Scenario 32.
#[test]
fn a_configuration_of_2015_works_on_a_mirror_without_release_files() {
    let case = Case::new().architectures("amd64 arm64").unset("STATE_DIR").unset("HINTSDIR");
    let case = case.set("COMPONENTS", "main contrib").set("FUCKED_ARCHES", "arm64");
    let case = mirrored(case, "testing", "main", "amd64 arm64", "foo 1");
    let case = mirrored(case, "testing", "contrib", "amd64 arm64", "bar 1; section=contrib/misc");
    let late = "source foo 2\n+ foo; on=amd64\n+ foo 1; from=1; on=arm64";
    let case = mirrored(case, "unstable", "main", "amd64 arm64", late);
    let case = mirrored(case, "unstable", "contrib", "amd64 arm64", "bar 2; section=contrib/misc");
    let case =
        case.file("unstable/Hints/release", "unblock foo/2\n").file("testing/Dates", "").file("testing/Urgency", "");
    let run = case.run();
    assert_eq!(run.excuse("bar")["component"], "contrib");
    assert_eq!(run.excuse("foo")["component"], json!(null));
    assert_eq!(
        run.result(),
        "bar 2 amd64 contrib/misc\nfoo 2 amd64 misc\nbar 2 arm64 contrib/misc\nfoo 1 arm64 misc\n\
         bar 2 source contrib/misc\nfoo 2 source misc\n"
    );
    assert!(case.text("testing/Dates").contains("foo 2 "));
}

#[test]
fn the_targets_release_file_names_components_and_architectures() {
    let release = "Suite: testing\nArchitectures: arm64 amd64 all source\nComponents: main\n";
    let case = Case::new().unset("ARCHITECTURES").set("NOBREAKALL_ARCHES", "amd64 arm64");
    let case = case.file("testing/Release", release).file("unstable/Release", release);
    let case = mirrored(case, "testing", "main", "amd64 arm64", "foo 1");
    let case = mirrored(case, "unstable", "main", "amd64 arm64", "foo 2");
    let run = case.run();
    assert!(run.report().contains("Arch order is: amd64, arm64\n"), "{}", run.report());
    assert_eq!(run.lines(), ["foo 2 amd64", "foo 2 arm64", "foo 2 source"]);
}

#[test]
fn an_architecture_that_a_suite_does_not_know_is_empty_there() {
    let release = |architectures: &str| format!("Architectures: {architectures}\nComponents: main\n");
    let case = Case::new().architectures("amd64 arm64").set("TPU", "tpu");
    let case = case.file("testing/Release", &release("amd64 arm64")).file("unstable/Release", &release("amd64 arm64"));
    let case = case.file("tpu/Release", &release("amd64"));
    let case = mirrored(case, "testing", "main", "amd64 arm64", "foo 1");
    let case = mirrored(case, "unstable", "main", "amd64 arm64", "foo 1");
    let case = mirrored(case, "tpu", "main", "amd64", "source foo 1\n+ foo 1+b1");
    let run = case.hints("approve foo_tpu/amd64/1\n").run();
    assert_eq!(run.lines(), ["foo 1+b1 amd64", "foo 1 arm64", "foo 1 source"]);
}

#[test]
fn packages_of_the_installer_are_read_where_they_are() {
    let udeb = Suite::parse("source foo 1\n+ foo-udeb").packages_index("amd64");
    let case = Case::new().set("COMPONENTS", "main");
    let case = mirrored(case, "testing", "main", "amd64", "bar 1");
    let case = mirrored(case, "unstable", "main", "amd64", "bar 1\nfoo 1");
    let run = case.file("unstable/main/debian-installer/binary-amd64/Packages", &udeb).run();
    assert_eq!(run.binaries("amd64"), "bar 1, foo 1, foo-udeb 1");
}

#[test]
fn indices_may_be_compressed() {
    let text = Suite::parse("foo 2").packages_index("amd64");
    for kind in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
        let bytes = compress(kind, text.as_bytes()).expect("it can be compressed");
        let case = compressed(kind, &bytes);
        assert_eq!(case.run().moved(), "foo 2", "{kind:?}");
    }
}

/// A mirror whose unstable has its packages in this file alone.
fn compressed(kind: Compression, bytes: &[u8]) -> Case {
    let case = Case::new().set("COMPONENTS", "main");
    let case = mirrored(case, "testing", "main", "amd64", "foo 1");
    let case = mirrored(case, "unstable", "main", "", "foo 2");
    case.bytes(&format!("unstable/main/binary-amd64/Packages{}", kind.extension()), bytes)
}

#[test]
fn a_plain_index_is_read_before_a_compressed_one() {
    let stale = compress(Compression::Gzip, b"nonsense").expect("it can be compressed");
    let case = Case::new().testing("foo 1").unstable("foo 2").bytes("unstable/Packages_amd64.gz", &stale);
    assert_eq!(case.run().moved(), "foo 2");
}

#[test]
fn a_damaged_compressed_index_is_refused_by_its_name() {
    let whole = compress(Compression::Gzip, &vec![b'\n'; 100_000]).expect("it can be compressed");
    for (bytes, word) in [(&whole[..whole.len() / 2], "truncated"), (&b"nonsense"[..], "gzip")] {
        let run = compressed(Compression::Gzip, bytes).run_with(&[]).failed(1);
        run.said(&["unstable/main/binary-amd64/Packages.gz", word]);
    }
}

#[test]
fn an_index_that_is_missing_is_named() {
    for (folder, file) in [("testing", "Packages_amd64"), ("unstable", "Sources")] {
        let case = Case::new().testing("foo 1").unstable("foo 1").set("TESTING", "t").set("UNSTABLE", "u");
        let (there, missing) = if folder == "testing" { ("u", "t") } else { ("t", "u") };
        let case = case.file(&format!("{there}/Sources"), "").file(&format!("{there}/Packages_amd64"), "");
        let other = if file == "Sources" { "Packages_amd64" } else { "Sources" };
        let run = case.file(&format!("{missing}/{other}"), "").run_with(&[]).failed(1);
        assert!(run.stderr.contains(&format!("{missing}/{file}")), "{}", run.stderr);
    }
}

#[test]
fn a_suite_that_is_missing_is_named() {
    for key in ["TESTING", "UNSTABLE", "TPU"] {
        let run = Case::new().testing("foo 1").unstable("foo 1").set(key, "nowhere").run_with(&[]).failed(1);
        assert!(run.stderr.contains("nowhere"), "{key}: {}", run.stderr);
        assert!(run.files.is_empty());
    }
}
