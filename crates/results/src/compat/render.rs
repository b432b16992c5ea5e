//! The answers of ResultsDB, as its clients read them.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::model::{ExtraData, Group, Outcomes, StoredResult, TestCase, wire_time};

/// What has a meaning of its own in the path of an address; a slash stays, as names of test cases have them.
const IN_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');
const IN_QUERY: &AsciiSet = &IN_PATH.add(b'&').add(b'+').add(b'=').add(b',').add(b'\'').add(b'[').add(b']');

/// A text as a part of an address's path; its slashes stay.
pub fn in_path(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

/// A text as a value in an address's query.
pub fn in_query(text: &str) -> String {
    utf8_percent_encode(text, IN_QUERY).to_string()
}

/// Where the interface is found: `http://HOST/resultsdb/api/v2.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links(String);

/// A result on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Result)]
pub struct WireResult<'a> {
    /// From 1, ascending.
    id: i64,
    /// The uuids of its groups.
    groups: &'a [String],
    /// What was tested.
    testcase: WireTestCase<'a>,
    /// When, in UTC without a zone, always with six digits.
    submit_time: String,
    /// What came out.
    outcome: &'a str,
    /// A remark.
    note: Option<&'a str>,
    /// Where its log is.
    ref_url: Option<&'a str>,
    /// What it is about, and all else: lists of texts.
    #[schema(value_type = Object)]
    data: &'a ExtraData,
    /// Where it is found.
    href: String,
}

/// A test case on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TestCase)]
pub struct WireTestCase<'a> {
    /// Unique; may contain `/`.
    name: &'a str,
    /// Where it is described.
    ref_url: Option<&'a str>,
    /// Where it is found.
    pub href: String,
}

/// A group on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct WireGroup<'a> {
    /// Unique, up to 36 characters.
    uuid: &'a str,
    /// What the run was.
    description: Option<&'a str>,
    /// Where it is described.
    ref_url: Option<&'a str>,
    /// Where its results are found.
    results: String,
    /// How many it has.
    results_count: u64,
    /// Where it is found.
    pub href: String,
}

/// A page of a list on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WireList<T> {
    /// The page before.
    pub prev: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// What is on it.
    pub data: Vec<T>,
}

impl Links {
    /// The interface at that address.
    pub fn at(base: impl Into<String>) -> Self {
        Self(base.into())
    }

    /// The result with the addresses of what it names.
    pub fn result<'a>(&self, result: &'a StoredResult) -> WireResult<'a> {
        WireResult {
            id: result.id.0,
            groups: &result.groups,
            testcase: self.testcase(&result.testcase),
            submit_time: wire_time(result.submit_time),
            outcome: result.outcome.as_str(),
            note: result.note.as_deref(),
            ref_url: result.ref_url.as_deref(),
            data: &result.data,
            href: format!("{}/results/{}", self.0, result.id),
        }
    }

    /// The test case with its address.
    pub fn testcase<'a>(&self, testcase: &'a TestCase) -> WireTestCase<'a> {
        let TestCase { name, ref_url } = testcase;
        let href = format!("{}/testcases/{}", self.0, in_path(name));
        WireTestCase { name, ref_url: ref_url.as_deref(), href }
    }

    /// The group with its address and that of its results.
    pub fn group<'a>(&self, group: &'a Group) -> WireGroup<'a> {
        let Group { uuid, description, ref_url, results_count } = group;
        WireGroup {
            uuid,
            description: description.as_deref(),
            ref_url: ref_url.as_deref(),
            results: format!("{}/results?groups={}", self.0, in_query(uuid)),
            results_count: *results_count,
            href: format!("{}/groups/{}", self.0, in_path(uuid)),
        }
    }

    /// What the interface answers at its root, always with status 300.
    pub fn landing(&self, outcomes: &Outcomes) -> Value {
        let names: Vec<_> = outcomes.known().iter().map(crate::model::Outcome::as_str).collect();
        let at = |what: &str| format!("{}/{what}", self.0);
        json!({
            "message": "The results of tests. Choose one of the addresses below.",
            "documentation": at(""),
            "groups": at("groups"),
            "results": at("results"),
            "testcases": at("testcases"),
            "outcomes": names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Outcome, ResultId};

    #[test]
    fn a_result_is_shown_with_its_data_in_order() {
        let data = [("arch", "x86_64"), ("arch", "aarch64"), ("item", "nethack-9-1.fc26"), ("A", "b")];
        let result = StoredResult {
            id: ResultId(111),
            testcase: TestCase { name: "dist/a b?".to_owned(), ref_url: Some("https://x/t".to_owned()) },
            outcome: Outcome::stored("FAILED"),
            submit_time: "2026-11-21T08:04:12Z".parse().unwrap(),
            groups: vec!["g".to_owned()],
            note: None,
            ref_url: None,
            data: data.into_iter().collect(),
        };
        assert_eq!(
            serde_json::to_string(&Links::at("http://h/api/v2.0").result(&result)).unwrap(),
            r#"{"id":111,"groups":["g"],"testcase":{"name":"dist/a b?","ref_url":"https://x/t","href":"http://h/api/v2.0/testcases/dist/a%20b%3F"},"submit_time":"2026-11-21T08:04:12.000000","outcome":"FAILED","note":null,"ref_url":null,"data":{"arch":["x86_64","aarch64"],"item":["nethack-9-1.fc26"],"A":["b"]},"href":"http://h/api/v2.0/results/111"}"#
        );
    }

    #[test]
    fn a_group_knows_where_its_results_are() {
        let group = Group { uuid: "a&b".to_owned(), description: None, ref_url: None, results_count: 3 };
        let json = serde_json::to_value(Links::at("http://h").group(&group)).unwrap();
        assert_eq!(json["results"], "http://h/results?groups=a%26b");
        assert_eq!((&json["href"], &json["results_count"]), (&json!("http://h/groups/a&b"), &json!(3)));
    }

    #[test]
    fn the_landing_lists_the_outcomes() {
        let landing = Links::at("http://h").landing(&Outcomes::default());
        assert_eq!(landing["outcomes"][3], "NEEDS_INSPECTION");
        assert_eq!(
            (&landing["results"], landing["outcomes"].as_array().unwrap().len()),
            (&json!("http://h/results"), 7)
        );
    }
}
