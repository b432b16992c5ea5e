//! Results in the order of time, down one index or several at once.

use std::collections::VecDeque;

use sqlx::types::Json;
use tidegate_platform::statements;
use tidegate_platform::store::{Reads, Result, Statement};

use super::rows::time;
use super::{indexed, list};
use crate::model::{Position, ResultId};
use crate::query::{Driver, ResultFilter, Sort};

statements! {
    /// All of them.
    pub(super) STATEMENTS;

    ALL_DOWN = "SELECT submit_time, id FROM results_result
        WHERE (submit_time, id) < ($1, $2) AND submit_time >= $3 ORDER BY submit_time DESC, id DESC LIMIT $4";
    ALL_UP = "SELECT submit_time, id FROM results_result
        WHERE (submit_time, id) > ($1, $2) AND submit_time <= $3 ORDER BY submit_time, id LIMIT $4";
    TESTCASE_DOWN = "SELECT submit_time, id FROM results_result
        WHERE testcase_id = $5 AND (submit_time, id) < ($1, $2) AND submit_time >= $3
        ORDER BY submit_time DESC, id DESC LIMIT $4";
    TESTCASE_UP = "SELECT submit_time, id FROM results_result
        WHERE testcase_id = $5 AND (submit_time, id) > ($1, $2) AND submit_time <= $3
        ORDER BY submit_time, id LIMIT $4";
    GROUP_DOWN = "SELECT submit_time, result_id FROM results_result_group
        WHERE group_id = $5 AND (submit_time, result_id) < ($1, $2) AND submit_time >= $3
        ORDER BY submit_time DESC, result_id DESC LIMIT $4";
    GROUP_UP = "SELECT submit_time, result_id FROM results_result_group
        WHERE group_id = $5 AND (submit_time, result_id) > ($1, $2) AND submit_time <= $3
        ORDER BY submit_time, result_id LIMIT $4";
    KEY_DOWN = "SELECT submit_time, result_id FROM results_result_key
        WHERE key = $5 AND value = $6 AND (submit_time, result_id) < ($1, $2) AND submit_time >= $3
        ORDER BY submit_time DESC, result_id DESC LIMIT $4";
    KEY_UP = "SELECT submit_time, result_id FROM results_result_key
        WHERE key = $5 AND value = $6 AND (submit_time, result_id) > ($1, $2) AND submit_time <= $3
        ORDER BY submit_time, result_id LIMIT $4";

    GROUP_IDS = sqlite
        "SELECT id FROM results_group WHERE uuid IN (SELECT value FROM json_each($1))",
        postgres
        "SELECT id FROM results_group WHERE uuid = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))";
}

/// With more test cases than this one index for all is better than one for each.
const MOST_TESTCASES: usize = 200;

/// One index to walk down.
#[derive(Debug, Clone)]
pub(super) enum Path {
    All,
    Testcase(i64),
    Group(i64),
    Key { key: String, value: String },
}

/// A walk down several paths at once.
pub(super) struct Walk {
    sort: Sort,
    until: i64,
    sources: Vec<Source>,
    /// Whether every result on the way is meant.
    pub(super) is_covered: bool,
}

struct Source {
    path: Path,
    fetched: VecDeque<Position>,
    after: (i64, i64),
    is_done: bool,
}

impl Walk {
    /// The walk for that filter, behind that position.
    pub(super) async fn of(
        reader: &mut impl Reads,
        filter: &ResultFilter,
        driver: &Driver<'_>,
        sort: Sort,
        after: Option<Position>,
    ) -> Result<Self> {
        let (paths, mut is_covered) = (paths(reader, driver).await?, filter.is_covered_by(driver));
        let paths = paths.unwrap_or_else(|| {
            is_covered = false;
            vec![Path::All]
        });
        Ok(Self { is_covered, ..Self::along(paths, filter, sort, after) })
    }

