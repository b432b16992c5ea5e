//! `migrate bench`: what the gate's work costs, beside dose-debcheck in the same session.
//!
//! Costs are user CPU time and peak memory of whole processes, as the operating system accounts for them; what is
//! measured warm is measured in this process after a run. Ratios to dose-debcheck hold when the machine's speed does
//! not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use comfy_table::Table;
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use tidegate_kernel::Clock;

use super::{CliError, Console, Exit, Source};
use crate::compat::britney::hints;
use crate::hint::ItemNames;
use crate::session::Session;
use crate::what_if::Assumption;

/// How many what-ifs are measured.
const WHAT_IFS: usize = 20;

/// The arguments of a benchmark.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(flatten)]
    source: Source,
    /// The index whose installability is checked; the primary source suite's for the first architecture if none
    #[arg(long, value_name = "FILE")]
    packages: Option<PathBuf>,
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
    /// Do not measure dose-debcheck
    #[arg(long)]
    without_dose: bool,
    /// Run a command and print what it used; how the benchmark measures whole processes
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true, value_name = "COMMAND")]
    measure: Vec<String>,
}

/// What one process used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Usage {
    user_seconds: f64,
    peak_mebibytes: f64,
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Row {
    work: String,
    user_seconds: f64,
    peak_mebibytes: Option<f64>,
    /// In units of dose-debcheck's run.
    ratio: Option<f64>,
}

