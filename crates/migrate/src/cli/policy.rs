//! `migrate policy NAME`: one policy by itself, on data from standard input.

use std::io::Read as _;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use schemars::schema_for;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CliError, Console, Exit};
use crate::policy::autopkgtest::alone::{self, AutopkgtestInput, AutopkgtestOutput};
use crate::policy::email::{self, EmailInput, EmailOutput};

/// No input is larger, in bytes.
const MOST: u64 = 64 << 20;

/// The policies that have a form as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PolicyWithJson {
    /// Tests of an item and of what depends on it
    Autopkgtest,
    /// Reminders of what is stuck
    Email,
}

/// Which policy is asked.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// The policy; its input is read from standard input, as JSON
    #[arg(value_enum)]
    name: PolicyWithJson,
    /// Print the JSON schemas of input and output instead
    #[arg(long)]
    schema: bool,
}

/// The schemas of a policy's input and output.
#[derive(Debug, Serialize)]
struct Schemas {
    input: schemars::Schema,
    output: schemars::Schema,
}

impl PolicyWithJson {
    fn schemas(self) -> Schemas {
        fn of<I: JsonSchema, O: JsonSchema>() -> Schemas {
            Schemas { input: schema_for!(I), output: schema_for!(O) }
        }
        match self {
            Self::Autopkgtest => of::<AutopkgtestInput, AutopkgtestOutput>(),
            Self::Email => of::<EmailInput, EmailOutput>(),
        }
    }
}

pub(super) fn execute(args: &PolicyArgs, console: &mut Console<'_>) -> Result<Exit, CliError> {
    if args.schema {
        console.answer(&pretty(&args.name.schemas())?)?;
        return Ok(Exit::Yes);
    }
    match args.name {
        PolicyWithJson::Autopkgtest => {
            let input: AutopkgtestInput = input()?;
            let output = alone::decide(&input).map_err(|why| CliError::Usage(format!("standard input: {why}")))?;
            console.json(&output)?;
        }
        PolicyWithJson::Email => console.json(&email::decide(&input()?))?,
    }
    Ok(Exit::Yes)
}

fn input<T: DeserializeOwned>() -> Result<T, CliError> {
    let mut text = String::new();
    let read = std::io::stdin().take(MOST).read_to_string(&mut text);
    read.map_err(|error| CliError::Usage(format!("standard input cannot be read: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| CliError::Usage(format!("standard input: {error}; --schema shows what is expected")))
}

fn pretty(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(|error| CliError::Fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_schemas_are_what_the_types_say() {
        for policy in PolicyWithJson::value_variants() {
            let name = policy.to_possible_value().unwrap();
            let path = format!("{}/schemas/policy-{}.json", env!("CARGO_MANIFEST_DIR"), name.get_name());
            let made = pretty(&policy.schemas()).unwrap() + "\n";
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            if made != written {
                std::fs::write(&path, &made).unwrap();
            }
            assert!(made == written, "{path} was not what the types say; it is now, read the difference");
        }
    }
}
