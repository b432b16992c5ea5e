//! What an operator sets: the table `[results]`.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::json;
use tidegate_platform::config::{Keep, Reader};
use tidegate_platform::{choice, section};

use crate::accept::Rules;
use crate::announce::FanOut;
use crate::model::Outcomes;
use crate::permission::Permission;

choice! {
    /// Whose results the second interface of ResultsDB takes.
    pub enum Writes {
        /// Those of whoever has a token for it.
        Token = "token",
        /// Those of anybody, as ResultsDB does.
        Open = "open",
    }
}

section! {
    /// How long the gate keeps things.
    pub struct KeepConfig {
        /// Results that are not the newest of anything.
        pub results: value(Keep) = "\"forever\"",
    }
}

section! {
    /// Names of hosts at whose root an interface of others is found, so that an old name can be pointed here.
    pub struct HostsConfig {
        /// ResultsDB.
        pub resultsdb: value(Vec<String>) = "[]",
    }
}

section! {
    /// Who may send results to the third interface of ResultsDB.
    pub struct PermissionConfig {
        /// What people call it.
        pub name: required(String),
        /// Whom to ask for it.
        pub maintainers: value(Vec<String>) = "[]",
        /// For which test cases; `*` stands for any characters.
        pub testcases: value(Vec<String>) = "[]",
        /// For which of these not.
        pub testcases_ignore: value(Vec<String>) = "[]",
        /// Users who have it.
        pub users: value(Vec<String>) = "[]",
        /// Teams whose members have it.
        pub groups: value(Vec<String>) = "[]",
    }
}

section! {
    /// Test results.
    pub struct ResultsConfig {
        /// Whether the gate is there.
        pub enabled: value(bool) = "true",
        /// Whether people without a login may read what it says; without it as in `[auth]`.
        pub anonymous_read: optional(bool),
        /// Whose results the second interface of ResultsDB takes: `token` or `open`.
        pub v2_writes: value(Writes) = "\"token\"",
        /// Outcomes beside PASSED, INFO, FAILED and NEEDS_INSPECTION.
        pub extra_outcomes: value(Vec<String>) = "[\"QUEUED\", \"RUNNING\", \"ERROR\"]",
        /// Those of them that are on the way to another.
        pub outcomes_incomplete: value(Vec<String>) = "[\"QUEUED\", \"RUNNING\"]",
        /// The most results on one page.
        pub max_limit: value(NonZeroU32) = "1000",
        /// So far ahead of the clock a result may claim to be.
        pub max_future: value(Duration) = "\"1h\"",
        /// Keys of the extra data that name the builds a result is about.
        pub build_keys: value(Vec<String>) = "[\"builds\", \"nvrs\"]",
        /// Types whose items are updates.
        pub update_types: value(Vec<String>) = "[\"bodhi_update\"]",
        /// So many builds a result may name.
        pub max_builds: value(NonZeroU32) = "10000",
        /// Whether `taskotron.result.new` is told, for old consumers.
        pub taskotron_topic: value(bool) = "false",
        /// So long a list may take.
        pub query_timeout: value(Duration) = "\"5s\"",
        /// Keys of the extra data by which results are found fast; the usual ones without it.
        pub index_keys: optional(Vec<String>),
        /// Who may send what to the third interface; without one nobody may.
        pub v3_permissions: list(PermissionConfig),
        /// How long things are kept.
        pub keep: table(KeepConfig),
        /// Hosts of the compatible interfaces.
        pub hosts: table(HostsConfig),
    }
}

/// An outcome has at most so many bytes.
const LONGEST_OUTCOME: usize = 32;

impl ResultsConfig {
    /// Reads the table; `None` if it is mistaken, which the reader then reports.
    pub fn of(reader: &mut Reader<'_>) -> Option<Self> {
        let config: Self = reader.table("results")?;
        let is_name = |name: &str| {
            (1..=LONGEST_OUTCOME).contains(&name.len()) && name.trim() == name && name.to_uppercase() == name
        };
        for name in config.extra_outcomes.iter().filter(|name| !is_name(name)) {
            reader.refuse(format!("results.extra_outcomes: {name:?} is no outcome: expected 1 to 32 capital letters"));
        }
        let outcomes = config.outcomes();
        for name in config.outcomes_incomplete.iter().filter(|name| outcomes.exactly(name).is_none()) {
            reader.refuse(format!("results.outcomes_incomplete: {name:?} is none of {}", outcomes.listed()));
        }
        Some(config)
    }