pub(super) fn bench(args: &BenchArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    if !args.measure.is_empty() {
        let usage = run_and_account(&args.measure)?;
        console.json(&usage)?;
        return Ok(Exit::Yes);
    }
    let bar = console.progress("measuring");
    let session = args.source.session(console, clock)?;
    let folder = tempfile::tempdir()?;
    let config = private_config(&args.source.config, folder.path())?;
    let packages = packages(args, &session)?;
    let program = std::env::current_exe()?.display().to_string();
    let now = session.rules.now.to_string();
    let run = words(&[&program, "migrate", "run", "-c", &config, "--now", &now]);
    let check = words(&[&program, "migrate", "installable", "--explain", &packages]);
    let arch = session.distribution.arch_name(crate::model::ArchId(0));
    let native = format!("--deb-native-arch={arch}");
    let dose = words(&["dose-debcheck", "--failures", "--explain", &native, &packages]);
    let (mut runs, mut checks, mut doses) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.runs {
        bar.step(format!("round {round} of {}: full run", args.runs));
        runs.push(account(&program, &run)?);
        bar.step(format!("round {round} of {}: installability", args.runs));
        checks.push(account(&program, &check)?);
        if !args.without_dose {
            bar.step(format!("round {round} of {}: dose-debcheck", args.runs));
            doses.push(account(&program, &dose)?);
        }
    }
    bar.step("warm what-ifs and causes");
    let what_ifs = warm_what_ifs(&session)?;
    let causes = warm_causes(&session)?;
    drop(bar);
    let dose = (!doses.is_empty()).then(|| median(&doses));
    let row = |work: &str, usage: Usage, whole: bool| Row {
        work: work.to_owned(),
        user_seconds: usage.user_seconds,
        peak_mebibytes: whole.then_some(usage.peak_mebibytes),
        ratio: dose.map(|dose| usage.user_seconds / dose.user_seconds),
    };
    let mut rows: Vec<Row> = dose.map(|usage| row("dose-debcheck", usage, true)).into_iter().collect();
    rows.push(row("full run, all outputs written", median(&runs), true));
    rows.push(row("installability with explanations", median(&checks), true));
    rows.push(row(&format!("what-if, warm, median of {}", what_ifs.len()), median(&what_ifs), false));
    rows.push(row(&format!("what-if, warm, worst of {}", what_ifs.len()), worst(&what_ifs), false));
    rows.push(row("causes, warm", causes, false));
    print(console, &rows)?;
    Ok(Exit::Yes)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The configuration with its outputs and state in a folder of their own: the first value of a key counts.
fn private_config(config: &Path, folder: &Path) -> Result<String, CliError> {
    let text = std::fs::read_to_string(config)?;
    let outputs = [
        ("NONINST_STATUS", "non-installable-status"),
        ("EXCUSES_OUTPUT", "excuses.html"),
        ("EXCUSES_YAML_OUTPUT", "excuses.yaml"),
        ("UPGRADE_OUTPUT", "update_output.txt"),
        ("HEIDI_OUTPUT", "HeidiResult"),
        ("STATE_DIR", "state"),
    ];
    let mut private = String::new();
    for (key, name) in outputs {
        let path = folder.join(name);
        private.extend([key, " = ", &path.display().to_string(), "\n"]);
    }
    private.push_str(&text);
    let path = folder.join("britney.conf");
    std::fs::write(&path, private)?;
    Ok(path.display().to_string())
}

fn packages(args: &BenchArgs, session: &Session) -> Result<String, CliError> {
    if let Some(path) = &args.packages {
        return Ok(path.display().to_string());
    }
    let command_line =
        crate::compat::britney::config::CommandLine { series: &args.source.series, distribution: None, overrides: &[] };
    let (config, _) = crate::files::config(&args.source.config, &command_line)?;
    let arch = session.distribution.arch_name(crate::model::ArchId(0));
    let path = config.primary.join(format!("Packages_{arch}"));
    if !path.is_file() {
        let path = path.display();
        return Err(CliError::Usage(format!("{path} is not there as plain text; name an index with --packages")));
    }
    Ok(path.display().to_string())
}

/// Runs a command through a process of ours that prints what it used.
fn account(program: &str, command: &[String]) -> Result<Usage, CliError> {
    let measured = Command::new(program)
        .args(["migrate", "bench", "--measure"])
        .args(command)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    serde_json::from_slice(&measured.stdout)
        .map_err(|_| CliError::Usage(format!("{} could not be measured; is it installed?", command[0])))
}

fn run_and_account(command: &[String]) -> Result<Usage, CliError> {
    let status = Command::new(&command[0]).args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    // dose-debcheck and ours end with 1 if something is broken; only a signal means that it was not done.
    if status.code().is_none() {
        return Err(CliError::Usage(format!("{} was killed", command[0])));
    }
    used(UsageWho::RUSAGE_CHILDREN)
}

fn used(who: UsageWho) -> Result<Usage, CliError> {
    let usage = getrusage(who).map_err(|error| CliError::Fault(format!("no account of resources: {error}")))?;
    let user = usage.user_time();
    #[expect(clippy::cast_precision_loss, reason = "seconds and kibibytes of one process")]
    Ok(Usage {
        user_seconds: user.tv_sec() as f64 + user.tv_usec() as f64 / 1e6,
        peak_mebibytes: usage.max_rss() as f64 / 1024.0,
    })
}

/// What some work in this process uses.
fn measured(work: impl FnOnce() -> Result<(), CliError>) -> Result<Usage, CliError> {
    let before = used(UsageWho::RUSAGE_SELF)?;
    work()?;
    let after = used(UsageWho::RUSAGE_SELF)?;
    Ok(Usage { user_seconds: after.user_seconds - before.user_seconds, ..after })
}

/// What-ifs that block candidates, one each.
fn warm_what_ifs(session: &Session) -> Result<Vec<Usage>, CliError> {
    let now = session.decide();
    let distribution = &session.distribution;
    let names = ItemNames { architectures: &distribution.architectures, suites: &[] };
    let moved = now.outcome.accepted.iter().filter(|item| item.scope == crate::model::Scope::Source);
    let moved: Vec<_> = moved.collect();
    let step = (moved.len() / WHAT_IFS).max(1);
    let mut usages = Vec::new();
    for item in moved.into_iter().step_by(step).take(WHAT_IFS) {
        let line = format!("block {}", distribution.name(item.name));
        let mut assumption = Assumption::default();
        for hint in hints::parse_command_line(&line, names).0 {
            assumption.hints.add(hint);
        }
        usages.push(measured(|| {
            let then = session.decide_if(&assumption);
            let difference = session.difference(&now, &then);
            if difference.newly_staying.is_empty() {
                return Err(CliError::Fault(format!("{line} had no effect")));
            }
            Ok(())
        })?);
    }
    Ok(usages)
}

fn warm_causes(session: &Session) -> Result<Usage, CliError> {
    measured(|| {
        super::explain::ranked(session, &|_, _| {});
        Ok(())
    })
}

fn median(usages: &[Usage]) -> Usage {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    };
    Usage {
        user_seconds: middle(usages.iter().map(|usage| usage.user_seconds).collect()),
        peak_mebibytes: middle(usages.iter().map(|usage| usage.peak_mebibytes).collect()),
    }
}

fn worst(usages: &[Usage]) -> Usage {
    let most = |values: Vec<f64>| values.into_iter().fold(0.0, f64::max);
    Usage {
        user_seconds: most(usages.iter().map(|usage| usage.user_seconds).collect()),
        peak_mebibytes: most(usages.iter().map(|usage| usage.peak_mebibytes).collect()),
    }
}

fn print(console: &mut Console<'_>, rows: &[Row]) -> Result<(), CliError> {
    if console.voice.json {
        console.json(&rows)?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["work", "user CPU, s", "peak, MiB", "of dose-debcheck"]);
    for row in rows {
        let peak = row.peak_mebibytes.map_or(String::new(), |peak| format!("{peak:.0}"));
        let ratio = row.ratio.map_or(String::new(), |ratio| format!("{ratio:.4}"));
        table.add_row([row.work.clone(), format!("{:.2}", row.user_seconds), peak, ratio]);
    }
    console.answer(&table.to_string())?;
    Ok(())
}
