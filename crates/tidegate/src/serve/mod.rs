//! `tidegate serve`: the service, from the first line of its log to the last.
//!
//! It binds its addresses, opens and migrates the store, starts the worker and the listener, and only then says on standard
//! output where it is. A signal makes it unready, lets requests and runs end, gives the leases back and exits with 0; a
//! second one ends it at once. A hang-up has the configuration read anew.

mod gates;
mod local;
mod log;
#[cfg(test)]
mod page_costs;
mod reload;
mod roles;
mod service;
mod wiring;

use std::path::Path;

use clap::Args;
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::Environment;
use tidegate_platform::http::Routes;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::{Failure, of_output};
use crate::settings::{Settings, load};
use reload::{Origin, reload};
use roles::{Role, Roles};

pub(crate) use local::LocalStore;
pub(crate) use log::start as start_log;
pub(crate) use service::Service;

/// Where to serve
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Listen on this port of loopback instead of the configured addresses; 0 takes a free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// What this process does, with commas between, instead of everything; SQLite has one process only
    #[arg(long, value_enum, value_name = "ROLES", value_delimiter = ',', default_values_t = Role::ALL)]
    roles: Vec<Role>,
}

impl ServeArgs {
    /// A process that nobody asks anything.
    pub(crate) fn worker() -> Self {
        Self { port: None, roles: Role::UNSEEN.to_vec() }
    }
}

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs, asked: Option<&Path>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let mut settings = load(asked, &environment)?;
    if let Some(port) = args.port {
        settings.platform.http.listen = vec![([127, 0, 0, 1], port).into()];
    }
    let level = log::start(&settings.platform.log);
    let origin = Origin { asked: asked.map(Path::to_owned), environment, level };
    let runtime = runtime()?;
    let served = runtime.block_on(run(&settings, origin, &Roles::new(&args.roles), console));
    // after a second signal nothing is waited for
    runtime.shutdown_background();
    served
}

/// What a service runs on.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::fault(format!("the runtime does not start: {error}")))
}

/// What asks the service to end. From when it is made on, a signal waits for whoever asks for the next.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Inside of a runtime.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { terminate: signal_of(SignalKind::terminate())?, interrupt: signal_of(SignalKind::interrupt())? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn signal_of(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::fault(format!("no signals: {error}")))
}

async fn run(settings: &Settings, origin: Origin, roles: &Roles, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (mut signals, mut hangup) = (Signals::new()?, signal_of(SignalKind::hangup())?);
    let mut service = Service::start(settings, Some(origin), roles, Routes::new()).await?;
    say(console, &service).await?;
    tracing::info!(url = %service.url, roles = roles.shown(), "the service is ready");
    let running = service.running.clone();
    let reloading = async {
        while let (Some(()), Some(running)) = (hangup.recv().await, &running) {
            reload(running).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = signals.next() => {}
        () = reloading => {}
        failure = service.ended() => return Err(failure),
    }
    tracing::info!("the service stops");
    tokio::select! {
        () = service.stop() => tracing::info!("the service has stopped"),
        () = signals.next() => tracing::warn!("a second signal: nothing is waited for any more"),
    }
    Ok(Exit::Yes)
}

/// Says where the service is, and how the first admin gets in.
async fn say(console: &mut Console<'_>, service: &Service) -> Result<(), Failure> {
    let output = |error: std::io::Error| of_output(&error);
    if let Some(token) = service.new_setup_token().await? {
        let (url, token) = (&service.url, token.expose());
        let line = format!("setup: open {url}/setup or run \"tidegate setup --token {token}\"");
        console.warn(&line).map_err(output)?;
    }
    if service.addresses.is_empty() {
        return console.prompt("ready: without a listener\n").map_err(output);
    }
    for address in &service.addresses {
        console.prompt(&format!("ready: http://{address}\n")).map_err(output)?;
    }
    Ok(())
}
