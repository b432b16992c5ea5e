//! What is counted, for Prometheus. Labels come from closed sets only.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use tidegate_kernel::Timestamp;

use crate::relay::view::SinkState;
use crate::wake::WorkerCounts;
use crate::wake::view::JobState;

/// What is counted.
pub struct Metrics {
    registry: Mutex<Registry>,
    names: Mutex<Vec<String>>,
    standing: Gauges,
    requests: Family<Request, Counter>,
    seconds: Family<Pattern, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: &'static str,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pattern {
    route: &'static str,
}

/// A count that grows.
pub type Count = Counter;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSink {
    sink: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCode {
    code: String,
    level: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfJob {
    job: String,
}

/// What is read from the store whenever somebody asks.
#[derive(Default)]
struct Gauges {
    pending: Family<OfSink, Gauge>,
    age: Family<OfSink, Gauge<f64, AtomicU64>>,
    set_aside: Family<OfSink, Gauge>,
    blockers: Family<OfCode, Gauge>,
    due: Family<OfJob, Gauge>,
}

/// How the platform stands, as the store says.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) sinks: Vec<SinkState>,
    /// Code, level and number of the open ones.
    pub(super) blockers: Vec<(String, String, i64)>,
    pub(super) jobs: Vec<JobState>,
}

/// A count that somebody else keeps.
struct Watched(Box<dyn Fn() -> u64 + Send + Sync>);

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watched({})", (self.0)())
    }
}

impl EncodeMetric for Watched {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_counter::<NoLabelSet, u64, f64>(&(self.0)(), None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

/// Upper bounds, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

fn new_histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Mutex::new(Registry::with_prefix("tidegate"));
        let requests = Family::default();
        let seconds = Family::new_with_constructor(new_histogram as fn() -> Histogram);
        let (names, standing) = (Mutex::default(), Gauges::default());
        let Gauges { pending, age, set_aside, blockers, due } = &standing;
        let (pending, age, set_aside) = (pending.clone(), age.clone(), set_aside.clone());
        let (blockers, due) = (blockers.clone(), due.clone());
        let this = Self { registry, names, standing, requests, seconds };
        this.register("http_requests", "Requests that were answered", this.requests.clone());
        this.register("http_request_seconds", "How long answers took", this.seconds.clone());
        this.register("outbox_pending", "Rows that a receiver will be sent; 10001 stand for more", pending);
        this.register("outbox_age_seconds", "How old the oldest row is that a receiver will be sent", age);
        this.register("outbox_set_aside", "Rows that a receiver refused", set_aside);
        this.register("blockers_open", "What stands still now", blockers);
        this.register("wake_due", "Work that is due and does not run, by job; 2000 stand for more", due);
        this
    }
}

impl Metrics {
    /// Counts something more, under `tidegate_<name>`.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(format!("tidegate_{name}: {help}"));
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register(name, help, metric);
    }

    /// Counts something more of one receiver.
    pub fn register_of_sink(&self, name: &str, help: &str, sink: &'static str, metric: impl Metric) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(format!("tidegate_{name}: {help}"));
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.sub_registry_with_label(("sink".into(), sink.into())).register(name, help, metric);
    }

    /// Counts what that worker does.
    pub fn register_worker(&self, counts: &WorkerCounts) {
        let of_jobs = counts.of_jobs().clone();
        self.register("wake_swept", "Work that no signal told of", of_jobs.swept);
        self.register("wake_latency_seconds", "From when work was due to when it began", of_jobs.latency);
        self.register("runs", "Runs of jobs by how they ended", of_jobs.runs);
        let taken = counts.clone();
        self.watch("lease_taken_over", "Leases of workers that were gone", move || taken.taken_over());
    }

    /// What is counted, each with what it means, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.sort();
        names
    }

    /// Shows how the platform stands now.
    pub(super) fn show(&self, standing: &Standing, now: Timestamp) {
        let gauges = &self.standing;
        gauges.pending.clear();
        gauges.age.clear();
        gauges.set_aside.clear();
        for state in &standing.sinks {
            let of = OfSink { sink: state.name.clone() };
            gauges.pending.get_or_create(&of).set(state.pending);
            gauges.set_aside.get_or_create(&of).set(state.set_aside);
            let age = state.oldest.map_or(Duration::ZERO, |oldest| oldest.until(now));
            gauges.age.get_or_create(&of).set(age.as_secs_f64());
        }
        gauges.blockers.clear();
        for (code, level, count) in &standing.blockers {
            gauges.blockers.get_or_create(&OfCode { code: code.clone(), level: level.clone() }).set(*count);
        }
        gauges.due.clear();
        for state in &standing.jobs {
            gauges.due.get_or_create(&OfJob { job: state.job.clone() }).set(state.due);
        }
    }

    /// Shows a count that somebody else keeps, under `tidegate_<name>_total`.
    pub fn watch(&self, name: &str, help: &str, count: impl Fn() -> u64 + Send + Sync + 'static) {
        self.register(name, help, Watched(Box::new(count)));
    }

    /// Counts an answer of a route, by its pattern.
    pub(super) fn answered(&self, route: &'static str, method: &str, status: u16, took: Duration) {
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = if known.contains(&method) { method } else { "other" }.to_owned();
        self.requests.get_or_create(&Request { route, method, status }).inc();
        self.seconds.get_or_create(&Pattern { route }).observe(took.as_secs_f64());
    }

    /// All of it in the text format of `OpenMetrics`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing to a String cannot fail");
        text
    }
}
