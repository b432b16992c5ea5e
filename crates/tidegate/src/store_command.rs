//! `tidegate db`: the store as it is, and as this program needs it.

use std::path::Path;

use clap::Subcommand;
use serde_json::json;
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::Environment;

use crate::failure::{Failure, of_output};
use crate::serve::{LocalStore, runtime};
use crate::settings::load;

/// What to do with the store of the configuration
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Bring its tables to where this program is; `serve` does the same at its start
    Migrate {
        /// Say how many migrations it lacks, and apply none
        #[arg(long)]
        dry_run: bool,
    },
    /// Check the file, and whether its tables are those of this program; changes nothing
    Check,
}

/// Carries it out.
pub(crate) fn execute(
    command: &StoreCommand,
    asked: Option<&Path>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = load(asked, &Environment::of_process())?;
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        let store =
            LocalStore::open(&settings, "ask it with \"tidegate jobs list\", or GET /readyz, how it is").await?;
        let done = carry_out(command, &store, console).await;
        store.close().await;
        done
    });
    runtime.shutdown_background();
    done
}

async fn carry_out(command: &StoreCommand, store: &LocalStore, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (answer, sentence, exit) = match command {
        StoreCommand::Migrate { dry_run: false } => {
            let applied = store.migrate().await?;
            (json!({"applied": applied}), format!("{applied} migrations were applied"), Exit::Yes)
        }
        StoreCommand::Migrate { dry_run: true } => {
            let lacks = store.lacks().await?;
            (json!({"dry_run": true, "lacks": lacks}), format!("{lacks} migrations would be applied"), Exit::Yes)
        }
        StoreCommand::Check => {
            if let Some(found) = store.damage().await? {
                return Err(Failure::fault(format!("the store is damaged: {found}")));
            }
            let lacks = store.lacks().await?;
            let said = match lacks {
                0 => "the store is whole, and its tables are those of this program".to_owned(),
                _ => format!("the store is whole, and lacks {lacks} migrations: \"tidegate db migrate\" applies them"),
            };
            let exit = if lacks == 0 { Exit::Yes } else { Exit::No };
            (json!({"damage": null, "lacks": lacks}), said, exit)
        }
    };
    let said = if console.voice.json { console.json(&answer) } else { console.answer(&sentence) };
    said.map(|()| exit).map_err(|error| of_output(&error))
}
