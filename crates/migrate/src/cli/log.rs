//! The log of a run, on standard output, as the programs that read britney2's expect it.

use std::io::IsTerminal as _;

use serde_json::json;

use super::{CliError, Console};

/// The log's form and depth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    pub(super) verbosity: u8,
    pub(super) json: bool,
}

impl Log {
    pub(super) fn info(self, console: &mut Console<'_>, text: &str) -> Result<(), CliError> {
        self.write(console, "info", text, 0)
    }

    pub(super) fn detail(self, console: &mut Console<'_>, text: &str) -> Result<(), CliError> {
        self.write(console, "info", text, 1)
    }

    /// Warnings need no `-v`, and are said once more where a person watches.
    pub(super) fn warn(self, console: &mut Console<'_>, text: &str) -> Result<(), CliError> {
        self.write(console, "warning", text, 0)?;
        if std::io::stderr().is_terminal() && !std::io::stdout().is_terminal() {
            console.say(&format!("warning: {text}"))?;
        }
        Ok(())
    }

    fn write(self, console: &mut Console<'_>, level: &str, text: &str, depth: u8) -> Result<(), CliError> {
        if self.verbosity < depth {
            return Ok(());
        }
        if console.voice.json {
            console.say(&format!("{level}: {text}"))?;
        } else if self.json {
            console.json(&json!({"level": level, "message": text}))?;
        } else {
            let initial = if level == "info" { 'I' } else { 'W' };
            console.answer(&format!("{initial}: {text}"))?;
        }
        Ok(())
    }
}
