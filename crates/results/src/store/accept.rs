//! The one road of results into the store.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::types::Json;
use tidegate_kernel::{Actor, Timestamp};
use tidegate_platform::statements;
use tidegate_platform::store::{Reads as _, StoreError, Tx};
use tidegate_platform::writes::{Via, WriteRecord};

use super::names::{self, Changed, Named};
use super::rows::damaged;
use super::{AcceptError, indexed, state, update};
use crate::accept::{
    Addressed, Arriving, Consequences, Rules, Telling, Told, address, decide, index_rows, old_identity, stamp_all,
    tell_old,
};
use crate::announce::KeyHash;
use crate::compat::render::Links;
use crate::digest::of_text;
use crate::events::{Announcer, own_key};
use crate::model::{Outcome, Position, ResultId, StoredResult};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    /// In the order of the list, which ascending ids keep.
    RESULTS = sqlite
        "INSERT INTO results_result
            (id, testcase_id, outcome, submit_time, received_at, note, ref_url, submitter, data)
         SELECT value ->> 'id', value ->> 'testcase_id', value ->> 'outcome', value ->> 'submit_time', $2,
            value ->> 'note', value ->> 'ref_url', value ->> 'submitter', value ->> 'data'
         FROM json_each($1) ORDER BY json_each.key RETURNING id",
        postgres
        "INSERT INTO results_result
            (id, testcase_id, outcome, submit_time, received_at, note, ref_url, submitter, data)
         SELECT COALESCE((value ->> 'id')::bigint, nextval('results_result_id_seq')), (value ->> 'testcase_id')::bigint,
            value ->> 'outcome', (value ->> 'submit_time')::bigint, $2, value ->> 'note', value ->> 'ref_url',
            value ->> 'submitter', value ->> 'data'
         FROM jsonb_array_elements($1) WITH ORDINALITY AS rows (value, place) ORDER BY place RETURNING id";
    TAKEN = sqlite
        "SELECT id FROM results_result WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id",
        postgres
        "SELECT id FROM results_result WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text($1)::bigint)) ORDER BY id";
    /// After ids that were given, so that new ones go on above them.
    RAISE_IDS = postgres
        "SELECT setval('results_result_id_seq', GREATEST((SELECT last_value FROM results_result_id_seq), $1))";

    KEYS = sqlite
        "INSERT INTO results_result_key (key, value, submit_time, result_id)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1) WHERE true
         ON CONFLICT DO NOTHING";
    LINKS = sqlite
        "INSERT INTO results_result_group (group_id, submit_time, result_id)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING";
    LATEST = sqlite
        "INSERT INTO results_latest (key_hash, testcase_id, key_name, value, type, scenario, system_architecture,
            system_variant, result_id, submit_time, outcome)
         SELECT value ->> 'key_hash', value ->> 'testcase_id', value ->> 'key_name', value ->> 'value',
            value ->> 'type', value ->> 'scenario', value ->> 'system_architecture', value ->> 'system_variant',
            value ->> 'result_id', value ->> 'submit_time', value ->> 'outcome'
         FROM json_each($1) WHERE true
         ON CONFLICT (key_hash) DO UPDATE SET
            result_id = excluded.result_id, submit_time = excluded.submit_time, outcome = excluded.outcome
         WHERE (results_latest.submit_time, results_latest.result_id) < (excluded.submit_time, excluded.result_id)";
    /// The three above in one, by what results are found and what they are the newest of; and the builds of updates.
    FOLLOW = postgres
        "WITH keyed AS (
            INSERT INTO results_result_key (key, value, submit_time, result_id)
            SELECT value ->> 0, value ->> 1, (value ->> 2)::bigint, (value ->> 3)::bigint
            FROM jsonb_array_elements($1) ON CONFLICT DO NOTHING
         ), learnt AS (
            INSERT INTO results_update_build (update_id, nvr, seen_at, source)
            SELECT value ->> 0, value ->> 1, $5, 'data' FROM jsonb_array_elements($4) WITH ORDINALITY AS rows (value, place)
            ORDER BY place ON CONFLICT DO NOTHING
         ), linked AS (
            INSERT INTO results_result_group (group_id, submit_time, result_id)
            SELECT (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::bigint
            FROM jsonb_array_elements($2) ON CONFLICT DO NOTHING
         )
         INSERT INTO results_latest (key_hash, testcase_id, key_name, value, type, scenario, system_architecture,
            system_variant, result_id, submit_time, outcome)
         SELECT value ->> 'key_hash', (value ->> 'testcase_id')::bigint, value ->> 'key_name', value ->> 'value',
            value ->> 'type', value ->> 'scenario', value ->> 'system_architecture', value ->> 'system_variant',
            (value ->> 'result_id')::bigint, (value ->> 'submit_time')::bigint, value ->> 'outcome'
         FROM jsonb_array_elements($3) WITH ORDINALITY AS rows (value, place) ORDER BY place
         ON CONFLICT (key_hash) DO UPDATE SET
            result_id = excluded.result_id, submit_time = excluded.submit_time, outcome = excluded.outcome
         WHERE (results_latest.submit_time, results_latest.result_id) < (excluded.submit_time, excluded.result_id)";

    OLD_NEWS = sqlite
        "SELECT identity, submit_time, result_id, outcome FROM results_old_news
         WHERE identity IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT identity, submit_time, result_id, outcome FROM results_old_news
         WHERE identity = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) ORDER BY identity FOR UPDATE";
    SET_OLD_NEWS =
        "INSERT INTO results_old_news (identity, submit_time, result_id, outcome) VALUES ($1, $2, $3, $4)
         ON CONFLICT (identity) DO UPDATE SET
            submit_time = excluded.submit_time, result_id = excluded.result_id, outcome = excluded.outcome";
}

