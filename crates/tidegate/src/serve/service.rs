//! The service while it runs: what is started in which order, and what is ended in which.

use std::net::SocketAddr;
use std::time::Duration;

use tidegate_platform::auth::{Auth, AuthError};
use tidegate_platform::http::{HttpSettings, Listeners, Metrics, Platform, Routes, platform_routes, serve as http};
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{Listen, Unrouted};
use tidegate_platform::store::Db;
use tidegate_platform::wake::{Bridge, Worker, WorkerCounts};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{gates, wiring};
use crate::failure::Failure;
use crate::settings::Settings;

/// How long runs may go on after a stop began.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service that can be asked.
pub(crate) struct Service {
    /// How it is reached: `http.public_url`, else its first address.
    pub(crate) url: String,
    /// Where it listens.
    pub(crate) addresses: Vec<SocketAddr>,
    auth: Auth,
    db: Db,
    worker: Worker,
    bridge: Option<Bridge>,
    listening: Option<Listen>,
    serving: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Binds the addresses, opens and migrates the store, starts the worker and then the listener. Further routes join
    /// those of the gates.
    pub(crate) async fn start(settings: &Settings, further: Routes) -> Result<Self, Failure> {
        let config = &settings.platform;
        let remedy = "end what listens there, or name another port: --port, where 0 takes a free one, or http.listen";
        let listeners = Listeners::bind(&config.http.listen).await;
        let listeners = listeners.map_err(|error| Failure::usage(format!("{error}; {remedy}")))?;
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
        let router = http(platform.clone(), platform_routes(platform, routes.and(further)), mounts);
        let serving = tokio::spawn(listeners.serve(router, stopping, drain));
        Ok(Self { url, addresses, auth, db, worker, bridge, listening, serving, stop })
    }

    /// A one-time token for the first admin; nothing where there are users already.
    pub(crate) async fn new_setup_token(&self) -> Result<Option<Secret>, AuthError> {
        self.auth.new_setup_token().await
    }

    /// Waits for what never should come: an end of the listener that nobody asked for.
    pub(crate) async fn ended(&mut self) -> Failure {
        let ended = (&mut self.serving).await;
        Failure::fault(format!("the listener ended by itself: {ended:?}"))
    }

    /// Takes nothing new, answers what was asked, lets runs end and gives the leases back.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.listening);
        let _ = tokio::join!(self.serving, self.worker.stop(PATIENCE));
        drop(self.bridge);
        self.db.close().await;
    }
}

fn count(metrics: &Metrics, worker: &WorkerCounts, unrouted: Unrouted) {
    let (swept, taken) = (worker.clone(), worker.clone());
    metrics.watch("wake_swept", "Work that no signal told of", move || swept.swept());
    metrics.watch("outbox_unrouted", "Messages that no queue of the bus wanted", move || unrouted.count());
    metrics.watch("lease_taken_over", "Leases of workers that were gone", move || taken.taken_over());
}
