//! The store without a server: for commands that work on it themselves.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tidegate_platform::http::{HttpSettings, Platform, ask_store};
use tidegate_platform::store::{Db, StoreError};
use tokio::sync::watch;

use super::{gates, wiring};
use crate::failure::Failure;
use crate::settings::Settings;

/// A store that nobody serves, or that is on PostgreSQL.
pub(crate) struct LocalStore {
    db: Db,
    platform: Platform,
}

impl LocalStore {
    /// Opens it as it is. A SQLite file that a process has open is refused, with the remedy.
    pub(crate) async fn open(settings: &Settings, remedy: &str) -> Result<Self, Failure> {
        let config = &settings.platform;
        let db = wiring::open(config).await.map_err(|failure| match failure.exit {
            Failure::UNKNOWN => Failure { text: format!("{}; {remedy}", failure.text), ..failure },
            _ => failure,
        })?;
        let auth = wiring::keeper(settings, &db)?;
        let (_, stopping) = watch::channel(false);
        let platform = Platform::new(db.clone(), auth, HttpSettings::from(&config.http), Vec::new(), stopping);
        Ok(Self { db, platform })
    }

    /// Refuses a store that is older than this program.
    pub(crate) async fn demand_current(&self) -> Result<(), Failure> {
        match self.lacks().await? {
            0 => Ok(()),
            lacks => {
                Err(Failure::usage(format!("the store lacks {lacks} migrations: run \"tidegate db migrate\" first")))
            }
        }
    }

    /// What the API answers to that, with all rights.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        ask_store(&self.platform, method, path, body).await.map_err(Failure::fault)
    }

    /// Applies the migrations that it lacks, and says how many that were.
    pub(crate) async fn migrate(&self) -> Result<usize, StoreError> {
        self.db.migrate(gates::MIGRATIONS).await
    }

    /// How many migrations it lacks.
    pub(crate) async fn lacks(&self) -> Result<usize, StoreError> {
        self.db.lacks(gates::MIGRATIONS).await
    }

    /// The first thing that is wrong with its file.
    pub(crate) async fn damage(&self) -> Result<Option<String>, StoreError> {
        self.db.damage().await
    }

    pub(crate) async fn close(self) {
        self.db.close().await;
    }
}
