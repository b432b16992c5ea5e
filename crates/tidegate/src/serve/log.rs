//! The log: one line for what happens, JSON unless a person looks at it.

use std::io::IsTerminal as _;

use tidegate_platform::config::{LogConfig, LogFormat, LogLevel};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, reload};

/// How much is logged, which can be changed.
pub(crate) struct Level(reload::Handle<Targets, Registry>);

/// Starts the log on standard error. What libraries say is kept only where it is a warning.
pub(crate) fn start(config: &LogConfig) -> Level {
    let (filter, handle) = reload::Layer::new(targets(config.level));
    let is_json = match config.format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Text => false,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    let begun = if is_json {
        registry.with(lines.json().flatten_event(true).with_filter(filter)).try_init()
    } else {
        registry.with(lines.with_filter(filter)).try_init()
    };
    // a second start in one process keeps the first log
    drop(begun);
    Level(handle)
}

fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let targets = Targets::new().with_target("tidegate", level).with_default(level.min(LevelFilter::WARN));
    // that an idle connection ends is worth no warning
    targets.with_target("hyper", level.min(LevelFilter::ERROR))
}

impl Level {
    /// From now on so much is logged.
    pub(super) fn set(&self, level: LogLevel) {
        // without a log of this process there is nothing to set
        drop(self.0.reload(targets(level)));
    }
}
