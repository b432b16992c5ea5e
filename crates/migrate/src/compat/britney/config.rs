//! `britney.conf`: `KEY = value` lines, read into typed fields.
//!
//! Reading finds all mistakes at once and never looks at the disk: paths stay as they are written, and what has to be taken
//! from a Release file is left open. Unknown keys are warnings, for the file is shared with other programs; a value that can't
//! be used is an error, for a run with another meaning is worse than none.

mod check;
mod entries;
mod keys;
mod parse;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use lettre::message::Mailbox;

use crate::hint::HintRights;

pub use keys::{KEYS, Key, ValueKind, key};
pub use parse::parse;

/// Which britney2 is equalled: it selects policies and their order, the arithmetic of ages, alternatives and the auto-hinter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Debian's, of 2015 and of 2019.
    Debian,
    /// Ubuntu's.
    Ubuntu,
}

impl Dialect {
    /// The word in `TIDEGATE_DIALECT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Ubuntu => "ubuntu",
        }
    }
}

/// What the command line adds to the file.
#[derive(Debug, Clone, Copy)]
pub struct CommandLine<'a> {
    /// `--series`: replaces `%(SERIES)` in every value.
    pub series: &'a str,
    /// `--distribution`, if it was given; then the dialect is ubuntu.
    pub distribution: Option<&'a str>,
    /// Keys and values that beat the file's, such as `ARCHITECTURES` from `--architectures`. An empty value beats nothing.
    pub overrides: &'a [(String, String)],
}

impl Default for CommandLine<'_> {
    fn default() -> Self {
        Self { series: "testing", distribution: None, overrides: &[] }
    }
}

/// Everything that `britney.conf` says.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file that means yes or no by itself")]
pub struct Config {
    /// The dialect, from `TIDEGATE_DIALECT` or from the keys that are there.
    pub dialect: Dialect,
    /// The series that replaced `%(SERIES)`.
    pub series: String,
    /// The distribution of `--distribution`.
    pub distribution: Option<String>,

    /// `TESTING`: folder of the target suite.
    pub target: PathBuf,
    /// `UNSTABLE`: folder of the primary source suite.
    pub primary: PathBuf,
    /// `TPU`, `PU`: short name (`tpu`, `pu`) and folder of the additional source suites, in this order.
    pub additional: Vec<(String, PathBuf)>,
    /// `PARTIAL_UNSTABLE`, `PARTIAL_SOURCE`: the primary source suite is an overlay over the target.
    pub partial_source: bool,
    /// `COMPONENTS`: present and not empty means mirror layout.
    pub components: Option<Vec<String>>,

    /// The files that a run writes.
    pub outputs: Outputs,
    /// `STATIC_INPUT_DIR`: folder of `constraints` and `faux-packages`.
    pub static_input_dir: Option<PathBuf>,
    /// `STATE_DIR`; if none, state is in the folders of the suites.
    pub state_dir: Option<PathBuf>,
    /// `HINTSDIR`: folder of the hint files.
    pub hints_dir: PathBuf,

    /// `ARCHITECTURES` as written, each once; if none, the target's Release file says.
    pub architectures: Option<Vec<String>>,
    /// `NOBREAKALL_ARCHES`: where architecture-independent packages count.
    pub no_break_all: Vec<String>,
    /// `OUTOFSYNC_ARCHES`, `FUCKED_ARCHES`: whose binaries may lag behind the sources.
    pub out_of_sync: Vec<String>,
    /// `BREAK_ARCHES`: which may get worse.
    pub break_arches: Vec<String>,
    /// `NEW_ARCHES`: which are being bootstrapped.
    pub new_arches: Vec<String>,
    /// `ALL_BUILDARCH`: where build dependencies of architecture-independent packages are tried first.
    pub all_build_arch: Option<String>,
    /// `HAS_ARCH_ALL_BUILDDS`: architecture-independent packages are built by build daemons.
    pub has_arch_all_buildds: bool,

    /// `MINDAYS_<URGENCY>`: required age in days by urgency in lower case. It has the default urgency.
    pub min_days: BTreeMap<String, u32>,
    /// `DEFAULT_URGENCY`, in lower case.
    pub default_urgency: String,
    /// `NO_PENALTIES`: urgencies in lower case whose required age is never raised.
    pub no_penalties: BTreeSet<String>,
    /// `BOUNTY_MIN_AGE` in days; the name of an urgency is resolved.
    pub bounty_min_age: u32,
    /// `FAKE_RUNTIME`: seconds since 1970 that count as now.
    pub fake_runtime: Option<i64>,

    /// `HINTS_<USER>`: what each user's hint file may hold, by name in lower case.
    pub hint_rights: BTreeMap<String, HintRights>,
    /// `SMOOTH_UPDATES`: in which sections libraries stay while needed.
    pub smooth_updates: SmoothUpdates,
    /// `IGNORE_CRUFT`: old binaries don't hold an item.
    pub ignore_cruft: bool,
    /// `REMOVE_OBSOLETE`: sources without binaries are removed at the end.
    pub remove_obsolete: bool,
    /// `CHECK_CONSISTENCY_LEVEL`, 0 to 3. Every run is verified in full whatever it says.
    pub consistency_level: u32,
    /// `AUTOHINTER`: try sets of items that depend on each other.
    pub auto_hinter: bool,
    /// Templates of links in the excuses.
    pub urls: Urls,

