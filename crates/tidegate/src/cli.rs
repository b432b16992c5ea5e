//! The command line: global options, the gates' commands, and the name `britney` as a command of its own.

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tidegate_kernel::SystemClock;
use tidegate_migrate::cli::{self as migrate, CliError, Console, Exit, Voice};

use crate::demo::{DemoArgs, demo};

/// The release pipeline of a Linux distribution in one program
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, propagate_version = true)]
struct Tidegate {
    #[command(flatten)]
    voice: VoiceArgs,
    #[command(subcommand)]
    command: Command,
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
    /// Show what there is, on a real example; needs no network and no configuration
    Demo(DemoArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
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
    let (voice, command) = if is_britney {
        let Britney { run } = Britney::parse_from(arguments);
        (Voice::default(), Command::Migrate(Box::new(migrate::Command::Run(Box::new(run)))))
    } else {
        let Tidegate { voice, command } = Tidegate::parse_from(arguments);
        colored = match voice.color {
            Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            Color::Always => true,
            Color::Never => false,
        };
        let VoiceArgs { json, quiet, verbose, no_progress, .. } = voice;
        (Voice { json, quiet, verbose, no_progress }, command)
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut err = std::io::stderr();
    let result = execute(&command, &mut Console::new(voice, &mut out, &mut err));
    let flushed = out.flush();
    let exit = match result {
        Ok(exit) => exit,
        Err(error) => {
            // A reader that has seen enough and closed the pipe is no error.
            if !matches!(&error, CliError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe) {
                let (on, off) = if colored { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
                let _ = writeln!(err, "{on}tidegate:{off} {error}");
            }
            error.exit()
        }
    };
    if flushed.is_err() && exit == Exit::Yes {
        return ExitCode::FAILURE;
    }
    ExitCode::from(exit as u8)
}

fn execute(command: &Command, console: &mut Console<'_>) -> Result<Exit, CliError> {
    match command {
        Command::Migrate(command) => migrate::execute(command, console, &SystemClock),
        Command::Demo(args) => demo(args, console, &SystemClock),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Tidegate::command(), "tidegate", &mut script);
            console.answer(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Yes)
        }
    }
}
