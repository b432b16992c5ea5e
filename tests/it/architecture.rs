//! The house rules that the compiler does not know: who may depend on whom, and who may touch the world.

mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use self::source::{Reach, reaches};
use crate::tree::{files_below, files_ending_in, root, text_of};

/// Which of our crates each crate may depend on. A crate that is not here may not be. Beyond this table any crate may
/// have `testkit` as a dev-dependency.
const MAY_DEPEND_ON: [(&str, &[&str]); 12] = [
    ("archive", &[]),
    ("kernel", &[]),
    ("platform", &["kernel"]),
    ("web", &["kernel"]),
    ("testkit", &["archive", "kernel", "platform"]),
    ("catalog", &["archive", "kernel", "platform", "web"]),
    ("merge", &["kernel", "platform", "web"]),
    ("migrate", &["archive", "kernel", "platform", "web"]),
    ("rebuild", &["archive", "kernel", "platform", "web"]),
    ("results", &["kernel", "platform", "web"]),
    ("validate", &["archive", "kernel", "platform", "web"]),
    (
        "tidegate",
        &["archive", "catalog", "kernel", "merge", "migrate", "platform", "rebuild", "results", "validate", "web"],
    ),
];

/// Crates without any I/O.
const PURE: [&str; 2] = ["archive", "kernel"];

/// Crates of others that bring I/O with them.
const BRINGS_IO: [&str; 7] = ["async-std", "axum", "hyper", "lapin", "reqwest", "sqlx", "tokio"];

/// The gates. What a gate decides is pure; only these of its rooms may touch the world.
const GATES: [&str; 6] = ["catalog", "merge", "migrate", "rebuild", "results", "validate"];
const ROOMS_WITH_IO: [&str; 7] = ["api", "cli", "files", "jobs", "outside", "pages", "store"];

const LONGEST_FILE: usize = 600;

/// The name of one of our crates without its prefix; `None` for a crate of others.
fn ours(package: &str) -> Option<&str> {
    if package == "tidegate" { Some(package) } else { package.strip_prefix("tidegate-") }
}

/// Every dependency that the table does not allow, in the form that `cargo metadata` has.
fn forbidden_arrows(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().expect("packages is a list") {
        let from = package["name"].as_str().and_then(ours).expect("every member is called tidegate or tidegate-…");
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(name, _)| *name == from) else {
            found.push(format!("{from} is not in the table"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies is a list") {
            let name = dependency["name"].as_str().expect("a dependency has a name");
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            let is_dev = kind == "dev";
            match ours(name) {
                Some(to) if !(allowed.contains(&to) || is_dev && to == "testkit") => {
                    found.push(format!("{from} -> {to} ({kind})"));
                }
                None if !is_dev && PURE.contains(&from) && BRINGS_IO.contains(&name) => {
                    found.push(format!("{from} -> {name} ({kind}) brings I/O"));
                }
                Some(_) | None => {}
            }
        }
    }
    found
}

fn cargo_metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

/// The source files that must be pure: all of `kernel` and `archive`, and of a gate all but some rooms. Tests may do
/// what tests do.
fn pure_files() -> Vec<PathBuf> {
    let is_pure = |path: &Path| {
        if path.ends_with("tests.rs") || path.iter().any(|folder| folder == "tests") {
            return false;
        }
        let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
        match parts.as_slice() {
            ["crates", name, "src", ..] if PURE.contains(name) => true,
            ["crates", gate, "src", room, ..] if GATES.contains(gate) => {
                !ROOMS_WITH_IO.contains(&room.trim_end_matches(".rs"))
            }
            _ => false,
        }
    };
    let mut files = files_ending_in("rs");
    files.retain(|path| is_pure(path));
    files
}

#[test]
fn dependencies_point_inwards() {
    assert_eq!(forbidden_arrows(&cargo_metadata()), Vec::<String>::new());
}

#[test]
fn an_arrow_that_is_not_allowed_is_found() {
    let package = |name: &str, dependencies: Value| json!({"name": name, "dependencies": dependencies});
    let metadata = json!({"packages": [
        package("tidegate", json!([
            {"name": "tidegate-merge", "kind": null},
            {"name": "tidegate-testkit", "kind": "dev"},
            {"name": "tokio", "kind": null},
        ])),
        package("tidegate-merge", json!([{"name": "tidegate-results", "kind": null}])),
        package("tidegate-results", json!([{"name": "tidegate-testkit", "kind": null}])),
        package("tidegate-archive", json!([
            {"name": "tidegate-kernel", "kind": "build"},
            {"name": "tidegate-migrate", "kind": "dev"},
            {"name": "tokio", "kind": null},
        ])),
        package("tidegate-attic", json!([])),
    ]});
    assert_eq!(
        forbidden_arrows(&metadata),
        [
            "merge -> results (normal)",
            "results -> testkit (normal)",
            "archive -> kernel (build)",
            "archive -> migrate (dev)",
            "archive -> tokio (normal) brings I/O",
            "attic is not in the table",
        ]
    );
}

#[test]
fn decisions_do_no_io() {
    let mut found = Vec::new();
    for path in pure_files() {
        let text = text_of(&path).expect("source is UTF-8");
        for Reach { line, what } in reaches(&text) {
            found.push(format!("{}:{line}: {what}", path.display()));
        }
    }
    assert!(!pure_files().is_empty(), "the scan finds no source");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let inherits = |text: &str| {
        let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "[lints]");
        lines.nth(1) == Some("workspace = true")
    };
    let mut manifests = files_below("crates");
    manifests.retain(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"));
    assert!(!manifests.is_empty());
    manifests.retain(|path| !inherits(&text_of(path).expect("a manifest is UTF-8")));
    assert_eq!(manifests, Vec::<PathBuf>::new(), "without `[lints]` and `workspace = true`");
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let mut found = Vec::new();
    for path in files_ending_in("rs") {
        let text = text_of(&path).expect("source is UTF-8");
        for (at, line) in text.lines().enumerate() {
            if ["#[allow(", "#![allow("].iter().any(|allow| line.trim_start().starts_with(allow)) {
                found.push(format!("{}:{}", path.display(), at + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let mut found = Vec::new();
    for path in files_ending_in("rs") {
        let lines = text_of(&path).expect("source is UTF-8").lines().count();
        if lines > LONGEST_FILE {
            found.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert_eq!(found, Vec::<String>::new(), "more than {LONGEST_FILE} lines: split by noun");
}
