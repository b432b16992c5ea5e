//! The configuration of the whole program: the platform's tables and those of the gates.

use std::path::Path;

use tidegate_platform::config::{ConfigErrors, Environment, Known, PlatformConfig, Reader, Sources};

use crate::failure::Failure;

/// What the configuration says.
pub(crate) struct Settings {
    /// The platform's tables.
    pub(crate) platform: PlatformConfig,
    /// Every key with its value and its origin.
    pub(crate) known: Vec<Known>,
    /// The file that was read, as it was found.
    pub(crate) file: Option<std::path::PathBuf>,
}

/// Reads the file that was asked for, or the usual one, with the environment on top.
pub(crate) fn load(asked: Option<&Path>, environment: &Environment) -> Result<Settings, Failure> {
    let sources = Sources::find(asked, environment)?;
    let (platform, known) = read(&sources, environment).map_err(|errors| Failure::usage(errors.to_string()))?;
    Ok(Settings { platform, known, file: sources.file })
}

fn read(sources: &Sources, environment: &Environment) -> Result<(PlatformConfig, Vec<Known>), ConfigErrors> {
    let mut reader = Reader::new(sources);
    let platform = PlatformConfig::read(&mut reader, environment);
    let (platform, known) = reader.finish(platform)?;
    let platform = platform.ok_or_else(|| ConfigErrors::one("the configuration could not be read"))?;
    Ok((platform, known))
}
