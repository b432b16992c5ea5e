//! A closed loop over kept connections: each asks, waits for the answer, and asks again.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tidegate_platform::secret::Secret;
use tokio::net::TcpStream;

use super::loads::{Asked, Requests};

/// Whoever answers later does not answer.
const TIME: Duration = Duration::from_secs(60);
/// Whoever answers more is no service for results.
const LARGEST: usize = 64 * 1024 * 1024;

/// Who is asked.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// What it was called on the command line.
    pub(super) url: String,
    /// `127.0.0.1:8470`
    pub(super) authority: String,
    /// What comes before the paths of the interface.
    pub(super) base: String,
    /// Shown with every request.
    pub(super) token: Option<Secret>,
}

/// What a phase of a load was like.
#[derive(Debug, Default, Clone)]
pub(super) struct Phase {
    /// How long each answer took, in microseconds.
    pub(super) took: Vec<u32>,
    /// How long all of it took.
    pub(super) elapsed: Duration,
    /// Requests that were not answered as they should be.
    pub(super) errors: u64,
    /// What the first of them got.
    pub(super) first_error: Option<String>,
    /// Bytes of all bodies that were answered.
    pub(super) bytes: u64,
}

/// A connection, made when it is needed.
pub(super) struct Link<'t> {
    target: &'t Target,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// Where the time goes on this machine, for people.
#[expect(clippy::disallowed_methods, reason = "it measures for people")]
pub(super) fn now() -> Instant {
    Instant::now()
}

impl Phase {
    fn and(mut self, other: Self) -> Self {
        self.took.extend(other.took);
        self.errors += other.errors;
        self.bytes += other.bytes;
        self.first_error = self.first_error.or(other.first_error);
        self.elapsed = self.elapsed.max(other.elapsed);
        self
    }

    /// Answers a second.
    pub(super) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
        let count = self.took.len() as f64;
        count / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// Asks over a connection for each of these sequences, for that long.
pub(super) async fn drive(target: &Target, connections: Vec<Requests>, time: Duration) -> Phase {
    let begin = now();
    let loops = connections.into_iter().map(|requests| async move {
        let mut link = Link::to(target);
        let mut phase = Phase::default();
        while begin.elapsed() < time {
            let asked = requests.next();
            let sent = now();
            match link.ask(&asked).await {
                Ok(body) => {
                    phase.took.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                    phase.bytes += u64::try_from(body.len()).unwrap_or(0);
                }
                Err(error) => {
                    phase.errors += 1;
                    phase.first_error.get_or_insert(error);
                    if phase.errors >= 100 {
                        break;
                    }
                }
            }
        }
        Phase { elapsed: begin.elapsed(), ..phase }
    });
    let phases = futures_util::future::join_all(loops).await;
    phases.into_iter().fold(Phase::default(), Phase::and)
}

impl<'t> Link<'t> {
    /// To that service; nothing is connected yet.
    pub(super) fn to(target: &'t Target) -> Self {
        Self { target, sender: None }
    }

    /// The body of the answer, if it has the status that it should have.
    pub(super) async fn ask(&mut self, asked: &Asked) -> Result<Bytes, String> {
        let answer = tokio::time::timeout(TIME, self.exchange(asked)).await;
        let (status, body) =
            answer.unwrap_or_else(|_| Err(format!("no answer within {TIME:?}"))).inspect_err(|_| {
                self.sender = None;
            })?;
        if status.as_u16() == asked.status {
            return Ok(body);
        }
        let text: String = String::from_utf8_lossy(&body).chars().filter(|char| !char.is_control()).take(200).collect();
        Err(format!("{status}: {text}"))
    }

    async fn exchange(&mut self, asked: &Asked) -> Result<(StatusCode, Bytes), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await.map_err(|error| text(&error))?,
        };
        let response = sender.send_request(self.request(asked)?).await.map_err(|error| text(&error))?;
        let (status, is_kept) = (response.status(), is_kept(&response));
        let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(|error| text(&error))?;
        if is_kept && sender.ready().await.is_ok() {
            self.sender = Some(sender);
        }
        Ok((status, body.to_bytes()))
    }

    async fn connect(&self) -> std::io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.target.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }

    fn request(&self, asked: &Asked) -> Result<Request<Full<Bytes>>, String> {
        let Target { authority, base, token, .. } = self.target;
        let mut request = Request::builder().uri(format!("{base}{}", asked.path)).header(HOST, authority);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let body = match &asked.body {
            Some(body) => {
                request = request.method(Method::POST).header(CONTENT_TYPE, "application/json");
                Bytes::from(body.clone())
            }
            None => Bytes::new(),
        };
        request.body(Full::new(body)).map_err(|error| error.to_string())
    }
}

fn is_kept<T>(response: &Response<T>) -> bool {
    let said = response.headers().get(CONNECTION).and_then(|said| said.to_str().ok());
    !said.is_some_and(|said| said.eq_ignore_ascii_case("close"))
}