/// Of so many results at once the own messages are put in order.
const MOST_OWN: usize = 100;

/// How results are taken in.
#[derive(Debug, Clone)]
pub struct Accepting<'a> {
    /// How they are understood.
    pub rules: &'a Rules,
    /// Where they are found, for messages.
    pub links: &'a Links,
    /// Who sends them.
    pub actor: Actor,
    /// What is told of them.
    pub telling: Telling,
}

#[derive(Serialize)]
struct ResultRow<'a> {
    id: Option<i64>,
    testcase_id: i64,
    outcome: &'a str,
    submit_time: i64,
    note: Option<&'a str>,
    ref_url: Option<&'a str>,
    submitter: Option<&'a str>,
    data: String,
}

#[derive(Serialize)]
struct LatestRow<'a> {
    key_hash: KeyHash,
    testcase_id: i64,
    key_name: &'a str,
    value: &'a str,
    r#type: Option<&'a str>,
    scenario: Option<&'a str>,
    system_architecture: Option<&'a str>,
    system_variant: Option<&'a str>,
    result_id: ResultId,
    submit_time: i64,
    outcome: &'a Outcome,
}

/// Stores the results with all that follows from them: what they are found by, what they are the newest of, what is
/// known of their keys, and what is told. One result or thousands cost the same statements.
///
/// Rows are locked in one order: test cases and groups by name, then keys by hash, then combinations by hash.
///
/// # Errors
///
/// One is about too many builds, wants an id that is taken, or the store refuses or is away. Nothing is stored then.
pub async fn accept(
    tx: &mut Tx,
    accepting: &Accepting<'_>,
    mut arriving: Vec<Arriving>,
) -> Result<Vec<StoredResult>, AcceptError> {
    let rules = accepting.rules;
    for group in arriving.iter_mut().flat_map(|arriving| &mut arriving.result.groups) {
        *group = names::with_uuid(tx, std::mem::take(group));
    }
    let mut changed = Vec::new();
    let named = arriving.iter().map(|arriving| &arriving.result.testcase);
    let testcases = names::testcases(tx, named, &mut changed).await?;
    let named = arriving.iter().flat_map(|arriving| &arriving.result.groups);
    let groups = names::groups(tx, named, &mut changed).await?;
    record(tx, accepting, changed);
    let addressed = addressed(tx, rules, &arriving).await?;
    let states =
        state::lock(tx, &own_orders(&arriving), addressed.iter().flat_map(|addressed| &addressed.keys)).await?;
    let now = tx.now();
    let times = stamp_all(now, &arriving, &addressed, &states);
    let ids = insert(tx, &arriving, &testcases, &times).await?;
    let stored = stored(arriving, &ids, &times, &testcases);
    let key_counts: Vec<_> = addressed.iter().map(|addressed| addressed.keys.len()).collect();
    let consequences = decide(rules, accepting.telling, &stored, addressed, states, now);
    follow(tx, rules, &stored, &groups, &testcases, &consequences).await?;
    tell(tx, accepting, &stored, &key_counts, &consequences, now).await?;
    if rules.old_stream && accepting.telling == Telling::All {
        tell_old_stream(tx, accepting, &stored, now).await?;
    }
    Ok(stored)
}

/// Who changed what was there. A result is a record of itself.
fn record(tx: &mut Tx, accepting: &Accepting<'_>, changed: Vec<Changed>) {
    for Changed { object, change } in changed {
        let request_id = tx.cause().to_owned();
        tx.record(WriteRecord {
            actor: accepting.actor.clone(),
            token: None,
            via: Via::Api,
            permission: "results:write".to_owned(),
            object,
            reason: None,
            change,
            request_id,
        });
    }
}

