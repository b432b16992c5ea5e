//! What the engine is told about a distribution, apart from its packages: the roles of architectures and the numbers
//! of the policies. Made from `britney.conf` in the drop-in form.

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::britney::config::{Autopkgtest, Config, Dialect, SmoothUpdates, Switch, Urls};
use crate::compat::britney::state::FirstSeen;
use crate::model::ArchId;

/// The rules of one distribution.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "rules that are on or off, each by itself")]
pub struct Rules {
    /// By architecture.
    pub ports: Vec<PortRules>,
    /// Where build dependencies of architecture-independent packages are tried first.
    pub all_build_arch: Option<ArchId>,
    /// The policies, in the order in which they are asked.
    pub policies: Vec<PolicyName>,
    /// Whether one of the items that could satisfy a relation is enough; britney2 asks for all of them.
    pub any_alternative: bool,
    /// Ages count by the instant instead of by the day.
    pub fractional_ages: bool,
    /// Required age in days by urgency.
    pub min_days: BTreeMap<String, u32>,
    /// The urgency of what names none.
    pub default_urgency: String,
    /// Urgencies whose required age is never raised.
    pub no_penalties: BTreeSet<String>,
    /// No bounty makes the required age shorter than this.
    pub bounty_min_age: u32,
    /// Where old libraries stay while needed.
    pub smooth_updates: SmoothUpdates,
    /// Old binaries do not hold an item.
    pub ignore_cruft: bool,
    /// Sources without binaries are removed at the end.
    pub remove_obsolete: bool,
    /// Sets of items that depend on each other are tried together.
    pub auto_hinter: bool,
    /// Links to pages about bugs and builds.
    pub urls: Urls,
    /// The name of what the target will be.
    pub series: String,
    /// The distribution's name, if one was given.
    pub distribution: Option<String>,
    /// Where tests run, how they are judged, and the links to them.
    pub autopkgtest: Autopkgtest,
    /// The instant of the run, in seconds since 1970.
    pub now: i64,
}

/// The roles of one architecture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four roles that an architecture has or has not, each by itself")]
pub struct PortRules {
    /// Architecture-independent packages count here.
    pub no_break_all: bool,
    /// Binaries may lag behind their sources.
    pub out_of_sync: bool,
    /// May get worse.
    pub may_break: bool,
    /// Is being bootstrapped.
    pub new: bool,
}

/// A policy, by its name in `policy_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyName {
    /// Release-critical bugs that the target does not have.
    RcBugs,
    /// Installing, upgrading and removing leaves the system clean.
    Piuparts,
    /// Old enough for its urgency.
    Age,
    /// Can be built where it goes.
    BuildDepends,
    /// Not blocked by hand; approved where that is needed.
    Block,
    /// The sources that were built in are there.
    BuiltUsing,
    /// Tests of the item and of what depends on it pass where they passed before.
    Autopkgtest,
    /// Every relation of its binaries can be met.
    Depends,
    /// What it makes uninstallable comes along.
    ImplicitDeps,
    /// Built by build daemons.
    BuiltOnBuildd,
    /// No bug blocks it.
    BlockBugs,
    /// Bugs that are worth a link.
    UpdateExcuse,
    /// Sources copied from one personal archive move together.
    SourcePpa,
    /// Kernels wait for their meta packages.
    Linux,
    /// Regressions in stable updates are told to their bugs.
    SruAdtRegression,
    /// Uploaders are reminded.
    Email,
}

impl PolicyName {
    /// The policies of the debian dialect, in their order.
    pub const DEBIAN: [Self; 7] =
        [Self::RcBugs, Self::Piuparts, Self::Autopkgtest, Self::Age, Self::BuildDepends, Self::Block, Self::BuiltUsing];

