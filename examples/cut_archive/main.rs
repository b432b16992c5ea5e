//! Cuts the example archive of `examples/debian` out of a snapshot of Debian.
//!
//! `cargo run --release --example cut-archive -- SNAPSHOT OUT` reads `SNAPSHOT/{testing,unstable}/{Sources,Packages_amd64}.zst`
//! and writes `OUT/{testing,unstable}/{Sources,Packages_amd64}.xz` with the stanzas of the chosen packages as they are, in
//! their order, and `OUT/state` with dates and urgencies. Nothing else of OUT is touched: its configuration, hints and
//! README are written by hand. The same snapshot gives the same bytes.
//!
//! What is chosen: [`stories`], what they need ([`closure`]), and then changes that cost next to nothing more. At the end
//! [`check`] makes sure that whatever is in the slice is judged there as it is in the whole.

mod check;
mod closure;
mod snapshot;
mod state;
mod stories;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tidegate_archive::compression::{Compression, compress};

use closure::Closure;
use snapshot::{SUITES, Snapshot, Texts};

/// Changes that the slice holds: the stories' first, then cheap ones until there are so many.
const CHANGES: usize = 620;

/// A change is cheap if no more sources than these come with it, itself included.
const CHEAP: usize = 2;

/// The repository must not hold more than this, in bytes.
const MOST_BYTES: usize = 3_000_000;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from, to] = arguments.as_slice() else {
        eprintln!("usage: cut-archive SNAPSHOT OUT");
        return ExitCode::from(2);
    };
    match cut(from, to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cut-archive: {error}");
            ExitCode::FAILURE
        }
    }
}

fn cut(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let texts = Texts::read(from)?;
    let snapshot = Snapshot::new(&texts)?;
    let mut closure = Closure::new(&snapshot);
    eprintln!("{:5} sources: what essential packages need, and what that is built with", closure.sources().len());
    for story in stories::STORIES {
        for &source in story.sources {
            closure.take(source)?;
        }
        closure.close();
        eprintln!("{:5} sources: {}", closure.sources().len(), story.shows);
    }
    fill(&snapshot, &mut closure)?;

    let slice = closure.texts();
    check::same_judgement(&texts, &slice)?;
    let mut total = 0;
    for (suite, text) in SUITES.iter().zip(&slice.suites) {
        let folder = to.join(suite);
        for (name, text) in [("Sources", &text.sources), ("Packages_amd64", &text.packages)] {
            let bytes = compress(Compression::Xz, text.as_bytes())?;
            eprintln!("{:9} bytes: {suite}/{name}.xz", bytes.len());
            total += bytes.len();
            write(&folder.join(format!("{name}.xz")), &bytes)?;
        }
    }
    if total > MOST_BYTES {
        return Err(format!("{total} bytes are more than the {MOST_BYTES} that the repository may hold").into());
    }
    eprintln!("{total:9} bytes: together");
    let changes = snapshot.changes().filter(|change| closure.holds(change.source)).collect::<Vec<_>>();
    write(&to.join("state").join("age-policy-dates"), state::dates(&changes).as_bytes())?;
    write(&to.join("state").join("age-policy-urgencies"), state::urgencies(&changes).as_bytes())?;
    Ok(())
}

/// Takes cheap changes, in an order that follows no alphabet, until there are enough.
fn fill<'a>(snapshot: &'a Snapshot<'a>, closure: &mut Closure<'a>) -> Result<(), Box<dyn Error>> {
    let mut changed: Vec<&str> = snapshot.changes().map(|change| change.source).collect();
    changed.sort_by_key(|source| (spread(source), *source));
    let held = |closure: &Closure<'_>| changed.iter().filter(|source| closure.holds(source)).count();
    for source in &changed {
        if held(closure) >= CHANGES {
            break;
        }
        let mut more = closure.clone();
        more.take(source)?;
        more.close();
        if more.sources().len() - closure.sources().len() <= CHEAP {
            *closure = more;
        }
    }
    eprintln!("{:5} sources: cheap changes, {} changes in all", closure.sources().len(), held(closure));
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let named = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    Ok(fs::write(path, bytes).map_err(named)?)
}

/// A number that depends on the text alone and follows no order of texts (FNV-1a).
fn spread(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
