//! What the platform costs: `cargo bench --bench platform [-- WHAT…]`, all of it where nothing is named.
//!
//! Each row stands beside a comparison that is measured in the same run and in turns with it, on a PostgreSQL of its own that
//! has every commit on the disk before it answers. Times are this machine's; the ratios are what counts.

mod bus;
mod claim;
mod counts;
mod hot_key;
mod latency;
mod work;

use std::process::ExitCode;

use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::{Row, table};

fn main() -> ExitCode {
    // cargo says that it is a benchmark
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let Some(postgres) = OwnPostgres::for_benchmarks() else {
        eprintln!("PostgreSQL is not installed");
        return ExitCode::from(3);
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let mut rows = Vec::new();
    runtime.block_on(async {
        rows.extend(measured("hot-key", &wanted, hot_key::measure(&postgres)).await);
        rows.extend(measured("latency", &wanted, latency::measure(&postgres)).await);
        rows.extend(measured("bus", &wanted, bus::measure(&postgres)).await);
        rows.extend(measured("claim", &wanted, claim::measure(&postgres)).await);
        rows.extend(measured("counts", &wanted, counts::measure(&postgres)).await);
    });
    eprintln!("{}", table(&rows));
    ExitCode::SUCCESS
}

async fn measured(name: &str, wanted: &[String], work: impl Future<Output = Vec<Row>>) -> Vec<Row> {
    if wanted.is_empty() || wanted.iter().any(|word| word == name) { work.await } else { Vec::new() }
}
