//! Lists and single things, as they are asked for.

use std::collections::BTreeMap;

use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result};

use super::rows::ResultRow;
use super::walk::Walk;
use crate::model::{Group, Position, ResultId, StoredResult, TestCase};
use crate::query::{Limits, Page, Pattern, ResultFilter, Start};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    /// With the groups of each.
    RESULTS = sqlite
        "SELECT r.id, r.outcome, r.submit_time, r.note, r.ref_url, r.data, t.name AS testcase,
            t.ref_url AS testcase_ref_url,
            (SELECT json_group_array(g.uuid ORDER BY g.uuid) FROM results_result_group l
                JOIN results_group g ON g.id = l.group_id WHERE l.result_id = r.id) AS groups
         FROM results_result r JOIN results_testcase t ON t.id = r.testcase_id
         WHERE r.id IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT r.id, r.outcome, r.submit_time, r.note, r.ref_url, r.data, t.name AS testcase,
            t.ref_url AS testcase_ref_url,
            (SELECT COALESCE(jsonb_agg(g.uuid ORDER BY g.uuid), '[]') FROM results_result_group l
                JOIN results_group g ON g.id = l.group_id WHERE l.result_id = r.id) AS groups
         FROM results_result r JOIN results_testcase t ON t.id = r.testcase_id
         WHERE r.id = ANY (ARRAY(SELECT jsonb_array_elements_text($1)::bigint))";

    TESTCASES_NAMED = sqlite
        "SELECT id, name, ref_url FROM results_testcase WHERE name IN (SELECT value FROM json_each($1)) ORDER BY name",
        postgres
        "SELECT id, name, ref_url FROM results_testcase
         WHERE name = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) ORDER BY name";
    TESTCASES_FROM = "SELECT id, name, ref_url FROM results_testcase WHERE name >= $1 ORDER BY name LIMIT $2";
    TESTCASES_BEHIND = "SELECT id, name, ref_url FROM results_testcase WHERE name > $1 ORDER BY name LIMIT $2";
    /// What lies before is counted in the index, and not read.
    TESTCASES_AT =
        "SELECT id, name, ref_url FROM results_testcase
         WHERE name >= (SELECT name FROM results_testcase ORDER BY name LIMIT 1 OFFSET $1) ORDER BY name LIMIT $2";

    GROUPS_NAMED = sqlite
        "SELECT id, uuid, description, ref_url FROM results_group
         WHERE uuid IN (SELECT value FROM json_each($1)) ORDER BY id DESC",
        postgres
        "SELECT id, uuid, description, ref_url FROM results_group
         WHERE uuid = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) ORDER BY id DESC";
    GROUPS_BEFORE = "SELECT id, uuid, description, ref_url FROM results_group WHERE id < $1 ORDER BY id DESC LIMIT $2";
    GROUPS_AT =
        "SELECT id, uuid, description, ref_url FROM results_group
         WHERE id <= (SELECT id FROM results_group ORDER BY id DESC LIMIT 1 OFFSET $1) ORDER BY id DESC LIMIT $2";
    COUNTS = sqlite
        "SELECT group_id, COUNT(*) FROM results_result_group
         WHERE group_id IN (SELECT value FROM json_each($1)) GROUP BY group_id",
        postgres
        "SELECT group_id, COUNT(*) FROM results_result_group
         WHERE group_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1)::bigint)) GROUP BY group_id";
}

/// So many, as the database takes it.
fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// So many rows are looked at in one go where not all of them are meant.
const CHUNK: usize = 500;

/// A page of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultPage {
    /// In the order that was asked for.
    pub results: Vec<StoredResult>,
    /// Behind what the next page begins; `None` at the end.
    pub next: Option<Position>,
}

type TestcaseRow = (i64, String, Option<String>);
type GroupRow = (i64, String, Option<String>, Option<String>);

/// A page of the results that are meant.
///
/// # Errors
///
/// The store is away.
pub async fn results(
    reader: &mut impl Reads,
    filter: &ResultFilter,
    page: Page,
    limits: &Limits,
) -> Result<ResultPage> {
    let (mut skip, after) = match page.start {
        Start::Skip(skip) => (usize::try_from(skip).unwrap_or(usize::MAX), None),
        Start::After(at) => (0, Some(at)),
    };
    let driver = filter.driver(limits);
    let mut walk = Walk::of(reader, filter, &driver, page.sort, after).await?;
    let mut found = Vec::new();
    while found.len() <= page.limit {
        let missing = page.limit + 1 - found.len();
        if walk.is_covered {
            let wanted = if skip > 0 { skip.min(20 * CHUNK) } else { missing };
            let positions = walk.next(reader, wanted).await?;
            let is_end = positions.len() < wanted;
            if skip > 0 {
                skip -= positions.len();
            } else {
                found.extend(load(reader, &positions).await?);
            }
            if is_end {
                break;
            }
            continue;
        }
        let wanted = missing.max(CHUNK);
        let positions = walk.next(reader, wanted).await?;
        let is_end = positions.len() < wanted;
        let meant = load(reader, &positions).await?.into_iter().filter(|result| filter.matches(result));
        found.extend(behind(&mut skip, meant.collect()));
        if is_end {
            break;
        }
    }
    let has_more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = if has_more { found.last().map(StoredResult::position) } else { None };
    Ok(ResultPage { results: found, next })
}

