//! One request to the server, and what its answer means.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tidegate_platform::config::Environment;
use tidegate_platform::secret::Secret;

use super::ServerArgs;
use crate::failure::Failure;
use crate::settings::load;

/// A server, and what is shown to it.
pub(super) struct Client {
    pub(super) server: String,
    token: Option<Secret>,
    logins: Option<PathBuf>,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// What a server answered.
pub(super) struct Answered {
    pub(super) body: Value,
    pub(super) headers: HeaderMap,
}

const USUAL: &str = "http://127.0.0.1:8470";
const TIME: Duration = Duration::from_secs(60);

impl Client {
    pub(super) fn of(args: &ServerArgs, config: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        let named = args.server.clone().or_else(|| environment.get("TIDEGATE_SERVER").map(str::to_owned));
        let server = if let Some(server) = named {
            server
        } else {
            let public = load(config, environment)?.platform.http.public_url;
            public.map_or_else(|| USUAL.to_owned(), |url| url.to_string())
        };
        let server = server.trim_end_matches('/').to_owned();
        let (logins, token) = (login_file(environment), token(args, &server, environment)?);
        let fault = |error: &dyn std::fmt::Display| Failure::fault(format!("no client: {error}"));
        let agent = concat!("tidegate/", env!("CARGO_PKG_VERSION"));
        let http = reqwest::Client::builder().user_agent(agent).timeout(TIME).build().map_err(|error| fault(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { server, token, logins, http, runtime: runtime.map_err(|error| fault(&error))? })
    }

    pub(super) fn get(&self, path: &str) -> Result<Answered, Failure> {
        self.ask(Method::GET, path, None, &[])
    }

    pub(super) fn post(&self, path: &str, body: Option<&Value>) -> Result<Answered, Failure> {
        self.ask(Method::POST, path, body, &[])
    }

    pub(super) fn delete(&self, path: &str) -> Result<Answered, Failure> {
        self.ask(Method::DELETE, path, None, &[])
    }

    /// All items of a list, page by page.
    pub(super) fn list(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let target = match &next {
                None => path.to_owned(),
                Some(cursor) => format!("{path}{separator}cursor={cursor}"),
            };
            let mut page = self.get(&target)?.body;
            if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            next = page.get("next").and_then(Value::as_str).map(str::to_owned);
            if next.is_none() {
                return Ok(items);
            }
        }
    }

    /// One request. With headers of its own the token is left out.
    pub(super) fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answered, Failure> {
        let url = format!("{}{path}", self.server);
        let mut request = self.http.request(method, &url).header(ACCEPT, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = self.token.as_ref().filter(|_| headers.is_empty()) {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let away = |error: reqwest::Error| {
            let why = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source()).last();
            let why = why.map(ToString::to_string).unwrap_or_default();
            Failure::unknown(format!("{} is not reached: {why}", self.server))
        };
        self.runtime.block_on(async {
            let response = request.send().await.map_err(away)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let text = response.bytes().await.map_err(away)?;
            let body: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
            if status.is_success() { Ok(Answered { body, headers }) } else { Err(refusal(status, &body, &self.server)) }
        })
    }

    /// Keeps a token for this server in a file that nobody else reads.
    pub(super) fn keep(&self, token: &str) -> Result<PathBuf, Failure> {
        let path = self.logins.clone().ok_or_else(|| Failure::usage("there is no home in which a login is kept"))?;
        let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
        let mut all = stored(&path);
        all.insert(self.server.clone(), token.to_owned());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let new = path.with_extension("new");
        let _ = std::fs::remove_file(&new);
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
        let text = serde_json::to_vec_pretty(&all).map_err(|error| Failure::fault(error.to_string()))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&new, &path).map_err(failed)?;
        Ok(path)
    }
}

/// What is shown to that server: a file that is named, the environment, or what `login` stored.
pub(crate) fn token(args: &ServerArgs, server: &str, environment: &Environment) -> Result<Option<Secret>, Failure> {
    if let Some(path) = &args.token_file {
        return token_in(path).map(Some);
    }
    let of_login = || login_file(environment).and_then(|path| stored(&path).remove(server));
    Ok(environment.get("TIDEGATE_TOKEN").map(str::to_owned).or_else(of_login).map(Secret::new))
}

/// The token that lies in a file.
pub(crate) fn token_in(path: &Path) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(Secret::new(text.trim()))
}

/// What a refusal says, and what to exit with.
fn refusal(status: StatusCode, problem: &Value, server: &str) -> Failure {
    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut said = match text("detail") {
        "" => format!("{server} answered {status}"),
        detail => format!("{detail} ({})", text("code")),
    };
    let errors = problem.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for error in errors.iter().filter(|_| errors.len() > 1) {
        let part = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        said.push_str(&["\n  ", part("at"), ": ", part("detail")].concat());
    }
    match status.as_u16() {
        400 | 415 | 422 => Failure::usage(said),
        429 | 502 | 503 | 504 => Failure::unknown(said),
        500..=599 => Failure::fault(said),
        _ => Failure::no(said),
    }
}

fn login_file(environment: &Environment) -> Option<PathBuf> {
    let of_user = environment.get("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = of_user.or_else(|| environment.get("HOME").map(|home| Path::new(home).join(".config")));
    Some(folder?.join("tidegate/logins.json"))
}

/// Tokens by server; none if there is no such file yet.
fn stored(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
