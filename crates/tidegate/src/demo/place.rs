//! Where the demo works: a folder of its own, with all that it needs in it.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tidegate_migrate::cli::CliError;
use tidegate_platform::config::Environment;
use tidegate_platform::secret::Secret;

use super::{CONFIG, example};
use crate::failure::{Failure, of_gate};
use crate::settings::{Settings, load};

/// A folder.
pub(super) enum Place {
    /// Gone at the end.
    Temporary(TempDir),
    /// The user's own.
    Named(PathBuf),
}

impl Place {
    /// The folder that is to be kept, which has to be empty or new, else a temporary one.
    pub(super) fn new(keep: Option<&Path>) -> Result<Self, CliError> {
        let Some(folder) = keep else {
            return Ok(Self::Temporary(tempfile::Builder::new().prefix("tidegate-demo-").tempdir()?));
        };
        example::make_empty(folder)?;
        // Commands that are offered in the end have to work from any folder.
        Ok(Self::Named(std::path::absolute(folder)?))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Named(folder) => folder,
        }
    }

    pub(super) fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_))
    }

    /// Keeps a secret in a file that nobody else reads.
    pub(super) fn keep_secret(&self, name: &str, secret: &Secret) -> Result<(), Failure> {
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path().join(name));
        let written = file.and_then(|mut file| writeln!(file, "{}", secret.expose()));
        written.map_err(|error| of_gate(&error.into()))
    }

    /// Writes the configuration of the service, and reads it as the service does. Nothing else has a say: neither the
    /// environment nor what this machine is set to.
    pub(super) fn settings(&self, port: u16) -> Result<Settings, Failure> {
        let file = self.path().join(CONFIG);
        let data = serde_json::Value::from(self.path().join("data").display().to_string());
        // a text in JSON is one in TOML
        let text = format!(
            "# what the demo runs with\ndata_dir = {data}\n\n[http]\nlisten = [\"127.0.0.1:{port}\"]\ndrain = \"0s\"\n\n\
             [log]\nlevel = \"warn\"\n"
        );
        fs::write(&file, text).map_err(|error| of_gate(&error.into()))?;
        load(Some(&file), &Environment::default())
    }
}

/// The port that the service usually has, if it is free; else any.
pub(super) fn usual_port() -> u16 {
    const USUAL: u16 = 8470;
    if TcpListener::bind(("127.0.0.1", USUAL)).is_ok() { USUAL } else { 0 }
}
