//! `tidegate bench`: how fast a service takes and finds results, alone or beside another in the same run.
//!
//! It speaks version 2.0 of ResultsDB's interface, so it can be pointed at either. The clients are a closed loop: each asks
//! over its own connection, waits for the answer, and asks again. Services are measured in turns, so that both meet
//! whatever else the machine does. The clients themselves cost time on the same machine: the first line says how fast
//! they could be at most.

mod ceiling;
mod cpu;
mod drive;
mod fill;
mod history;
mod loads;
mod report;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::value_parser as within;
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::Environment;
use url::{Host, Url};

use crate::failure::{Failure, of_output};
use crate::remote::{ServerArgs, token, token_in};
use drive::{Phase, Target, drive};
use history::History;
use loads::{Load, Requests};
use report::Row;

/// What is measured
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Version 2.0 of the interface of a service, such as `http://127.0.0.1:8470/resultsdb/api/v2.0`
    #[arg(value_name = "URL")]
    url: String,
    /// Another service, measured in turns with the first
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// A file with the token to show to the other service
    #[arg(long, value_name = "FILE", requires = "against")]
    against_token_file: Option<PathBuf>,
    /// Measure only these loads
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LOAD")]
    loads: Vec<Load>,
    /// The size of the history, in builds of six results each
    #[arg(long, default_value_t = 20_000, value_parser = within!(u64).range(1..=10_000_000))]
    builds: u64,
    /// Bring the history into the services first
    #[arg(long)]
    fill: bool,
    /// How many connections ask at once; with several numbers each is measured
    #[arg(long, default_values_t = [8, 1], value_delimiter = ',', value_parser = within!(u16).range(1..=256))]
    connections: Vec<u16>,
    /// How often each is measured
    #[arg(long, default_value_t = 4, value_parser = within!(u16).range(1..=100))]
    rounds: u16,
    /// How long each is measured in a round, in seconds
    #[arg(long, default_value_t = 4, value_parser = within!(u16).range(1..=600))]
    seconds: u16,
    /// How long nothing is asked before that, in seconds
    #[arg(long, default_value_t = 1, value_parser = within!(u16).range(0..=600))]
    pause: u16,
    /// Determines what is asked
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A process whose CPU time counts for the first service, with its children; can be given several times
    #[arg(long, value_name = "PID")]
    pid: Vec<u32>,
    /// The same for the other service
    #[arg(long, value_name = "PID")]
    against_pid: Vec<u32>,
    /// Allow services on other machines: they are put under load, and written to
    #[arg(long)]
    allow_remote: bool,
}

/// One that is measured.
struct Service {
    target: Target,
    pids: Vec<u32>,
    newest_id: u64,
    rounds: Vec<Phase>,
    cpu: Option<Duration>,
}

/// Measures.
pub(crate) fn bench(args: &BenchArgs, server: &ServerArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut services = vec![Service::of(&args.url, args.pid.clone(), args.allow_remote)?];
    let origin = services[0].origin();
    services[0].target.token = token(server, &origin, &Environment::of_process())?;
    if let Some(url) = &args.against {
        let mut other = Service::of(url, args.against_pid.clone(), args.allow_remote)?;
        // what is shown to one service is none of the other's business
        other.target.token = args.against_token_file.as_deref().map(token_in).transpose()?;
        services.push(other);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::fault(format!("the runtime does not start: {error}")))?;
    let rows = runtime.block_on(measure(args, &mut services, console))?;
    if console.voice.json {
        console.json(&rows).map_err(|error| of_output(&error))?;
    } else {
        console.answer(&report::table(&rows)).map_err(|error| of_output(&error))?;
    }
    Ok(if rows.iter().all(|row| row.errors == 0) { Exit::Yes } else { Exit::No })
}

impl Service {
    fn of(url: &str, pids: Vec<u32>, allow_remote: bool) -> Result<Self, Failure> {
        let mistaken = |why: &str| Failure::usage(format!("{url}: {why}"));
        let parsed = Url::parse(url).map_err(|error| mistaken(&error.to_string()))?;
        let is_plain = parsed.scheme() == "http" && parsed.username().is_empty() && parsed.password().is_none();
        let host =
            parsed.host().filter(|_| is_plain).ok_or_else(|| mistaken("it is no plain http://HOST:PORT/PATH"))?;
        if !allow_remote && !is_loopback(&host) {
            return Err(mistaken("it is on another machine, which is put under load only with --allow-remote"));
        }
        let port = parsed.port_or_known_default().unwrap_or(80);
        let base = parsed.path().trim_end_matches('/').to_owned();
        let target = Target { url: url.to_owned(), authority: format!("{host}:{port}"), base, token: None };
        Ok(Self { target, pids, newest_id: 0, rounds: Vec::new(), cpu: None })
    }

