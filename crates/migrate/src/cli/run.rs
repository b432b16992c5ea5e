//! `migrate run`: britney2's arguments, files in and files out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tidegate_kernel::{Blocker, Clock, Timestamp};

use super::evidence::Evidence;
use super::log::Log;
use super::{CliError, Console, Exit, letters, parse_time, tester};
use crate::check;
use crate::compat::britney::config::{CommandLine, Config};
use crate::compat::britney::excuses_yaml::{Annotation, Annotations};
use crate::compat::britney::state::{FirstSeen, SourcePpas};
use crate::compat::britney::{excuses_html, excuses_yaml, heidi};
use crate::excuses::Excuses;
use crate::explain::{self, Explainer, Explanation};
use crate::files::{self, RunOptions, Staged, ensure_directory};
use crate::hint::{ItemNames, ItemRef};
use crate::model::{Item, Scope, SuiteId};
use crate::outside::copies;
use crate::policy::autopkgtest;
use crate::rules::PolicyName;
use crate::session::Session;
use crate::upgrade::{Outcome, Plan};

/// The arguments of a run.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct RunArgs {
    /// The britney configuration
    #[arg(short = 'c', long = "config", value_name = "FILE", default_value = "/etc/britney.conf")]
    pub config: PathBuf,
    /// Say more; twice: everything
    #[arg(short = 'v', action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Architectures, instead of those of the configuration
    #[arg(long, value_name = "LIST")]
    pub architectures: Option<String>,
    /// Make no excuses, try only these items
    #[arg(long, value_name = "ITEMS", allow_hyphen_values = true)]
    pub actions: Option<String>,
    /// Further hints, separated by `;`, with all permissions
    #[arg(long, value_name = "HINTS")]
    pub hints: Option<String>,
    /// Read hints from standard input and try each
    #[arg(long)]
    pub hint_tester: bool,
    /// Write nothing, send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Compare with the uninstallable packages of the last run instead of writing them anew
    #[arg(long, conflicts_with = "print_uninst")]
    pub nuninst_cache: bool,
    /// Print the uninstallable packages of the target and stop
    #[arg(long)]
    pub print_uninst: bool,
    /// Make excuses and move items (the default)
    #[arg(long, overrides_with = "no_compute_migrations")]
    pub compute_migrations: bool,
    /// Make excuses and keep the policies' state, but move nothing
    #[arg(long)]
    pub no_compute_migrations: bool,
    /// What replaces %(SERIES) in the configuration
    #[arg(long, default_value = "testing")]
    pub series: String,
    /// The distribution; chooses the ubuntu dialect
    #[arg(long)]
    pub distribution: Option<String>,
    /// Accepted for older callers, without effect
    #[arg(long)]
    pub control_files: bool,
    /// Callers of Ubuntu's britney hand over an empty word; nothing else may stand here
    #[arg(hide = true, value_parser = nothing)]
    pub empty: Vec<String>,
    /// The time of the run: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub now: Option<Timestamp>,
    /// Write the indices of the new target to this folder
    #[arg(long, value_name = "DIR")]
    pub write_target: Option<PathBuf>,
    /// Explain every candidate that stays, in the excuses
    #[arg(long)]
    pub explain: bool,
    /// Log as JSON, one object a line
    #[arg(long)]
    pub json_log: bool,
    /// Threads; all that the machine has if none is given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// An argument that says nothing.
fn nothing(word: &str) -> Result<String, &'static str> {
    if word.is_empty() { Ok(String::new()) } else { Err("nothing is expected here") }
}

/// What a run did, in numbers.
#[derive(Debug, Serialize)]
struct Summary {
    items: usize,
    candidates: usize,
    moved: usize,
    stayed: usize,
    trials: usize,
    uninstallable_before: Vec<(String, usize)>,
    uninstallable_after: Vec<(String, usize)>,
    written: Vec<String>,
}

/// What is said of a run that is over, with the paths of the files that it wrote.
pub type Account<'a> = dyn FnMut(&mut Console<'_>, &Finished<'_>, &[String]) -> Result<(), CliError> + 'a;

/// Carries a run out.
///
/// # Errors
/// Configuration or input cannot be used, an output cannot be written, or a check of ours failed.
pub fn run(args: &RunArgs, console: &mut Console<'_>, clock: &dyn Clock) -> Result<Exit, CliError> {
    run_with(args, console, clock, None)
}

