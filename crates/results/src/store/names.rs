//! Test cases and groups: found by name, made and changed on the way.
//!
//! A row that is there is only read, so results of one test case do not wait for each other. Where another makes the row
//! at the same time, a column is set that no other table refers to: setting the name would lock out whoever does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads as _, Result, Tx};

use crate::model::{NewGroup, NewTestCase, TestCase};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    TESTCASES = sqlite
        "SELECT id, name, ref_url FROM results_testcase WHERE name IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT id, name, ref_url FROM results_testcase WHERE name = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
    /// In the order of the names, so that two who make the same ones wait for each other and not in a circle.
    MAKE_TESTCASES = sqlite
        "INSERT INTO results_testcase (name, ref_url)
         SELECT value ->> 'name', value ->> 'ref_url' FROM json_each($1) WHERE true ORDER BY value ->> 'name'
         ON CONFLICT (name) DO UPDATE SET ref_url = results_testcase.ref_url RETURNING id, name, ref_url",
        postgres
        "INSERT INTO results_testcase (name, ref_url)
         SELECT value ->> 'name', value ->> 'ref_url' FROM jsonb_array_elements($1)
         ORDER BY (value ->> 'name') COLLATE \"C\"
         ON CONFLICT (name) DO UPDATE SET ref_url = results_testcase.ref_url RETURNING id, name, ref_url";
    SET_TESTCASE = "UPDATE results_testcase SET ref_url = $2 WHERE id = $1";

    GROUPS = sqlite
        "SELECT id, uuid, description, ref_url FROM results_group WHERE uuid IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT id, uuid, description, ref_url FROM results_group WHERE uuid = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
    MAKE_GROUPS = sqlite
        "INSERT INTO results_group (uuid, description, ref_url)
         SELECT value ->> 'uuid', value ->> 'description', value ->> 'ref_url' FROM json_each($1)
         WHERE true ORDER BY value ->> 'uuid'
         ON CONFLICT (uuid) DO UPDATE SET ref_url = results_group.ref_url RETURNING id, uuid, description, ref_url",
        postgres
        "INSERT INTO results_group (uuid, description, ref_url)
         SELECT value ->> 'uuid', value ->> 'description', value ->> 'ref_url' FROM jsonb_array_elements($1)
         ORDER BY (value ->> 'uuid') COLLATE \"C\"
         ON CONFLICT (uuid) DO UPDATE SET ref_url = results_group.ref_url RETURNING id, uuid, description, ref_url";
    SET_GROUP = "UPDATE results_group SET description = $2, ref_url = $3 WHERE id = $1";
}

/// What a result changed of something that was there, for the record of writes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Changed {
    pub(super) object: String,
    /// As it is now.
    pub(super) change: Value,
}

/// A test case with its id.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) id: i64,
    pub(super) testcase: TestCase,
}

#[derive(serde::Serialize)]
struct Fresh<'a> {
    name: &'a str,
    ref_url: Option<String>,
}

#[derive(serde::Serialize)]
struct FreshGroup<'a> {
    uuid: &'a str,
    description: Option<String>,
    ref_url: Option<String>,
}

type GroupRow = (i64, String, Option<String>, Option<String>);

/// The test cases of these names, made where they are missing, changed as is said of each.
pub(super) async fn testcases<'a>(
    tx: &mut Tx,
    wanted: impl IntoIterator<Item = &'a NewTestCase>,
    changed: &mut Vec<Changed>,
) -> Result<BTreeMap<String, Named>> {
    let mut wanted: Vec<_> = wanted.into_iter().collect();
    // what is changed is locked in this order, too; of one name the last word counts
    wanted.sort_by(|left, right| left.name.cmp(&right.name));
    let names: BTreeSet<_> = wanted.iter().map(|testcase| testcase.name.as_str()).collect();
    let mut rows: Vec<(i64, String, Option<String>)> = tx.query(TESTCASES).bind(Json(&names)).fetch_all().await?;
    let known: BTreeSet<_> = rows.iter().map(|(_, name, _)| name.clone()).collect();
    let missing = names.iter().filter(|name| !known.contains(**name));
    let fresh: Vec<_> = missing.map(|name| Fresh { name, ref_url: None }).collect();
    if !fresh.is_empty() {
        rows.extend(tx.query(MAKE_TESTCASES).bind(Json(&fresh)).fetch_all::<(i64, String, Option<String>)>().await?);
    }
    let named = |(id, name, ref_url): (i64, String, Option<String>)| {
        (name.clone(), Named { id, testcase: TestCase { name, ref_url } })
    };
    let mut all: BTreeMap<_, _> = rows.into_iter().map(named).collect();
    for testcase in wanted {
        let Some(row) = all.get_mut(&testcase.name) else { continue };
        let ref_url = testcase.ref_url.over(row.testcase.ref_url.clone());
        if ref_url != row.testcase.ref_url {
            tx.query(SET_TESTCASE).bind(row.id).bind(&ref_url).execute().await?;
            if known.contains(&testcase.name) {
                let object = format!("testcase:{}", testcase.name);
                changed.push(Changed { object, change: json!({ "ref_url": ref_url }) });
            }
            row.testcase.ref_url = ref_url;
        }
    }
    Ok(all)
}

