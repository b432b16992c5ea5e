//! What a run reads: configuration, indices, hints, state.

use std::fs;
use std::path::{Path, PathBuf};

use tidegate_archive::compression::{Compression, decompress_owned};
use tidegate_archive::{deb822, index};

use super::ledger::Ledger;
use super::repair::Repair;
use super::{FileError, known_tests, read_error, ubuntu};
use crate::compat::britney::config::{self as britney, CommandLine, Config, Dialect, Switch};
use crate::compat::britney::{hints, state};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::facts::Facts;
use crate::hint::{Hint, HintSet, ItemNames};
use crate::load::{IndexText, StaticPackage, SuiteText};
use crate::model::MOST_ARCHITECTURES;
use crate::rules::Rules;
use crate::session::Session;

/// No index may be larger than this when decompressed; Debian's largest is a tenth of it.
const MOST_BYTES: u64 = 4 << 30;

/// What the command line says about input.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Hints of the command line, separated by `;`.
    pub hints: Option<String>,
    /// The instant of the run, in seconds since 1970; what `FAKE_RUNTIME` says if none.
    pub now: Option<i64>,
    /// The machine's time, for runs without any other.
    pub clock: i64,
    /// Whether a damaged file of state may be moved aside; a command that only looks leaves it where it is.
    pub may_repair: bool,
}

/// Everything that was read, as texts and as what they mean.
#[derive(Debug)]
pub struct Inputs {
    /// The configuration.
    pub config: Config,
    /// The architectures in the order of reports: those that count most first.
    pub architectures: Vec<String>,
    pub(super) suites: Vec<SuiteFiles>,
    extra: Vec<StaticPackage>,
    hints: HintSet,
    facts: Facts,
    now: i64,
    /// What was odd and did not stop the run.
    pub warnings: Vec<Diagnostic>,
}

#[derive(Debug)]
pub(super) struct SuiteFiles {
    label: String,
    overlay: bool,
    short: Option<String>,
    pub(super) sources: Vec<TextFile>,
    pub(super) packages: Vec<Vec<TextFile>>,
}

#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: String,
    pub(super) text: String,
}

/// Reads a configuration file.
///
/// # Errors
/// It cannot be read or used; all mistakes at once.
pub fn config(path: &Path, command_line: &CommandLine<'_>) -> Result<(Config, Vec<Diagnostic>), FileError> {
    let text = text(path)?;
    britney::parse(&text, &path.display().to_string(), command_line).map_err(FileError::Config)
}

/// Reads everything that a configuration names.
///
/// # Errors
/// A file that is needed is missing or damaged.
pub fn inputs(config: Config, options: &RunOptions) -> Result<Inputs, FileError> {
    let mut warnings = Vec::new();
    let layout = Layout::of(&config)?;
    let architectures = architectures(&config)?;
    let mut suites = vec![
        suite(&config.target, None, &layout, &architectures)?,
        suite(&config.primary, None, &layout, &architectures)?,
    ];
    suites[1].overlay = config.partial_source;
    for (short, path) in &config.additional {
        suites.push(suite(path, Some(short), &layout, &architectures)?);
    }
    let extra = static_packages(&config, &mut warnings)?;
    let now = options.now.or(config.fake_runtime).unwrap_or(options.clock);
    let repair = Repair { allowed: options.may_repair, now };
    let facts = facts(&config, repair, &mut warnings)?;
    let hints = hint_set(&config, options, &architectures, &mut warnings);
    Ok(Inputs { config, architectures, suites, extra, hints, facts, now, warnings })
}

/// Makes a session of what was read. The texts are dropped.
///
/// # Errors
/// The indices contradict each other or are damaged.
pub fn load(inputs: Inputs) -> Result<(Session, Config, Vec<Diagnostic>), FileError> {
    let Inputs { config, architectures, suites, extra, hints, facts, now, warnings } = inputs;
    let texts: Vec<SuiteText<'_>> = suites
        .iter()
        .map(|suite| SuiteText {
            label: suite.label.clone(),
            short: suite.short.clone(),
            sources: borrow(&suite.sources),
            packages: suite.packages.iter().map(|files| borrow(files)).collect(),
            overlay: suite.overlay,
        })
        .collect();
    let rules = Rules::from_config(&config, &architectures, now);
    let session = Session::new(&architectures, &texts, &extra, rules, hints, facts)?;
    Ok((session, config, warnings))
}

