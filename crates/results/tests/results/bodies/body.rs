//! What must hold when any bytes are sent as a result, a group or a test case.

use std::time::Duration;

use tidegate_kernel::Timestamp;
use tidegate_results::compat::resultsdb_v2::{self as v2, Acceptance};
use tidegate_results::compat::resultsdb_v3::{self as v3, ResultType};
use tidegate_results::model::Outcomes;

/// Reads `data` as every body that there is.
///
/// # Panics
///
/// If a rule is broken that holds for any input.
pub(crate) fn run(data: &[u8]) {
    let acceptance = Acceptance {
        outcomes: Outcomes::default(),
        item_keys: vec!["item".to_owned()],
        now: Timestamp::EPOCH,
        max_future: Duration::from_secs(3_600),
    };
    let result = v2::parse_result(data, &acceptance);
    if let Ok(result) = &result {
        let texts = |(key, values): (&String, &Vec<String>)| [vec![key.clone()], values.clone()].concat();
        let texts: Vec<_> =
            result.data.iter().map(|(key, values)| texts((&key.to_owned(), &values.to_vec()))).collect();
        assert!(!result.testcase.name.is_empty() && texts.concat().iter().all(|text| !text.contains('\0')));
    }
    let refusals = [
        result.err(),
        v2::parse_group(data).err(),
        v2::parse_testcase(data).err(),
        v3::parse_result(ResultType::RedhatContainerImage, data, &Outcomes::default()).err(),
    ];
    for refusal in refusals.into_iter().flatten() {
        let shown = refusal.body();
        // a number that was given may be beyond what readers can hold
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(&shown).is_ok(), "{shown}");
        let is_known = shown.starts_with(r#"{"message":""#) || shown.starts_with(r#"{"validation_error":[{"#);
        assert!(is_known, "{shown}");
    }
}
