//! `tidegate serve`: the service, from the first line of its log to the last.
//!
//! It binds its addresses, opens and migrates the store, starts the worker and the listener, and only then says on standard
//! output where it is. A signal makes it unready, lets requests and runs end, gives the leases back and exits with 0; a
//! second one ends it at once.

mod gates;
mod log;
mod wiring;

use std::path::Path;
use std::time::Duration;

use clap::Args;
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::Environment;
use tidegate_platform::http::{HttpSettings, Listeners, Metrics, Platform, platform_routes, serve as http};
use tidegate_platform::sinks::Unrouted;
use tidegate_platform::wake::{Bridge, Worker, WorkerCounts};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;
use crate::settings::{Settings, load};

/// Where to serve
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Listen on this port of loopback instead of the configured addresses; 0 takes a free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// How long runs may go on after a stop began.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs, asked: Option<&Path>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let mut settings = load(asked, &environment)?;
    if let Some(port) = args.port {
        settings.platform.http.listen = vec![([127, 0, 0, 1], port).into()];
    }
    log::start(&settings.platform.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::fault(format!("the runtime does not start: {error}")))?;
    let served = runtime.block_on(run(&settings, console));
    // after a second signal nothing is waited for
    runtime.shutdown_background();
    served
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn run(settings: &Settings, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let config = &settings.platform;
    let mut signals = Signals::new().map_err(|error| Failure::fault(format!("no signals: {error}")))?;
    let listeners = Listeners::bind(&config.http.listen).await?;
    let addresses = listeners.addresses();
    let db = wiring::store(config).await?;
    let bridge = match wiring::direct_url(config) {
        Some(url) => Some(Bridge::start(&db, url)?),
        None => None,
    };
    let auth = wiring::keeper(config, &db)?;
    let bus = wiring::Bus::default();
    let jobs = wiring::jobs(settings, &db, &bus).await?;
    let (stop, stopping) = watch::channel(false);
    let http_settings = HttpSettings::from(&config.http);
    let drain = http_settings.drain;
    let platform = Platform::new(db.clone(), auth.clone(), http_settings, jobs.names().collect(), stopping.clone());
    let worker = Worker::start(db.clone(), jobs, wiring::worker(config));
    count(platform.metrics(), &worker.counts(), bus.unrouted);
    let listening = wiring::listen(settings, &db);
    let public = config.http.public_url.as_ref().map(ToString::to_string);
    let url = public.unwrap_or_else(|| addresses.first().map(|at| format!("http://{at}")).unwrap_or_default());
    let (routes, mounts) = gates::routes(settings, &platform, &url, bus.fault);
    let router = http(platform.clone(), platform_routes(platform, routes), mounts);
    let mut serving = tokio::spawn(listeners.serve(router, stopping, drain));

    say(console, &auth, &addresses, &url).await?;
    tracing::info!(%url, "the service is ready");

    tokio::select! {
        () = signals.next() => {}
        ended = &mut serving => {
            return Err(Failure::fault(format!("the listener ended by itself: {ended:?}")));
        }
    }
    tracing::info!("the service stops");
    stop.send_replace(true);
    drop(listening);
    let ending = async {
        let _ = tokio::join!(serving, worker.stop(PATIENCE));
        drop(bridge);
        db.close().await;
    };
    tokio::select! {
        () = ending => tracing::info!("the service has stopped"),
        () = signals.next() => tracing::warn!("a second signal: nothing is waited for any more"),
    }
    Ok(Exit::Yes)
}

fn count(metrics: &Metrics, worker: &WorkerCounts, unrouted: Unrouted) {
    let (swept, taken) = (worker.clone(), worker.clone());
    metrics.watch("wake_swept", "Work that no signal told of", move || swept.swept());
    metrics.watch("outbox_unrouted", "Messages that no queue of the bus wanted", move || unrouted.count());
    metrics.watch("lease_taken_over", "Leases of workers that were gone", move || taken.taken_over());
}

/// Says where the service is, and how the first admin gets in.
async fn say(
    console: &mut Console<'_>,
    auth: &tidegate_platform::auth::Auth,
    addresses: &[std::net::SocketAddr],
    url: &str,
) -> Result<(), Failure> {
    let output = |error: std::io::Error| crate::failure::of_output(&error);
    if let Some(token) = auth.new_setup_token().await? {
        let token = token.expose();
        let line = format!("setup: open {url}/setup or run \"tidegate setup --token {token}\"");
        console.warn(&line).map_err(output)?;
    }
    for address in addresses {
        console.prompt(&format!("ready: http://{address}\n")).map_err(output)?;
    }
    Ok(())
}
