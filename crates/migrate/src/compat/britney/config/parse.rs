//! From entries to the configuration: one field after the other, in the order of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::entries::{self, Entry};
use super::reader::{Reader, entry_words};
use super::{Autopkgtest, CommandLine, Config, Dialect, Email, KEYS, Outputs, SmoothUpdates, Switch, Urls, check};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean, quote};
use crate::hint::{HintKind, HintRights};

/// The urgencies of uploads, with the days that count if no `MINDAYS_…` is set.
const URGENCIES: [(&str, u32); 5] = [("low", 10), ("medium", 5), ("high", 2), ("critical", 0), ("emergency", 0)];

/// Reads `britney.conf`. `file` is its name in diagnostics.
///
/// With the configuration come the warnings, in the order of the lines.
///
/// # Errors
///
/// Something can't be used: all mistakes, with the warnings between them.
pub fn parse(
    text: &str,
    file: &str,
    command_line: &CommandLine<'_>,
) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let entries = entries::read(text, file, command_line, &mut diagnostics);
    let mut reader = Reader { file, entries, diagnostics };
    let config = config(&mut reader, command_line);
    check::all(&mut reader, &config);
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by(|a, b| (a.line, a.column, a.code).cmp(&(b.line, b.column, b.code)));
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        Err(diagnostics)
    } else {
        Ok((config, diagnostics))
    }
}

fn config(reader: &mut Reader<'_>, command_line: &CommandLine<'_>) -> Config {
    let dialect = dialect(reader, command_line);
    let target = reader.required_path("TESTING", "the target suite");
    let primary = reader.required_path("UNSTABLE", "the primary source suite");
    let additional = [("tpu", "TPU"), ("pu", "PU")];
    let additional =
        additional.into_iter().filter_map(|(short, name)| Some((short.to_owned(), reader.path(name)?))).collect();
    let components = reader.words("COMPONENTS");
    let architectures = reader.words("ARCHITECTURES");
    let (min_days, default_urgency) = urgencies(reader);
    Config {
        dialect,
        series: command_line.series.to_owned(),
        distribution: command_line.distribution.map(str::to_owned),
        partial_source: reader.flag("PARTIAL_UNSTABLE").or(reader.flag("PARTIAL_SOURCE")).unwrap_or(false),
        components: Some(components).filter(|components| !components.is_empty()),
        outputs: outputs(reader),
        static_input_dir: reader.path("STATIC_INPUT_DIR"),
        state_dir: reader.path("STATE_DIR"),
        hints_dir: reader.path("HINTSDIR").unwrap_or_else(|| primary.join("Hints")),
        target,
        primary,
        additional,
        no_break_all: architecture_list(reader, "NOBREAKALL_ARCHES", &architectures),
        out_of_sync: out_of_sync(reader, &architectures),
        break_arches: architecture_list(reader, "BREAK_ARCHES", &architectures),
        new_arches: architecture_list(reader, "NEW_ARCHES", &architectures),
        architectures: Some(architectures).filter(|architectures| !architectures.is_empty()),
        all_build_arch: reader.text("ALL_BUILDARCH"),
        has_arch_all_buildds: reader.flag("HAS_ARCH_ALL_BUILDDS").unwrap_or(true),
        bounty_min_age: bounty_min_age(reader, &min_days),
        no_penalties: reader.words("NO_PENALTIES").iter().map(|urgency| urgency.to_lowercase()).collect(),
        min_days,
        default_urgency,
        fake_runtime: reader.number("FAKE_RUNTIME", "a whole number of seconds since 1970"),
        hint_rights: hint_rights(reader),
        smooth_updates: smooth_updates(reader),
        ignore_cruft: reader.flag("IGNORE_CRUFT").unwrap_or(false),
        remove_obsolete: reader.flag("REMOVE_OBSOLETE").unwrap_or(true),
        consistency_level: reader.number("CHECK_CONSISTENCY_LEVEL", "a number from 0 to 3").unwrap_or(2),
        auto_hinter: reader.flag("AUTOHINTER").unwrap_or(dialect == Dialect::Debian),
        urls: urls(reader, dialect),
        piuparts: reader.flag("PIUPARTS_ENABLE"),
        autopkgtest: autopkgtest(reader),
        check_buildd: reader.flag("CHECK_BUILDD").unwrap_or(false),
        implicit_deps: reader.flag("IMPLICIT_DEPS").unwrap_or(true),
        email: email(reader),
        sru_regression_email: reader.switch("SRUREGRESSIONEMAIL_ENABLE"),
    }
}