/// Numbers for what the results' own messages keep their order with. An import is sent by one client, piece by piece, and
/// needs no locks for that; the server has room for some thousands.
fn own_orders(arriving: &[Arriving]) -> BTreeSet<i64> {
    let number = |Arriving { result, .. }: &Arriving| {
        let digest = of_text(own_key(&result.testcase.name, &result.data).as_str());
        digest.0.first_chunk().copied().map(i64::from_be_bytes)
    };
    if arriving.len() > MOST_OWN { BTreeSet::new() } else { arriving.iter().filter_map(number).collect() }
}

/// For whom each result is news.
async fn addressed(tx: &mut Tx, rules: &Rules, arriving: &[Arriving]) -> Result<Vec<Addressed>, AcceptError> {
    let updates: BTreeSet<&str> =
        arriving.iter().flat_map(|arriving| rules.fan_out.updates(&arriving.result.data)).map(String::as_str).collect();
    let builds = update::builds_of(tx, &updates).await?;
    let mut all = Vec::with_capacity(arriving.len());
    for Arriving { result, .. } in arriving {
        let updates = rules.fan_out.updates(&result.data).iter();
        let known: Vec<_> = updates.filter_map(|update| builds.get(update)).flatten().cloned().collect();
        all.push(address(rules, result, &known)?);
    }
    Ok(all)
}

/// Which of these ids results have already.
pub(super) async fn taken(tx: &mut Tx, ids: &[ResultId]) -> Result<Vec<ResultId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let taken: Vec<(i64,)> = tx.query(TAKEN).bind(Json(ids)).fetch_all().await?;
    Ok(taken.into_iter().map(|(id,)| ResultId(id)).collect())
}

/// The ids of the new rows, in the order of the results.
async fn insert(
    tx: &mut Tx,
    arriving: &[Arriving],
    testcases: &BTreeMap<String, Named>,
    times: &[Timestamp],
) -> Result<Vec<i64>, AcceptError> {
    let given: Vec<_> = arriving.iter().filter_map(|arriving| arriving.id).collect();
    if let Some(taken) = taken(tx, &given).await?.first() {
        return Err(AcceptError::IdTaken(taken.0));
    }
    let rows: Vec<_> = arriving
        .iter()
        .zip(times)
        .map(|(arriving, time)| ResultRow {
            id: arriving.id.map(|id| id.0),
            testcase_id: testcases.get(&arriving.result.testcase.name).map_or(0, |named| named.id),
            outcome: arriving.result.outcome.as_str(),
            submit_time: time.as_microseconds(),
            note: arriving.result.note.as_deref(),
            ref_url: arriving.result.ref_url.as_deref(),
            submitter: arriving.submitter.as_deref(),
            data: serde_json::to_string(&arriving.result.data).expect("texts have a JSON form"),
        })
        .collect();
    let now = tx.now().as_microseconds();
    let made: Vec<(i64,)> = tx.query(RESULTS).bind(Json(&rows)).bind(now).fetch_all().await?;
    let wanted: BTreeSet<_> = given.iter().map(|id| id.0).collect();
    let mut fresh: Vec<_> = made.into_iter().map(|(id,)| id).filter(|id| !wanted.contains(id)).collect();
    fresh.sort_unstable();
    let mut fresh = fresh.into_iter();
    let ids = arriving.iter().map(|arriving| arriving.id.map(|id| id.0).or_else(|| fresh.next()));
    let ids: Option<Vec<_>> = ids.collect();
    if let (Some(greatest), true) = (wanted.last(), tx.is_postgres()) {
        tx.query(RAISE_IDS).bind(*greatest).fetch_one::<(i64,)>().await?;
    }
    Ok(ids.ok_or_else(|| damaged("the number of stored results", &arriving.len().to_string()))?)
}

fn stored(
    arriving: Vec<Arriving>,
    ids: &[i64],
    times: &[Timestamp],
    testcases: &BTreeMap<String, Named>,
) -> Vec<StoredResult> {
    let stored = |((arriving, id), time): ((Arriving, &i64), &Timestamp)| {
        let result = arriving.result;
        let mut groups: Vec<_> = result.groups.into_iter().filter_map(|group| group.uuid).collect();
        groups.sort_unstable();
        groups.dedup();
        StoredResult {
            id: ResultId(*id),
            testcase: testcases[&result.testcase.name].testcase.clone(),
            outcome: result.outcome,
            submit_time: *time,
            groups,
            note: result.note,
            ref_url: result.ref_url,
            data: result.data,
        }
    };
    arriving.into_iter().zip(ids).zip(times).map(stored).collect()
}

