//! One request to a server, and what its answer means.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tidegate_platform::secret::Secret;

use crate::failure::Failure;

/// A server, and what is shown to it.
#[derive(Clone)]
pub(crate) struct Server {
    /// Its address without a slash at the end.
    pub(crate) url: String,
    /// The token that is shown.
    pub(crate) token: Option<Secret>,
    http: reqwest::Client,
}

/// What a server answered.
pub(crate) struct Answered {
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
}

/// So long a server may take to be reached.
const CONNECT: Duration = Duration::from_secs(10);
/// So long it may take for an answer as a whole.
const ANSWER: Duration = Duration::from_secs(60);

impl Server {
    pub(crate) fn new(url: &str, token: Option<Secret>) -> Result<Self, Failure> {
        let agent = concat!("tidegate/", env!("CARGO_PKG_VERSION"));
        let http = reqwest::Client::builder().user_agent(agent).connect_timeout(CONNECT);
        // a token is shown to the server that was named and to no other
        let http = http.redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| Failure::fault(format!("no client: {error}")))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), token, http })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answered, Failure> {
        self.ask(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answered, Failure> {
        self.ask(Method::POST, path, Some(body), &[]).await
    }

    /// One request. With headers of its own the token is left out.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answered, Failure> {
        let mut request = self.request(method, path, headers).header(ACCEPT, "application/json").timeout(ANSWER);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.answered(request).await?;
        let headers = response.headers().clone();
        let text = response.bytes().await.map_err(|error| self.away(&error))?;
        Ok(Answered { body: serde_json::from_slice(&text).unwrap_or(Value::Null), headers })
    }

    /// A request that shows the token, or the headers instead.
    pub(crate) fn request(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match self.token.as_ref().filter(|_| headers.is_empty()) {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {}", token.expose())),
            None => request,
        }
    }

    /// The answer to it, whose body is not read yet; whatever is no success is a failure.
    pub(crate) async fn answered(&self, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.away(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if let Some(place) = response.headers().get(LOCATION).and_then(|place| place.to_str().ok()) {
            let said = format!("{} sends us on to {place}: name the server that answers with --server", self.url);
            return Err(Failure::usage(said));
        }
        let text = response.bytes().await.map_err(|error| self.away(&error))?;
        Err(refusal(status, &serde_json::from_slice(&text).unwrap_or(Value::Null), &self.url))
    }

    /// It is not reached, or does not go on answering.
    pub(crate) fn away(&self, error: &reqwest::Error) -> Failure {
        let why = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source()).last();
        let why = why.map(ToString::to_string).unwrap_or_default();
        Failure::unknown(format!(
            "{} is not reached: {why}; start it with \"tidegate serve\", or name another with --server or TIDEGATE_SERVER",
            self.url
        ))
    }
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
    if status == StatusCode::UNAUTHORIZED {
        said.push_str("; give a token with --token-file, TIDEGATE_TOKEN or \"tidegate login\"");
    }
    match status.as_u16() {
        400 | 415 | 422 => Failure::usage(said),
        429 | 502 | 503 | 504 => Failure::unknown(said),
        500..=599 => Failure::fault(said),
        _ => Failure::no(said),
    }
}
