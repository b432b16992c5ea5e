//! The loads: what is asked again and again.

use clap::ValueEnum;
use serde::Serialize;
use tidegate_kernel::{Rng as _, SeededRng};
use url::form_urlencoded::Serializer;

use super::history::{EACH, History};

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Load {
    /// A new result with four extra data
    Post,
    /// The latest results of a build for its test cases, of each variant
    Latest,
    /// The newest page of all results
    Newest,
    /// The newest page of one test case
    Testcase,
    /// The newest page of one build
    Item,
    /// One result by its id
    One,
}

/// A request, without who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Behind the address of the interface.
    pub(super) path: String,
    /// What is sent; nothing for a question.
    pub(super) body: Option<String>,
    /// The status of an answer that counts.
    pub(super) status: u16,
}

/// Makes requests of one load on one history.
#[derive(Debug)]
pub(super) struct Requests {
    load: Load,
    history: History,
    /// Ids of results are from 1 to this one.
    newest_id: u64,
    chance: SeededRng,
}

impl Load {
    /// All of them, in the order in which they are measured: those that write at last.
    pub(super) const ALL: [Self; 6] = [Self::Latest, Self::Newest, Self::Testcase, Self::Item, Self::One, Self::Post];

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Post => "POST results",
            Self::Latest => "results/latest of a build",
            Self::Newest => "results?limit=20",
            Self::Testcase => "results?testcases=T&limit=20",
            Self::Item => "results?item=I",
            Self::One => "results/ID",
        }
    }
}

impl Requests {
    /// The sequence of that seed.
    pub(super) fn new(load: Load, history: History, newest_id: u64, seed: u64) -> Self {
        Self { load, history, newest_id, chance: SeededRng::new(seed) }
    }

    /// The next one.
    pub(super) fn next(&self) -> Asked {
        let build = self.chance.below(self.history.builds);
        let get = |path: String| Asked { path, body: None, status: 200 };
        match self.load {
            Load::Post => {
                let result = History::result(build, self.chance.below(EACH), self.chance.next_u64());
                Asked { path: "/results".to_owned(), body: Some(result.to_string()), status: 201 }
            }
            Load::Latest => {
                let testcases: Vec<_> = (0..EACH).map(|which| History::testcase(build, which)).collect();
                get(query(
                    "/results/latest",
                    &[
                        ("item", &History::item(build)),
                        ("type", "koji_build,brew-build"),
                        ("testcases", &testcases.join(",")),
                        ("_distinct_on", "scenario,system_architecture,system_variant"),
                    ],
                ))
            }
            Load::Newest => get("/results?limit=20".to_owned()),
            Load::Testcase => {
                let testcase = History::testcase(build, self.chance.below(EACH));
                get(query("/results", &[("testcases", &testcase), ("limit", "20")]))
            }
            Load::Item => get(query("/results", &[("item", &History::item(build))])),
            Load::One => get(format!("/results/{}", 1 + self.chance.below(self.newest_id))),
        }
    }
}

fn query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_what_is_asked() {
        let requests = |seed| Requests::new(Load::Latest, History { builds: 1_000 }, 6_000, seed);
        assert_eq!(requests(7).next(), requests(7).next());
        assert_ne!(requests(7).next(), requests(8).next());
        let asked = requests(7).next();
        assert!(
            asked.path.starts_with("/results/latest?item=package") && asked.path.contains("&type=koji_build%2C"),
            "{asked:?}"
        );
    }
}