fn borrow(files: &[TextFile]) -> Vec<IndexText<'_>> {
    files.iter().map(|file| IndexText { file: &file.path, text: &file.text }).collect()
}

/// How suites lie on disk.
enum Layout {
    /// `Sources` and `Packages_ARCH`.
    Flat,
    /// A mirror with these components.
    Mirror(Vec<String>),
}

impl Layout {
    fn of(config: &Config) -> Result<Self, FileError> {
        if let Some(components) = config.components.as_ref().filter(|list| !list.is_empty()) {
            return Ok(Self::Mirror(components.clone()));
        }
        let path = config.target.join("Release");
        Ok(match optional_text(&path)? {
            None => Self::Flat,
            Some(text) => Self::Mirror(release(&path, &text)?.components.iter().map(|&name| name.to_owned()).collect()),
        })
    }
}

fn release<'a>(path: &Path, text: &'a str) -> Result<index::Release<'a>, FileError> {
    index::release(text).map_err(|error| FileError::Release { path: path.to_owned(), error })
}

/// The architectures, those first on which most counts.
fn architectures(config: &Config) -> Result<Vec<String>, FileError> {
    let mut all = if let Some(list) = &config.architectures {
        list.clone()
    } else {
        let path = config.target.join("Release");
        let text = optional_text(&path)?;
        let text = text.ok_or_else(|| FileError::NoArchitectures { path: config.target.clone() })?;
        release(&path, &text)?.architectures.iter().map(|&name| name.to_owned()).collect()
    };
    all.retain(|arch| arch != "all" && arch != "source");
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Err(FileError::NoArchitectures { path: config.target.clone() });
    }
    if all.len() > MOST_ARCHITECTURES {
        return Err(FileError::TooManyArchitectures { count: all.len() });
    }
    let lists = [
        |config: &Config, arch: &String| config.no_break_all.contains(arch),
        |config: &Config, arch: &String| !config.out_of_sync.contains(arch),
        |config: &Config, arch: &String| !config.break_arches.contains(arch),
        |config: &Config, arch: &String| !config.new_arches.contains(arch),
    ];
    all.sort_by_key(|arch| lists.iter().position(|counts| counts(config, arch)).unwrap_or(lists.len()));
    Ok(all)
}

fn suite(
    folder: &Path,
    short: Option<&String>,
    layout: &Layout,
    architectures: &[String],
) -> Result<SuiteFiles, FileError> {
    let label = folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into());
    let mut files =
        SuiteFiles { label, short: short.cloned(), overlay: false, sources: Vec::new(), packages: Vec::new() };
    match layout {
        Layout::Flat => {
            files.sources.push(required(&folder.join("Sources"))?);
            for arch in architectures {
                files.packages.push(vec![required(&folder.join(format!("Packages_{arch}")))?]);
            }
        }
        Layout::Mirror(components) => {
            let path = folder.join("Release");
            let text = optional_text(&path)?;
            let known = text.as_deref().map(|text| release(&path, text)).transpose()?;
            for component in components {
                files.sources.push(required(&folder.join(component).join("source").join("Sources"))?);
            }
            for arch in architectures {
                let here = known.as_ref().is_none_or(|release| release.architectures.contains(&arch.as_str()));
                let mut indices = Vec::new();
                for component in components.iter().filter(|_| here) {
                    let binary = folder.join(component).join(format!("binary-{arch}")).join("Packages");
                    indices.push(required(&binary)?);
                    let installer = folder.join(component).join("debian-installer");
                    indices.extend(optional(&installer.join(format!("binary-{arch}")).join("Packages"))?);
                }
                files.packages.push(indices);
            }
        }
    }
    Ok(files)
}

fn required(path: &Path) -> Result<TextFile, FileError> {
    let remedy = "check the folder in the configuration, or make an empty file if there is nothing";
    optional(path)?.ok_or(FileError::Missing { path: path.to_owned(), remedy })
}

/// Reads a text, plain or in the first of its compressed forms that is there.
fn optional(path: &Path) -> Result<Option<TextFile>, FileError> {
    for kind in Compression::ALL {
        let mut name = path.as_os_str().to_owned();
        name.push(kind.extension());
        let path = PathBuf::from(name);
        match fs::read(&path) {
            Ok(bytes) => {
                let damaged = |error| FileError::Decompress { path: path.clone(), error };
                let bytes = decompress_owned(kind, bytes, MOST_BYTES).map_err(damaged)?;
                return Ok(Some(TextFile { text: text_of(&path, bytes)?, path: path.display().to_string() }));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::Read { path, error }),
        }
    }
    Ok(None)
}

