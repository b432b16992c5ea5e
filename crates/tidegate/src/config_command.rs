//! `tidegate config`: what is set, what could be, and what is mistaken.

use clap::Subcommand;
use serde_json::json;
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::{Environment, Standing, reference, show};

use crate::failure::{Failure, of_output};
use crate::remote::{self, ServerArgs, Writing};
use crate::settings::load;

/// What to say of the configuration
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// List every mistake of the configuration, with its place
    Check,
    /// Print every key with its value and where that comes from; secrets are not shown
    Show,
    /// Print a file with every key, what it means and its default
    Reference,
    /// Have a server take over what can change while it runs, all of it or nothing
    Reload {
        #[command(flatten)]
        writing: Writing,
    },
}

/// Carries it out.
pub(crate) fn execute(
    command: &ConfigCommand,
    asked: Option<&std::path::Path>,
    server: &ServerArgs,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let settings = match command {
        ConfigCommand::Reload { writing } => return remote::reload(writing, server, asked, console),
        ConfigCommand::Check | ConfigCommand::Show => load(asked, &environment)?,
        // the same whatever is set
        ConfigCommand::Reference => load(Some("/dev/null".as_ref()), &Environment::default())?,
    };
    let said = match command {
        ConfigCommand::Check if console.voice.json => console.json(&json!({"file": settings.file, "errors": []})),
        ConfigCommand::Check => console.answer(&match &settings.file {
            Some(file) => format!("{} is good", file.display()),
            None => "there is no file, so everything has its default: that is good".to_owned(),
        }),
        ConfigCommand::Show if console.voice.json => {
            let set = settings.known.iter().filter(|known| known.standing != Standing::Example);
            let line = |known: &tidegate_platform::config::Known| json!({"key": known.key, "value": known.value, "origin": known.origin.to_string()});
            set.map(line).try_for_each(|line| console.json(&line))
        }
        ConfigCommand::Show => console.answer(show(&settings.known).trim_end()),
        ConfigCommand::Reference | ConfigCommand::Reload { .. } => {
            console.answer(reference(&settings.known).trim_end())
        }
    };
    said.map_err(|error| of_output(&error))?;
    Ok(Exit::Yes)
}