fn dialect(reader: &mut Reader<'_>, command_line: &CommandLine<'_>) -> Dialect {
    if let Some(entry) = reader.get("TIDEGATE_DIALECT") {
        match entry.value.to_ascii_lowercase().as_str() {
            "debian" => return Dialect::Debian,
            "ubuntu" => return Dialect::Ubuntu,
            _ => {
                let message = format!("TIDEGATE_DIALECT is {}; expected debian or ubuntu", quote(&entry.value));
                reader.error(&entry, "unusable-value", message);
            }
        }
    }
    // A key tells the dialect by being there, even if it is empty.
    let told = KEYS.iter().any(|key| key.tells_dialect && reader.entries.of.contains_key(key.name));
    if told || command_line.distribution.is_some() { Dialect::Ubuntu } else { Dialect::Debian }
}

fn outputs(reader: &Reader<'_>) -> Outputs {
    let heidi = reader.path("HEIDI_OUTPUT");
    let beside = heidi.as_ref().map(|heidi| {
        let mut name = heidi.clone().into_os_string();
        name.push("Delta");
        PathBuf::from(name)
    });
    Outputs {
        noninst_status: reader.path("NONINST_STATUS"),
        excuses_html: reader.path("EXCUSES_OUTPUT"),
        excuses_yaml: reader.path("EXCUSES_YAML_OUTPUT"),
        upgrade: reader.path("UPGRADE_OUTPUT"),
        heidi,
        heidi_delta: reader.path("HEIDI_DELTA_OUTPUT").or(beside),
    }
}

/// A list of architectures of the run. Where `--architectures` narrows the run, the list is narrowed with it.
fn architecture_list(reader: &Reader<'_>, name: &str, architectures: &[String]) -> Vec<String> {
    let narrowed = reader.get("ARCHITECTURES").is_some_and(|entry| !entry.in_file);
    let mut list = reader.words(name);
    list.retain(|name| !narrowed || architectures.contains(name));
    list
}

fn out_of_sync(reader: &Reader<'_>, architectures: &[String]) -> Vec<String> {
    let list = architecture_list(reader, "OUTOFSYNC_ARCHES", architectures);
    if list.is_empty() { architecture_list(reader, "FUCKED_ARCHES", architectures) } else { list }
}

/// The days of each urgency, and the default urgency, which is one of them.
fn urgencies(reader: &mut Reader<'_>) -> (BTreeMap<String, u32>, String) {
    let known = || URGENCIES.iter().map(|&(urgency, _)| urgency);
    let mut min_days = BTreeMap::new();
    let mut any = false;
    for (urgency, entry) in reader.family("MINDAYS_") {
        any = true;
        let name = format!("MINDAYS_{}", urgency.to_uppercase());
        if !known().any(|known| known == urgency) {
            let message = format!("no upload has the urgency {}{}", quote(&urgency), did_you_mean(&urgency, known()));
            reader.warn(&entry, "unknown-urgency", message);
        }
        // A value that can't be used is reported; its urgency counts as set all the same.
        min_days.insert(urgency, reader.days(&name).unwrap_or(0));
    }
    if !any {
        min_days.extend(URGENCIES.map(|(urgency, days)| (urgency.to_owned(), days)));
    }
    let entry = reader.get("DEFAULT_URGENCY");
    let default = entry.as_ref().map_or_else(|| "medium".to_owned(), |entry| entry.value.to_lowercase());
    if !min_days.contains_key(&default) {
        let message = format!(
            "the default urgency {} has no MINDAYS_{}; set that, or another DEFAULT_URGENCY",
            quote(&default),
            default.to_uppercase()
        );
        let file_start = Entry { value: String::new(), in_file: true, line: 1, column: 1 };
        reader.error(entry.as_ref().unwrap_or(&file_start), "contradiction", message);
    }
    (min_days, default)
}

