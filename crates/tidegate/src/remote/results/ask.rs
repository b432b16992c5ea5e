//! What is asked: lists, one result, what was told.

use clap::Args;
use serde_json::{Value, json};
use tidegate_migrate::cli::{Console, Exit};

use super::super::client::Client;
use super::super::desk::part;
use super::super::shown;
use crate::failure::{Failure, of_output};

/// Which results
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// Of that build, or whatever else was tested; `*` stands for any characters
    #[arg(long)]
    item: Option<String>,
    /// Of things of that type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Of that test case; `*` stands for any characters
    #[arg(long)]
    testcase: Option<String>,
    /// Of that group
    #[arg(long, value_name = "UUID")]
    group: Option<String>,
    /// From that instant on, or between two with a comma between
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// With that value under that key of the data; may be repeated
    #[arg(long = "data", value_name = "KEY=VALUE")]
    data: Vec<String>,
}

/// Results, newest first
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// With that outcome
    #[arg(long)]
    outcome: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// The newest result of each test case
#[derive(Debug, Args)]
pub(crate) struct LatestArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// And of each value of that key; may be repeated
    #[arg(long, value_name = "KEY")]
    distinct_on: Vec<String>,
}

/// What a test case found
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The test case
    testcase: String,
    /// For that item
    #[arg(long)]
    item: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// Of what
#[derive(Debug, Args)]
pub(crate) struct AboutArgs {
    /// The build, or whatever else was tested
    #[arg(long, conflicts_with = "update")]
    item: Option<String>,
    /// The update whose builds are meant
    #[arg(long)]
    update: Option<String>,
    /// The test case, alone or with one of the others
    #[arg(long, required_unless_present_any = ["item", "update"])]
    testcase: Option<String>,
}

const RECORDS: &str = "/api/v1/results/records";
const ANNOUNCEMENTS: &str = "/api/v1/results/announcements";
const COLUMNS: &[&str] = &["id", "submit_time", "outcome", "testcase", "item", "type"];

impl WhichArgs {
    /// As parameters of a list.
    fn query(&self) -> Result<Vec<(String, String)>, Failure> {
        let mut pairs = Vec::new();
        let mut push = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                let key = if value.contains('*') { format!("{key}:like") } else { key.to_owned() };
                pairs.push((key, value.clone()));
            }
        };
        push("item", &self.item);
        push("type", &self.kind);
        push("testcases", &self.testcase);
        pairs.extend(self.group.iter().map(|group| ("groups".to_owned(), group.clone())));
        pairs.extend(self.since.iter().map(|since| ("since".to_owned(), since.clone())));
        for pair in &self.data {
            let (key, value) = super::post::key_and_value(pair)?;
            pairs.push((key.to_owned(), value.to_owned()));
        }
        Ok(pairs)
    }
}

fn address(path: &str, pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{}={}", part(key), part(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// So many of a list, page by page.
fn some(client: &Client, path: &str, limit: usize) -> Result<Vec<Value>, Failure> {
    const PAGE: usize = 500;
    let mut items: Vec<Value> = Vec::new();
    let mut next: Option<String> = None;
    while items.len() < limit {
        let separator = if path.contains('?') { '&' } else { '?' };
        let size = PAGE.min(limit - items.len());
        let cursor = next.take().map(|cursor| format!("&cursor={}", part(&cursor))).unwrap_or_default();
        let mut page = client.get(&format!("{path}{separator}limit={size}{cursor}"))?.body;
        if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
            items.extend(more);
        }
        next = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(items)
}

/// Results as JSON, or as lines for people.
fn shown_as_lines(console: &mut Console<'_>, results: &[Value]) -> Result<Exit, Failure> {
    if console.voice.json {
        return shown::list(console, results, &[]);
    }
    let line = |result: &Value| {
        json!({"id": result["id"], "submit_time": result["submit_time"], "outcome": result["outcome"],
            "testcase": result["testcase"]["name"], "item": result["data"]["item"], "type": result["data"]["type"]})
    };
    shown::list(console, &results.iter().map(line).collect::<Vec<_>>(), COLUMNS)
}

pub(super) fn list(args: &ListArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut query = args.which.query()?;
    query.extend(args.outcome.iter().map(|outcome| ("outcome".to_owned(), outcome.clone())));
    shown_as_lines(console, &some(client, &address(RECORDS, &query), args.limit)?)
}

pub(super) fn latest(args: &LatestArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut query = args.which.query()?;
    if !args.distinct_on.is_empty() {
        query.push(("distinct_on".to_owned(), args.distinct_on.join(",")));
    }
    shown_as_lines(console, &client.list(&address("/api/v1/results/latest", &query))?)
}

pub(super) fn show(id: i64, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let result = client.get(&format!("{RECORDS}/{id}"))?.body;
    if console.voice.json {
        return shown::done(console, &result, "");
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let mut lines = vec![
        ("outcome".to_owned(), text(&result["outcome"])),
        ("testcase".to_owned(), text(&result["testcase"]["name"])),
        ("submit_time".to_owned(), text(&result["submit_time"])),
    ];
    for key in ["note", "ref_url", "groups"] {
        let value = &result[key];
        if !value.is_null() && value.as_array().is_none_or(|values| !values.is_empty()) {
            lines.push((key.to_owned(), text(value)));
        }
    }
    let data = result["data"].as_object().into_iter().flatten();
    lines.extend(data.map(|(key, values)| (format!("data.{key}"), text(values))));
    let width = lines.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    for (key, value) in lines {
        console.answer(&format!("{key:width$}  {value}")).map_err(|error| of_output(&error))?;
    }
    Ok(Exit::Yes)
}

pub(super) fn history(args: &HistoryArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut query = vec![("testcases".to_owned(), args.testcase.clone())];
    query.extend(args.item.iter().map(|item| ("item".to_owned(), item.clone())));
    shown_as_lines(console, &some(client, &address(RECORDS, &query), args.limit)?)
}

pub(super) fn announcements(args: &AboutArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let given = [("item", &args.item), ("update", &args.update), ("testcase", &args.testcase)];
    let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
    let told = client.list(&address(ANNOUNCEMENTS, &given.collect::<Vec<_>>()))?;
    shown::list(console, &flat(console, told), &["at", "seq", "prev_outcome", "outcome", "testcase", "item", "variant"])
}

pub(super) fn state(
    item: &str,
    testcase: Option<&str>,
    client: &Client,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut query = vec![("item".to_owned(), item.to_owned())];
    query.extend(testcase.map(|testcase| ("testcase".to_owned(), testcase.to_owned())));
    let known = client.list(&address(&format!("{ANNOUNCEMENTS}/state"), &query))?;
    shown::list(
        console,
        &flat(console, known),
        &["testcase", "variant", "outcome", "progress_outcome", "seq", "suppressed", "late"],
    )
}

/// For people item and variant are columns of their own.
fn flat(console: &Console<'_>, mut rows: Vec<Value>) -> Vec<Value> {
    if console.voice.json {
        return rows;
    }
    for row in &mut rows {
        row["item"] = row["subject"]["item"].clone();
        let parts = row["variant"].as_object().into_iter().flatten();
        let parts = parts.filter_map(|(key, values)| {
            let values: Vec<_> = values.as_array()?.iter().filter_map(Value::as_str).collect();
            Some(Value::from(format!("{key}={}", values.join("+"))))
        });
        row["variant"] = parts.collect::<Vec<_>>().into();
    }
    rows
}