/// The code of the warning that a feed is not there.
pub(crate) const NO_FEED: &str = "feed-missing";

/// Reads one text; its compression is told by its name.
///
/// # Errors
/// It cannot be read, or is damaged.
pub fn text(path: &Path) -> Result<String, FileError> {
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy()));
    let kind = Compression::ALL.into_iter().find(|kind| Some(kind.extension()) == ending.as_deref());
    let bytes = fs::read(path).map_err(read_error(path))?;
    let damaged = |error| FileError::Decompress { path: path.to_owned(), error };
    text_of(path, decompress_owned(kind.unwrap_or(Compression::Plain), bytes, MOST_BYTES).map_err(damaged)?)
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, FileError> {
    String::from_utf8(bytes).map_err(|error| match deb822::text(error.as_bytes()) {
        Err(error) => FileError::Text { path: path.to_owned(), error },
        Ok(_) => read_error(path)(std::io::Error::other("not UTF-8")),
    })
}

/// Reads a small text that need not be there.
pub(super) fn optional_text(path: &Path) -> Result<Option<String>, FileError> {
    match fs::read(path) {
        Ok(bytes) => text_of(path, bytes).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::Read { path: path.to_owned(), error }),
    }
}

/// Splits what a reader says into what stops the run and what does not.
fn note(found: Vec<Diagnostic>, warnings: &mut Vec<Diagnostic>) -> Result<(), FileError> {
    let (fatal, minor): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|diagnostic| diagnostic.severity == Severity::Error);
    warnings.extend(minor);
    if fatal.is_empty() { Ok(()) } else { Err(FileError::Static(fatal)) }
}

fn static_packages(config: &Config, warnings: &mut Vec<Diagnostic>) -> Result<Vec<StaticPackage>, FileError> {
    let mut extra = Vec::new();
    let Some(folder) = &config.static_input_dir else { return Ok(extra) };
    let path = folder.join("faux-packages");
    if let Some(text) = optional_text(&path)? {
        let (packages, found) = state::parse_faux_packages(&text, &path.display().to_string());
        note(found, warnings)?;
        extra.extend(packages.into_iter().map(|package| StaticPackage {
            section: package.section(),
            any_allowed: package.multi_arch.as_deref() == Some("allowed"),
            architectures: package.architectures.unwrap_or_default(),
            name: package.name,
            version: package.version,
            provides: package.provides,
            ..StaticPackage::default()
        }));
    }
    let path = folder.join("constraints");
    if let Some(text) = optional_text(&path)? {
        let (constraints, found) = state::parse_constraints(&text, &path.display().to_string());
        note(found, warnings)?;
        extra.extend(constraints.into_iter().map(|constraint| StaticPackage {
            name: constraint.name,
            version: "1".to_owned(),
            section: "faux".to_owned(),
            depends: constraint.packages.into_iter().map(|one| (one.relation, one.architectures)).collect(),
            keep_installable: true,
            ..StaticPackage::default()
        }));
    }
    Ok(extra)
}

/// The first of some files that is there.
fn first(paths: &[PathBuf]) -> Result<Option<(String, String)>, FileError> {
    for path in paths {
        if let Some(text) = optional_text(path)? {
            return Ok(Some((path.display().to_string(), text)));
        }
    }
    Ok(None)
}