/// The ids of these groups by their uuids, made where they are missing, changed as is said of each. All of them have one.
pub(super) async fn groups<'a>(
    tx: &mut Tx,
    wanted: impl IntoIterator<Item = &'a NewGroup>,
    changed: &mut Vec<Changed>,
) -> Result<BTreeMap<String, i64>> {
    let mut wanted: Vec<_> = wanted.into_iter().filter_map(|group| Some((group.uuid.as_deref()?, group))).collect();
    wanted.sort_by_key(|(uuid, _)| *uuid);
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let uuids: BTreeSet<_> = wanted.iter().map(|(uuid, _)| *uuid).collect();
    let mut rows: Vec<GroupRow> = tx.query(GROUPS).bind(Json(&uuids)).fetch_all().await?;
    let known: BTreeSet<_> = rows.iter().map(|(_, uuid, ..)| uuid.clone()).collect();
    let missing = uuids.iter().filter(|uuid| !known.contains(**uuid));
    let fresh: Vec<_> = missing.map(|uuid| FreshGroup { uuid, description: None, ref_url: None }).collect();
    if !fresh.is_empty() {
        rows.extend(tx.query(MAKE_GROUPS).bind(Json(&fresh)).fetch_all::<GroupRow>().await?);
    }
    let mut all: BTreeMap<_, _> = rows.into_iter().map(|row| (row.1.clone(), row)).collect();
    for (uuid, group) in wanted {
        let Some((id, _, description, ref_url)) = all.get_mut(uuid) else { continue };
        let (said, linked) = (group.description.over(description.clone()), group.ref_url.over(ref_url.clone()));
        if (&said, &linked) != (&*description, &*ref_url) {
            tx.query(SET_GROUP).bind(*id).bind(&said).bind(&linked).execute().await?;
            if known.contains(uuid) {
                let change = json!({"description": said, "ref_url": linked});
                changed.push(Changed { object: format!("group:{uuid}"), change });
            }
            (*description, *ref_url) = (said, linked);
        }
    }
    Ok(all.into_iter().map(|(uuid, row)| (uuid, row.0)).collect())
}

/// Makes or changes a test case, and gives it as it is then.
///
/// # Errors
///
/// The store refuses or is away.
pub async fn save_testcase(tx: &mut Tx, testcase: &NewTestCase) -> Result<TestCase> {
    let saved = testcases(tx, [testcase], &mut Vec::new()).await?.into_values().next();
    saved.map(|named| named.testcase).ok_or_else(|| super::rows::damaged("a test case", &testcase.name))
}

/// Makes or changes a group, and gives its uuid; one without gets one.
///
/// # Errors
///
/// The store refuses or is away.
pub async fn save_group(tx: &mut Tx, group: &NewGroup) -> Result<String> {
    let group = with_uuid(tx, group.clone());
    groups(tx, [&group], &mut Vec::new()).await?;
    Ok(group.uuid.unwrap_or_default())
}

/// The group with a uuid, made up where it has none.
pub(super) fn with_uuid(tx: &Tx, mut group: NewGroup) -> NewGroup {
    let now = tx.now();
    group.uuid.get_or_insert_with(|| tx.surroundings().ids.public_id(now).to_string());
    group
}
