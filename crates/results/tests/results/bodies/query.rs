//! What must hold when any text is a query.

use tidegate_results::compat::resultsdb_v2 as v2;
use tidegate_results::model::Outcomes;
use tidegate_results::query::{cursor, position};

/// Reads `data`, if it is text, as the query of every list, and as a cursor.
///
/// # Panics
///
/// If a rule is broken that holds for any input.
pub(crate) fn run(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    if let Ok(asked) = v2::results(query, &Outcomes::default(), 1_000) {
        assert!((1..=1_000).contains(&asked.page.limit));
    }
    let _ = (v2::latest(query).is_ok(), v2::groups(query, 10).is_ok(), v2::testcases(query, 10).is_ok());
    let (prev, next) = v2::page_links("http://h/results", query, Some(Some("1.2")));
    assert!(prev.into_iter().chain(next).all(|link| link.starts_with("http://h/results?")));
    if let Ok(at) = position(query) {
        assert_eq!(position(&cursor(at)).ok(), Some(at), "{query}");
    }
}
