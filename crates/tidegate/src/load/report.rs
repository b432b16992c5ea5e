//! What came out: a line for each load, number of connections and service.

use std::time::Duration;

use comfy_table::Table;
use serde::Serialize;

use super::drive::Phase;
use super::loads::Load;

/// One line.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub(super) struct Row {
    /// Nothing for the ceiling.
    pub(super) load: Option<Load>,
    pub(super) connections: usize,
    pub(super) service: String,
    /// Answers a second: the median of the rounds.
    pub(super) rate: f64,
    /// How long answers took, in milliseconds, over all rounds.
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    /// CPU time of the processes of the service, in milliseconds an answer.
    pub(super) cpu: Option<f64>,
    /// Bytes of a body, on average.
    pub(super) bytes: u64,
    pub(super) errors: u64,
    /// The rate of the first service in units of this one's.
    pub(super) ratio: Option<f64>,
}

impl Row {
    /// The line of these rounds, with the CPU time that they used.
    pub(super) fn of(
        load: Option<Load>,
        connections: usize,
        service: &str,
        rounds: &[Phase],
        cpu: Option<Duration>,
    ) -> Self {
        let mut took: Vec<u32> = rounds.iter().flat_map(|round| round.took.iter().copied()).collect();
        took.sort_unstable();
        let mut rates: Vec<f64> = rounds.iter().map(Phase::rate).collect();
        rates.sort_unstable_by(f64::total_cmp);
        let milliseconds = |percent: usize| f64::from(percentile(&took, percent)) / 1_000.0;
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
        let count = took.len().max(1) as f64;
        Self {
            load,
            connections,
            service: service.to_owned(),
            rate: median(&rates),
            p50: milliseconds(50),
            p95: milliseconds(95),
            p99: milliseconds(99),
            cpu: cpu.map(|cpu| cpu.as_secs_f64() * 1_000.0 / count),
            bytes: rounds.iter().map(|round| round.bytes).sum::<u64>() / u64::try_from(took.len().max(1)).unwrap_or(1),
            errors: rounds.iter().map(|round| round.errors).sum(),
            ratio: None,
        }
    }
}

/// The least value that so many percent are not above; 0 for none.
fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0)
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted {
        [] => 0.0,
        _ if sorted.len().is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// The lines for people.
pub(super) fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
        "load",
        "connections",
        "service",
        "a second",
        "p50, ms",
        "p95, ms",
        "p99, ms",
        "CPU, ms each",
        "bytes",
        "errors",
        "ratio",
    ]);
    for row in rows {
        table.add_row([
            row.load.map_or("its own ceiling", Load::name).to_owned(),
            row.connections.to_string(),
            row.service.clone(),
            format!("{:.0}", row.rate),
            format!("{:.2}", row.p50),
            format!("{:.2}", row.p95),
            format!("{:.2}", row.p99),
            row.cpu.map_or(String::new(), |cpu| format!("{cpu:.2}")),
            row.bytes.to_string(),
            row.errors.to_string(),
            row.ratio.map_or(String::new(), |ratio| format!("{ratio:.1}")),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_met() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!([50, 95, 99].map(|percent| percentile(&hundred, percent)), [50, 95, 99]);
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99), percentile(&[], 50)), (7, 7, 0));
    }

    #[test]
    fn a_line_has_the_median_of_the_rounds() {
        let round = |answers: usize| Phase {
            took: vec![2_000; answers],
            elapsed: Duration::from_secs(1),
            bytes: u64::try_from(answers).unwrap() * 10,
            ..Phase::default()
        };
        let row = Row::of(Some(Load::One), 8, "a", &[round(100), round(500), round(300)], Some(Duration::from_secs(9)));
        assert_eq!((row.rate, row.p95, row.cpu, row.bytes), (300.0, 2.0, Some(10.0), 10));
        assert_eq!((median(&[]), median(&[1.0, 3.0])), (0.0, 2.0));
        assert_eq!(table(&[row]).lines().count(), 3);
    }
}
