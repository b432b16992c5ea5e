//! `migrate installable`: which packages of an index can be installed, and why the others cannot.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tidegate_archive::index;
use tidegate_kernel::Clock;

use super::{CliError, Console, Exit, Source, shown};
use crate::distribution::Distribution;
use crate::files;
use crate::installability::Installability;
use crate::load::{IndexText, load_pool};
use crate::model::{ArchId, BinaryId};
use crate::universe::Universe;
use crate::{check, explain};

/// The arguments of an installability check.
#[derive(Debug, Args)]
pub struct InstallableArgs {
    /// The indices, together one pool of packages; plain, gz, xz or zst. Without any: the target of the configuration
    packages: Vec<PathBuf>,
    #[command(flatten)]
    source: Source,
    /// The architecture; that of the packages, or the first of the configuration, if none is given
    #[arg(long)]
    arch: Option<String>,
    /// Say why
    #[arg(long)]
    explain: bool,
    /// Check every answer with code that shares nothing with the search
    #[arg(long)]
    verify: bool,
}

/// The answer for one architecture.
#[derive(Debug, Serialize)]
struct Answer {
    architecture: String,
    packages: usize,
    uninstallable: Vec<Broken>,
}

#[derive(Debug, Serialize)]
struct Broken {
    package: String,
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
}

pub(super) fn installable(
    args: &InstallableArgs,
    console: &mut Console<'_>,
    clock: &dyn Clock,
) -> Result<Exit, CliError> {
    let answer = if args.packages.is_empty() {
        let session = args.source.session(console, clock)?;
        let arch = match &args.arch {
            None => ArchId(0),
            Some(name) => session.distribution.find_arch(name).ok_or_else(|| {
                let known = session.distribution.architectures.join(", ");
                CliError::Usage(format!("--arch {name}: the configuration has only {known}"))
            })?,
        };
        judge(args, &session.distribution, &session.universe, session.target.installability(arch), arch)?
    } else {
        let bar = console.progress("reading");
        let texts = args.packages.iter().map(|path| files::text(path)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = args.packages.iter().map(|path| shown(path)).collect();
        let indices: Vec<IndexText<'_>> =
            names.iter().zip(&texts).map(|(file, text)| IndexText { file, text }).collect();
        let arch = args.arch.clone().or_else(|| architecture(&indices)).ok_or_else(|| {
            CliError::Usage("--arch: every package is for all architectures; say for which one to check".to_owned())
        })?;
        let distribution = load_pool(&arch, &indices).map_err(files::FileError::from)?;
        bar.step("resolving");
        let universe = Universe::build(&distribution);
        let port = universe.port(ArchId(0));
        let state = Installability::new(port, (0..port.len()).map(BinaryId::at));
        judge(args, &distribution, &universe, &state, ArchId(0))?
    };
    print(console, args, &answer)?;
    Ok(if answer.uninstallable.is_empty() { Exit::Yes } else { Exit::No })
}

/// The architecture of the first package that has one of its own.
fn architecture(indices: &[IndexText<'_>]) -> Option<String> {
    let mut packages = indices.iter().flat_map(|index| index::packages(index.text)).filter_map(Result::ok);
    packages.find(|package| package.architecture != "all").map(|package| package.architecture.to_owned())
}

fn judge(
    args: &InstallableArgs,
    distribution: &Distribution,
    universe: &Universe,
    state: &Installability,
    arch: ArchId,
) -> Result<Answer, CliError> {
    if args.verify {
        let checked = check::verify_state(distribution, universe, state, arch);
        checked.map_err(|error| CliError::Fault(format!("an answer is wrong: {error}")))?;
    }
    let mut uninstallable = Vec::new();
    for id in state.dead() {
        let binary = distribution.binary(arch, id);
        let why = if args.explain {
            explain::uninstallable(distribution, universe, state, arch, id)
                .map_err(|error| CliError::Fault(error.to_string()))?
        } else {
            Vec::new()
        };
        uninstallable.push(Broken {
            package: distribution.name(binary.name).to_owned(),
            version: distribution.text(binary.version).to_owned(),
            why,
        });
    }
    uninstallable.sort_by(|a, b| (&a.package, &a.version).cmp(&(&b.package, &b.version)));
    let packages = state.present().count();
    Ok(Answer { architecture: distribution.arch_name(arch).to_owned(), packages, uninstallable })
}

fn print(console: &mut Console<'_>, args: &InstallableArgs, answer: &Answer) -> Result<(), CliError> {
    if console.voice.json {
        console.json(answer)?;
        return Ok(());
    }
    for broken in &answer.uninstallable {
        console.answer(&format!("{} {}", broken.package, broken.version))?;
        for line in broken.why.iter().filter(|_| args.explain) {
            console.answer(&format!("  {line}"))?;
        }
    }
    console.say(&format!(
        "{} of {} packages cannot be installed on {}",
        answer.uninstallable.len(),
        answer.packages,
        answer.architecture
    ))?;
    Ok(())
}
