//! `tidegate demo`: what there is, on real and made-up data, with nothing to install or to configure.
//!
//! It starts the service in a folder of its own and fills it through the interfaces that everybody uses: [`ci`] makes
//! results up, [`visit`] posts them, [`tour`] says what to look at, [`check`] whether that is so. [`example`] brings a slice
//! of an archive along, on which the migration runs as its own command does, and [`story`] says what became of it.

mod check;
mod ci;
mod example;
mod pages;
mod place;
mod story;
mod tour;
mod visit;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::{Args, Parser};
use tidegate_kernel::{Clock, Rng as _};
use tidegate_migrate::cli::{self as migrate, CliError, Console, Exit, RunArgs};
use tidegate_platform::chance::SystemRng;
use tidegate_platform::secret::Secret;

use crate::failure::{Failure, of_gate, of_output};
use crate::remote::Server;
use crate::serve::{Service, Signals, runtime, start_log};
use ci::Ci;
use pages::Visit;
use place::Place;
use story::Story;
use tour::Tour;

/// The service's configuration, in the folder.
const CONFIG: &str = "tidegate.toml";
/// A token of the admin, in the folder.
const ADMIN_TOKEN: &str = "admin.token";

/// The arguments of the demo.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Listen on this port of loopback; 0 takes a free one. Without it 8470, or a free one where that is taken
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Work in this folder, which must be empty or new, and leave it there at the end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Check that everything is as the demo tells it, and end; exit with 4 if it is not
    #[arg(long)]
    check: bool,
}

/// What runs, and what it runs in.
struct Demo<'a> {
    args: &'a DemoArgs,
    place: &'a Place,
    migration: Story,
    visit: Arc<Visit>,
    clock: &'a dyn Clock,
}

/// Runs the demo until a signal ends it, or until it is checked.
pub(crate) fn demo(args: &DemoArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, Failure> {
    let place = Place::new(args.keep.as_deref()).map_err(|error| of_gate(&error))?;
    let runtime = runtime()?;
    // a signal that comes while the migration runs ends the demo right after it
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let archive = place.path().join(example::FOLDER);
    let told = example::unpack(&archive).and_then(|()| migration(&archive, console, clock));
    let migration = told.map_err(|error| of_gate(&error))?;
    let excuses = std::fs::read_to_string(archive.join(example::PAGE)).map_err(|error| of_gate(&error.into()))?;
    let visit = Arc::new(Visit { key: chance(), cookie: OnceLock::new(), excuses });
    let demo = Demo { args, place: &place, migration, visit, clock };
    let shown = runtime.block_on(demo.run(&mut signals, console));
    // after a second signal nothing is waited for
    runtime.shutdown_background();
    shown
}

impl Demo<'_> {
    async fn run(&self, signals: &mut Signals, console: &mut Console<'_>) -> Result<Exit, Failure> {
        let otherwise = || if self.args.check { 0 } else { place::usual_port() };
        let settings = self.place.settings(self.args.port.unwrap_or_else(otherwise))?;
        start_log(&settings.platform.log);
        let mut service = Service::whole(&settings, pages::routes(Arc::clone(&self.visit))).await?;
        let setup = service.new_setup_token().await?;
        let setup = setup.ok_or_else(|| Failure::fault("a new store has users"))?;
        let url = service.url.clone();
        let shown = tokio::select! {
            shown = self.show(&url, &setup, console) => shown,
            () = signals.next() => Ok(Exit::Yes),
            failure = service.ended() => Err(failure),
        };
        tokio::select! {
            () = service.stop() => {}
            () = signals.next() => {}
        }
        shown
    }

    /// Fills the service, says what there is, and then lets results come for ever, or checks what there is.
    async fn show(&self, url: &str, setup: &Secret, console: &mut Console<'_>) -> Result<Exit, Failure> {
        let visitors = visit::move_in(url, setup, &chance()).await?;
        let token = visitors.admin.token.as_ref().ok_or_else(|| Failure::fault("the admin has no token"))?;
        self.place.keep_secret(ADMIN_TOKEN, token)?;
        let _ = self.visit.cookie.set(visitors.cookie.clone());
        let mut ci = Ci::new();
        let history = ci.history(self.clock.now());
        let stored = visitors.import(&history).await?;
        let lesson = ci::lesson();
        for result in &lesson.results {
            visitors.report(result).await?;
        }
        visitors.pause().await?;
        let tour = Tour {
            url,
            login: tour::login(url, self.visit.key.expose()),
            folder: self.place.path(),
            history: stored,
            migration: &self.migration,
            program: program(),
            is_temporary: self.place.is_temporary(),
        };
        if self.args.check {
            let mut faults = self.migration.faults(&self.place.path().join(example::FOLDER));
            if usize::try_from(stored) != Ok(history.len()) {
                faults.push(format!("{stored} of {} results were brought in", history.len()));
            }
            let stranger = Server::new(url, None)?;
            faults.extend(check::faults(&stranger, &lesson, self.visit.key.expose()).await?);
            if !faults.is_empty() {
                return Err(Failure::fault(format!("the demo is not as it should be: {}", faults.join("; "))));
            }
        }
        let said = match (console.voice.json, self.args.check) {
            (true, _) => console.json(&tour),
            (false, true) => console.answer(&tour.in_short()),
            (false, false) => console.answer(&tour.to_text()),
        };
        // it is to be read now and not at the end
        said.and_then(|()| console.prompt("")).map_err(|error| of_output(&error))?;
        if !self.args.check {
            visitors.report_on(&mut ci).await?;
        }
        Ok(Exit::Yes)
    }
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

/// A secret that nobody guesses.
fn chance() -> Secret {
    Secret::new(format!("{:032x}", u128::from_be_bytes(SystemRng.bytes())))
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
