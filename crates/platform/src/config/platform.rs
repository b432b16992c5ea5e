//! The tables of the platform itself.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::file::Environment;
use super::reader::Reader;
use super::setting::{Network, PublicUrl, ServiceUrl};
use super::units::{Keep, Size, TimeOfDay};
use crate::{choice, section};

section! {
    /// Where the state of all gates is kept.
    pub struct StoreConfig {
        /// `sqlite:PATH` or `postgres://…`; without it a SQLite file in `data_dir`.
        pub url: optional(ServiceUrl),
        /// The address past a pooler, for listening to other processes.
        pub direct_url: optional(ServiceUrl),
        /// The most connections.
        pub pool: value(NonZeroU32) = "10",
    }
}

section! {
    /// The listener.
    pub struct HttpConfig {
        /// Where it listens; port 0 takes a free one.
        pub listen: value(Vec<SocketAddr>) = "[\"127.0.0.1:8470\"]",
        /// How the service is reached from outside; without it, as the request says.
        pub public_url: optional(PublicUrl),
        /// Who may say for whom a request is forwarded.
        pub trusted_proxies: value(Vec<Network>) = "[]",
        /// The header by which a trusted proxy names the user that it has authenticated.
        pub trusted_user_header: optional(String),
        /// Pages of other origins that may read, and write with a token.
        pub cors_origins: value(Vec<PublicUrl>) = "[]",
        /// The largest body, where a route has no limit of its own.
        pub max_body: value(Size) = "\"4MiB\"",
        /// How long a request may take.
        pub handler_timeout: value(Duration) = "\"30s\"",
        /// How long the listener stays open after a stop began.
        pub drain: value(Duration) = "\"5s\"",
        /// How long the answer to an `Idempotency-Key` is kept.
        pub idempotency_ttl: value(Duration) = "\"7d\"",
        /// Requests a second from an address without a login.
        pub anonymous_rate: value(NonZeroU32) = "50",
    }
}

section! {
    /// Who may do what.
    pub struct AuthConfig {
        /// Whether people without a login may read.
        pub anonymous_read: value(bool) = "true",
        /// After how long without a request a session ends.
        pub session_idle: value(Duration) = "\"12h\"",
        /// After how long a session ends at the latest.
        pub session_max: value(Duration) = "\"7d\"",
        /// Roles that are given here instead of in the store.
        pub grant: list(GrantConfig),
    }
}

section! {
    /// A role for a user or a team.
    pub struct GrantConfig {
        /// The role, such as `platform.operator`.
        pub role: required(String),
        /// Who has it.
        pub user: optional(String),
        /// Whose members have it.
        pub team: optional(String),
        /// On what it is given, if not on everything; `*` stands for any characters.
        pub on: optional(String),
        /// What it is narrowed to, as its gate understands it.
        pub only: optional(Vec<String>),
    }
}

choice! {
    /// Whether the queue of the bus is made or only used.
    pub enum BusDeclare {
        /// Queue and bindings are made where they are missing.
        Active = "active",
        /// They have to be there.
        Passive = "passive",
    }
}

section! {
    /// The message bus.
    pub struct BusConfig {
        /// `amqp://user@host/vhost`; without it messages stay in this program.
        pub url: optional(ServiceUrl),
        /// The password of the user.
        pub password_file: secret,
        /// The exchange to which messages go.
        pub exchange: value(String) = "\"amq.topic\"",
        /// What stands before every topic.
        pub topic_prefix: value(String) = "\"tidegate\"",
        /// The queue from which messages come.
        pub queue: value(String) = "\"tidegate\"",
        /// Which messages it gets.
        pub bindings: value(Vec<String>) = "[]",
        /// Whether the queue is made or only used.
        pub declare: value(BusDeclare) = "\"active\"",
        /// How many messages are worked on at a time.
        pub prefetch: value(NonZeroU32) = "25",
        /// The authority by which the broker is known.
        pub ca_file: optional(PathBuf),
        /// The certificate by which the broker knows this program.
        pub cert_file: optional(PathBuf),
        /// Its key.
        pub key_file: optional(PathBuf),
    }
}

section! {
    /// How mails go out.
    pub struct MailConfig {
        /// `smtp://user@host:port`, or `file:FOLDER` for one file a mail; `file:` is a folder in `data_dir`.
        pub url: value(ServiceUrl) = "\"file:\"",
        /// The password of the user.
        pub password_file: secret,
        /// Who sends them.
        pub from: value(String) = "\"tidegate@localhost\"",
        /// The most notices an hour for a recipient.
        pub per_hour: value(NonZeroU32) = "20",
    }
}

section! {
    /// Work in the background.
    pub struct JobsConfig {
        /// Runs at a time; without it twice the processor's cores, at least 4.
        pub slots: optional(NonZeroU32),
        /// After how long without a sign a worker counts as dead.
        pub lease: value(Duration) = "\"60s\"",
        /// How often the work is looked for that no signal told of.
        pub sweep: value(Duration) = "\"60s\"",
    }
}

