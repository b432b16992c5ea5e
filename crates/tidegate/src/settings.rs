//! The configuration of the whole program: the platform's tables and those of the gates.

use std::path::Path;

use tidegate_platform::config::{ConfigErrors, Environment, Known, PlatformConfig, Reader, Sources};
use tidegate_results::config::ResultsConfig;

use crate::failure::Failure;

/// What the configuration says.
pub(crate) struct Settings {
    /// The platform's tables.
    pub(crate) platform: PlatformConfig,
    /// `[results]`
    pub(crate) results: ResultsConfig,
    /// Every key with its value and its origin.
    pub(crate) known: Vec<Known>,
    /// The file that was read, as it was found.
    pub(crate) file: Option<std::path::PathBuf>,
}

/// Reads the file that was asked for, or the usual one, with the environment on top.
pub(crate) fn load(asked: Option<&Path>, environment: &Environment) -> Result<Settings, Failure> {
    let sources = Sources::find(asked, environment)?;
    read(sources, environment).map_err(|errors| Failure::usage(errors.to_string()))
}

/// The same, for whoever tells every mistake by itself.
pub(crate) fn load_all(asked: Option<&Path>, environment: &Environment) -> Result<Settings, ConfigErrors> {
    let sources = Sources::find(asked, environment).map_err(|error| ConfigErrors::one(error.to_string()))?;
    read(sources, environment)
}

fn read(sources: Sources, environment: &Environment) -> Result<Settings, ConfigErrors> {
    let mut reader = Reader::new(&sources);
    let platform = PlatformConfig::read(&mut reader, environment);
    let results = ResultsConfig::of(&mut reader);
    let (tables, known) = reader.finish(platform.zip(results))?;
    let (platform, results) = tables.ok_or_else(|| ConfigErrors::one("the configuration could not be read"))?;
    Ok(Settings { platform, results, known, file: sources.file })
}