/// As [`run`], with another account of it than the usual summary.
///
/// # Errors
/// As [`run`], and what the account says.
pub fn run_with(
    args: &RunArgs,
    console: &mut Console<'_>,
    clock: &dyn Clock,
    account: Option<&mut Account<'_>>,
) -> Result<Exit, CliError> {
    let debug = std::env::var("BRITNEY_DEBUG").is_ok_and(|value| value == "1");
    let verbosity = if debug { 2 } else { args.verbose.max(u8::from(console.voice.verbose)) };
    let log = Log { verbosity, json: args.json_log };
    if let Some(threads) = args.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
        pool.map_err(|error| CliError::Fault(format!("cannot start {threads} threads: {error}")))?;
    }
    Run { args, log, clock }.execute(console, account)
}

struct Run<'a> {
    args: &'a RunArgs,
    log: Log,
    clock: &'a dyn Clock,
}

impl Run<'_> {
    fn execute(&self, console: &mut Console<'_>, account: Option<&mut Account<'_>>) -> Result<Exit, CliError> {
        let args = self.args;
        let bar = console.progress("reading");
        let overrides: Vec<(String, String)> =
            args.architectures.iter().map(|list| ("ARCHITECTURES".to_owned(), list.replace(',', " "))).collect();
        let command_line =
            CommandLine { series: &args.series, distribution: args.distribution.as_deref(), overrides: &overrides };
        let (config, warnings) = files::config(&args.config, &command_line)?;
        for warning in &warnings {
            self.log.warn(console, &warning.to_string())?;
        }
        self.log.detail(console, &format!("dialect: {}", config.dialect.as_str()))?;
        if let Some(folder) = config.state_dir.as_ref().filter(|_| !args.dry_run) {
            ensure_directory(folder)?;
        }
        let options = RunOptions {
            hints: args.hints.clone(),
            now: args.now.map(Timestamp::as_seconds),
            clock: self.clock.now().as_seconds(),
            may_repair: !args.dry_run,
        };
        let inputs = files::inputs(config, &options)?;
        bar.step("resolving relations");
        let (mut session, config, warnings) = files::load(inputs)?;
        for warning in &warnings {
            self.log.warn(console, &warning.to_string())?;
        }
        for finding in &session.distribution.findings {
            let text = format!("{}: {}: {}", finding.file, finding.package, finding.message);
            self.log.warn(console, &text)?;
        }
        self.findings(console, &session)?;
        for useless in autopkgtest::useless_hints(session.context()) {
            self.log.warn(console, &useless)?;
        }
        if args.print_uninst {
            return print_uninstallable(console, &session);
        }
        if args.nuninst_cache {
            self.compare_cache(console, &session, &config)?;
        }
        if args.hint_tester {
            drop(bar);
            return tester::tester(session, console);
        }
        let actions = args.actions.as_ref().map(|text| actions(&session, text)).transpose()?;
        let evidence = Evidence::of(&config, actions.is_some(), args.dry_run);
        if let Some(evidence) = &evidence {
            bar.step("looking for test results");
            for warning in evidence.look(&mut session)? {
                self.log.warn(console, &warning)?;
            }
        }
        if actions.is_none() && session.rules.policies.contains(&PolicyName::SourcePpa) {
            bar.step("asking whence sources were copied");
            if let Some(warning) = copies::look(&config, &mut session) {
                self.log.warn(console, &warning)?;
            }
        }
        bar.step("making excuses");
        let excuses = if actions.is_some() { Excuses::new() } else { session.excuses() };
        let outcome = if args.no_compute_migrations && actions.is_none() {
            None
        } else {
            bar.step("trying");
            let plan = actions.as_deref().map_or(Plan::Everything, Plan::Only);
            let outcome = session.upgrade(&excuses, plan, &|progress| bar.upgrade(progress));
            bar.step("checking");
            verify(&session, &outcome)?;
            Some(outcome)
        };
        if let Some(evidence) = &evidence {
            bar.step("asking for tests");
            evidence.ask(&mut session, &excuses, self.log, console)?;
        }
        let result =
            Finished { session: &session, excuses: &excuses, outcome: outcome.as_ref(), explain: args.explain };
        if actions.is_none() {
            bar.step("sending");
            letters::send(console, self.log, &config, &result, args.dry_run)?;
        }
        bar.step("writing");
        let written = if args.dry_run { Vec::new() } else { self.write(&config, &result, actions.is_some())? };
        drop(bar);
        for refused in outcome.iter().flat_map(|outcome| &outcome.refused_hints) {
            self.log.warn(console, refused)?;
        }
        match account {
            Some(account) => account(console, &result, &written)?,
            None => self.summarise(console, &result, &written)?,
        }
        Ok(Exit::Yes)
    }

    fn findings(&self, console: &mut Console<'_>, session: &Session) -> Result<(), CliError> {
        for arch in session.distribution.arch_ids() {
            if session.target.installability(arch).is_without_essential() {
                let name = session.distribution.arch_name(arch);
                let text = format!(
                    "the essential packages of the target cannot be installed together on {name}: \
                     installability is judged without them there"
                );
                self.log.warn(console, &text)?;
            }
        }
        Ok(())
    }

    fn compare_cache(&self, console: &mut Console<'_>, session: &Session, config: &Config) -> Result<(), CliError> {
        let Some(path) = &config.outputs.noninst_status else { return Ok(()) };
        let now = heidi::non_installable(&session.distribution, &session.rules, &session.target, "");
        let sets = |text: &str| -> BTreeSet<(String, BTreeSet<String>)> {
            let lines = text.lines().filter(|line| !line.starts_with("Built on") && !line.starts_with("Last update"));
            let split = lines.filter_map(|line| line.split_once(": "));
            split
                .map(|(arch, names)| (arch.to_owned(), names.split_whitespace().map(str::to_owned).collect()))
                .collect()
        };
        match std::fs::read_to_string(path) {
            Ok(text) if sets(&text) == sets(&now) => Ok(()),
            Ok(_) => {
                let text = format!("{} differs from the target as it is; what is computed now counts", path.display());
                self.log.warn(console, &text)
            }
            Err(error) => self.log.warn(console, &format!("{} is not there to compare: {error}", path.display())),
        }
    }

    /// Writes every output, the new target last, and puts them in place together.
    fn write(&self, config: &Config, done: &Finished<'_>, actions: bool) -> Result<Vec<String>, CliError> {
        let session = done.session;
        let mut staged = Staged::default();
        let mut written = Vec::new();
        let mut put = |path: &Option<PathBuf>, text: &dyn Fn() -> Result<String, CliError>| -> Result<(), CliError> {
            if let Some(path) = path {
                staged.write(path, &text()?)?;
                written.push(super::shown(path));
            }
            Ok(())
        };
        let outputs = &config.outputs;
        if !self.args.nuninst_cache {
            put(&outputs.noninst_status, &|| Ok(done.non_installable()))?;
        }
        if !actions {
            if outputs.excuses_html.is_some() || outputs.excuses_yaml.is_some() {
                let known = done.known()?;
                put(&outputs.excuses_html, &|| done.excuses_html(&known))?;
                put(&outputs.excuses_yaml, &|| done.excuses_yaml(&known))?;
            }
            let dates = config.state_dir.as_ref().map(|folder| folder.join("age-policy-dates"));
            if session.rules.policies.contains(&PolicyName::SourcePpa) {
                let path = config.source_ppas();
                let known = done.source_ppas();
                if path.exists() || !known.is_empty() {
                    put(&Some(path), &|| Ok(known.render()))?;
                }
            }
            put(&Some(dates.unwrap_or_else(|| config.target.join("Dates"))), &|| Ok(done.dates(config)))?;
        }
        if let Some(outcome) = done.outcome {
            put(&outputs.upgrade, &|| Ok(done.update_output(outcome)))?;
            put(&outputs.heidi_delta, &|| Ok(heidi::delta(&session.distribution, &outcome.accepted)))?;
            put(&outputs.heidi, &|| Ok(heidi::result(&session.distribution, &session.rules, &outcome.target)))?;
            if let Some(folder) = &self.args.write_target {
                for (name, text) in files::target_indices(config, session, &outcome.target)? {
                    put(&Some(folder.join(name)), &|| Ok(text.clone()))?;
                }
            }
        }
        staged.publish()?;
        Ok(written)
    }

    fn summarise(&self, console: &mut Console<'_>, done: &Finished<'_>, written: &[String]) -> Result<(), CliError> {
        let candidates = done.excuses.values().filter(|excuse| excuse.is_valid()).count();
        let counts = |sets: &crate::upgrade::Uninstallable| {
            let archs = done.session.distribution.arch_ids();
            let name = |arch| done.session.distribution.arch_name(arch).to_owned();
            archs.map(|arch| (name(arch), sets.ports[arch.index()].len())).collect::<Vec<_>>()
        };
        let summary = Summary {
            items: done.excuses.len(),
            candidates,
            moved: done.outcome.map_or(0, |outcome| outcome.accepted.len()),
            stayed: done.outcome.map_or(candidates, |outcome| outcome.stayed.len()),
            trials: done.outcome.map_or(0, |outcome| outcome.trials),
            uninstallable_before: done.outcome.map(|outcome| counts(&outcome.before)).unwrap_or_default(),
            uninstallable_after: done.outcome.map(|outcome| counts(&outcome.after)).unwrap_or_default(),
            written: written.to_vec(),
        };
        if console.voice.json {
            console.json(&summary)?;
            return Ok(());
        }
        self.log.info(
            console,
            &if done.outcome.is_none() {
                format!("{} items, {} candidates; nothing was tried", summary.items, summary.candidates)
            } else {
                let moved = summary.candidates.saturating_sub(summary.stayed);
                format!(
                    "{} items, {} candidates: {moved} moved, {} stay; {} left-overs and empty sources went",
                    summary.items,
                    summary.candidates,
                    summary.stayed,
                    summary.moved.saturating_sub(moved)
                )
            },
        )?;
        for ((arch, before), (_, after)) in summary.uninstallable_before.iter().zip(&summary.uninstallable_after) {
            self.log.detail(console, &format!("uninstallable on {arch}: {before} before, {after} after"))?;
        }
        for path in written {
            self.log.detail(console, &format!("wrote {path}"))?;
        }
        Ok(())
    }
}

