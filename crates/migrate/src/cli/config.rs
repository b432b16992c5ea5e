//! `migrate config …`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{CliError, Console, Exit, counted};
use crate::compat::britney::config::CommandLine;
use crate::diagnostic::Diagnostic;
use crate::files::{self, FileError};

/// What can be done with a configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a britney configuration; all mistakes at once
    Check {
        /// The britney configuration
        #[arg(short = 'c', long = "config", value_name = "FILE", default_value = "/etc/britney.conf")]
        config: PathBuf,
        /// What replaces %(SERIES) in the configuration
        #[arg(long, default_value = "testing")]
        series: String,
    },
}

pub(super) fn execute(command: &ConfigCommand, console: &mut Console<'_>) -> Result<Exit, CliError> {
    let ConfigCommand::Check { config, series } = command;
    let command_line = CommandLine { series, distribution: None, overrides: &[] };
    let (exit, diagnostics): (Exit, Vec<Diagnostic>) = match files::config(config, &command_line) {
        Ok((_, warnings)) => (Exit::Yes, warnings),
        Err(FileError::Config(mistakes)) => (Exit::No, mistakes),
        Err(error) => return Err(error.into()),
    };
    if console.voice.json {
        let texts: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        console.json(&json!({"ok": exit == Exit::Yes, "diagnostics": texts}))?;
        return Ok(exit);
    }
    for diagnostic in &diagnostics {
        console.answer(&diagnostic.to_string())?;
    }
    let verdict = if exit == Exit::Yes { "can be used" } else { "cannot be used" };
    console.answer(&format!("{} {verdict}; {}", config.display(), counted(diagnostics.len(), "remark")))?;
    Ok(exit)
}
