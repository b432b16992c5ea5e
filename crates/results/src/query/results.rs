//! Which results are meant.

use tidegate_kernel::Timestamp;

use super::pattern::Pattern;
use crate::model::{Outcome, StoredResult};

/// Which results are meant. Every condition has to hold; within one, any of its values is enough. An empty list is no
/// condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultFilter {
    /// What came out.
    pub outcomes: Vec<Outcome>,
    /// Names of test cases.
    pub testcases: Vec<Pattern>,
    /// Uuids of groups.
    pub groups: Vec<String>,
    /// When it was submitted.
    pub since: Option<Since>,
    /// What its data hold.
    pub data: Vec<Wanted>,
}

/// A span of time; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end; without one it has not ended.
    pub end: Option<Timestamp>,
}

/// A condition on one key of the data: some value of it is one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The key.
    pub key: String,
    /// Any of these.
    pub values: Vec<Pattern>,
}

/// Which results a store can look up, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Keys whose values name one item or a few, so that few results have the same: the best to begin with.
    pub item_keys: Vec<String>,
    /// All keys that have an index.
    pub index_keys: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Self {
            item_keys: owned(&["item", "builds", "nvrs"]),
            index_keys: owned(&["item", "builds", "nvrs", "type", "arch", "scenario"]),
        }
    }
}

/// The index that a store walks down. Whatever else the filter says is asked of each result on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driver<'a> {
    /// The results with one of these values under that key.
    Key {
        /// One of the indexed keys.
        key: &'a str,
        /// None of them has a wildcard.
        values: Vec<&'a str>,
    },
    /// The results of these groups.
    Groups(&'a [String]),
    /// The results of these test cases, which may have wildcards.
    Testcases(&'a [Pattern]),
    /// All results.
    All,
}

impl Since {
    /// Whether the instant belongs to it.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && self.end.is_none_or(|end| instant <= end)
    }
}

impl Wanted {
    /// The values, if none has a wildcard.
    pub fn exact_values(&self) -> Option<Vec<&str>> {
        self.values.iter().map(Pattern::exact).collect()
    }

    /// Whether one of these values means that.
    pub fn allows(&self, value: &str) -> bool {
        self.values.iter().any(|pattern| pattern.matches(value))
    }
}

impl ResultFilter {
    /// Whether that result is meant.
    pub fn matches(&self, result: &StoredResult) -> bool {
        (self.outcomes.is_empty() || self.outcomes.contains(&result.outcome))
            && self.allows_testcase(&result.testcase.name)
            && (self.groups.is_empty() || result.groups.iter().any(|group| self.groups.contains(group)))
            && self.since.is_none_or(|since| since.contains(result.submit_time))
            && self.data.iter().all(|wanted| {
                let values = result.data.values(&wanted.key);
                values.iter().any(|value| wanted.allows(value))
            })
    }

    /// Whether a test case of that name is meant.
    pub fn allows_testcase(&self, name: &str) -> bool {
        self.testcases.is_empty() || self.testcases.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether every result is meant.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the index says it all, but for the span of time: then no result on the way has to be looked at.
    pub fn is_covered_by(&self, driver: &Driver<'_>) -> bool {
        let rest = match driver {
            Driver::Key { .. } => self.testcases.len() + self.groups.len() + self.data.len() - 1,
            Driver::Groups(_) => self.testcases.len() + self.data.len(),
            Driver::Testcases(_) => self.groups.len() + self.data.len(),
            Driver::All => self.testcases.len() + self.groups.len() + self.data.len(),
        };
        rest == 0 && self.outcomes.is_empty()
    }

    /// The best index to begin with: that of the item, then groups, test cases, other keys, and time at last.
    pub fn driver(&self, limits: &Limits) -> Driver<'_> {
        let by_key = |keys: &[String]| {
            let known = self.data.iter().filter(|wanted| keys.contains(&wanted.key));
            let mut exact = known.filter_map(|wanted| Some((wanted.key.as_str(), wanted.exact_values()?)));
            exact.next().map(|(key, values)| Driver::Key { key, values })
        };
        if let Some(driver) = by_key(&limits.item_keys) {
            return driver;
        }
        if !self.groups.is_empty() {
            return Driver::Groups(&self.groups);
        }
        if !self.testcases.is_empty() {
            return Driver::Testcases(&self.testcases);
        }
        by_key(&limits.index_keys).unwrap_or(Driver::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(key: &str, value: &str) -> Wanted {
        Wanted { key: key.to_owned(), values: vec![Pattern::like(value)] }
    }

    #[test]
    fn the_item_is_looked_up_first_and_time_last() {
        let limits = Limits::default();
        let mut filter = ResultFilter::default();
        assert_eq!(filter.driver(&limits), Driver::All);
        filter.data = vec![wanted("colour", "red"), wanted("item", "a*"), wanted("type", "koji_build")];
        assert_eq!(filter.driver(&limits), Driver::Key { key: "type", values: vec!["koji_build"] });
        filter.testcases = vec![Pattern::like("dist.*")];
        assert_eq!(filter.driver(&limits), Driver::Testcases(&filter.testcases));
        filter.groups = vec!["g".to_owned()];
        assert_eq!(filter.driver(&limits), Driver::Groups(&filter.groups));
        filter.data.push(wanted("item", "a"));
        assert_eq!(filter.driver(&limits), Driver::Key { key: "item", values: vec!["a"] });
    }

    #[test]
    fn an_index_covers_what_it_was_chosen_for_and_nothing_else() {
        let limits = Limits::default();
        let covered = |filter: &ResultFilter| filter.is_covered_by(&filter.driver(&limits));
        let item = ResultFilter { data: vec![wanted("item", "a")], ..ResultFilter::default() };
        assert!(covered(&ResultFilter::default()) && covered(&item));
        assert!(!covered(&ResultFilter { data: vec![wanted("item", "a"), wanted("type", "x")], ..item.clone() }));
        assert!(!covered(&ResultFilter { outcomes: vec![Outcome::stored("PASSED")], ..item.clone() }));
        assert!(!covered(&ResultFilter { testcases: vec![Pattern::like("t")], ..item }));
        assert!(covered(&ResultFilter { testcases: vec![Pattern::like("t*")], ..ResultFilter::default() }));
    }

    #[test]
    fn both_ends_of_a_span_belong_to_it() {
        let at = crate::oracle::history::at;
        let span = Since { start: at(2), end: Some(at(4)) };
        let inside: Vec<_> = (0..6).filter(|time| span.contains(at(*time))).collect();
        assert_eq!(inside, [2, 3, 4]);
        assert!(Since { end: None, ..span }.contains(at(100)));
    }
}
