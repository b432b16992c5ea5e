//! A look at source text for ways into the world. It knows just enough Rust for formatted code: line comments, grouped
//! imports, and test modules that stand last in their file.

/// Modules of `std` whose use is I/O.
const IO_MODULES: [&str; 4] = ["env", "fs", "net", "process"];

/// A place where a file reaches into the world.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// From 1.
    pub(crate) line: usize,
    /// The module that is reached for.
    pub(crate) what: String,
}

/// Every use of I/O in the text, tests and comments aside.
pub(crate) fn reaches(text: &str) -> Vec<Reach> {
    let code = code_of(text);
    let mut found = Vec::new();
    let mut note = |at: usize, what: String| {
        let line = code[..at].lines().count().max(1);
        found.push(Reach { line, what });
    };
    for (at, _) in code.match_indices("tokio::") {
        if starts_a_word(&code, at) {
            note(at + 1, "tokio".to_owned());
        }
    }
    for (at, path) in code.match_indices("std::") {
        if !starts_a_word(&code, at) {
            continue;
        }
        for module in heads(&code[at + path.len()..]) {
            if IO_MODULES.contains(&module) {
                note(at + 1, format!("std::{module}"));
            }
        }
    }
    found.sort_by_key(|reach| reach.line);
    found
}

/// The text without comments and without the tests at its end; lines keep their numbers.
fn code_of(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let is_test_module = |pair: &[&str]| {
        pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].trim_end().ends_with('{')
    };
    let end = lines.windows(2).position(is_test_module).unwrap_or(lines.len());
    let code = lines[..end].iter().map(|line| line.split_once("//").map_or(*line, |(code, _)| code));
    code.collect::<Vec<_>>().join("\n")
}

fn starts_a_word(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
}

/// The modules that a path leads to, given what follows its first `::`: one name, or the first name of each element
/// of a group in braces.
fn heads(after: &str) -> Vec<&str> {
    let Some(group) = after.strip_prefix('{') else {
        return vec![first_name(after)];
    };
    let mut heads = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(first_name(&group[start..at]));
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads
}

fn first_name(path: &str) -> &str {
    let path = path.trim_start();
    let end = path.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        reaches(text).into_iter().map(|reach| (reach.line, reach.what)).collect()
    }

    #[test]
    fn a_path_an_import_and_a_group_are_found() {
        let text = "use std::fs;\nuse std::io;\nuse std::{collections::{BTreeMap, env}, net::IpAddr,\n    process};\n\
                    fn f() {\n    std::fs::read(\"x\");\n    tokio::spawn(g());\n}\n";
        let expected = [(1, "std::fs"), (3, "std::net"), (3, "std::process"), (6, "std::fs"), (7, "tokio")];
        assert_eq!(found(text), expected.map(|(line, what)| (line, what.to_owned())));
    }

    #[test]
    fn comments_tests_and_other_names_are_not() {
        let text = "//! No std::fs here.\nuse std::fmt; // nor std::net\nuse std::fs_like;\nuse my_std::fs;\n\
                    #[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(found(text), []);
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_hides_nothing() {
        assert_eq!(found("#[cfg(test)]\nmod tests;\nuse std::fs;\n"), [(3, "std::fs".to_owned())]);
    }
}
