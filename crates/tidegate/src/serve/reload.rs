//! Takes over another configuration while the service runs: all that can be changed then, or nothing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tidegate_platform::auth::Auth;
use tidegate_platform::config::{ConfigErrors, Environment, Known, Reloaded, Running, differing};
use tidegate_platform::http::Platform;

use super::{log, wiring};
use crate::settings::{Settings, load_all};

/// Keys, or beginnings of keys, that hold as soon as they are read. All others hold from the next start on.
const AT_ONCE: &[&str] = &["auth.", "http.anonymous_rate", "log.level"];

/// What the service runs by, and whence it came.
pub(super) struct Configuration {
    origin: Origin,
    known: Mutex<Vec<Known>>,
    auth: Auth,
    platform: Platform,
}

/// Whence the configuration came, to be read anew, and the log that it sets.
pub(super) struct Origin {
    /// The file that was asked for, if one was.
    pub(super) asked: Option<PathBuf>,
    pub(super) environment: Environment,
    pub(super) level: log::Level,
}

impl Configuration {
    pub(super) fn new(origin: Origin, settings: &Settings, (auth, platform): (Auth, Platform)) -> Self {
        Self { origin, known: Mutex::new(settings.known.clone()), auth, platform }
    }

    fn take_over(&self, settings: &Settings) -> Result<(), ConfigErrors> {
        let config = &settings.platform;
        // the only step that can fail is the first
        let set = self.auth.set_options(wiring::auth_options(settings));
        set.map_err(|error| ConfigErrors::one(format!("[[auth.grant]]: {error}")))?;
        self.platform.set_anonymous_rate(config.http.anonymous_rate);
        self.origin.level.set(config.log.level);
        Ok(())
    }
}

/// Reads it anew, and logs what came of it.
pub(super) async fn reload(running: &Arc<Configuration>) {
    let running = Arc::clone(running);
    // it reads files
    match tokio::task::spawn_blocking(move || running.reload()).await {
        Ok(Ok(taken)) => {
            tracing::info!(changed = ?taken.changed, at_restart = ?taken.at_restart, "the configuration was read anew");
        }
        Ok(Err(errors)) => tracing::error!(%errors, "the configuration stays as it was"),
        Err(error) => tracing::error!(%error, "the configuration could not be read"),
    }
}

fn is_at_once(key: &str) -> bool {
    key.ends_with(".anonymous_read") || AT_ONCE.iter().any(|begin| key.starts_with(begin))
}

impl Running for Configuration {
    fn shown(&self) -> Vec<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        let settings = load_all(self.origin.asked.as_deref(), &self.origin.environment)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (changed, at_restart) = differing(&known, &settings.known).into_iter().partition(|key| is_at_once(key));
        self.take_over(&settings)?;
        known.clone_from(&settings.known);
        Ok(Reloaded { changed, at_restart })
    }
}
