use super::*;
use crate::model::{Position, ResultId};

fn asked(query: &str) -> Asked {
    results(query, &Outcomes::default(), 1_000).unwrap()
}

fn refused(query: &str) -> String {
    results(query, &Outcomes::default(), 1_000).unwrap_err().body()
}

/// The conditions on data, in a short form.
fn data(query: &str) -> Vec<String> {
    let shown = |wanted: &Wanted| {
        let values: Vec<_> = wanted.values.iter().map(|value| format!("{value:?}")).collect();
        format!("{}: {}", wanted.key, values.join(" "))
    };
    asked(query).filter.data.iter().map(shown).collect()
}

#[test]
fn an_unknown_parameter_is_a_key_of_the_data() {
    assert_eq!(
        data("item=x&item=y,z&type=koji_build&item:like=a*,b"),
        [r#"item: Exact("x") Exact("y") Exact("z")"#, r#"type: Exact("koji_build")"#, r#"item: Like("a*") Exact("b")"#]
    );
    assert_eq!(data("item=a*&page=1&limit=3&callback=f&_cursor=x&_sort=y"), [r#"item: Exact("a*")"#]);
    assert_eq!(data("a%20b=c+%2B%2C"), [r#"a b: Exact("c +") Exact("")"#]);
    assert_eq!(refused("item:regex=x"), r#"{"message":"Unknown modifier: regex"}"#);
}

#[test]
fn lists_drop_blanks_and_empty_parts() {
    let filter = asked("outcome=passed,+Failed,&testcases=a,,b&testcases:like=c*&groups=+g+&since=").filter;
    let outcomes: Vec<_> = filter.outcomes.iter().map(crate::model::Outcome::as_str).collect();
    assert_eq!(outcomes, ["PASSED", "FAILED"]);
    let names: Vec<_> = filter.testcases.iter().map(Pattern::as_str).collect();
    assert_eq!((names, filter.groups, filter.since), (vec!["a", "b", "c*"], vec!["g".to_owned()], None));
    assert!(asked("outcome=&testcases=,&groups=").filter.is_empty());
}

#[test]
fn a_span_has_a_beginning_and_perhaps_an_end() {
    let at = |text: &str| text.parse().unwrap();
    let noon = at("2026-01-01T10:00:00Z");
    assert_eq!(asked("since=2026-01-01T12:00:00%2B02:00").filter.since, Some(Since { start: noon, end: None }));
    assert_eq!(asked("since=2026-01-01T12:00:00+02:00").filter.since, Some(Since { start: noon, end: None }));
    let day = asked("since=2026-01-01T10:00:00,2026-01-02").filter.since;
    assert_eq!(day, Some(Since { start: noon, end: Some(at("2026-01-02T00:00:00Z")) }));
    let expected = r#"{"validation_error":[{"loc":["since"],"msg":"Value error, must be in ISO8601 format","type":"value_error","input":"now","url":"https://errors.pydantic.dev/2.6/v/value_error"}]}"#;
    assert_eq!(refused("since=now"), expected);
    assert!(refused("since=2026-01-01,2026-01-02,2026-01-03").contains("ISO8601"));
}

#[test]
fn pages_count_from_nought_and_have_a_cap() {
    let page = |query: &str| asked(query).page;
    let first = Page { start: Start::Skip(0), limit: 20, sort: Sort::Descending };
    assert_eq!(page(""), first);
    assert_eq!(page("page=-3&_sort=desc:outcome"), first);
    assert_eq!(page("page=2&limit=10"), Page { start: Start::Skip(20), limit: 10, ..first });
    assert_eq!(page("limit=99999999999999999999"), Page { limit: 1_000, ..first });
    assert_eq!(page("_sort=asc:submit_time").sort, Sort::Ascending);
    let after = Position { submit_time: crate::oracle::history::at(1), id: ResultId(7) };
    assert_eq!(page(&format!("page=3&_cursor={}", query::cursor(after))).start, Start::After(after));
    assert_eq!(page("page=3&_cursor=x").start, Start::Skip(60));
}

#[test]
fn wrong_numbers_and_outcomes_are_told_together() {
    let refusal = results("outcome=GOOD&page=x&limit=0", &Outcomes::default(), 1_000).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "outcome: Value error, must be one of: PASSED, INFO, FAILED, NEEDS_INSPECTION, QUEUED, RUNNING, ERROR; page: \
         Input should be a valid integer, unable to parse string as an integer; limit: Input should be greater than or \
         equal to 1"
    );
    assert!(refusal.body().contains(r#""type":"int_parsing","input":"x""#));
    assert!(refusal.body().contains(r#""type":"greater_than_equal","input":"0""#));
    assert!(
        refused("item=%00").contains(r#""loc":["item"],"msg":"Value error, must not contain the character U+0000""#)
    );
}

#[test]
fn distinct_keys_need_a_filter() {
    let sentence = r#"{"message":"Please, provide at least one filter beside '_distinct_on'"}"#;
    for query in ["_distinct_on=scenario", "_distinct_on=scenario&outcome=PASSED&limit=x"] {
        assert_eq!(latest(query).unwrap_err().body(), sentence);
    }
    let asked = latest("item=a&_distinct_on=scenario,+arch&outcome=nonsense&page=x").unwrap();
    assert_eq!(asked.distinct_on, ["scenario", "arch"]);
    assert!(asked.filter.outcomes.is_empty());
    assert_eq!(latest("").unwrap().filter, ResultFilter::default());
}

#[test]
fn links_keep_what_was_asked() {
    let links = |query, next| page_links("http://h/api/v2.0/results", query, next);
    let some = |text: &str| Some(format!("http://h/api/v2.0/results?{text}"));
    assert_eq!(links("", None), (None, None));
    assert_eq!(links("", Some(None)), (None, some("page=1")));
    assert_eq!(
        links("limit=20&page=1&item=a%20b&callback=f&_cursor=old", Some(Some("9.8"))),
        (some("limit=20&page=0&item=a%20b"), some("limit=20&page=2&item=a%20b&_cursor=9.8"))
    );
    assert_eq!(links("page=-1", Some(None)), (None, some("page=1")));
}

#[test]
fn groups_and_test_cases_have_forms_only_without_texts() {
    let shown = |patterns: &[Pattern]| patterns.iter().map(|text| text.as_str().to_owned()).collect::<Vec<_>>();
    let asked = groups("uuid=u,v&description:like=*x*,y", 5).unwrap();
    assert_eq!((asked.uuids.len(), shown(&asked.descriptions)), (2, vec!["*x*".to_owned(), "y".to_owned()]));
    let asked = groups("description=a*&description:like=b*", 5).unwrap();
    assert_eq!(asked.descriptions, [Pattern::Exact("a*".to_owned())]);
    let asked = testcases("name:like=a/*&limit=9", 5).unwrap();
    assert_eq!((shown(&asked.names), asked.page.limit), (vec!["a/*".to_owned()], 5));
}