/// Writes by what the results are found, and what they are the newest of.
async fn follow(
    tx: &mut Tx,
    rules: &Rules,
    stored: &[StoredResult],
    groups: &BTreeMap<String, i64>,
    testcases: &BTreeMap<String, Named>,
    consequences: &Consequences,
) -> Result<(), AcceptError> {
    let (mut keys, mut links) = (Vec::new(), Vec::new());
    for result in stored {
        let time = result.submit_time.as_microseconds();
        keys.extend(index_rows(rules, &result.data).map(|(key, value)| (key, indexed(value), time, result.id)));
        links.extend(result.groups.iter().filter_map(|uuid| Some((groups.get(uuid)?, time, result.id))));
    }
    let values: Vec<_> = consequences.latest.values().map(|(combination, ..)| indexed(&combination.value)).collect();
    let latest: Vec<_> = consequences
        .latest
        .iter()
        .zip(&values)
        .map(|((hash, (combination, at, outcome)), value)| LatestRow {
            key_hash: *hash,
            testcase_id: testcases.get(&combination.testcase).map_or(0, |named| named.id),
            key_name: &combination.key_name,
            value,
            r#type: combination.kind.as_deref(),
            scenario: combination.scenario.as_deref(),
            system_architecture: combination.system_architecture.as_deref(),
            system_variant: combination.system_variant.as_deref(),
            result_id: at.id,
            submit_time: at.submit_time.as_microseconds(),
            outcome,
        })
        .collect();
    let learnt: BTreeSet<_> = stored.iter().flat_map(|result| rules.fan_out.learnt(&result.data)).collect();
    if tx.is_postgres() {
        let now = tx.now().as_microseconds();
        let query = tx.query(FOLLOW).bind(Json(&keys)).bind(Json(&links)).bind(Json(&latest));
        query.bind(Json(&learnt)).bind(now).execute().await?;
        return Ok(());
    }
    tx.query(KEYS).bind(Json(&keys)).execute().await?;
    if !links.is_empty() {
        tx.query(LINKS).bind(Json(&links)).execute().await?;
    }
    tx.query(LATEST).bind(Json(&latest)).execute().await?;
    if !learnt.is_empty() {
        update::learn(tx, &learnt).await?;
    }
    Ok(())
}

/// Writes what is known and what is told, and tells it.
async fn tell(
    tx: &mut Tx,
    accepting: &Accepting<'_>,
    stored: &[StoredResult],
    keys: &[usize],
    consequences: &Consequences,
    now: Timestamp,
) -> Result<(), AcceptError> {
    let mut told: BTreeMap<usize, Vec<&Told>> = BTreeMap::new();
    let mut rows = Vec::new();
    for one in &consequences.told {
        told.entry(one.place).or_default().push(one);
    }
    for (place, result) in stored.iter().enumerate() {
        let of_result = told.remove(&place).unwrap_or_default();
        if of_result.is_empty() && accepting.telling != Telling::All {
            continue;
        }
        let announcer = Announcer::new(result, accepting.links, now, accepting.actor.clone(), keys[place]);
        if accepting.telling == Telling::All {
            tx.publish(announcer.stored())?;
        }
        for Told { key, announcement, via, aloud, .. } in of_result {
            let id = if *aloud { Some(tx.publish(announcer.changed(key, announcement, via.as_ref()))?) } else { None };
            rows.extend(state::announced(key, announcement, via.as_ref(), id));
        }
    }
    state::save(tx, &consequences.states, &rows).await?;
    Ok(())
}

async fn tell_old_stream(
    tx: &mut Tx,
    accepting: &Accepting<'_>,
    stored: &[StoredResult],
    now: Timestamp,
) -> Result<(), AcceptError> {
    let identities: BTreeSet<_> = stored.iter().map(old_identity).collect();
    let rows: Vec<(String, i64, i64, String)> = tx.query(OLD_NEWS).bind(Json(&identities)).fetch_all().await?;
    let mut known = BTreeMap::new();
    for (identity, time, id, outcome) in rows {
        let at = Position { submit_time: super::rows::time(time)?, id: ResultId(id) };
        known.insert(identity, (at, Outcome::stored(outcome)));
    }
    for result in stored {
        let identity = old_identity(result).to_string();
        let (news, is_newest) = tell_old(known.get(&identity).cloned(), result);
        if let Some(news) = news {
            let announcer = Announcer::new(result, accepting.links, now, accepting.actor.clone(), 1);
            tx.publish(announcer.old_news(&news))?;
        }
        if is_newest {
            let at = result.position();
            let set = tx.query(SET_OLD_NEWS).bind(&identity).bind(at.submit_time.as_microseconds());
            set.bind(at.id.0).bind(result.outcome.as_str()).execute().await?;
            known.insert(identity, (at, result.outcome.clone()));
        }
    }
    Ok(())
}
