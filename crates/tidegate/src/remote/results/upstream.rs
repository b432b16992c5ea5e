//! `import --from URL`: the history of a running ResultsDB, page by page, with the ids that it has there.
//!
//! Pages are asked for by time, the oldest first: each begins with the instant at which the one before ended, so a page
//! costs the other server the same however far the walk is, and what is met twice has an id that is taken. Each page is an
//! import of its own, named after the other server and the instant; so our server knows how far it came, and the same
//! command goes on there.

use std::collections::BTreeSet;

use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_migrate::cli::{Console, Exit};

use super::super::client::Client;
use super::super::desk::part;
use super::super::server::Server;
use super::super::shown::done;
use super::ImportArgs;
use crate::failure::Failure;

/// The most bytes of a page that are read.
const LARGEST: usize = 256 * 1024 * 1024;
/// Before the first result that anybody can have.
const BEGIN: &str = "1970-01-01T00:00:00.000000";

/// A result as the other server shows it. Its data stay as they are written.
#[derive(Debug, Deserialize)]
struct Theirs {
    id: i64,
    outcome: String,
    testcase: Value,
    groups: Vec<String>,
    note: Option<String>,
    ref_url: Option<String>,
    submit_time: String,
    data: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    data: Vec<T>,
}

#[derive(Debug, Deserialize)]
struct Group {
    uuid: String,
    description: Option<String>,
    ref_url: Option<String>,
}

/// Where the walk is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Pages begin with this instant.
    since: String,
    /// The number of the page; above 0 only where one instant fills several.
    page: u32,
}

/// What came of it so far.
#[derive(Debug, Default)]
struct Sum {
    accepted: i64,
    repeated: i64,
    rejected: Vec<Value>,
}

pub(super) fn import(
    from: &str,
    args: &ImportArgs,
    client: &Client,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (theirs, base) = other_server(from)?;
    let name = args.id.clone().unwrap_or(base);
    let done_before = client.list("/api/v1/results/imports?limit=500")?;
    let (last, mut turn) = last_of(&name, &done_before);
    let begin = args.since.clone().or(last).unwrap_or_else(|| BEGIN.to_owned());
    if args.dry_run {
        let shown = json!({"id": name, "from": theirs.url, "since": begin});
        return done(console, &shown, &format!("would bring in results of {} from {begin} on", theirs.url));
    }
    let bar = console.progress("asking");
    let mut sum = Sum::default();
    let mut place = Place { since: begin, page: 0 };
    loop {
        let page = client.wait(results(&theirs, &place, args.page))?;
        bar.step(format!("{} results, up to {}", sum.accepted + sum.repeated, place.since));
        let is_last = page.len() < usize::from(args.page);
        if !page.is_empty() {
            turn += 1;
            let id = format!("{name}@{}~{turn:06}", place.since);
            let lines = client.wait(lines(&theirs, &page))?;
            sum.add(&client.wait(send(client, &id, args, lines))?);
        }
        if is_last {
            break;
        }
        place = place.behind(&page);
    }
    drop(bar);
    let Sum { accepted, repeated, rejected } = sum;
    let answer = json!({"id": name, "accepted": accepted, "repeated": repeated, "rejected": rejected,
        "since": place.since});
    super::file::told(&answer, console)
}

/// The other server, and its name.
fn other_server(from: &str) -> Result<(Server, String), Failure> {
    let (base, name) = other_address(from)?;
    Ok((Server::new(&base, None)?, name))
}

/// The address of the other server's interface, and its name.
fn other_address(from: &str) -> Result<(String, String), Failure> {
    let bad = || Failure::usage(format!("--from {from:?}: expected the address of a ResultsDB"));
    let url = url::Url::parse(from).map_err(|_| bad())?;
    if !["http", "https"].contains(&url.scheme()) || !url.username().is_empty() || url.password().is_some() {
        return Err(bad());
    }
    let host = url.host_str().ok_or_else(bad)?;
    let name = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let base = from.trim_end_matches('/');
    let base = if base.ends_with("/api/v2.0") { base.to_owned() } else { format!("{base}/api/v2.0") };
    Ok((base, name))
}

/// The instant of the last page of that import, and how many pages it had.
fn last_of(name: &str, imports: &[Value]) -> (Option<String>, usize) {
    let prefix = format!("{name}@");
    let instants: Vec<_> = imports
        .iter()
        .filter_map(|import| import["id"].as_str()?.strip_prefix(&prefix)?.split_once('~'))
        .map(|(instant, _)| instant)
        .collect();
    (instants.iter().max().map(|instant| (*instant).to_owned()), instants.len())
}

impl Place {
    /// Where the next page begins.
    fn behind(&self, page: &[Theirs]) -> Self {
        let last = page.last().map(|result| with_fraction(&result.submit_time)).unwrap_or_default();
        if last == self.since { Self { page: self.page + 1, ..self.clone() } } else { Self { since: last, page: 0 } }
    }
}

/// Older servers leave out a fraction of zero, which we ask for.
fn with_fraction(time: &str) -> String {
    if time.contains('.') { time.to_owned() } else { format!("{time}.000000") }
}

impl Sum {
    /// What is there already was met before, here or by an import before.
    fn add(&mut self, answer: &Value) {
        self.accepted += answer["accepted"].as_i64().unwrap_or(0);
        for line in answer["rejected"].as_array().into_iter().flatten() {
            let error = line["error"].as_str().unwrap_or_default();
            if error.starts_with("the id ") && error.ends_with(" is taken") {
                self.repeated += 1;
            } else {
                self.rejected.push(line.clone());
            }
        }
    }
}