fn facts(config: &Config, repair: Repair, warnings: &mut Vec<Diagnostic>) -> Result<Facts, FileError> {
    let in_state = |name: &str| config.state_dir.as_ref().map(|folder| folder.join(name));
    let places = |name: String, old: PathBuf| in_state(&name).into_iter().chain([old]).collect::<Vec<_>>();
    let mut facts = Facts::default();
    if let Some((file, text)) = first(&places("age-policy-dates".to_owned(), config.target.join("Dates")))? {
        let (dates, found) = state::parse_age_dates(&text, &file);
        facts.first_seen = dates;
        note(found, warnings)?;
    }
    if let Some((file, text)) = first(&places("age-policy-urgencies".to_owned(), config.target.join("Urgency")))? {
        let (urgencies, found) = state::parse_urgencies(&text, &file);
        facts.urgencies = urgencies;
        note(found, warnings)?;
    }
    for (folder, bugs) in [(&config.target, &mut facts.target_bugs), (&config.primary, &mut facts.source_bugs)] {
        let suite = folder.file_name().unwrap_or_default().to_string_lossy();
        let places = places(format!("rc-bugs-{suite}"), folder.join("BugsV"));
        match first(&places)? {
            Some((file, text)) => {
                let (parsed, found) = state::parse_rc_bugs(&text, &file);
                *bugs = parsed;
                note(found, warnings)?;
            }
            None => warnings.push(no_feed(&places, "bugs of this suite")),
        }
    }
    let mut summaries = Vec::new();
    for folder in [&config.target, &config.primary] {
        let suite = folder.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("piuparts-summary-{suite}.json");
        let path = in_state(&name);
        let text = path.as_ref().map(|path| optional_text(path)).transpose()?.flatten();
        if text.is_none() && config.piuparts == Some(true) {
            let place = path.clone().unwrap_or_else(|| PathBuf::from(name));
            warnings.push(no_feed(&[place], "results of piuparts for this suite"));
        }
        let file = path.map(|path| path.display().to_string()).unwrap_or_default();
        let summary = text.map(|text| state::parse_piuparts(&text, &file));
        summaries.push(summary.map(|(summary, found)| {
            // A damaged summary is no data, loudly: the policy can be asked again when it is there.
            warnings
                .extend(found.into_iter().map(|diagnostic| Diagnostic { severity: Severity::Warning, ..diagnostic }));
            summary.unwrap_or_default()
        }));
    }
    let source = summaries.pop().flatten();
    let target = summaries.pop().flatten();
    if config.piuparts.unwrap_or(source.is_some() || target.is_some()) {
        facts.piuparts = Some((target.unwrap_or_default(), source.unwrap_or_default()));
    }
    if config.dialect == Dialect::Ubuntu {
        ubuntu::facts(config, &mut facts, repair, warnings)?;
        mail_state(config, &mut facts, repair)?;
    }
    if config.autopkgtest.enable != Switch::No {
        known_tests::known_tests(config, &mut facts, repair, warnings)?;
    }
    Ok(facts)
}

/// That nothing is known is no answer, but older instances run without, so that it is said and not refused.
fn no_feed(places: &[PathBuf], what: &str) -> Diagnostic {
    let names: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
    let file = names.first().map(String::as_str).unwrap_or_default();
    let others = names.get(1).map(|other| format!(", nor {other}")).unwrap_or_default();
    let message = format!("this file is not there{others}: no {what} are known, so that none holds anything");
    Place { file, line: 1, column: 1 }.warning(NO_FEED, message)
}

/// What was mailed, as far as mails are on.
fn mail_state(config: &Config, facts: &mut Facts, repair: Repair) -> Result<(), FileError> {
    let repair = |switch| if switch == Switch::Yes { repair } else { Repair::NEVER };
    let (reminders, regressions) = (config.email.enable, config.sru_regression_email);
    if reminders != Switch::No {
        facts.mail_records = Ledger::reminders(&config.primary).read(repair(reminders))?.state;
    }
    if regressions != Switch::No {
        facts.regressions_told = Ledger::regressions(&config.primary).read(repair(regressions))?.state;
    }
    Ok(())
}

fn hint_set(
    config: &Config,
    options: &RunOptions,
    architectures: &[String],
    warnings: &mut Vec<Diagnostic>,
) -> HintSet {
    let suites: Vec<String> = config.additional.iter().map(|(short, _)| short.clone()).collect();
    let names = ItemNames { architectures, suites: &suites };
    let mut all: Vec<Hint> = Vec::new();
    for (user, &rights) in &config.hint_rights {
        let path = config.hints_dir.join(user);
        let file = path.display().to_string();
        match fs::read(&path) {
            Ok(bytes) => {
                let (found, odd) = hints::parse_file(&bytes, &file, user, rights, names);
                all.extend(found);
                warnings.extend(odd);
            }
            Err(error) => {
                let place = Place { file: &file, line: 1, column: 1 };
                warnings.push(place.warning("hints-unreadable", format!("the hints of {user} do not count: {error}")));
            }
        }
    }
    if let Some(text) = &options.hints {
        let (found, odd) = hints::parse_command_line(text, names);
        all.extend(found);
        warnings.extend(odd);
    }
    let (set, overridden) = HintSet::new(all);
    warnings.extend(overridden);
    warnings.extend(set.warn_if_nothing_blocked(&config.hints_dir.display().to_string()));
    set
}
