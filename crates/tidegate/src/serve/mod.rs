//! `tidegate serve`: the service, from the first line of its log to the last.
//!
//! It binds its addresses, opens and migrates the store, starts the worker and the listener, and only then says on standard
//! output where it is. A signal makes it unready, lets requests and runs end, gives the leases back and exits with 0; a
//! second one ends it at once.

mod gates;
mod log;
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

pub(crate) use log::start as start_log;
pub(crate) use service::Service;

/// Where to serve
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Listen on this port of loopback instead of the configured addresses; 0 takes a free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs, asked: Option<&Path>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let mut settings = load(asked, &environment)?;
    if let Some(port) = args.port {
        settings.platform.http.listen = vec![([127, 0, 0, 1], port).into()];
    }
    log::start(&settings.platform.log);
    let runtime = runtime()?;
    let served = runtime.block_on(run(&settings, console));
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
        let of = |kind| signal(kind).map_err(|error| Failure::fault(format!("no signals: {error}")));
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn run(settings: &Settings, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    let mut service = Service::start(settings, Routes::new()).await?;
    say(console, &service).await?;
    tracing::info!(url = %service.url, "the service is ready");
    tokio::select! {
        () = signals.next() => {}
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
    for address in &service.addresses {
        console.prompt(&format!("ready: http://{address}\n")).map_err(output)?;
    }
    Ok(())
}
