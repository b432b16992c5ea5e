//! What is sent: one result, the builds of an update.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value, json};
use tidegate_migrate::cli::{Console, Exit};

use super::super::client::Client;
use super::super::desk::part;
use super::super::shown::done;
use crate::failure::Failure;

/// A result: by its parts, or as JSON in a file
#[derive(Debug, Args)]
pub(crate) struct PostArgs {
    /// A file with the body of one result as JSON; `-` is standard input
    #[arg(conflicts_with_all = ["testcase", "outcome", "item"])]
    file: Option<PathBuf>,
    /// What was tested by
    #[arg(long, required_unless_present = "file")]
    testcase: Option<String>,
    /// What came out, such as PASSED
    #[arg(long, required_unless_present = "file")]
    outcome: Option<String>,
    /// What was tested
    #[arg(long)]
    item: Option<String>,
    /// Of which type that is
    #[arg(long = "type", value_name = "TYPE", requires = "item")]
    kind: Option<String>,
    /// A value more under a key of the data; may be repeated
    #[arg(long = "data", value_name = "KEY=VALUE")]
    data: Vec<String>,
    /// A group that it belongs to; may be repeated
    #[arg(long = "group", value_name = "UUID")]
    groups: Vec<String>,
    /// A remark
    #[arg(long)]
    note: Option<String>,
    /// Where its log is
    #[arg(long, value_name = "URL")]
    ref_url: Option<String>,
    /// Sent again with the same key it is stored once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Only show what would be sent
    #[arg(long)]
    dry_run: bool,
}

/// A bound on what is read into memory.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The two sides of `KEY=VALUE`.
pub(super) fn key_and_value(pair: &str) -> Result<(&str, &str), Failure> {
    pair.split_once('=').ok_or_else(|| Failure::usage(format!("{pair:?}: expected KEY=VALUE")))
}

pub(super) fn post(args: &PostArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let body = match &args.file {
        Some(file) => read(file)?,
        None => of_parts(args)?,
    };
    if args.dry_run {
        return done(console, &body, &body.to_string());
    }
    let path = "/api/v1/results/records";
    let server = client.server()?;
    let mut request = server.request(Method::POST, path, &[]).json(&body);
    if let Some(key) = &args.idempotency_key {
        request = request.header("idempotency-key", key);
    }
    let stored = client.wait(async {
        let answered = server.answered(request).await?;
        let text = answered.bytes().await.map_err(|error| server.away(&error))?;
        Ok::<Value, Failure>(serde_json::from_slice(&text).unwrap_or(Value::Null))
    })?;
    done(console, &stored, &format!("result {} is stored", stored["id"]))
}

fn read(file: &Path) -> Result<Value, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", file.display()));
    let mut text = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    } else {
        std::fs::File::open(file).map_err(failed)?.take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    }
    if text.len() as u64 > LARGEST {
        return Err(Failure::usage(format!("{}: a result has at most {LARGEST} bytes", file.display())));
    }
    serde_json::from_slice(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

fn of_parts(args: &PostArgs) -> Result<Value, Failure> {
    let mut data = Map::new();
    let mut push = |key: &str, value: &str| {
        let values = data.entry(key).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value.into());
        }
    };
    for (key, value) in [("item", &args.item), ("type", &args.kind)] {
        if let Some(value) = value {
            push(key, value);
        }
    }
    for pair in &args.data {
        let (key, value) = key_and_value(pair)?;
        push(key, value);
    }
    let mut body = json!({"testcase": args.testcase, "outcome": args.outcome, "data": data});
    with(&mut body, "note", args.note.clone());
    with(&mut body, "ref_url", args.ref_url.clone());
    with(&mut body, "groups", (!args.groups.is_empty()).then(|| args.groups.clone()));
    Ok(body)
}

pub(super) fn build_list(
    update: &str,
    builds: &[String],
    dry_run: bool,
    client: &Client,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let body = json!({ "builds": builds });
    if dry_run {
        return done(console, &body, &body.to_string());
    }
    let path = format!("/api/v1/results/updates/{}/builds", part(update));
    let answered = client.ask(Method::PUT, &path, Some(&body), &[])?;
    done(console, &answered.body, &format!("{update} has {} builds", builds.len()))
}

/// Adds the value, unless it is absent.
fn with(body: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(body), Some(value)) = (body, value) {
        body.insert(key.to_owned(), value.into());
    }
}
