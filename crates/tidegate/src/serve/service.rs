//! The service while it runs: what is started in which order, and what is ended in which.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tidegate_platform::auth::{Auth, AuthError};
use tidegate_platform::blockers::say_gates;
use tidegate_platform::config::Running;
use tidegate_platform::http::{
    HttpSettings, Listeners, Platform, Routes, config_routes, platform_routes, serve as http,
};
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::Listen;
use tidegate_platform::store::Db;
use tidegate_platform::wake::{Bridge, Worker};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::reload::{Configuration, Origin};
use super::roles::{Role, Roles};
use super::{gates, wiring};
use crate::failure::Failure;
use crate::settings::Settings;

/// How long runs may go on after a stop began.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service that can be asked, if it has a listener.
pub(crate) struct Service {
    /// How it is reached: `http.public_url`, else its first address.
    pub(crate) url: String,
    /// Where it listens.
    pub(crate) addresses: Vec<SocketAddr>,
    /// By what it runs, where that can be read anew.
    pub(super) running: Option<Arc<Configuration>>,
    auth: Auth,
    db: Db,
    worker: Worker,
    bridge: Option<Bridge>,
    listening: Option<Listen>,
    serving: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// The whole service in one process. Further routes join those of the gates.
    pub(crate) async fn whole(settings: &Settings, further: Routes) -> Result<Self, Failure> {
        Self::start(settings, None, &Roles::new(&Role::ALL), further).await
    }

    /// Binds the addresses, opens and migrates the store, starts the worker and then the listener.
    pub(super) async fn start(
        settings: &Settings,
        origin: Option<Origin>,
        roles: &Roles,
        further: Routes,
    ) -> Result<Self, Failure> {
        let config = &settings.platform;
        let listeners = if roles.has(Role::Web) { Some(bind(&config.http.listen).await?) } else { None };
        let addresses = listeners.as_ref().map(Listeners::addresses).unwrap_or_default();
        let db = wiring::store(config).await?;
        roles.check(&db)?;
        let bridge = match wiring::direct_url(config) {
            Some(url) => Some(Bridge::start(&db, url)?),
            None => None,
        };
        let auth = wiring::keeper(settings, &db)?;
        let bus = wiring::Bus::default();
        let jobs = wiring::jobs(settings, &db, &bus).await?;
        let states = gates::states(settings);
        say_gates(&db, &states.iter().map(|state| (state.name, state.enabled)).collect::<Vec<_>>()).await?;
        let (stop, stopping) = watch::channel(false);
        let (http_settings, names) = (HttpSettings::from(&config.http), jobs.names().collect());
        let drain = http_settings.drain;
        let platform = Platform::new(db.clone(), auth.clone(), http_settings, names, stopping.clone());
        let platform = platform.with_gates(states, gates::trail(settings));
        let parts = (auth.clone(), platform.clone());
        let running = origin.map(|origin| Arc::new(Configuration::new(origin, settings, parts)));
        let worker = Worker::start(db.clone(), jobs.in_roles(&roles.names()), wiring::worker(config, roles));
        platform.metrics().register_worker(&worker.counts());
        platform.metrics().register_of_sink("outbox_unrouted", "Messages that no queue wanted", "amqp", bus.unrouted);
        let listening = roles.has(Role::Consumer).then(|| wiring::listen(settings, &db)).flatten();
        let url = url_of(settings, &addresses);
        let serving = listeners.map(|listeners| {
            let (routes, mounts) = gates::routes(settings, &platform, &url, bus.fault);
            let of_config = running.clone().map(|running| config_routes(platform.clone(), running as Arc<dyn Running>));
            let routes = routes.and(of_config.unwrap_or_default()).and(further);
            let router = http(platform.clone(), platform_routes(platform, routes), mounts);
            tokio::spawn(listeners.serve(router, stopping, drain))
        });
        Ok(Self { url, addresses, running, auth, db, worker, bridge, listening, serving, stop })
    }

    /// A one-time token for the first admin; nothing where there are users already, or where nobody can be let in.
    pub(crate) async fn new_setup_token(&self) -> Result<Option<Secret>, AuthError> {
        if self.addresses.is_empty() { Ok(None) } else { self.auth.new_setup_token().await }
    }

    /// Waits for what never should come: an end of the listener that nobody asked for.
    pub(crate) async fn ended(&mut self) -> Failure {
        let ended = match &mut self.serving {
            Some(serving) => serving.await,
            None => std::future::pending().await,
        };
        Failure::fault(format!("the listener ended by itself: {ended:?}"))
    }

    /// Takes nothing new, answers what was asked, lets runs end and gives the leases back.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.listening);
        let served = async {
            if let Some(serving) = self.serving {
                drop(serving.await);
            }
        };
        tokio::join!(served, self.worker.stop(PATIENCE));
        drop(self.bridge);
        self.db.close().await;
    }
}

async fn bind(addresses: &[SocketAddr]) -> Result<Listeners, Failure> {
    let remedy = "end what listens there, or name another port: --port, where 0 takes a free one, or http.listen";
    let listeners = Listeners::bind(addresses).await;
    listeners.map_err(|error| Failure::usage(format!("{error}; {remedy}")))
}

/// How the service is reached.
fn url_of(settings: &Settings, addresses: &[SocketAddr]) -> String {
    let public = settings.platform.http.public_url.as_ref().map(ToString::to_string);
    public.unwrap_or_else(|| addresses.first().map(|at| format!("http://{at}")).unwrap_or_default())
}
