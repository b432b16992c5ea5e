//! Configuration files as stories: what is written, what it means, and what is said.

mod mistakes;
mod table;
mod values;

use super::*;
use crate::diagnostic::Diagnostic;

/// The least that a file has to say.
const SUITES: &str = "TESTING = t\nUNSTABLE = u\n";

fn read(text: &str, command_line: &CommandLine<'_>) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
    parse(text, "britney.conf", command_line)
}

fn said(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(ToString::to_string).collect()
}

/// The configuration of a file without mistakes that has the suites, and these lines behind them.
fn config(lines: &str) -> Config {
    let (config, warnings) = read(&format!("{SUITES}{lines}"), &CommandLine::default()).unwrap();
    assert_eq!(said(&warnings), [""; 0]);
    config
}

/// What is said of such a file, which can be used.
fn warnings(lines: &str) -> Vec<String> {
    said(&read(&format!("{SUITES}{lines}"), &CommandLine::default()).unwrap().1)
}

/// What is said of such a file, which can't be used.
fn refusals(lines: &str) -> Vec<String> {
    said(&read(&format!("{SUITES}{lines}"), &CommandLine::default()).unwrap_err())
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}
