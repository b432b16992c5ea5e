//! What is counted, for Prometheus. Labels come from closed sets only.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

/// What is counted.
pub struct Metrics {
    registry: Mutex<Registry>,
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
        let mut registry = Registry::with_prefix("tidegate");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(new_histogram as fn() -> Histogram);
        registry.register("http_requests", "Requests that were answered", requests.clone());
        registry.register("http_request_seconds", "How long answers took", seconds.clone());
        Self { registry: Mutex::new(registry), requests, seconds }
    }
}

impl Metrics {
    /// Counts something more, under `tidegate_<name>`.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register(name, help, metric);
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
