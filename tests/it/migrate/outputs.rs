//! The files that a run writes, whole or not at all.

use std::fs;

use tidegate_archive::compression::{Compression, decompress};

use super::case::Case;
use super::run::yaml;

fn an_update() -> Case {
    Case::new().testing("foo 1").unstable("foo 2")
}

#[test]
fn every_time_in_an_output_is_that_of_the_run() {
    let run = an_update().run();
    assert!(
        run.text("non-installable-status")
            .starts_with("Built on: 2026.11.21 12:00:00 +0000\nLast update: 2026.11.21 12:00:00 +0000\n\namd64:")
    );
    assert!(run.report().starts_with("Generated on: 2026.11.21 12:00:00 +0000\nArch order is: amd64\n"));
    assert!(run.excuses()["generated-date"].as_str().is_some_and(|date| date.starts_with("2026-11-21 12:00:00")));
    assert!(run.text("excuses.html").contains("2026.11.21 12:00:00"));
}

#[test]
fn equal_runs_write_equal_bytes() {
    let suites = |order: &[&str]| {
        let story = order.join("\n");
        Case::new().testing("a 1\nb 1\nc 1; Depends: a").unstable(&story).hints("block b\n")
    };
    let packages = ["a 2", "b 2; Depends: new", "c 2; Depends: a (>= 2)", "new 1"];
    let reversed: Vec<&str> = packages.iter().rev().copied().collect();
    let (one, other) = (suites(&packages).run(), suites(&reversed).run());
    assert_eq!(one.files.keys().collect::<Vec<_>>(), other.files.keys().collect::<Vec<_>>());
    for (name, bytes) in &one.files {
        assert!(other.files[name] == *bytes, "{name} depends on the order of the indices");
    }
    for threads in ["1", "8"] {
        assert!(
            suites(&packages).run_with(&["--threads", threads]).succeeded().files == one.files,
            "{threads} threads"
        );
    }
}

#[test]
fn what_the_configuration_does_not_name_is_not_written() {
    let case = an_update().unset("EXCUSES_OUTPUT").unset("UPGRADE_OUTPUT").unset("NONINST_STATUS");
    let run = case.unset("EXCUSES_YAML_OUTPUT").run();
    assert_eq!(run.files.keys().collect::<Vec<_>>(), ["HeidiResult", "HeidiResultDelta"]);
    let run = an_update().set("HEIDI_DELTA_OUTPUT", "output/changes").run();
    assert!(run.files.contains_key("changes") && !run.files.contains_key("HeidiResultDelta"));
}

#[test]
fn the_names_of_excuses_say_how_they_are_compressed() {
    for (ending, kind) in [("xz", Compression::Xz), ("gz", Compression::Gzip)] {
        let run = an_update().set("EXCUSES_YAML_OUTPUT", &format!("output/excuses.yaml.{ending}")).run();
        let bytes = &run.files[&format!("excuses.yaml.{ending}")];
        let text = decompress(kind, bytes, 1 << 20).expect("it is whole");
        let excuses = yaml(&String::from_utf8(text).expect("it is text"));
        assert_eq!(excuses["sources"][0]["item-name"], "foo");
    }
}

#[test]
fn folders_of_outputs_are_made() {
    let case = an_update().set("HEIDI_OUTPUT", "deep/er/HeidiResult");
    case.run();
    assert!(case.path("deep/er/HeidiResult").exists() && case.path("deep/er/HeidiResultDelta").exists());
}

#[test]
fn the_result_is_sorted_by_architecture_and_name_in_byte_order() {
    let case = Case::new()
        .set("ARCHITECTURES", "i386 amd64")
        .architectures("i386 amd64")
        .testing("libz 1\nlib-a 1\nlibB 1\nlib+x 1");
    let run = case.unstable("libz 1\nlib-a 1\nlibB 1\nlib+x 1").run();
    let names = ["lib+x 1", "lib-a 1", "libB 1", "libz 1"];
    let expected: Vec<String> =
        ["amd64", "i386", "source"].iter().flat_map(|arch| names.map(|name| format!("{name} {arch}"))).collect();
    assert_eq!(run.lines(), expected);
}