fn bounty_min_age(reader: &mut Reader<'_>, min_days: &BTreeMap<String, u32>) -> u32 {
    let Some(entry) = reader.get("BOUNTY_MIN_AGE") else { return 0 };
    if let Some(&days) = min_days.get(&entry.value.to_lowercase()) {
        return days;
    }
    reader.number("BOUNTY_MIN_AGE", "a whole number of days, or an urgency with a MINDAYS key").unwrap_or(0)
}

fn hint_rights(reader: &mut Reader<'_>) -> BTreeMap<String, HintRights> {
    let mut users = BTreeMap::new();
    for (user, entry) in reader.family("HINTS_") {
        let mut rights = HintRights::NONE;
        for (column, word) in entry_words(&entry) {
            if let Ok(granted) = HintRights::of_word(word) {
                rights = rights.and(granted);
            } else {
                let names = HintKind::ALL.iter().map(|kind| kind.as_str()).chain(["HELPERS", "STANDARD", "ALL"]);
                let message = format!(
                    "{} is neither a hint nor a role; it permits nothing{}",
                    quote(word),
                    did_you_mean(word, names)
                );
                reader.warn(&Entry { column, ..entry.clone() }, "unknown-hint", message);
            }
        }
        users.insert(user, rights);
    }
    users
}

fn smooth_updates(reader: &Reader<'_>) -> SmoothUpdates {
    let sections: BTreeSet<String> = reader.words("SMOOTH_UPDATES").into_iter().collect();
    if sections.contains("ALL") { SmoothUpdates::All } else { SmoothUpdates::Sections(sections) }
}

fn urls(reader: &mut Reader<'_>, dialect: Dialect) -> Urls {
    let (bug, build) = match dialect {
        Dialect::Debian => (
            "https://bugs.debian.org/{bug}",
            "https://buildd.debian.org/status/logs.php?arch={arch}&pkg={source}&ver={version}",
        ),
        Dialect::Ubuntu => (
            "https://launchpad.net/bugs/{bug}",
            "https://launchpad.net/ubuntu/+source/{source}/{version}/+latestbuild/{arch}",
        ),
    };
    Urls {
        bug: reader.template("BUG_URL", &["bug"]).unwrap_or_else(|| bug.to_owned()),
        build: reader.template("BUILD_URL", &["source", "version", "arch"]).unwrap_or_else(|| build.to_owned()),
    }
}

fn autopkgtest(reader: &mut Reader<'_>) -> Autopkgtest {
    Autopkgtest {
        enable: reader.switch("ADT_ENABLE"),
        arches: reader.words("ADT_ARCHES"),
        queue: reader.queue("ADT_AMQP"),
        ppas: reader.words("ADT_PPAS"),
        shared_results_cache: reader.path("ADT_SHARED_RESULTS_CACHE"),
        results: reader.location("ADT_SWIFT_URL"),
        database: reader.location("ADT_DB_URL"),
        ci_url: reader.text("ADT_CI_URL").map(|url| format!("{}/", url.trim_end_matches('/'))),
        huge: reader.number("ADT_HUGE", "a whole number of tests").unwrap_or(20),
        regression_penalty: reader.days("ADT_REGRESSION_PENALTY"),
        success_bounty: reader.days("ADT_SUCCESS_BOUNTY"),
        reference_baseline: reader.word("ADT_BASELINE", "reference"),
        retry_by_run_id: reader.word("ADT_RETRY_URL_MECH", "run_id"),
        retry_older_than: reader.days("ADT_RETRY_OLDER_THAN"),
        reference_max_age: reader.days("ADT_REFERENCE_MAX_AGE"),
    }
}

fn email(reader: &mut Reader<'_>) -> Email {
    let enable: Switch = reader.switch("EMAIL_ENABLE");
    let (host, port) = reader.host("EMAIL_HOST").unwrap_or_else(|| ("localhost".to_owned(), None));
    let from = reader.text("EMAIL_FROM");
    Email { enable, host, port, from, addresses: reader.path("EMAIL_ADDRESSES") }
}
