//! What the configuration makes of the parts: store, rights, jobs, receivers.

use std::num::NonZeroU32;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidegate_kernel::{RandomIds, SystemClock};
use tidegate_platform::auth::{self, Auth, AuthOptions};
use tidegate_platform::chance::SystemRng;
use tidegate_platform::config::{self, BusDeclare, PlatformConfig};
use tidegate_platform::fault::Fault;
use tidegate_platform::http;
use tidegate_platform::notices::{Digest, DigestOptions};
use tidegate_platform::outbox::Sequence;
use tidegate_platform::relay::Relay;
use tidegate_platform::retention::{Keep, Retention, rules};
use tidegate_platform::secret::Secret;
use tidegate_platform::sinks::{
    Amqp, AmqpOptions, Hook, HookOptions, Listen, ListenOptions, MailOptions, MailWay, Mailer,
};
use tidegate_platform::store::{Db, Place, StoreOptions, Surroundings};
use tidegate_platform::wake::{Jobs, WorkerOptions};

use super::gates;
use super::roles::Roles;
use crate::failure::Failure;
use crate::settings::Settings;

/// What others see of the way to the receivers.
#[derive(Default)]
pub(super) struct Bus {
    /// Takes all receivers away, for tests.
    pub(super) fault: Fault,
    /// What no queue of the broker wanted.
    pub(super) unrouted: http::Count,
}

/// Opens and migrates the store.
pub(super) async fn store(config: &PlatformConfig) -> Result<Db, Failure> {
    let db = open(config).await?;
    let applied = db.migrate(gates::MIGRATIONS).await?;
    if applied > 0 {
        tracing::info!(applied, "the store was migrated");
    }
    let is_new = applied == gates::MIGRATIONS.iter().map(|migrations| migrations.list.len()).sum::<usize>();
    if config.test.hooks && is_new {
        gates::allow_emptying(&db).await?;
    }
    Ok(db)
}

/// Opens the store as it is.
pub(super) async fn open(config: &PlatformConfig) -> Result<Db, Failure> {
    let surroundings =
        Surroundings { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng), ids: Arc::new(RandomIds(SystemRng)) };
    private_folder(&config.data_dir)?;
    let place = match &config.store.url {
        None => Place::Sqlite(config.data_dir.join("tidegate.sqlite")),
        Some(url) => StoreOptions::parse(url.expose())?.place,
    };
    let waive_fsync = config.test.hooks || config.test.waive_fsync;
    let options = StoreOptions { place, pool: config.store.pool, waive_fsync };
    Ok(Db::open(&options, surroundings).await?)
}

/// A folder that nobody else can look into, unless it is there already.
fn private_folder(path: &Path) -> Result<(), Failure> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Failure::usage(format!("data_dir: {}: {error}", path.display())))
}

/// Where other processes on the same store are heard; nothing for SQLite.
pub(super) fn direct_url(config: &PlatformConfig) -> Option<&str> {
    let urls = [&config.store.direct_url, &config.store.url];
    let url = urls.into_iter().flatten().map(config::ServiceUrl::expose).next()?;
    url.starts_with("postgres").then_some(url)
}

/// Who may do what, as the configuration says.
pub(super) fn auth_options(settings: &Settings) -> AuthOptions {
    let anonymous_read_of = gates::anonymous_read(settings);
    AuthOptions { anonymous_read_of, ..AuthOptions::from(&settings.platform.auth) }
}

pub(super) fn keeper(settings: &Settings, db: &Db) -> Result<Auth, Failure> {
    let rights = gates::rights().map_err(|error| Failure::fault(error.to_string()))?;
    let auth = Auth::new(db.clone(), rights, auth_options(settings));
    auth.map_err(|error| Failure::usage(format!("[[auth.grant]]: {error}")))
}

pub(super) fn worker(config: &PlatformConfig, roles: &Roles) -> WorkerOptions {
    let usual = WorkerOptions::default();
    let slots = config.jobs.slots.map(NonZeroU32::get).and_then(|slots| usize::try_from(slots).ok());
    let (lease, sweep) = (config.jobs.lease, config.jobs.sweep);
    WorkerOptions { slots: slots.unwrap_or(usual.slots), lease, sweep, roles: roles.shown() }
}