    /// The policies of the ubuntu dialect, in their order.
    pub const UBUNTU: [Self; 14] = [
        Self::Depends,
        Self::RcBugs,
        Self::Piuparts,
        Self::Autopkgtest,
        Self::Age,
        Self::Block,
        Self::ImplicitDeps,
        Self::BuiltOnBuildd,
        Self::BlockBugs,
        Self::UpdateExcuse,
        Self::SourcePpa,
        Self::Linux,
        Self::SruAdtRegression,
        Self::Email,
    ];

    /// Whether a configuration switches the policy on, where its dialect has it.
    fn is_on(self, config: &Config) -> bool {
        match self {
            Self::Autopkgtest => config.autopkgtest.enable != Switch::No,
            Self::ImplicitDeps => config.implicit_deps,
            Self::BuiltOnBuildd => config.check_buildd,
            Self::SruAdtRegression => config.sru_regression_email != Switch::No,
            Self::Email => config.email.enable != Switch::No,
            Self::RcBugs
            | Self::Piuparts
            | Self::Age
            | Self::BuildDepends
            | Self::Block
            | Self::BuiltUsing
            | Self::Depends
            | Self::BlockBugs
            | Self::UpdateExcuse
            | Self::SourcePpa
            | Self::Linux => true,
        }
    }

    /// The key in `policy_info`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RcBugs => "rc-bugs",
            Self::Piuparts => "piuparts",
            Self::Age => "age",
            Self::BuildDepends => "build-depends",
            Self::Block => "block",
            Self::BuiltUsing => "built-using",
            Self::Autopkgtest => "autopkgtest",
            Self::Depends => "depends",
            Self::ImplicitDeps => "implicit-deps",
            Self::BuiltOnBuildd => "builtonbuildd",
            Self::BlockBugs => "block-bugs",
            Self::UpdateExcuse => "update-excuse",
            Self::SourcePpa => "source-ppa",
            Self::Linux => "linux",
            Self::SruAdtRegression => "sruadtregression",
            Self::Email => "email",
        }
    }
}

impl Rules {
    /// The rules of a britney configuration for these architectures, at this instant.
    pub fn from_config(config: &Config, architectures: &[String], now: i64) -> Self {
        let has = |list: &[String], arch: &String| list.contains(arch);
        let port = |arch: &String| PortRules {
            no_break_all: has(&config.no_break_all, arch),
            out_of_sync: has(&config.out_of_sync, arch),
            may_break: has(&config.break_arches, arch),
            new: has(&config.new_arches, arch),
        };
        let all_build_arch = config.all_build_arch.as_ref();
        let ubuntu = config.dialect == Dialect::Ubuntu;
        let policies: &[PolicyName] = if ubuntu { &PolicyName::UBUNTU } else { &PolicyName::DEBIAN };
        Self {
            ports: architectures.iter().map(port).collect(),
            all_build_arch: all_build_arch
                .and_then(|name| architectures.iter().position(|arch| arch == name))
                .map(ArchId::at),
            policies: policies.iter().copied().filter(|policy| policy.is_on(config)).collect(),
            any_alternative: ubuntu,
            fractional_ages: ubuntu,
            min_days: config.min_days.clone(),
            default_urgency: config.default_urgency.clone(),
            no_penalties: config.no_penalties.clone(),
            bounty_min_age: config.bounty_min_age,
            smooth_updates: config.smooth_updates.clone(),
            ignore_cruft: config.ignore_cruft,
            remove_obsolete: config.remove_obsolete,
            auto_hinter: config.auto_hinter,
            urls: config.urls.clone(),
            series: config.series.clone(),
            distribution: config.distribution.clone(),
            autopkgtest: config.autopkgtest.clone(),
            now,
        }
    }

    /// One architecture's roles.
    pub fn port(&self, arch: ArchId) -> PortRules {
        self.ports[arch.index()]
    }

    /// The day of the run: days begin at 19:00 UTC.
    pub fn today(&self) -> i64 {
        FirstSeen::Seconds(self.now).day()
    }
}
