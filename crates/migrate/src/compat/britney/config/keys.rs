//! Every key of `britney.conf`, in one table.
//!
//! The reader looks keys up here, misspelt keys are compared with it, and the reference in the book is made of it. A key that
//! is read but not listed stops the tests.

use super::Dialect;

/// What a key's value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// A file or folder; relative paths stay as written.
    Path,
    /// Words between spaces or commas.
    Words,
    /// Architecture names between spaces or commas.
    Architectures,
    /// One architecture's name.
    Architecture,
    /// A whole number of days.
    Days,
    /// A whole number.
    Number,
    /// `yes` or `no`; `1` and `0` mean the same.
    Flag,
    /// `yes`, `dry-run` or `no`.
    Switch,
    /// The name of an urgency.
    Urgency,
    /// A number of days or the name of an urgency.
    DaysOrUrgency,
    /// Names of hints, or the roles `HELPERS`, `STANDARD`, `ALL`.
    Rights,
    /// `http://…`, `https://…` or `file://PATH`.
    Location,
    /// `amqp://user:password@host[:port][/vhost]` or `file://PATH`.
    Queue,
    /// A host, `host:port` or `[IPv6]:port`.
    Host,
    /// A URL in which `{word}` is replaced.
    UrlTemplate,
    /// Exactly this word, or empty.
    Word(&'static str),
    /// `debian` or `ubuntu`.
    Dialect,
    /// Any text.
    Text,
}

/// One key, or a family of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name in upper case; of a family the beginning, up to and with the underscore.
    pub name: &'static str,
    /// The rest of a family's name, as the documentation writes it; none for a single key.
    pub family: Option<&'static str>,
    /// What the value has to be.
    pub value: ValueKind,
    /// What holds if the key is absent or empty, in words if it is no plain value.
    pub default: &'static str,
    /// The only dialect in which the key has an effect; none if it has in both.
    pub dialect: Option<Dialect>,
    /// Whether a file with this key is in the ubuntu dialect.
    pub tells_dialect: bool,
    /// What it is for, in one sentence fragment.
    pub meaning: &'static str,
}

impl Key {
    const fn new(name: &'static str, value: ValueKind, default: &'static str, meaning: &'static str) -> Self {
        Self { name, family: None, value, default, dialect: None, tells_dialect: false, meaning }
    }

    const fn family(self, rest: &'static str) -> Self {
        Self { family: Some(rest), ..self }
    }

    const fn ubuntu(self) -> Self {
        Self { dialect: Some(Dialect::Ubuntu), ..self }
    }

    const fn tells_ubuntu(self) -> Self {
        Self { tells_dialect: true, ..self.ubuntu() }
    }

    /// Whether `name` (in upper case) is this key or of this family.
    pub fn matches(&self, name: &str) -> bool {
        match self.family {
            Some(_) => name.strip_prefix(self.name).is_some_and(|rest| !rest.is_empty()),
            None => name == self.name,
        }
    }
}

use ValueKind::{
    Architecture, Architectures, Days, DaysOrUrgency, Flag, Host, Location, Number, Path, Queue, Rights, Switch, Text,
    Urgency, UrlTemplate, Word, Words,
};

