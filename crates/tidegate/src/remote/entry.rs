//! `setup`, `login`, `me`: how somebody gets in, and who that is.

use std::path::{Path, PathBuf};

use clap::Args;
use reqwest::Method;
use reqwest::header::SET_COOKIE;
use serde_json::{Value, json};
use tidegate_migrate::cli::{Console, Exit};

use super::client::Client;
use super::shown::{done, list};
use crate::failure::{Failure, of_output};

/// Who the first admin is
#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The token that the service printed at its start
    #[arg(long, value_name = "TOKEN")]
    token: String,
    /// The name of the admin
    #[arg(long, default_value = "admin")]
    name: String,
    /// A file with a password to log in with on the pages
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Who logs in. Without a name a token is read from standard input
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// The name, for a login by password
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// A file with the password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

pub(super) fn set_up(args: &SetupArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let password = args.password_file.as_deref().map(first_line).transpose()?;
    let body = json!({"token": args.token, "name": args.name, "password": password});
    let answered =
        client.ask(Method::POST, "/api/v1/platform/setup", Some(&body), &[("origin", &client.server.url)])?;
    let token = answered.body["token"].as_str().unwrap_or_default();
    let path = client.keep(token)?;
    let sentence = format!("{} is the first admin; a token for this is kept in {}", args.name, path.display());
    done(console, &json!({"user": args.name, "login": path}), &sentence)
}

pub(super) fn log_in(args: &LoginArgs, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let token = if let (Some(user), Some(path)) = (&args.user, &args.password_file) {
        by_password(user, &first_line(path)?, client)?
    } else {
        let mut line = String::new();
        console.say("the token, on one line:").map_err(|error| of_output(&error))?;
        std::io::stdin().read_line(&mut line).map_err(|error| of_output(&error))?;
        line.trim().to_owned()
    };
    let shown = format!("Bearer {token}");
    let me = client.ask(Method::GET, "/api/v1/platform/me", None, &[("authorization", &shown)])?.body;
    let path = client.keep(&token)?;
    let user = me["user"].as_str().unwrap_or_default();
    done(console, &json!({"user": user, "login": path}), &format!("{user}'s token is kept in {}", path.display()))
}

/// A token of its own for this command line, got by a short session.
fn by_password(user: &str, password: &str, client: &Client) -> Result<String, Failure> {
    let body = json!({"name": user, "password": password});
    let origin = ("origin", client.server.url.as_str());
    let session = client.ask(Method::POST, "/api/v1/platform/session", Some(&body), &[origin])?;
    let cookie = session.headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default();
    let csrf = session.body["csrf_token"].as_str().unwrap_or_default();
    let headers = [origin, ("cookie", cookie), ("x-csrf-token", csrf)];
    let new = json!({"name": "command line"});
    let made = client.ask(Method::POST, "/api/v1/platform/tokens", Some(&new), &headers)?;
    client.ask(Method::DELETE, "/api/v1/platform/session", None, &headers)?;
    Ok(made.body["token"].as_str().unwrap_or_default().to_owned())
}

pub(super) fn me(client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let me = client.get("/api/v1/platform/me")?.body;
    if console.voice.json {
        return done(console, &me, "");
    }
    let user = me["user"].as_str().unwrap_or("nobody");
    console
        .answer(&format!("{user} (by {})", me["by"].as_str().unwrap_or_default()))
        .map_err(|error| of_output(&error))?;
    match me["permissions"].as_array().map(Vec::as_slice) {
        None | Some([]) => Ok(Exit::Yes),
        Some(permissions) => list(console, permissions, &["permission", "object"]),
    }
}

fn first_line(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A text as one part of a path.
pub(super) fn part(text: &str) -> String {
    let mut part = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            part.push(char::from(byte));
        } else {
            part.push_str(&format_args!("%{byte:02X}").to_string());
        }
    }
    part
}

/// The value, unless it is absent.
pub(super) fn with(body: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(body), Some(value)) = (body, value) {
        body.insert(key.to_owned(), value.into());
    }
}
