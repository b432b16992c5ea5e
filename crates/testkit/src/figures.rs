//! Figures of what was measured, beside what it was compared with.

use std::time::{Duration, Instant};

use comfy_table::Table;

/// One line of what was measured.
#[derive(Debug, Clone)]
pub struct Row {
    work: String,
    figure: String,
    compared: String,
    /// The figure in units of the other.
    ratio: f64,
    goal: &'static str,
}

impl Row {
    /// Rates, of which more is better.
    pub fn rates(work: &str, rate: f64, compared: f64, goal: &'static str) -> Self {
        let shown = |rate: f64| format!("{rate:.0}/s");
        let (figure, compared_with) = (shown(rate), shown(compared));
        Self { work: work.to_owned(), figure, compared: compared_with, ratio: rate / compared, goal }
    }

    /// Times, of which less is better.
    pub fn times(work: &str, time: Duration, compared: Duration, goal: &'static str) -> Self {
        let shown = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1_000.0);
        let ratio = time.as_secs_f64() / compared.as_secs_f64().max(1e-9);
        Self { work: work.to_owned(), figure: shown(time), compared: shown(compared), ratio, goal }
    }

    /// Counts.
    pub fn counts(work: &str, count: usize, compared: usize, goal: &'static str) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts of statements are small")]
        let ratio = count as f64 / compared as f64;
        Self { work: work.to_owned(), figure: count.to_string(), compared: compared.to_string(), ratio, goal }
    }
}

/// The lines for people, as Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["work", "measured", "compared with", "ratio", "goal"]);
    for Row { work, figure, compared, ratio, goal } in rows {
        table.add_row([work.as_str(), figure.as_str(), compared.as_str(), &format!("{ratio:.2}"), *goal]);
    }
    table.to_string()
}

/// Now, on this machine.
#[expect(clippy::disallowed_methods, reason = "it measures for people")]
pub fn now() -> Instant {
    Instant::now()
}

/// The 99th percentile; zero of nothing.
pub fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get((times.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

/// The median; zero of nothing.
pub fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}

/// So many of them a second.
pub fn a_second(count: usize, since: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
    let count = count as f64;
    count / since.elapsed().as_secs_f64()
}

/// The median; zero of nothing.
pub fn median_time(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
