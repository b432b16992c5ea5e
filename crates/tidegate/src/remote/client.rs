//! The server that the command line asks: which one, with which token, one answer after the other.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::Value;
use tidegate_platform::config::Environment;
use tidegate_platform::secret::Secret;

use super::ServerArgs;
use super::server::{Answered, Server};
use crate::failure::Failure;
use crate::settings::load;

/// A server, and where logins are kept.
pub(super) struct Client {
    pub(super) server: Server,
    logins: Option<PathBuf>,
    runtime: tokio::runtime::Runtime,
}

const USUAL: &str = "http://127.0.0.1:8470";

impl Client {
    pub(super) fn of(args: &ServerArgs, config: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        let url = address(args, config, environment)?;
        let url = url.trim_end_matches('/');
        let (logins, token) = (login_file(environment), token(args, url, environment)?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::fault(format!("no client: {error}")))?;
        Ok(Self { server: Server::new(url, token)?, logins, runtime })
    }

    /// Waits for what is asked of the server.
    pub(super) fn wait<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }

    pub(super) fn get(&self, path: &str) -> Result<Answered, Failure> {
        self.wait(self.server.get(path))
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
        self.wait(self.server.ask(method, path, body, headers))
    }

    /// Keeps a token for this server in a file that nobody else reads.
    pub(super) fn keep(&self, token: &str) -> Result<PathBuf, Failure> {
        let path = self.logins.clone().ok_or_else(|| Failure::usage("there is no home in which a login is kept"))?;
        let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
        let mut all = stored(&path);
        all.insert(self.server.url.clone(), token.to_owned());
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

/// Where the server is: as the command line says, the environment, the configuration; else where one usually is.
fn address(args: &ServerArgs, config: Option<&Path>, environment: &Environment) -> Result<String, Failure> {
    let (named, by) = match (&args.server, environment.get("TIDEGATE_SERVER")) {
        (Some(url), _) => (url.clone(), "--server"),
        (None, Some(url)) => (url.to_owned(), "TIDEGATE_SERVER"),
        (None, None) => {
            let public = load(config, environment)?.platform.http.public_url;
            return Ok(public.map_or_else(|| USUAL.to_owned(), |url| url.to_string()));
        }
    };
    if named.starts_with("http://") || named.starts_with("https://") {
        return Ok(named);
    }
    Err(Failure::usage(format!("{by}: {named:?} is no address of a server: expected one such as {USUAL}")))
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