/// All jobs, with the receivers enrolled.
pub(super) async fn jobs(settings: &Settings, db: &Db, bus: &Bus) -> Result<Jobs, Failure> {
    let config = &settings.platform;
    let relay = relay(config, bus)?.enrol(db).await?;
    let retention = gates::kept(settings, retention(config)).enrol(db).await?;
    let consumers = gates::consumers(settings).enrol(db).await?;
    let jobs = Jobs::default().with(relay).with(retention).with(consumers).with(digest(settings));
    Ok(if db.is_postgres() { jobs.with(Sequence) } else { jobs })
}

/// Folds what people are told into few mails.
fn digest(settings: &Settings) -> Digest {
    let (mail, http) = (&settings.platform.mail, &settings.platform.http);
    let domain = mail.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain.trim_end_matches('>'));
    let unsubscribe = match &http.public_url {
        Some(url) => format!("{url}/account"),
        None => format!("mailto:{}", mail.from.rsplit('<').next().unwrap_or_default().trim_end_matches('>')),
    };
    Digest::new(DigestOptions { per_hour: mail.per_hour, domain: domain.to_owned(), unsubscribe })
}

/// Hears the bus, if there is one that has something for us.
pub(super) fn listen(settings: &Settings, db: &Db) -> Option<Listen> {
    let bus = &settings.platform.bus;
    let url = bus.url.as_ref().filter(|_| !bus.bindings.is_empty())?;
    let options = ListenOptions {
        url: url.with_password(bus.password_file.as_ref()),
        exchange: bus.exchange.clone(),
        queue: bus.queue.clone(),
        bindings: bus.bindings.clone(),
        declare: bus.declare == BusDeclare::Active,
        prefetch: bus.prefetch.get().try_into().unwrap_or(u16::MAX),
        consumers: gates::heard(settings),
    };
    Some(Listen::start(db.clone(), options))
}

fn relay(config: &PlatformConfig, bus: &Bus) -> Result<Relay, Failure> {
    let mut relay = Relay::new().with_fault(bus.fault.clone()).with(mailer(config)?);
    if let Some(url) = &config.bus.url {
        let url = url.with_password(config.bus.password_file.as_ref());
        let (exchange, topic_prefix) = (config.bus.exchange.clone(), config.bus.topic_prefix.clone());
        relay = relay.with(Amqp::new(AmqpOptions { url, exchange, topic_prefix }).counting(bus.unrouted.clone()));
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| Failure::fault(format!("no client for web hooks: {error}")))?;
    for (name, hook) in &config.hook {
        let secret = hook.secret_file.clone();
        let missing = || Failure::usage(format!("[hook.{name}] lacks \"secret_file\": messages are signed"));
        let options = HookOptions {
            name: name.clone(),
            url: Secret::new(hook.url.expose()),
            topics: hook.topics.clone(),
            secret: secret.ok_or_else(missing)?,
            from: hook.from.map(i64::from),
        };
        relay = relay.with(Hook::new(client.clone(), options));
    }
    let relay = relay.with_hooks(client);
    Ok(relay)
}

fn mailer(config: &PlatformConfig) -> Result<Mailer, Failure> {
    let url = config.mail.url.expose();
    let way = match url.strip_prefix("file:") {
        Some("") => MailWay::Folder(config.data_dir.join("mail")),
        Some(folder) => MailWay::Folder(folder.into()),
        None => MailWay::Smtp(config.mail.url.with_password(config.mail.password_file.as_ref())),
    };
    if let MailWay::Folder(folder) = &way {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| Failure::usage(format!("mail.url: {}: {error}", folder.display())))?;
    }
    let options = MailOptions { from: config.mail.from.clone(), way };
    Mailer::new(&options).map_err(|error| Failure::usage(format!("[mail] {error}")))
}

fn retention(config: &PlatformConfig) -> Retention {
    let keep = |keep: config::Keep| match keep {
        config::Keep::For(duration) => Some(duration),
        config::Keep::Forever => None,
    };
    let of = &config.retention;
    let kept = Keep {
        sent: keep(of.sent),
        inbox: keep(of.inbox),
        runs: keep(of.runs),
        writes: keep(of.writes),
        blockers: keep(of.blockers),
    };
    let at = Duration::from_secs(u64::from(of.at.hour) * 3_600 + u64::from(of.at.minute) * 60);
    let own = [rules(kept), auth::rules(&AuthOptions::from(&config.auth)), http::rules()].concat();
    Retention::at(at).with("platform", own)
}
