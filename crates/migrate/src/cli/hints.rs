//! `migrate hints …`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{CliError, Console, Exit, counted, shown};
use crate::compat::britney::hints;
use crate::files::FileError;
use crate::hint::{HintRights, HintSet, ItemNames};

/// What can be done with hints.
#[derive(Debug, Subcommand)]
pub enum HintsCommand {
    /// Check hint files: what is malformed, and what replaces what
    Check {
        /// The files; each is its user's
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The architectures that items may name
        #[arg(long, value_delimiter = ',', default_value = "amd64,arm64,armel,armhf,i386,ppc64el,riscv64,s390x")]
        architectures: Vec<String>,
    },
}

pub(super) fn execute(command: &HintsCommand, console: &mut Console<'_>) -> Result<Exit, CliError> {
    let HintsCommand::Check { files, architectures } = command;
    let suites = ["tpu".to_owned(), "pu".to_owned()];
    let names = ItemNames { architectures, suites: &suites };
    let mut all = Vec::new();
    let mut diagnostics = Vec::new();
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| FileError::Read { path: file.clone(), error })?;
        let user = file.file_name().unwrap_or_default().to_string_lossy();
        let (found, odd) = hints::parse_file(&bytes, &shown(file), &user, HintRights::ALL, names);
        all.extend(found);
        diagnostics.extend(odd);
    }
    let count = all.len();
    let (_, overridden) = HintSet::new(all);
    diagnostics.extend(overridden);
    if console.voice.json {
        let texts: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        console.json(&json!({"hints": count, "diagnostics": texts, "ok": diagnostics.is_empty()}))?;
    } else {
        for diagnostic in &diagnostics {
            console.answer(&diagnostic.to_string())?;
        }
        console.answer(&format!("{}, {}", counted(count, "hint"), counted(diagnostics.len(), "remark")))?;
    }
    Ok(if diagnostics.is_empty() { Exit::Yes } else { Exit::No })
}