    /// `PIUPARTS_ENABLE`; if none, the policy is on where a summary file exists.
    pub piuparts: Option<bool>,
    /// The keys `ADT_…`.
    pub autopkgtest: Autopkgtest,
    /// `CHECK_BUILDD`: the policy builtonbuildd.
    pub check_buildd: bool,
    /// `IMPLICIT_DEPS`: the policy implicit-deps.
    pub implicit_deps: bool,
    /// The keys `EMAIL_…`.
    pub email: Email,
    /// `SRUREGRESSIONEMAIL_ENABLE`: the policy sruadtregression.
    pub sru_regression_email: Switch,
}

impl Config {
    /// A file of state, by its name: in `STATE_DIR`, or in the target's folder where there is none.
    pub fn state_file(&self, name: &str) -> PathBuf {
        self.state_dir.as_ref().unwrap_or(&self.target).join(name)
    }

    /// Where it is kept from which personal archives versions were copied.
    pub fn source_ppas(&self) -> PathBuf {
        self.primary.join("SourcePPA")
    }
}

/// The files that a run writes; what is none is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// `NONINST_STATUS`.
    pub noninst_status: Option<PathBuf>,
    /// `EXCUSES_OUTPUT`.
    pub excuses_html: Option<PathBuf>,
    /// `EXCUSES_YAML_OUTPUT`.
    pub excuses_yaml: Option<PathBuf>,
    /// `UPGRADE_OUTPUT`.
    pub upgrade: Option<PathBuf>,
    /// `HEIDI_OUTPUT`.
    pub heidi: Option<PathBuf>,
    /// `HEIDI_DELTA_OUTPUT`, or `HEIDI_OUTPUT` with `Delta` behind it.
    pub heidi_delta: Option<PathBuf>,
}

/// Where libraries stay in the target while something still needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmoothUpdates {
    /// In every section.
    All,
    /// In these sections; in none if it is empty.
    Sections(BTreeSet<String>),
}

impl SmoothUpdates {
    /// Whether a library of this section stays. The component in front of a slash doesn't count: `non-free/libs` is `libs`.
    pub fn contains(&self, section: &str) -> bool {
        match self {
            Self::All => true,
            Self::Sections(sections) => sections.contains(section.rsplit('/').next().unwrap_or(section)),
        }
    }
}

/// A policy that can also be tried without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    /// The policy doesn't exist.
    #[default]
    No,
    /// It says what it would do, and does nothing.
    DryRun,
    /// It is on.
    Yes,
}

/// Templates of links; `{bug}`, `{source}`, `{version}` and `{arch}` are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    /// `BUG_URL`: page of `{bug}`.
    pub bug: String,
    /// `BUILD_URL`: page of the build of `{source}` `{version}` on `{arch}`.
    pub build: String,
}

/// A file, or a place on the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `http://` or `https://`, in full and without a slash at its end.
    Http(String),
    /// What follows `file://`.
    File(PathBuf),
}

/// Where test requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queue {
    /// The URL of a broker. It may hold a password: never log it.
    Amqp(String),
    /// What follows `file://`: lines are appended there.
    File(PathBuf),
}

/// The keys of the policy autopkgtest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autopkgtest {
    /// `ADT_ENABLE`.
    pub enable: Switch,
    /// `ADT_ARCHES`: architectures on which tests are run.
    pub arches: Vec<String>,
    /// `ADT_AMQP`.
    pub queue: Option<Queue>,
    /// `ADT_PPAS`: archives that tests use besides.
    pub ppas: Vec<String>,
    /// `ADT_SHARED_RESULTS_CACHE`: results of another instance, only read.
    pub shared_results_cache: Option<PathBuf>,
    /// `ADT_SWIFT_URL`: container listings, or a `debci.json`.
    pub results: Option<Location>,
    /// `ADT_DB_URL`: a database of results.
    pub database: Option<Location>,
    /// `ADT_CI_URL`: beginning of links to the test pages, with a slash at its end.
    pub ci_url: Option<String>,
    /// `ADT_HUGE`: with more tests than this on an architecture, requests go to the queue for huge ones.
    pub huge: u32,
    /// `ADT_REGRESSION_PENALTY`: days that a regression adds, instead of holding the item.
    pub regression_penalty: Option<u32>,
    /// `ADT_SUCCESS_BOUNTY`: days that an item saves by passing its own tests everywhere.
    pub success_bounty: Option<u32>,
    /// `ADT_BASELINE=reference`: compare with tests of the target as it is.
    pub reference_baseline: bool,
    /// `ADT_RETRY_URL_MECH=run_id`: links for another try name the run.
    pub retry_by_run_id: bool,
    /// `ADT_RETRY_OLDER_THAN`: age in days above which a failure is tried again.
    pub retry_older_than: Option<u32>,
    /// `ADT_REFERENCE_MAX_AGE`: age in days above which a reference is old.
    pub reference_max_age: Option<u32>,
}

/// The keys of the policy email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// `EMAIL_ENABLE`.
    pub enable: Switch,
    /// Host of `EMAIL_HOST`, an IPv6 address without its brackets.
    pub host: String,
    /// Port of `EMAIL_HOST`.
    pub port: Option<u16>,
    /// `EMAIL_FROM`: the sender.
    pub from: Option<Mailbox>,
    /// `EMAIL_ADDRESSES`: file with the addresses of sources' uploaders.
    pub addresses: Option<PathBuf>,
    /// `EMAIL_URL`: page of `{source}` `{version}` in `{series}`.
    pub url: String,
    /// `EMAIL_HELP`: whom the reader of a mail may ask.
    pub help: String,
    /// `LAUNCHPAD_URL`: who uploaded what; none if it is not asked.
    pub launchpad: Option<String>,
    /// `KEYSERVER_URL`: addresses of people by their keys.
    pub keyserver: String,
    /// `SRU_BUG_ADDRESS`: the mail address of `{bug}`.
    pub bug_address: String,
}
