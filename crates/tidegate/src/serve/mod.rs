//! `tidegate serve`: the service, from the first line of its log to the last.
//!
//! It binds its addresses, opens and migrates the store, starts the worker and the listener, and only then says on standard
//! output where it is. A signal makes it unready, lets requests and runs end, gives the leases back and exits with 0; a
//! second one ends it at once.

mod gates;
mod log;
mod reload;
mod roles;
mod wiring;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::auth::Auth;
use tidegate_platform::blockers::say_gates;
use tidegate_platform::config::{Environment, Running};
use tidegate_platform::http::{
    Count, HttpSettings, Listeners, Mounts, Platform, Routes, config_routes, platform_routes, serve as http,
};
use tidegate_platform::wake::{Bridge, Worker};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::settings::{Settings, load};
use reload::Configuration;
pub(crate) use roles::Role;
use roles::Roles;

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

/// How long runs may go on after a stop began.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs, asked: Option<&Path>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let mut settings = load(asked, &environment)?;
    if let Some(port) = args.port {
        settings.platform.http.listen = vec![([127, 0, 0, 1], port).into()];
    }
    let level = log::start(&settings.platform.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::fault(format!("the runtime does not start: {error}")))?;
    let origin = Origin { asked: asked.map(Path::to_owned), environment, level };
    let served = runtime.block_on(run(&settings, origin, &Roles::new(&args.roles), console));
    // after a second signal nothing is waited for
    runtime.shutdown_background();
    served
}

/// Whence the configuration came, to be read anew.
struct Origin {
    asked: Option<std::path::PathBuf>,
    environment: Environment,
    level: log::Level,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hangup: signal(SignalKind::hangup())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for a signal to stop, and has the configuration read anew whenever one asks for that.
    async fn next_stop(&mut self, running: &Arc<Configuration>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => reload_now(running).await,
            }
        }
    }
}

async fn reload_now(running: &Arc<Configuration>) {
    let running = Arc::clone(running);
    // it reads files
    match tokio::task::spawn_blocking(move || running.reload()).await {
        Ok(Ok(taken)) => {
            tracing::info!(changed = ?taken.changed, at_restart = ?taken.at_restart, "the configuration was read anew");
        }
        Ok(Err(errors)) => tracing::error!(%errors, "the configuration stays as it was"),
        Err(error) => tracing::error!(%error, "the configuration could not be read"),
    }
}

async fn run(settings: &Settings, origin: Origin, roles: &Roles, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let config = &settings.platform;
    let mut signals = Signals::new().map_err(|error| Failure::fault(format!("no signals: {error}")))?;
    let listeners = if roles.has(Role::Web) { Some(Listeners::bind(&config.http.listen).await?) } else { None };
    let addresses = listeners.as_ref().map(Listeners::addresses).unwrap_or_default();
    let db = wiring::store(config).await?;
    roles.check(&db)?;
    let bridge = match wiring::direct_url(config) {
        Some(url) => Some(Bridge::start(&db, url)?),
        None => None,
    };
    let auth = wiring::keeper(settings, &db)?;
    let unrouted = Count::default();
    let jobs = wiring::jobs(settings, &db, &unrouted).await?;
    let states = gates::states(settings);
    say_gates(&db, &states.iter().map(|state| (state.name, state.enabled)).collect::<Vec<_>>()).await?;
    let (stop, stopping) = watch::channel(false);
    let http_settings = HttpSettings::from(&config.http);
    let names = jobs.names().collect();
    let platform = Platform::new(db.clone(), auth.clone(), http_settings, names, stopping.clone()).with_gates(states);
    let Origin { asked, environment, level } = origin;
    let parts = (auth.clone(), platform.clone(), level);
    let running = Arc::new(Configuration::new(asked, environment, settings, parts));
    let jobs = jobs.in_roles(&roles.names());
    let worker = Worker::start(db.clone(), jobs, wiring::worker(config, roles));
    platform.metrics().register_worker(&worker.counts());
    platform.metrics().register_of_sink("outbox_unrouted", "Messages that no queue wanted", "amqp", unrouted);
    let listening = roles.has(Role::Consumer).then(|| wiring::listen(settings, &db)).flatten();
    let url = url_of(settings, &addresses);
    let mut serving = listeners.map(|listeners| {
        let (routes, mounts) = routes(settings, &platform, &running, &url);
        let drain = HttpSettings::from(&config.http).drain;
        let router = http(platform.clone(), platform_routes(platform.clone(), routes), mounts);
        tokio::spawn(listeners.serve(router, stopping, drain))
    });

    say(console, &auth, &addresses, &url).await?;
    tracing::info!(%url, roles = roles.shown(), "the service is ready");

    tokio::select! {
        () = signals.next_stop(&running) => {}
        ended = ended(&mut serving) => return Err(Failure::fault(format!("the listener ended by itself: {ended}"))),
    }
    tracing::info!("the service stops");
    stop.send_replace(true);
    drop(listening);
    let ending = async {
        let served = async {
            if let Some(serving) = serving {
                drop(serving.await);
            }
        };
        let ((), ()) = tokio::join!(served, worker.stop(PATIENCE));
        drop(bridge);
        db.close().await;
    };
    tokio::select! {
        () = ending => tracing::info!("the service has stopped"),
        () = signals.next() => tracing::warn!("a second signal: nothing is waited for any more"),
    }
    Ok(Exit::Yes)
}

/// All routes of the gates, and those that show and change the configuration.
fn routes(settings: &Settings, platform: &Platform, running: &Arc<Configuration>, url: &str) -> (Routes, Mounts) {
    let (routes, mounts) = gates::routes(settings, platform, url);
    let running: Arc<dyn Running> = Arc::<Configuration>::clone(running);
    (routes.and(config_routes(platform.clone(), running)), mounts)
}

/// How the service is reached.
fn url_of(settings: &Settings, addresses: &[SocketAddr]) -> String {
    let public = settings.platform.http.public_url.as_ref().map(ToString::to_string);
    public.unwrap_or_else(|| addresses.first().map(|at| format!("http://{at}")).unwrap_or_default())
}

/// Waits for a listener that ends by itself; without one, for ever.
async fn ended(serving: &mut Option<JoinHandle<()>>) -> String {
    match serving {
        Some(serving) => format!("{:?}", serving.await),
        None => std::future::pending().await,
    }
}

/// Says where the service is, and how the first admin gets in.
async fn say(console: &mut Console<'_>, auth: &Auth, addresses: &[SocketAddr], url: &str) -> Result<(), Failure> {
    let output = |error: std::io::Error| crate::failure::of_output(&error);
    // a process that nobody can reach sets nobody up
    if !addresses.is_empty()
        && let Some(token) = auth.new_setup_token().await?
    {
        let token = token.expose();
        let line = format!("setup: open {url}/setup or run \"tidegate setup --token {token}\"");
        console.warn(&line).map_err(output)?;
    }
    if addresses.is_empty() {
        return console.prompt("ready: without a listener\n").map_err(output);
    }
    for address in addresses {
        console.prompt(&format!("ready: http://{address}\n")).map_err(output)?;
    }
    Ok(())
}