    fn origin(&self) -> String {
        format!("http://{}", self.target.authority)
    }

    /// Asks for that long, once every connection has had an answer.
    async fn round(&mut self, load: Load, connections: u64, seed: u64, args: &BenchArgs) -> Result<(), Failure> {
        let history = History { builds: args.builds };
        let requests = |which: u64| Requests::new(load, history, self.newest_id, seed ^ (which << 48));
        let before = cpu::used(&self.pids);
        let time = Duration::from_secs(args.seconds.into());
        let phase = drive(&self.target, (1..=connections).map(requests).collect(), time).await;
        let used = cpu::used(&self.pids).zip(before).map(|(after, before)| after.saturating_sub(before));
        if !self.pids.is_empty() {
            let used =
                used.ok_or_else(|| Failure::usage(format!("{:?} are not all processes of this machine", self.pids)))?;
            *self.cpu.get_or_insert_default() += used;
        }
        self.rounds.push(phase);
        Ok(())
    }

    /// The line of all rounds, which are then forgotten.
    fn row(&mut self, load: Load, connections: u16) -> Row {
        let (rounds, cpu) = (std::mem::take(&mut self.rounds), self.cpu.take());
        Row::of(Some(load), connections.into(), &self.target.url, &rounds, cpu)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}

async fn measure(args: &BenchArgs, services: &mut [Service], console: &mut Console<'_>) -> Result<Vec<Row>, Failure> {
    let bar = console.progress("measuring");
    let history = History { builds: args.builds };
    let failed = |service: &Service, error: String| Failure::unknown(format!("{}: {error}", service.target.url));
    for service in services.iter_mut() {
        if args.fill {
            let step = |done| bar.step(format!("{}: {done} of {} results", service.target.url, history.results()));
            let filled = fill::fill(&service.target, history, &step).await;
            filled.map_err(|error| failed(service, error))?;
        }
        service.newest_id = fill::newest_id(&service.target).await.map_err(|error| failed(service, error))?;
    }
    let mut rows = Vec::new();
    for connections in &args.connections {
        bar.step("its own ceiling");
        rows.push(ceiling(*connections, args).await.map_err(|error| Failure::fault(error.to_string()))?);
        for load in if args.loads.is_empty() { &Load::ALL } else { args.loads.as_slice() } {
            for round in 1..=args.rounds {
                for service in services.iter_mut() {
                    bar.step(format!("{}, {connections} connections, round {round} of {}", load.name(), args.rounds));
                    tokio::time::sleep(Duration::from_secs(args.pause.into())).await;
                    service.round(*load, (*connections).into(), args.seed ^ (u64::from(round) << 32), args).await?;
                }
            }
            for service in services.iter() {
                if let Some(error) = service.rounds.iter().find_map(|round| round.first_error.as_deref()) {
                    let line = format!("{}: {}: {error}", service.target.url, load.name());
                    console.warn(&line).map_err(|error| of_output(&error))?;
                }
            }
            let measured: Vec<_> = services.iter_mut().map(|service| service.row(*load, *connections)).collect();
            rows.extend(with_ratios(measured));
        }
    }
    drop(bar);
    Ok(rows)
}

/// Each line with the rate of the first in units of its own.
fn with_ratios(mut rows: Vec<Row>) -> Vec<Row> {
    let first = rows.first().map(|row| row.rate);
    for row in rows.iter_mut().skip(1) {
        row.ratio = first.filter(|_| row.rate > 0.0).map(|first| first / row.rate);
    }
    rows
}

async fn ceiling(connections: u16, args: &BenchArgs) -> std::io::Result<Row> {
    let bare = ceiling::Bare::start().await?;
    let history = History { builds: args.builds };
    let requests = |which: u64| Requests::new(Load::Latest, history, history.results(), which);
    let requests = (1..=u64::from(connections)).map(requests).collect();
    let phase = drive(&bare.target, requests, Duration::from_secs(args.seconds.min(2).into())).await;
    Ok(Row::of(None, connections.into(), "a bare server in the same process", &[phase], None))
}
