//! The latest results, by the table that holds them or by a walk.

use sqlx::FromRow;
use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result};

use super::indexed;
use super::list::{load, load_ids, testcase_ids};
use super::rows::time;
use super::walk::{Path, Walk};
use crate::latest::{Combination, LatestRow, Newest, Road, newest_of_rows, road};
use crate::model::{Position, ResultId, StoredResult};
use crate::query::{Driver, Limits, ResultFilter, Sort};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    OF_ITEMS = sqlite
        "SELECT t.name AS testcase, l.key_name, l.value, l.type AS kind, l.scenario, l.system_architecture,
            l.system_variant, l.result_id, l.submit_time
         FROM results_latest l JOIN results_testcase t ON t.id = l.testcase_id
         WHERE l.key_name = $1 AND l.value IN (SELECT value FROM json_each($2))",
        postgres
        "SELECT t.name AS testcase, l.key_name, l.value, l.type AS kind, l.scenario, l.system_architecture,
            l.system_variant, l.result_id, l.submit_time
         FROM results_latest l JOIN results_testcase t ON t.id = l.testcase_id
         WHERE l.key_name = $1 AND l.value = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))";
    /// One look-up for each test case.
    OF_TESTCASES =
        "SELECT newest.id FROM results_testcase t JOIN results_result newest ON newest.id = (
            SELECT r.id FROM results_result r WHERE r.testcase_id = t.id ORDER BY r.submit_time DESC, r.id DESC LIMIT 1)
         ORDER BY newest.submit_time DESC, newest.id DESC";
}

/// So many results are looked at in one go.
const CHUNK: usize = 500;
/// With more test cases than this, walking all results is better than walking each.
const MOST_TESTCASES: usize = 2_000;

#[derive(FromRow)]
struct Row {
    testcase: String,
    key_name: String,
    value: String,
    kind: Option<String>,
    scenario: Option<String>,
    system_architecture: Option<String>,
    system_variant: Option<String>,
    result_id: i64,
    submit_time: i64,
}

/// The newest result of each test case and value of the distinct keys that is meant, newest first.
///
/// # Errors
///
/// The store is away.
pub async fn latest(
    reader: &mut impl Reads,
    filter: &ResultFilter,
    distinct_on: &[String],
    item_keys: &[String],
    limits: &Limits,
) -> Result<Vec<StoredResult>> {
    if let Road::Table { key_name, values } = road(filter, distinct_on, item_keys) {
        return by_table(reader, key_name, &values, filter, distinct_on).await;
    }
    if filter.is_empty() && distinct_on.is_empty() {
        let ids: Vec<(i64,)> = reader.query(OF_TESTCASES).fetch_all().await?;
        let ids: Vec<_> = ids.into_iter().map(|(id,)| ResultId(id)).collect();
        return load_ids(reader, &ids).await;
    }
    let driver = filter.driver(limits);
    if let (Driver::Testcases(names), true) = (&driver, distinct_on.is_empty())
        && let Some(ids) = testcase_ids(reader, names, MOST_TESTCASES).await?
    {
        return of_each(reader, &ids, filter).await;
    }
    by_walk(reader, filter, &driver, distinct_on).await
}

async fn by_table(
    reader: &mut impl Reads,
    key_name: &str,
    values: &[&str],
    filter: &ResultFilter,
    distinct_on: &[String],
) -> Result<Vec<StoredResult>> {
    let values: Vec<_> = values.iter().map(|value| indexed(value)).collect();
    let rows: Vec<Row> = reader.query(OF_ITEMS).bind(key_name).bind(Json(values)).fetch_all().await?;
    let rows: Vec<_> = rows.into_iter().map(Row::into_latest).collect::<Result<_>>()?;
    load_ids(reader, &newest_of_rows(&rows, filter, distinct_on)).await
}

impl Row {
    fn into_latest(self) -> Result<LatestRow> {
        let Self { testcase, key_name, value, kind, scenario, system_architecture, system_variant, .. } = self;
        let at = Position { submit_time: time(self.submit_time)?, id: ResultId(self.result_id) };
        let combination =
            Combination { testcase, key_name, value, kind, scenario, system_architecture, system_variant };
        Ok(LatestRow { combination, at })
    }
}

/// The newest that is meant of each of these test cases.
async fn of_each(reader: &mut impl Reads, testcases: &[i64], filter: &ResultFilter) -> Result<Vec<StoredResult>> {
    let mut found = Vec::new();
    for testcase in testcases {
        let mut walk = Walk::along(vec![Path::Testcase(*testcase)], filter, Sort::Descending, None);
        // most often the first one is meant
        let mut count = 1;
        loop {
            let positions = walk.next(reader, count).await?;
            let is_end = positions.len() < count;
            let newest = load(reader, &positions).await?.into_iter().find(|result| filter.matches(result));
            let is_found = newest.is_some();
            found.extend(newest);
            if is_found || is_end {
                break;
            }
            count = CHUNK;
        }
    }
    found.sort_by_key(|result| std::cmp::Reverse(result.position()));
    Ok(found)
}

async fn by_walk(
    reader: &mut impl Reads,
    filter: &ResultFilter,
    driver: &Driver<'_>,
    distinct_on: &[String],
) -> Result<Vec<StoredResult>> {
    let mut walk = Walk::of(reader, filter, driver, Sort::Descending, None).await?;
    let mut newest = Newest::new(distinct_on);
    let mut found = Vec::new();
    loop {
        let positions = walk.next(reader, CHUNK).await?;
        let is_end = positions.len() < CHUNK;
        let results = load(reader, &positions).await?.into_iter().filter(|result| filter.matches(result));
        found.extend(results.filter(|result| newest.is_news(result)));
        if is_end {
            return Ok(found);
        }
    }
}
