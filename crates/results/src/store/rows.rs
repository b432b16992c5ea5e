//! Rows as they are stored, and back.

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_kernel::Timestamp;
use tidegate_platform::store::{Result, StoreError};

use crate::model::{ExtraData, Outcome, ResultId, StoredResult, TestCase};

/// A result with its test case and its groups.
#[derive(Debug, FromRow)]
pub(super) struct ResultRow {
    id: i64,
    outcome: String,
    submit_time: i64,
    note: Option<String>,
    ref_url: Option<String>,
    data: String,
    testcase: String,
    testcase_ref_url: Option<String>,
    groups: Json<Vec<String>>,
}

impl ResultRow {
    pub(super) fn into_result(self) -> Result<StoredResult> {
        let Self { id, outcome, submit_time, note, ref_url, data, testcase, testcase_ref_url, groups } = self;
        let data: ExtraData = serde_json::from_str(&data).map_err(|_| damaged("the data of a result", &data))?;
        Ok(StoredResult {
            id: ResultId(id),
            testcase: TestCase { name: testcase, ref_url: testcase_ref_url },
            outcome: Outcome::stored(outcome),
            submit_time: time(submit_time)?,
            groups: groups.0,
            note,
            ref_url,
            data,
        })
    }
}

/// The instant of a stored number.
pub(super) fn time(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microseconds(microseconds).ok_or_else(|| damaged("a time", &microseconds.to_string()))
}

pub(super) fn damaged(what: &'static str, found: &str) -> StoreError {
    StoreError::Damaged { what, found: found.chars().take(200).collect() }
}