/// What is left of these behind the next `skip`, which becomes as much less as it took.
fn behind<T>(skip: &mut usize, of: Vec<T>) -> impl Iterator<Item = T> {
    let skipped = (*skip).min(of.len());
    *skip -= skipped;
    of.into_iter().skip(skipped)
}

/// The results at these positions, in this order.
pub(super) async fn load(reader: &mut impl Reads, positions: &[Position]) -> Result<Vec<StoredResult>> {
    let ids: Vec<_> = positions.iter().map(|at| at.id).collect();
    load_ids(reader, &ids).await
}

/// The results with these ids, in this order; one that is not there is left out.
pub(super) async fn load_ids(reader: &mut impl Reads, ids: &[ResultId]) -> Result<Vec<StoredResult>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ResultRow> = reader.query(RESULTS).bind(Json(ids)).fetch_all().await?;
    let mut results = BTreeMap::new();
    for row in rows {
        let result = row.into_result()?;
        results.insert(result.id, result);
    }
    Ok(ids.iter().filter_map(|id| results.remove(id)).collect())
}

/// The result with that id.
///
/// # Errors
///
/// The store is away.
pub async fn result(reader: &mut impl Reads, id: ResultId) -> Result<Option<StoredResult>> {
    Ok(load_ids(reader, &[id]).await?.into_iter().next())
}

/// Whether a name can be in the store at all: not every database takes the character U+0000, even in a question.
fn is_storable(name: &str) -> bool {
    !name.contains('\0')
}

/// The test case of that name.
///
/// # Errors
///
/// The store is away.
pub async fn testcase(reader: &mut impl Reads, name: &str) -> Result<Option<TestCase>> {
    if !is_storable(name) {
        return Ok(None);
    }
    let row: Option<TestcaseRow> = reader.query(TESTCASES_NAMED).bind(Json([name])).fetch_optional().await?;
    Ok(row.map(|(_, name, ref_url)| TestCase { name, ref_url }))
}

/// So many test cases by name, behind the first `skip`. None of the names means all of them.
///
/// # Errors
///
/// The store is away.
pub async fn testcases(reader: &mut impl Reads, names: &[Pattern], skip: u64, limit: usize) -> Result<Vec<TestCase>> {
    let rows = if names.is_empty() {
        reader.query(TESTCASES_AT).bind(number(skip)).bind(number(limit)).fetch_all().await?
    } else {
        testcase_rows(reader, names, "", usize::try_from(skip).unwrap_or(usize::MAX), limit).await?
    };
    Ok(rows.into_iter().map(|(_, name, ref_url)| TestCase { name, ref_url }).collect())
}

/// So many test cases by name, behind that one. None of the names means all of them.
///
/// # Errors
///
/// The store is away.
pub async fn testcases_behind(
    reader: &mut impl Reads,
    names: &[Pattern],
    after: &str,
    limit: usize,
) -> Result<Vec<TestCase>> {
    let rows = testcase_rows(reader, names, after, 0, limit).await?;
    Ok(rows.into_iter().map(|(_, name, ref_url)| TestCase { name, ref_url }).collect())
}

/// The ids of the test cases with these names; `None` if there are more than `most`.
pub(super) async fn testcase_ids(reader: &mut impl Reads, names: &[Pattern], most: usize) -> Result<Option<Vec<i64>>> {
    let rows = testcase_rows(reader, names, "", 0, most + 1).await?;
    Ok((rows.len() <= most).then(|| rows.into_iter().map(|(id, ..)| id).collect()))
}

/// Of the test cases with these names behind that one those behind the first `skip`, at most so many.
async fn testcase_rows(
    reader: &mut impl Reads,
    names: &[Pattern],
    after: &str,
    mut skip: usize,
    most: usize,
) -> Result<Vec<TestcaseRow>> {
    let exact: Option<Vec<_>> = names.iter().map(Pattern::exact).collect();
    if let Some(exact) = exact.filter(|exact| !exact.is_empty()) {
        let mut rows: Vec<TestcaseRow> = reader.query(TESTCASES_NAMED).bind(Json(exact)).fetch_all().await?;
        rows.retain(|(_, name, _)| name.as_str() > after);
        return Ok(behind(&mut skip, rows).take(most).collect());
    }
    // all that begin alike lie together, so a walk begins and ends with what the forms have in common
    let prefix = names.iter().map(Pattern::prefix).reduce(common).unwrap_or_default().to_owned();
    let limit = number(CHUNK);
    let mut found: Vec<TestcaseRow> = Vec::new();
    let begin = if after < prefix.as_str() {
        reader.query(TESTCASES_FROM).bind(&prefix)
    } else {
        reader.query(TESTCASES_BEHIND).bind(after)
    };
    let mut rows: Vec<TestcaseRow> = begin.bind(limit).fetch_all().await?;
    loop {
        let last = rows.last().map(|(_, name, _)| name.clone());
        let is_end = rows.len() < CHUNK || last.as_ref().is_none_or(|last| !last.starts_with(&prefix));
        let is_meant = |name: &str| names.is_empty() || names.iter().any(|pattern| pattern.matches(name));
        rows.retain(|(_, name, _)| is_meant(name));
        found.extend(behind(&mut skip, rows));
        if is_end || found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
        rows = reader.query(TESTCASES_BEHIND).bind(last).bind(limit).fetch_all().await?;
    }
}

