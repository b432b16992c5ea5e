//! What a reader trips over: links that lead nowhere, chapters that nobody finds, paths of somebody's own machine.

use std::path::{Path, PathBuf};

use crate::tree::{files_below, files_ending_in, root, text_of};

/// Folders that exist on one machine only, as the start of a path.
const PERSONAL: [&str; 4] = ["home", "root", "Users", "work"];

/// The local targets of the links of a Markdown text, without fragments. Code is left out.
fn local_links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose = line.split('`').step_by(2);
        for after in prose.flat_map(|prose| prose.split("](").skip(1)) {
            let Some((target, _)) = after.split_once(')') else { continue };
            let path = target.split(['#', ' ']).next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:") {
                links.push(path);
            }
        }
    }
    links
}

/// Where the text names a folder of one machine.
fn personal_paths(text: &str) -> Vec<usize> {
    let starts = PERSONAL.map(|folder| format!("/{folder}/"));
    let names_one = |line: &str| {
        starts.iter().any(|start| {
            line.match_indices(start.as_str()).any(|(at, _)| {
                let inside = |before: char| before.is_alphanumeric() || "._-)}*>/".contains(before);
                !line[..at].ends_with(inside)
            })
        })
    };
    text.lines().enumerate().filter(|(_, line)| names_one(line)).map(|(at, _)| at + 1).collect()
}

/// Where a program listens or connects at a port that somebody chose. Port 0 is any that is free; at ports below 10 nobody
/// listens.
fn chosen_ports(text: &str) -> Vec<usize> {
    let hosts = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"].map(|host| format!("{host}:"));
    let chosen = |line: &str| {
        hosts.iter().any(|host| {
            line.match_indices(host.as_str()).any(|(at, _)| {
                let rest = &line[at + host.len()..];
                let digits = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
                digits > 1
            })
        })
    };
    text.lines().enumerate().filter(|(_, line)| chosen(line)).map(|(at, _)| at + 1).collect()
}

/// Two runs of the tests on one machine must not meet. (Section 10 of what the gate `migrate` does better.)
#[test]
fn no_test_chooses_its_port() {
    assert_eq!(chosen_ports("bind(\"127.0.0.1:0\")\n\"localhost:1\"\nlocalhost:{port}"), [0; 0]);
    assert_eq!(chosen_ports(&format!("{}:8080\nx {}:56", "127.0.0.1", "localhost")), [1, 2]);
    let is_test =
        |path: &Path| path.ends_with("tests.rs") || path.iter().any(|part| part == "tests" || part == "benches");
    let mut found = Vec::new();
    for path in files_ending_in("rs").iter().filter(|path| is_test(path)) {
        let text = text_of(path).expect("a source file is UTF-8");
        found.extend(chosen_ports(&text).iter().map(|line| format!("{}:{line}", path.display())));
    }
    // The text of a recorded configuration, and configurations that are read and not used.
    let known = [
        "tests/it/migrate/ubuntu_runs.rs",
        "crates/migrate/src/compat/britney/config/tests/",
        "crates/platform/tests/platform/config/",
    ];
    found.retain(|place| !known.iter().any(|known| place.starts_with(known)));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for path in files_ending_in("md") {
        let text = text_of(&path).expect("a document is UTF-8");
        let folder = root().join(path.parent().expect("a file lies in a folder"));
        for link in local_links(&text) {
            if !folder.join(link).exists() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_summary_of_the_book_names_every_chapter() {
    let summary = text_of(Path::new("docs/src/SUMMARY.md")).expect("a document is UTF-8");
    let listed = local_links(&summary);
    let mut chapters = files_below("docs/src");
    chapters
        .retain(|path| path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("SUMMARY.md"));
    assert!(!chapters.is_empty());
    chapters.retain(|path| {
        let name = path.strip_prefix("docs/src").expect("it is below docs/src").to_str();
        !name.is_some_and(|name| listed.contains(&name))
    });
    assert_eq!(chapters, Vec::<PathBuf>::new(), "not in docs/src/SUMMARY.md");
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let mut found = Vec::new();
    for path in files_below("") {
        let Some(text) = text_of(&path) else { continue };
        found.extend(personal_paths(&text).into_iter().map(|line| format!("{}:{line}", path.display())));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn links_are_read_as_a_person_reads_them() {
    let text = "See [one](a.md), [two](b/c.md#part) and [web](https://example.org).\n`[no](x.md)` [here](#part)\n\
                ```\n[nor](y.md)\n```\n[draft]() ![picture](p.svg \"title\")\n";
    assert_eq!(local_links(text), ["a.md", "b/c.md", "p.svg"]);
}

#[test]
fn a_personal_folder_is_known_by_its_start() {
    let home = format!("/{}/jo/x", PERSONAL[0]);
    for text in [home.clone(), format!("see {home}"), format!("a\nPATH={home}"), format!("\"{home}\"")] {
        assert_eq!(personal_paths(&text).len(), 1, "{text:?}");
    }
    for text in [format!("https://example.org{home}"), format!("$ROOT}}{home}"), "/usr/share/x".to_owned()] {
        assert_eq!(personal_paths(&text), Vec::<usize>::new(), "{text:?}");
    }
}
