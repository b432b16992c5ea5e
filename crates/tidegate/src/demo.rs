//! `tidegate demo`: what there is, on a real example, with nothing to install or to configure.
//!
//! Each gate that is built gives the demo one act: [`example`] brings the data along and unpacks it, [`story`] says what
//! became of it. An act uses nothing but what the gate's own commands use. Once there is a service, the demo starts it on
//! the unpacked data after the acts; what an act prints stays the same.

mod example;
mod story;

use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use tempfile::TempDir;
use tidegate_kernel::Clock;
use tidegate_migrate::cli::{self as migrate, CliError, Console, Exit, RunArgs};

use story::Story;

/// The arguments of the demo.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Work in this folder, which must be empty or new, instead of a temporary one
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Check that everything is as the demo tells it; exit with 4 if not
    #[arg(long)]
    check: bool,
}

/// Where the demo works.
enum Place {
    /// Gone at the end, unless it is kept.
    Temporary(TempDir),
    /// The user's own.
    Named(PathBuf),
}

impl Place {
    fn new(keep: Option<&Path>) -> Result<Self, CliError> {
        let Some(folder) = keep else {
            return Ok(Self::Temporary(tempfile::Builder::new().prefix("tidegate-demo-").tempdir()?));
        };
        example::make_empty(folder)?;
        // Commands that are offered in the end have to work from any folder.
        Ok(Self::Named(std::path::absolute(folder)?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Named(folder) => folder,
        }
    }

    fn keep(self) -> PathBuf {
        match self {
            Self::Temporary(folder) => folder.keep(),
            Self::Named(folder) => folder,
        }
    }
}

/// Runs the demo.
///
/// # Errors
/// The folder cannot be used, or the demo is not as it should be, which is a fault of ours.
pub(crate) fn demo(args: &DemoArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    let place = Place::new(args.keep.as_deref())?;
    example::unpack(place.path())?;
    let story = migration(place.path(), console, clock)?;
    if args.check {
        let faults = story.faults(place.path());
        if !faults.is_empty() {
            return Err(CliError::Fault(format!("the demo is not as it should be: {}", faults.join("; "))));
        }
    }
    if console.voice.json {
        console.json(&story)?;
    } else if args.check {
        console.answer(&story.in_short())?;
    }
    if args.check {
        return Ok(Exit::Yes);
    }
    let folder = place.keep();
    if !console.voice.json {
        console.answer(story.to_text().trim_end())?;
        console.answer(&farewell(&folder))?;
    }
    Ok(Exit::Yes)
}

/// The act of `migrate`: a run on the example, as `tidegate migrate run --explain` makes it.
fn migration(folder: &Path, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Story, CliError> {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        run: RunArgs,
    }
    let config = folder.join(example::CONFIG);
    let words = ["run".as_ref(), "--explain".as_ref(), "--config".as_ref(), config.as_os_str()];
    let arguments = Arguments::try_parse_from(words).map_err(|error| CliError::Fault(error.to_string()))?;
    let begin = clock.now();
    let mut story = None;
    migrate::run_with(
        &arguments.run,
        console,
        clock,
        Some(&mut |_, done, _| {
            let microseconds = clock.now().as_microseconds() - begin.as_microseconds();
            story = Some(Story::of(done, microseconds)?);
            Ok(())
        }),
    )?;
    story.ok_or_else(|| CliError::Fault("the run ended without an account of it".to_owned()))
}

/// Where to look, and what to try next.
fn farewell(folder: &Path) -> String {
    let config = folder.join(example::CONFIG);
    let (folder, config, program) = (folder.display(), config.display(), program());
    format!(
        "\nThe page with the excuse of every change:\n  {folder}/{page}\n\
         Its folder stays until you remove it. Ask on:\n  \
         {program} migrate explain -c {config} {stays}\n  \
         {program} migrate causes -c {config}\n  \
         {program} migrate what-if -c {config} --remove {remove}",
        page = example::PAGE,
        stays = story::STAYS,
        remove = story::REMOVE,
    )
}

/// How this program is called from here.
fn program() -> String {
    let name = "tidegate".to_owned();
    let Ok(this) = std::env::current_exe() else { return name };
    let paths = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&paths).any(|folder| folder.join(&name) == this) {
        return name;
    }
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| this.strip_prefix(here).ok());
    below.unwrap_or(&this).display().to_string()
}
