//! How fast the results gate is: `cargo bench --bench results -- WHAT`, where WHAT is one of
//!
//! - `obvious`: beside a service of the same interface as one would write it first (`obvious.py`), on one PostgreSQL;
//! - `growth-postgres`, `growth-sqlite`: with a history, beside one with many times as many results;
//! - `databases`: on PostgreSQL beside SQLite;
//! - `import`: a history, beside a bare copy of the rows that it makes; `--builds N` is its size;
//! - `streams`: many who follow what happens, beside a few.
//!
//! Options behind WHAT are those of `tidegate bench`, which measures. `--times N` is how many times as big the second
//! history of a growth is. Everything runs on this machine, on loopback, in folders of its own, with every commit on the
//! disk before it is answered.

mod house;
mod import;
mod streams;

use std::process::{Command, ExitCode};

use house::{Obvious, Service, Store};
use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::{Row, table};

/// Builds of the smaller history where nothing else is said.
const BUILDS: u64 = 20_000;

fn main() -> ExitCode {
    // cargo says that it is a benchmark
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let Some((what, options)) = words.split_first() else {
        eprintln!(
            "usage: cargo bench --bench results -- obvious|growth-postgres|growth-sqlite|databases|import|streams [OPTION…]"
        );
        return ExitCode::from(2);
    };
    let Some(postgres) = OwnPostgres::for_benchmarks() else {
        eprintln!("PostgreSQL is not installed");
        return ExitCode::from(3);
    };
    match what.as_str() {
        "obvious" => obvious(&postgres, options),
        "growth-postgres" => growth(&postgres, true, options),
        "growth-sqlite" => growth(&postgres, false, options),
        "databases" => databases(&postgres, options),
        "import" => import(&postgres, options),
        "streams" => shown(streams::measure(&postgres)),
        other => {
            eprintln!("there is nothing called {other} to measure");
            ExitCode::from(2)
        }
    }
}

fn obvious(postgres: &OwnPostgres, options: &[String]) -> ExitCode {
    let Some(obvious) = Obvious::start(postgres) else {
        eprintln!("Python cannot get what the obvious service is made of");
        return ExitCode::from(3);
    };
    let service = Service::start(&Store::postgres(postgres, "tidegate"));
    let mut bench = service.bench(&obvious.url());
    bench.arg("--fill").args(options);
    for (option, process) in [("--pid", service.pid()), ("--against-pid", obvious.pid())] {
        for pid in [Some(process), postgres.pid()].into_iter().flatten() {
            bench.args([option, &pid.to_string()]);
        }
    }
    measured(&mut bench)
}

/// The number behind that option.
fn number(options: &[String], name: &str) -> Option<u64> {
    let place = options.iter().position(|option| option == name)?;
    options.get(place + 1)?.parse().ok()
}

fn import(postgres: &OwnPostgres, options: &[String]) -> ExitCode {
    shown(import::measure(postgres, number(options, "--builds").unwrap_or(BUILDS)))
}

fn shown(measured: impl Future<Output = Vec<Row>>) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    eprintln!("{}", table(&runtime.block_on(measured)));
    ExitCode::SUCCESS
}

fn growth(postgres: &OwnPostgres, is_postgres: bool, options: &[String]) -> ExitCode {
    let (builds, times) = (number(options, "--builds").unwrap_or(BUILDS), number(options, "--times").unwrap_or(10));
    let mut rest: Vec<&String> = Vec::new();
    let mut skipped = false;
    for option in options {
        let is_ours = option == "--builds" || option == "--times";
        let is_number = std::mem::replace(&mut skipped, is_ours);
        if !is_ours && !is_number {
            rest.push(option);
        }
    }
    let store = |name: &str| if is_postgres { Store::postgres(postgres, name) } else { Store::sqlite() };
    let (small, large) = (Service::start(&store("small")), Service::start(&store("large")));
    let mut bench = small.beside(&large);
    bench.args(["--fill", "--builds", &builds.to_string(), "--against-builds", &(builds * times).to_string()]);
    bench.args(["--loads", "latest,newest,post"]).args(rest);
    let code = measured(&mut bench);
    eprintln!("memory of the servers: {} MiB and {} MiB", small.memory(), large.memory());
    code
}

fn databases(postgres: &OwnPostgres, options: &[String]) -> ExitCode {
    let (on_postgres, on_sqlite) =
        (Service::start(&Store::postgres(postgres, "tidegate")), Service::start(&Store::sqlite()));
    measured(on_postgres.beside(&on_sqlite).arg("--fill").args(options))
}

fn measured(bench: &mut Command) -> ExitCode {
    let status = bench.status().expect("the program starts");
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(4))
}