/// All keys, in the order of the documentation.
pub const KEYS: &[Key] = &[
    Key::new("TESTING", Path, "required", "folder of the target suite"),
    Key::new("UNSTABLE", Path, "required", "folder of the primary source suite"),
    Key::new("TPU", Path, "none", "folder of the additional source suite `tpu`, whose items need approval"),
    Key::new("PU", Path, "none", "folder of the additional source suite `pu`, whose items need approval"),
    Key::new("PARTIAL_UNSTABLE", Flag, "no", "the primary source suite is an overlay over the target").tells_ubuntu(),
    Key::new("PARTIAL_SOURCE", Flag, "no", "another name of PARTIAL_UNSTABLE").ubuntu(),
    Key::new("COMPONENTS", Words, "none", "the suites are in mirror layout with these components"),
    Key::new("NONINST_STATUS", Path, "not written", "what can't be installed in the target, as loaded"),
    Key::new("EXCUSES_OUTPUT", Path, "not written", "the excuses as HTML"),
    Key::new(
        "EXCUSES_YAML_OUTPUT",
        Path,
        "not written",
        "the excuses as YAML; compressed if the name ends in .gz or .xz",
    ),
    Key::new("UPGRADE_OUTPUT", Path, "not written", "the trials of the run"),
    Key::new("HEIDI_OUTPUT", Path, "not written", "the new content of the target"),
    Key::new("HEIDI_DELTA_OUTPUT", Path, "HEIDI_OUTPUT with Delta behind it", "what moved"),
    Key::new("STATIC_INPUT_DIR", Path, "none", "folder of constraints and faux packages"),
    Key::new("STATE_DIR", Path, "the folders of the suites", "folder of the state that runs keep"),
    Key::new("HINTSDIR", Path, "Hints in the folder of UNSTABLE", "folder of the hint files, one a user"),
    Key::new("ARCHITECTURES", Architectures, "those of the target's Release file", "architectures of the run"),
    Key::new("NOBREAKALL_ARCHES", Architectures, "none", "where architecture-independent packages must be installable"),
    Key::new("OUTOFSYNC_ARCHES", Architectures, "none", "whose binaries may lag behind the sources"),
    Key::new("FUCKED_ARCHES", Architectures, "none", "the name of OUTOFSYNC_ARCHES in 2015"),
    Key::new("BREAK_ARCHES", Architectures, "none", "which may get worse"),
    Key::new("NEW_ARCHES", Architectures, "none", "which are being bootstrapped"),
    Key::new(
        "ALL_BUILDARCH",
        Architecture,
        "none",
        "where build dependencies of architecture-independent packages are tried first",
    ),
    Key::new("HAS_ARCH_ALL_BUILDDS", Flag, "yes", "architecture-independent packages are built by build daemons")
        .tells_ubuntu(),
    Key::new(
        "MINDAYS_",
        Days,
        "low 10, medium 5, high 2, critical 0, emergency 0 if no such key is set",
        "required age of uploads of this urgency",
    )
    .family("<URGENCY>"),
    Key::new("DEFAULT_URGENCY", Urgency, "medium", "urgency of what has none, or an unknown one"),
    Key::new("NO_PENALTIES", Words, "none", "urgencies whose required age is never raised"),
    Key::new("BOUNTY_MIN_AGE", DaysOrUrgency, "0", "below which bounties lower no required age"),
    Key::new("FAKE_RUNTIME", Number, "the clock", "seconds since 1970 that count as now"),
    Key::new("HINTS_", Rights, "none", "what the hint file of this user may hold").family("<USER>"),
    Key::new("SMOOTH_UPDATES", Words, "none", "sections whose libraries stay while needed, or ALL"),
    Key::new("IGNORE_CRUFT", Flag, "0", "old binaries don't hold an item"),
    Key::new("REMOVE_OBSOLETE", Flag, "yes", "sources without binaries are removed at the end"),
    Key::new("CHECK_CONSISTENCY_LEVEL", Number, "2", "0 to 3; accepted, every run is verified in full"),
    Key::new("AUTOHINTER", Flag, "yes (debian), no (ubuntu)", "try sets of items that depend on each other"),
    Key::new("TIDEGATE_DIALECT", ValueKind::Dialect, "told from the keys", "which britney2 to equal"),
    Key::new("BUG_URL", UrlTemplate, "the distribution's", "page of a bug: {bug}"),
    Key::new("BUILD_URL", UrlTemplate, "the distribution's", "page of a build: {source} {version} {arch}"),
    Key::new("PIUPARTS_ENABLE", Flag, "yes if there is a summary file", "policy piuparts"),
    Key::new("ADT_ENABLE", Switch, "no", "policy autopkgtest; dry-run in the ubuntu dialect only"),
    Key::new("ADT_ARCHES", Architectures, "none", "architectures on which tests are run"),
    Key::new("ADT_AMQP", Queue, "none", "where test requests go"),
    Key::new("ADT_PPAS", Words, "none", "archives that tests use besides"),
    Key::new("ADT_SHARED_RESULTS_CACHE", Path, "none", "results of another instance, only read"),
    Key::new("ADT_SWIFT_URL", Location, "none", "where test results come from"),
    Key::new("ADT_DB_URL", Location, "none", "a database of test results").tells_ubuntu(),
    Key::new("ADT_CI_URL", Text, "none", "beginning of links to the test pages"),
    Key::new("ADT_HUGE", Number, "20", "with more tests than this, a source's requests go to the queue for huge ones"),
    Key::new("ADT_REGRESSION_PENALTY", Days, "off", "days that a regression adds, instead of holding the item"),
    Key::new("ADT_SUCCESS_BOUNTY", Days, "off", "days that an item saves by passing its own tests everywhere"),
    Key::new("ADT_BASELINE", Word("reference"), "none", "compare with tests of the target as it is"),
    Key::new("ADT_RETRY_URL_MECH", Word("run_id"), "none", "links for another try name the run"),
    Key::new("ADT_RETRY_OLDER_THAN", Days, "off", "a failure older than this is tried again"),
    Key::new("ADT_REFERENCE_MAX_AGE", Days, "off", "a reference older than this is asked for again"),
    Key::new("CHECK_BUILDD", Flag, "no", "policy builtonbuildd").tells_ubuntu(),
    Key::new("IMPLICIT_DEPS", Flag, "yes", "policy implicit-deps").tells_ubuntu(),
    Key::new("EMAIL_ENABLE", Switch, "no", "policy email: reminders of what is stuck").tells_ubuntu(),
    Key::new("SRUREGRESSIONEMAIL_ENABLE", Switch, "no", "policy sruadtregression").tells_ubuntu(),
    Key::new("EMAIL_HOST", Host, "localhost", "mail server").ubuntu(),
    Key::new("EMAIL_FROM", Text, "none", "sender of mails").ubuntu(),
    Key::new("EMAIL_ADDRESSES", Path, "none", "file with the addresses of sources' uploaders").ubuntu(),
];

/// The key or family to which `name` (in upper case) belongs.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.matches(name))
}