async fn ask<T: DeserializeOwned>(server: &Server, path: &str) -> Result<T, Failure> {
    let request = server.request(reqwest::Method::GET, path, &[]).header(ACCEPT, "application/json");
    let mut answered = server.answered(request).await?;
    let mut text = Vec::new();
    while let Some(piece) = answered.chunk().await.map_err(|error| server.away(&error))? {
        text.extend_from_slice(&piece);
        if text.len() > LARGEST {
            return Err(Failure::unknown(format!(
                "{}{path} answers without an end: ask for smaller pages",
                server.url
            )));
        }
    }
    let is_theirs = serde_json::from_slice(&text);
    is_theirs.map_err(|error| Failure::unknown(format!("{}{path} is no answer of a ResultsDB: {error}", server.url)))
}

async fn results(server: &Server, place: &Place, limit: u16) -> Result<Vec<Theirs>, Failure> {
    let Place { since, page } = place;
    let path = format!("/results?_sort=asc:submit_time&since={}&limit={limit}&page={page}", part(since));
    Ok(ask::<Page<Theirs>>(server, &path).await?.data)
}

/// The page as lines of an import, with what the other server says of the groups.
async fn lines(server: &Server, page: &[Theirs]) -> Result<String, Failure> {
    const AT_ONCE: usize = 50;
    let uuids: BTreeSet<_> = page.iter().flat_map(|result| &result.groups).map(String::as_str).collect();
    let uuids: Vec<_> = uuids.into_iter().collect();
    let mut groups = std::collections::BTreeMap::new();
    for some in uuids.chunks(AT_ONCE) {
        let path = format!("/groups?limit={AT_ONCE}&uuid={}", part(&some.join(",")));
        let found: Page<Group> = ask(server, &path).await?;
        groups.extend(found.data.into_iter().map(|group| (group.uuid.clone(), group)));
    }
    let line = |result: &Theirs| {
        let shown = |uuid: &String| match groups.get(uuid) {
            Some(group) => json!({"uuid": uuid, "description": group.description, "ref_url": group.ref_url}),
            None => json!({ "uuid": uuid }),
        };
        let testcase = json!({"name": result.testcase["name"], "ref_url": result.testcase["ref_url"]});
        let rest = json!({"id": result.id, "outcome": result.outcome, "testcase": testcase,
            "groups": result.groups.iter().map(shown).collect::<Vec<_>>(), "note": result.note,
            "ref_url": result.ref_url, "submit_time": with_fraction(&result.submit_time)});
        // the data go on as they were written, in their order
        let rest = rest.to_string();
        let data: String = result.data.get().replace(['\n', '\r'], " ");
        format!("{},\"data\":{data}}}\n", rest.strip_suffix('}').unwrap_or(&rest))
    };
    Ok(page.iter().map(line).collect())
}

async fn send(client: &Client, id: &str, args: &ImportArgs, lines: String) -> Result<Value, Failure> {
    let path = format!("/api/v1/results/import?announce={}&id={}", args.announce.word(), part(id));
    let server = client.server()?;
    let request = server.request(reqwest::Method::POST, &path, &[]).body(lines);
    let answered = server.answered(request).await?;
    let text = answered.bytes().await.map_err(|error| server.away(&error))?;
    serde_json::from_slice(&text).map_err(|error| Failure::fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(time: &str) -> Theirs {
        let text = json!({"id": 1, "outcome": "PASSED", "testcase": {"name": "t"}, "groups": [], "submit_time": time,
            "data": {}});
        serde_json::from_str(&text.to_string()).unwrap()
    }

    #[test]
    fn a_page_begins_where_the_one_before_ended() {
        let place = Place { since: BEGIN.to_owned(), page: 0 };
        let next = place.behind(&[theirs("2026-01-01T00:00:00"), theirs("2026-01-02T00:00:00")]);
        assert_eq!(next, Place { since: "2026-01-02T00:00:00.000000".to_owned(), page: 0 });
        let same = next.behind(&[theirs("2026-01-02T00:00:00"), theirs("2026-01-02T00:00:00")]);
        assert_eq!(same.page, 1, "one instant fills several pages");
        assert_eq!(same.behind(&[theirs("2026-01-02T00:00:00.5")]).page, 0);
    }

    #[test]
    fn an_import_goes_on_behind_its_last_page() {
        let imports = [
            json!({"id": "h@2026-01-01T00:00:00.000000~000001"}),
            json!({"id": "h@2026-02-01T00:00:00.000000~000002"}),
            json!({"id": "other@2027-01-01T00:00:00.000000~1"}),
        ];
        let (last, pages) = last_of("h", &imports);
        assert_eq!((last.as_deref(), pages), (Some("2026-02-01T00:00:00.000000"), 2));
        assert_eq!(last_of("x", &imports), (None, 0));
    }

    #[test]
    fn another_server_is_named_with_or_without_its_path() {
        for url in ["http://h:5001", "http://h:5001/api/v2.0/"] {
            let expected = ("http://h:5001/api/v2.0".to_owned(), "h:5001".to_owned());
            assert_eq!(other_address(url).unwrap(), expected);
        }
        for wrong in ["h", "ftp://h", "http://u:p@h"] {
            assert_eq!(other_address(wrong).err().map(|failure| failure.exit), Some(2), "{wrong}");
        }
    }
}
