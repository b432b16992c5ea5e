//! The command line: global options, the gates' commands, and the name `britney` as a command of its own.

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tidegate_kernel::SystemClock;
use tidegate_migrate::cli::{self as migrate, Console, Exit, Voice};

use crate::config_command::{self, ConfigCommand};
use crate::demo::{DemoArgs, demo};
use crate::failure::{Failure, of_gate, of_output};
use crate::load::{BenchArgs, bench};
use crate::remote::{self, RemoteCommand, ServerArgs};
use crate::serve::{ServeArgs, serve};
use crate::store_command::{self, StoreCommand};

/// The release pipeline of a Linux distribution in one program
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, propagate_version = true)]
struct Tidegate {
    #[command(flatten)]
    voice: VoiceArgs,
    /// The configuration, instead of ./tidegate.toml or /etc/tidegate/tidegate.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: Command,
}

/// The global options that are not about what is said.
#[derive(Debug, Default)]
struct Place {
    config: Option<PathBuf>,
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct VoiceArgs {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// Say nothing but answers and errors
    #[arg(long)]
    quiet: bool,
    /// Say more
    #[arg(long)]
    verbose: bool,
    /// Colours in messages
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Show no progress
    #[arg(long)]
    no_progress: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// May a package enter the release without breaking anything?
    #[command(subcommand)]
    Migrate(Box<migrate::Command>),
    /// Run the service
    Serve(ServeArgs),
    /// The store of the configuration
    #[command(subcommand)]
    Db(StoreCommand),
    /// Run what of the service nobody asks, beside processes that serve; needs PostgreSQL
    Worker,
    /// What is set, what could be, and what is mistaken
    #[command(subcommand)]
    Config(ConfigCommand),
    #[command(flatten)]
    Remote(RemoteCommand),
    /// Measure a service that takes results, alone or beside another
    Bench(BenchArgs),
    /// Start the service on example data, and say what to look at; needs no network and no configuration
    Demo(DemoArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write one for each command into a folder
    Man {
        /// The folder, instead of standard output
        folder: Option<PathBuf>,
    },
}

/// britney2's command line: the program under a name that begins with `britney`.
#[derive(Debug, Parser)]
#[command(name = "britney", version)]
struct Britney {
    #[command(flatten)]
    run: migrate::RunArgs,
}

/// Reads the command line and carries it out.
pub(crate) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let called = arguments.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let is_britney = called.to_string_lossy().starts_with("britney");
    let mut colored = false;
    let (voice, place, command) = if is_britney {
        let Britney { run } = Britney::parse_from(arguments);
        (Voice::default(), Place::default(), Command::Migrate(Box::new(migrate::Command::Run(Box::new(run)))))
    } else {
        let Tidegate { voice, config, server, command } = Tidegate::parse_from(arguments);
        colored = match voice.color {
            Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            Color::Always => true,
            Color::Never => false,
        };
        let VoiceArgs { json, quiet, verbose, no_progress, .. } = voice;
        (Voice { json, quiet, verbose, no_progress }, Place { config, server }, command)
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut err = std::io::stderr();
    let result = execute(&command, &place, &mut Console::new(voice, &mut out, &mut err));
    let flushed = out.flush();
    let exit = match result {
        Ok(exit) => exit as u8,
        Err(failure) => {
            if !failure.is_closed_pipe {
                let (on, off) = if colored { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
                let _ = writeln!(err, "{on}tidegate:{off} {}", failure.text);
            }
            failure.exit
        }
    };
    if flushed.is_err() && exit == 0 {
        return ExitCode::FAILURE;
    }
    ExitCode::from(exit)
}

fn execute(command: &Command, place: &Place, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let config = place.config.as_deref();
    match command {
        Command::Migrate(command) => migrate::execute(command, console, &SystemClock).map_err(|error| of_gate(&error)),
        Command::Serve(args) => serve(args, config, console),
        Command::Db(command) => store_command::execute(command, config, console),
        Command::Config(command) => config_command::execute(command, config, &place.server, console),
        Command::Worker => serve(&ServeArgs::worker(), config, console),
        Command::Remote(command) => remote::execute(command, &place.server, config, console),
        Command::Bench(args) => bench(args, &place.server, console),
        Command::Demo(args) => demo(args, console, &SystemClock),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Tidegate::command(), "tidegate", &mut script);
            console.answer(&String::from_utf8_lossy(&script)).map_err(|error| of_output(&error))?;
            Ok(Exit::Yes)
        }
        Command::Man { folder } => manual(folder.as_deref(), console),
    }
}

/// The manual, made from what the command line itself says.
fn manual(folder: Option<&Path>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (program, output) = (Tidegate::command(), |error: std::io::Error| of_output(&error));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder)).map_err(output)?;
        return Ok(Exit::Yes);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(program).render(&mut page).map_err(output)?;
    console.answer(String::from_utf8_lossy(&page).trim_end()).map(|()| Exit::Yes).map_err(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "<!-- commands, written by a test -->\n";
    const END: &str = "<!-- end of commands -->";

    /// A line for each command that can be given, with its arguments.
    fn lines(command: &clap::Command, before: &str, lines: &mut String) {
        let name = format!("{before}{}", command.get_name());
        let mut below = command.get_subcommands().filter(|below| below.get_name() != "help").peekable();
        if below.peek().is_none() {
            let positionals = command.get_positionals().map(|argument| {
                let value = argument.get_id().as_str().to_uppercase();
                if argument.is_required_set() { format!(" {value}") } else { format!(" [{value}]") }
            });
            let about = command.get_about().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
            *lines += &["| `", &name, &positionals.collect::<String>(), "` | ", &about, " |\n"].concat();
        }
        below.for_each(|below| self::lines(below, &format!("{name} "), lines));
    }

    #[test]
    fn the_book_lists_every_command() {
        let mut expected = "| command | what it does |\n|---|---|\n".to_owned();
        lines(&Tidegate::command(), "", &mut expected);
        let expected = expected.replace("| `tidegate ", "| `");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/options.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).unwrap();
        let (found, after) = rest.split_once(END).unwrap();
        if std::env::var_os("TIDEGATE_BLESS").is_some() {
            std::fs::write(&path, [before, BEGIN, &expected, END, after].concat()).unwrap();
            return;
        }
        assert!(found == expected, "docs/src/options.md: run this test with TIDEGATE_BLESS=1 and review the change");
    }

    #[test]
    fn the_command_line_is_sound() {
        Tidegate::command().debug_assert();
    }
}