    /// How results are understood.
    pub fn rules(&self) -> Rules {
        let usual = Rules::default();
        Rules {
            outcomes: self.outcomes(),
            fan_out: FanOut {
                build_keys: self.build_keys.clone(),
                update_types: self.update_types.clone(),
                max_builds: count(self.max_builds),
            },
            index_keys: self.index_keys.clone().unwrap_or(usual.index_keys),
            item_keys: usual.item_keys,
            old_stream: self.taskotron_topic,
        }
    }

    /// The most results on one page.
    pub fn max_limit(&self) -> usize {
        count(self.max_limit)
    }

    /// How long results are kept; `None`: for ever.
    pub fn keep_results(&self) -> Option<Duration> {
        match self.keep.results {
            Keep::For(time) => Some(time),
            Keep::Forever => None,
        }
    }

    /// Who may send what to the third interface.
    pub fn v3_permissions(&self) -> Vec<Permission> {
        let permission = |of: &PermissionConfig| {
            Permission::of(json!({
                "name": of.name,
                "maintainers": of.maintainers,
                "testcases": of.testcases,
                "testcases_ignore": of.testcases_ignore,
                "users": of.users,
                "groups": of.groups,
            }))
        };
        self.v3_permissions.iter().map(permission).collect()
    }

    fn outcomes(&self) -> Outcomes {
        let (extra, incomplete) = (self.extra_outcomes.iter(), self.outcomes_incomplete.iter());
        Outcomes::new(extra.map(String::as_str), incomplete.map(String::as_str))
    }
}

fn count(number: NonZeroU32) -> usize {
    usize::try_from(number.get()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use tidegate_platform::config::{ConfigErrors, Sources};

    use super::*;

    fn read(text: &str) -> Result<ResultsConfig, ConfigErrors> {
        let sources = Sources::of_text("tidegate.toml", text);
        let mut reader = Reader::new(&sources);
        let config = ResultsConfig::of(&mut reader);
        reader.finish(config).map(|(config, _)| config.expect("without mistakes it is there"))
    }

    #[test]
    fn without_a_word_all_is_as_usual() {
        let config = read("").unwrap();
        let (rules, usual) = (config.rules(), Rules::default());
        assert_eq!((rules.outcomes, rules.fan_out), (usual.outcomes, usual.fan_out));
        assert_eq!((rules.index_keys, rules.old_stream), (usual.index_keys, false));
        assert_eq!((config.max_limit(), config.keep_results(), config.v3_permissions()), (1_000, None, vec![]));
    }

    #[test]
    fn what_is_said_counts() {
        let text = "[results]\nextra_outcomes = [\"RUNNING\"]\noutcomes_incomplete = []\nmax_builds = 7\n\
            [results.keep]\nresults = \"10d\"\n\
            [[results.v3_permissions]]\nname = \"qa\"\ntestcases = [\"dist.*\"]\nusers = [\"ann\"]\n";
        let config = read(text).unwrap();
        assert_eq!((config.rules().outcomes.known().len(), config.rules().fan_out.max_builds), (5, 7));
        assert_eq!(config.keep_results(), Some(Duration::from_secs(10 * 86_400)));
        assert!(crate::permission::is_permitted(&config.v3_permissions(), "ann", &[], "dist.x"));
    }

    #[test]
    fn outcomes_are_those_that_can_be_met() {
        let text = "[results]\nextra_outcomes = [\"running\"]\noutcomes_incomplete = [\"QUEUED\"]\n";
        let told = read(text).unwrap_err().to_string();
        assert!(told.contains("\"running\" is no outcome") && told.contains("\"QUEUED\" is none of"), "{told}");
    }
}
