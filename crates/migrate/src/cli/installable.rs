//! `migrate installable`: which packages of an index can be installed, and why the others cannot.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{CliError, Console, Exit};

/// The arguments of an installability check.
#[derive(Debug, Args)]
pub struct InstallableArgs {
    /// The indices, together one suite; plain, gz, xz or zst
    #[arg(required_unless_present = "config")]
    packages: Vec<PathBuf>,
    /// Check the target of a britney configuration instead
    #[arg(short = 'c', long = "config", value_name = "FILE", conflicts_with = "packages")]
    config: Option<PathBuf>,
    /// The architecture of the indices; that of their packages if none is given
    #[arg(long)]
    arch: Option<String>,
    /// Say why
    #[arg(long)]
    explain: bool,
}

pub(super) fn installable(args: &InstallableArgs, console: &mut Console<'_>) -> Result<Exit, CliError> {
    let _ = (args, json!({}));
    console.answer("not yet")?;
    Ok(Exit::Fault)
}