    /// A walk down these paths, within the filter's span of time.
    pub(super) fn along(paths: Vec<Path>, filter: &ResultFilter, sort: Sort, after: Option<Position>) -> Self {
        let span = filter.since;
        let start = span.map(|span| span.start.as_microseconds());
        let end = span.and_then(|span| span.end).map(tidegate_kernel::Timestamp::as_microseconds);
        let at = after.map(|at| (at.submit_time.as_microseconds(), at.id.0));
        let (begin, until) = match sort {
            Sort::Descending => ((end.unwrap_or(i64::MAX), i64::MAX), start.unwrap_or(i64::MIN)),
            Sort::Ascending => ((start.unwrap_or(i64::MIN), i64::MIN), end.unwrap_or(i64::MAX)),
        };
        let after = match (sort, at) {
            (Sort::Descending, Some(at)) => at.min(begin),
            (Sort::Ascending, Some(at)) => at.max(begin),
            (_, None) => begin,
        };
        let source = |path| Source { path, fetched: VecDeque::new(), after, is_done: false };
        Self { sort, until, sources: paths.into_iter().map(source).collect(), is_covered: false }
    }

    /// The next of all paths, at most so many; fewer only at the end.
    pub(super) async fn next(&mut self, reader: &mut impl Reads, count: usize) -> Result<Vec<Position>> {
        let mut found: Vec<Position> = Vec::with_capacity(count.min(1_000));
        while found.len() < count {
            for source in &mut self.sources {
                source.fill(reader, self.sort, self.until, count).await?;
            }
            let heads = self.sources.iter().filter_map(|source| source.fetched.front());
            let best = match self.sort {
                Sort::Descending => heads.max(),
                Sort::Ascending => heads.min(),
            };
            let Some(best) = best.copied() else { break };
            for source in &mut self.sources {
                if source.fetched.front() == Some(&best) {
                    source.fetched.pop_front();
                }
            }
            found.push(best);
        }
        Ok(found)
    }
}

impl Source {
    async fn fill(&mut self, reader: &mut impl Reads, sort: Sort, until: i64, count: usize) -> Result<()> {
        if self.is_done || !self.fetched.is_empty() {
            return Ok(());
        }
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let query =
            reader.query(self.path.statement(sort)).bind(self.after.0).bind(self.after.1).bind(until).bind(limit);
        let rows: Vec<(i64, i64)> = match &self.path {
            Path::All => query,
            Path::Testcase(id) | Path::Group(id) => query.bind(*id),
            Path::Key { key, value } => query.bind(key.as_str()).bind(value.as_str()),
        }
        .fetch_all()
        .await?;
        self.is_done = rows.len() < count;
        self.after = rows.last().copied().unwrap_or(self.after);
        for (submit_time, id) in rows {
            self.fetched.push_back(Position { submit_time: time(submit_time)?, id: ResultId(id) });
        }
        Ok(())
    }
}

impl Path {
    fn statement(&self, sort: Sort) -> Statement {
        match (self, sort) {
            (Self::All, Sort::Descending) => ALL_DOWN,
            (Self::All, Sort::Ascending) => ALL_UP,
            (Self::Testcase(_), Sort::Descending) => TESTCASE_DOWN,
            (Self::Testcase(_), Sort::Ascending) => TESTCASE_UP,
            (Self::Group(_), Sort::Descending) => GROUP_DOWN,
            (Self::Group(_), Sort::Ascending) => GROUP_UP,
            (Self::Key { .. }, Sort::Descending) => KEY_DOWN,
            (Self::Key { .. }, Sort::Ascending) => KEY_UP,
        }
    }
}

/// The paths that the index is; `None` where they are too many.
async fn paths(reader: &mut impl Reads, driver: &Driver<'_>) -> Result<Option<Vec<Path>>> {
    Ok(Some(match driver {
        Driver::All => vec![Path::All],
        Driver::Key { key, values } => {
            let mut values: Vec<_> = values.iter().map(|value| indexed(value).into_owned()).collect();
            values.sort_unstable();
            values.dedup();
            values.into_iter().map(|value| Path::Key { key: (*key).to_owned(), value }).collect()
        }
        Driver::Groups(uuids) => {
            let ids: Vec<(i64,)> = reader.query(GROUP_IDS).bind(Json(uuids)).fetch_all().await?;
            ids.into_iter().map(|(id,)| Path::Group(id)).collect()
        }
        Driver::Testcases(names) => {
            let Some(ids) = list::testcase_ids(reader, names, MOST_TESTCASES).await? else { return Ok(None) };
            ids.into_iter().map(Path::Testcase).collect()
        }
    }))
}