section! {
    /// How long things are kept.
    pub struct RetentionConfig {
        /// When what is too old is deleted, each day.
        pub at: value(TimeOfDay) = "\"03:10\"",
        /// Messages, after every receiver has them.
        pub sent: value(Keep) = "\"14d\"",
        /// Ids of what was received.
        pub inbox: value(Keep) = "\"30d\"",
        /// Runs of jobs.
        pub runs: value(Keep) = "\"7d\"",
        /// The record of writes.
        pub writes: value(Keep) = "\"2y\"",
        /// Blockers, from their end on.
        pub blockers: value(Keep) = "\"400d\"",
    }
}

choice! {
    /// How much is logged.
    pub enum LogLevel {
        /// What failed.
        Error = "error",
        /// What may fail soon, too.
        Warn = "warn",
        /// What happens, too.
        Info = "info",
        /// How it happens, too.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

choice! {
    /// How a line of the log looks.
    pub enum LogFormat {
        /// Text on a terminal, else JSON.
        Auto = "auto",
        /// JSON, a line each.
        Json = "json",
        /// Text for people.
        Text = "text",
    }
}

section! {
    /// The log.
    pub struct LogConfig {
        /// How much is logged.
        pub level: value(LogLevel) = "\"info\"",
        /// How a line looks.
        pub format: value(LogFormat) = "\"auto\"",
    }
}

section! {
    /// A web hook that gets messages.
    pub struct HookConfig {
        /// Where they are posted to.
        pub url: required(ServiceUrl),
        /// Which topics: a topic, whole words and `.*`, or `*`.
        pub topics: value(Vec<String>) = "[\"*\"]",
        /// What they are signed with.
        pub secret_file: secret,
        /// The feed's number from which it gets them, if not from when it was added.
        pub from: optional(u32),
    }
}

section! {
    /// For test suites only.
    pub struct TestConfig {
        /// Routes below `/test`; then every listener must be on loopback.
        pub hooks: value(bool) = "false",
        /// Who a request without a login is.
        pub identity: value(String) = "\"testuser1\"",
        /// Take a PostgreSQL server that does not force commits to the disk, as the hooks do too.
        pub waive_fsync: value(bool) = "false",
    }
}

/// What the platform's tables say.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// Where data lies.
    pub data_dir: PathBuf,
    /// `[store]`
    pub store: StoreConfig,
    /// `[http]`
    pub http: HttpConfig,
    /// `[auth]`
    pub auth: AuthConfig,
    /// `[bus]`
    pub bus: BusConfig,
    /// `[mail]`
    pub mail: MailConfig,
    /// `[jobs]`
    pub jobs: JobsConfig,
    /// `[retention]`
    pub retention: RetentionConfig,
    /// `[log]`
    pub log: LogConfig,
    /// `[hook.<name>]`
    pub hook: std::collections::BTreeMap<String, HookConfig>,
    /// `[test]`
    pub test: TestConfig,
}

impl PlatformConfig {
    /// Reads the platform's tables; `None` if one of them is mistaken, which the reader then reports.
    pub fn read(reader: &mut Reader<'_>, environment: &Environment) -> Option<Self> {
        let data_dir = reader.top(|top| top.optional("data_dir", " Where data lies."));
        let store = reader.table("store");
        let http = reader.table("http");
        let auth = reader.table("auth");
        let bus = reader.table("bus");
        let mail = reader.table("mail");
        let jobs = reader.table("jobs");
        let retention = reader.table("retention");
        let log = reader.table("log");
        let hook = reader.top(|top| top.named("hook"));
        let test = reader.table("test");
        let config = Self {
            data_dir: data_dir?.unwrap_or_else(|| environment.data_dir()),
            store: store?,
            http: http?,
            auth: auth?,
            bus: bus?,
            mail: mail?,
            jobs: jobs?,
            retention: retention?,
            log: log?,
            hook: hook?,
            test: test?,
        };
        config.check(reader);
        Some(config)
    }

    /// What only shows when several keys are looked at together.
    fn check(&self, reader: &mut Reader<'_>) {
        if self.http.listen.is_empty() {
            reader.refuse("http.listen is empty: expected at least one address");
        }
        if self.test.hooks {
            for listener in self.http.listen.iter().filter(|listener| !listener.ip().is_loopback()) {
                reader.refuse(format!(
                    "test.hooks = true opens the service to every test, but http.listen has {listener}: expected loopback only"
                ));
            }
        }
        for grant in self.auth.grant.iter().filter(|grant| grant.user.is_some() == grant.team.is_some()) {
            reader.refuse(format!("auth.grant of {:?}: expected either user or team", grant.role));
        }
        if self.http.trusted_user_header.is_some() && self.http.trusted_proxies.is_empty() {
            reader.refuse("http.trusted_user_header is read only from http.trusted_proxies, which is empty");
        }
    }
}