/// A run that is over, as its outputs see it.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// What was decided on.
    pub session: &'a Session,
    /// Every excuse.
    pub excuses: &'a Excuses,
    /// What moved; none if nothing was to be tried.
    pub outcome: Option<&'a Outcome>,
    explain: bool,
}

/// What a run says beside its excuses, by item.
struct Known {
    blockers: BTreeMap<String, Vec<Blocker>>,
    /// Why candidates stayed, if that was asked for.
    explained: BTreeMap<String, Explanation>,
}

impl Finished<'_> {
    fn time(&self, format: &str) -> String {
        let now = jiff::Timestamp::from_second(self.session.rules.now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        now.strftime(format).to_string()
    }

    fn long_time(&self) -> String {
        self.time("%Y.%m.%d %H:%M:%S +0000")
    }

    fn non_installable(&self) -> String {
        let Session { distribution, rules, target, .. } = self.session;
        heidi::non_installable(distribution, rules, target, &self.long_time())
    }

    fn excuses_html(&self, known: &Known) -> Result<String, CliError> {
        let known = excuses_html::Known {
            moved: self.outcome.map(|outcome| outcome.accepted.iter().copied().collect()),
            blockers: &known.blockers,
            explained: &known.explained,
        };
        let page = excuses_html::render(&self.session.distribution, self.excuses, &known, &self.long_time());
        page.map_err(|error| CliError::Fault(format!("excuses.html: {error}")))
    }

    fn excuses_yaml(&self, known: &Known) -> Result<String, CliError> {
        let generated = self.time("%Y-%m-%d %H:%M:%S.%f");
        let mut annotations = Annotations::new();
        for (name, blockers) in &known.blockers {
            let blockers = blockers.iter().map(json).collect::<Result<Vec<_>, _>>()?;
            let explanation = known.explained.get(name).map(json).transpose()?;
            annotations.insert(name.clone(), Annotation { blockers, explanation });
        }
        let text = excuses_yaml::render(&self.session.distribution, self.excuses, annotations, &generated);
        text.map_err(|error| CliError::Fault(format!("excuses.yaml: {error}")))
    }

    /// Blockers of every excuse, and on demand the cause of every candidate that stayed.
    fn known(&self) -> Result<Known, CliError> {
        let context = self.session.context();
        let mut known = Known { blockers: BTreeMap::new(), explained: BTreeMap::new() };
        for (name, excuse) in self.excuses {
            known.blockers.insert(name.clone(), explain::blockers_of(context, excuse));
        }
        if let (true, Some(outcome)) = (self.explain, self.outcome) {
            let mut explainer = Explainer::new(context, &self.session.keep_installable, self.excuses, outcome);
            known.explained = explainer.all_stayed().map_err(|fault| CliError::Fault(fault.to_string()))?;
            for (name, explanation) in &known.explained {
                if let (Some(blockers), Some(excuse)) = (known.blockers.get_mut(name), self.excuses.get(name)) {
                    blockers.push(explain::blocker_of(context, excuse, explanation));
                }
            }
        }
        Ok(known)
    }

    fn update_output(&self, outcome: &Outcome) -> String {
        let names: Vec<&str> =
            self.session.distribution.arch_ids().map(|arch| self.session.distribution.arch_name(arch)).collect();
        format!("Generated on: {}\nArch order is: {}\n{}", self.long_time(), names.join(", "), outcome.report)
    }

    /// From which personal archives the versions on their way were copied, as far as it is known.
    fn source_ppas(&self) -> SourcePpas {
        let Session { distribution, facts, .. } = self.session;
        let items = self.excuses.values().map(|excuse| excuse.item);
        let items = items.filter(|item| item.scope == Scope::Source && item.suite == SuiteId::PRIMARY);
        let on_their_way: BTreeSet<(&str, &str)> =
            items.map(|item| (distribution.name(item.name), distribution.text(item.version))).collect();
        let mut known = facts.source_ppas.clone();
        known.retain(|source, version| on_their_way.contains(&(source, version)));
        known
    }

    /// When versions were first seen, with those that were seen now and without those that are gone.
    fn dates(&self, config: &Config) -> String {
        let Session { distribution, rules, facts, .. } = self.session;
        let mut dates = facts.first_seen.clone();
        let version_of = |source: &str| {
            let name = distribution.find_name(source)?;
            distribution.source(SuiteId::PRIMARY, name).filter(|source| !source.fake).map(|source| source.version)
        };
        dates.retain(|source, version| version_of(source).is_some_and(|there| distribution.text(there) == version));
        let items = self.excuses.values().map(|excuse| excuse.item);
        for item in items.filter(|item| item.scope == Scope::Source && item.suite == SuiteId::PRIMARY) {
            let (source, version) = (distribution.name(item.name), distribution.text(item.version));
            if dates.get(source, version).is_none() {
                dates.insert(source, version, FirstSeen::Seconds(rules.now));
            }
        }
        dates.render(config.dialect)
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, CliError> {
    serde_json::to_value(value).map_err(|error| CliError::Fault(error.to_string()))
}

/// Checks every certificate of the new target with code that shares nothing with the search, and proves anew what
/// counts as uninstallable.
pub(super) fn verify(session: &Session, outcome: &Outcome) -> Result<(), CliError> {
    for arch in session.distribution.arch_ids() {
        let checked = check::verify(&session.distribution, &session.universe, &outcome.target, arch);
        checked.map_err(|error| {
            let name = session.distribution.arch_name(arch);
            CliError::Fault(format!("the certificates of the new target are wrong on {name}: {error}"))
        })?;
        let state = outcome.target.installability(arch);
        if let Some(id) = state.wrongly_dead(session.universe.port(arch)) {
            let (binary, name) = (session.distribution.binary_text(arch, id), session.distribution.arch_name(arch));
            return Err(CliError::Fault(format!("{binary} counts as uninstallable on {name} and is not")));
        }
    }
    Ok(())
}

fn print_uninstallable(console: &mut Console<'_>, session: &Session) -> Result<Exit, CliError> {
    let Session { distribution, rules, target, .. } = session;
    let text = heidi::non_installable(distribution, rules, target, "");
    for line in text.lines().filter(|line| !line.is_empty() && !line.contains(" on: ") && !line.contains(" update: ")) {
        console.answer(line)?;
    }
    Ok(Exit::Yes)
}

/// The items of `--actions`.
fn actions(session: &Session, text: &str) -> Result<Vec<Item>, CliError> {
    let distribution = &session.distribution;
    let suites: Vec<String> = distribution.suites.iter().filter_map(|suite| suite.short.clone()).collect();
    let names = ItemNames { architectures: &distribution.architectures, suites: &suites };
    text.split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let usage = |why: String| CliError::Usage(format!("--actions: {word}: {why}"));
            let reference = ItemRef::parse(word, names).map_err(|error| usage(error.to_string()))?;
            session.context().item(&reference).map_err(usage)
        })
        .collect()
}