/// What two texts begin with.
fn common<'a>(left: &'a str, right: &'a str) -> &'a str {
    let same = left.char_indices().zip(right.chars()).take_while(|((_, left), right)| left == right);
    let end = same.last().map_or(0, |((at, character), _)| at + character.len_utf8());
    &left[..end]
}

/// The group with that uuid.
///
/// # Errors
///
/// The store is away.
pub async fn group(reader: &mut impl Reads, uuid: &str) -> Result<Option<Group>> {
    if !is_storable(uuid) {
        return Ok(None);
    }
    let rows: Vec<GroupRow> = reader.query(GROUPS_NAMED).bind(Json([uuid])).fetch_all().await?;
    Ok(counted(reader, rows).await?.into_iter().next())
}

/// So many groups, the newest first, behind the first `skip`. Of each list that is not empty one has to fit.
///
/// # Errors
///
/// The store is away.
pub async fn groups(
    reader: &mut impl Reads,
    uuids: &[String],
    descriptions: &[Pattern],
    skip: u64,
    limit: usize,
) -> Result<Vec<Group>> {
    let rows = if uuids.is_empty() && descriptions.is_empty() {
        reader.query(GROUPS_AT).bind(number(skip)).bind(number(limit)).fetch_all().await?
    } else {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        group_rows(reader, uuids, descriptions, i64::MAX, skip, limit).await?
    };
    counted(reader, rows).await
}

/// So many groups, the newest first, that were made before the one of that number; each with its number.
///
/// # Errors
///
/// The store is away.
pub async fn groups_before(
    reader: &mut impl Reads,
    uuids: &[String],
    descriptions: &[Pattern],
    before: i64,
    limit: usize,
) -> Result<Vec<(i64, Group)>> {
    let rows = group_rows(reader, uuids, descriptions, before, 0, limit).await?;
    let numbers: Vec<_> = rows.iter().map(|row| row.0).collect();
    Ok(numbers.into_iter().zip(counted(reader, rows).await?).collect())
}

/// Of the groups that were made before that number, the newest first, those behind the first `skip`, at most so many.
async fn group_rows(
    reader: &mut impl Reads,
    uuids: &[String],
    descriptions: &[Pattern],
    mut before: i64,
    mut skip: usize,
    most: usize,
) -> Result<Vec<GroupRow>> {
    let is_described = |(_, _, description, _): &GroupRow| {
        let fits = |text: &String| descriptions.iter().any(|pattern| pattern.matches(text));
        descriptions.is_empty() || description.as_ref().is_some_and(fits)
    };
    if !uuids.is_empty() {
        let mut rows: Vec<GroupRow> = reader.query(GROUPS_NAMED).bind(Json(uuids)).fetch_all().await?;
        rows.retain(|row| row.0 < before && is_described(row));
        return Ok(behind(&mut skip, rows).take(most).collect());
    }
    let mut found: Vec<GroupRow> = Vec::new();
    let chunk = if descriptions.is_empty() { most.min(20 * CHUNK) } else { CHUNK };
    while found.len() < most {
        let mut rows: Vec<GroupRow> = reader.query(GROUPS_BEFORE).bind(before).bind(number(chunk)).fetch_all().await?;
        let (count, last) = (rows.len(), rows.last().map(|row| row.0));
        rows.retain(is_described);
        found.extend(behind(&mut skip, rows));
        match last {
            Some(last) if count == chunk => before = last,
            Some(_) | None => break,
        }
    }
    found.truncate(most);
    Ok(found)
}

/// The groups with the numbers of their results.
async fn counted(reader: &mut impl Reads, rows: Vec<GroupRow>) -> Result<Vec<Group>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.0).collect();
    let counts: Vec<(i64, i64)> = reader.query(COUNTS).bind(Json(ids)).fetch_all().await?;
    let counts: BTreeMap<_, _> = counts.into_iter().collect();
    let group = |(id, uuid, description, ref_url): GroupRow| {
        let results_count = counts.get(&id).and_then(|count| u64::try_from(*count).ok()).unwrap_or(0);
        Group { uuid, description, ref_url, results_count }
    };
    Ok(rows.into_iter().map(group).collect())
}