#[test]
fn made_up_packages_are_left_out_and_missing_sections_have_a_word() {
    let suites = "foo 1; section=\nbar 1; section=faux\nbaz 1; section=contrib/faux\nqux 1; section=faux/misc";
    let run = Case::new().testing(suites).unstable(suites).run();
    assert_eq!(
        run.result(),
        "foo 1 amd64 unknown\nqux 1 amd64 faux/misc\nfoo 1 source unknown\nqux 1 source faux/misc\n"
    );
}

#[test]
fn the_status_describes_the_target_before_the_run() {
    let case = Case::new().testing("foo 1; Depends: nothing").unstable("foo 2");
    let run = case.run();
    assert_eq!(run.moved(), "foo 2");
    assert_eq!(run.uninstallable("amd64"), "foo");
}

#[test]
fn an_excuse_names_its_maintainer_without_the_address() {
    let case = Case::new().unstable("foo 1; Maintainer: Bo <b@example.org>; section=contrib/libs").hints("block foo\n");
    let run = case.run();
    let excuse = run.excuse("foo");
    assert_eq!(excuse["maintainer"], "Bo");
    assert_eq!(excuse["component"], "contrib");
    assert_eq!((excuse["source"].clone(), excuse["new-version"].clone()), ("foo".into(), "1".into()));
    assert!(!run.text("excuses.yaml").contains("b@example.org"));
}

#[test]
fn the_page_has_an_anchor_for_each_item_and_escapes_what_packages_say() {
    let case = Case::new()
        .testing("gone 1")
        .unstable("foo 1; Maintainer: <script>alert(1)</script> & \"Bo\" <b@example.org>; Depends: a (>= 1&2)");
    let run = case.run();
    let page = run.text("excuses.html");
    for item in ["foo", "-gone"] {
        assert!(
            page.contains(&format!("id=\"{item}\"")) || page.contains(&format!("name=\"{item}\"")),
            "{item} in {page}"
        );
    }
    assert!(!page.contains("<script>alert"), "{page}");
}

/// Outputs that stand for ever in the way of writing.
const OUTPUTS: [(&str, &str); 6] = [
    ("NONINST_STATUS", "non-installable-status"),
    ("EXCUSES_OUTPUT", "excuses.html"),
    ("EXCUSES_YAML_OUTPUT", "excuses.yaml"),
    ("UPGRADE_OUTPUT", "output.txt"),
    ("HEIDI_OUTPUT", "HeidiResult"),
    ("HEIDI_DELTA_OUTPUT", "HeidiResultDelta"),
];

#[test]
fn a_run_that_cannot_write_one_output_leaves_all_old_ones() {
    for (key, name) in OUTPUTS {
        let case = an_update();
        let before = case.run();
        let dates = case.text("state/age-policy-dates");
        let case = case.unstable("foo 3").set(key, "blocked/by-a-folder");
        fs::create_dir_all(case.path("blocked/by-a-folder/full")).expect("it is new");
        let run = case.run_with(&[]).failed(1);
        assert!(run.stderr.contains("blocked/by-a-folder"), "{}", run.stderr);
        assert!(run.files == before.files, "an output was touched though {name} cannot be written");
        assert_eq!(case.text("state/age-policy-dates"), dates);
        let left: Vec<_> = fs::read_dir(case.path("blocked")).expect("it is there").collect();
        assert_eq!(left.len(), 1, "a temporary file is left");
    }
}

#[test]
fn a_file_in_place_of_an_outputs_folder_is_named() {
    for (key, _) in OUTPUTS {
        let case = an_update();
        let before = case.run();
        let case = case.unstable("foo 3").file("file", "").set(key, "file/output");
        let run = case.run_with(&[]).failed(1);
        assert!(run.stderr.contains("file"), "{}", run.stderr);
        assert!(run.files == before.files, "{key}");
    }
}

#[test]
fn outputs_replace_old_ones_whatever_those_are() {
    let case = an_update();
    for (_, name) in OUTPUTS {
        fs::write(case.path("output").join(name), "old\n").expect("it can be written");
    }
    let run = case.run();
    assert_eq!(run.files.len(), OUTPUTS.len(), "{:?}", run.files.keys());
    assert!(run.files.values().all(|bytes| bytes != b"old\n"));
}
