//! Asking web servers: time limits, bounded sizes, few tries with pauses between them, no redirects.
//!
//! A redirect is refused because it would let a server choose whom else we ask. The pauses grow and are spread by chance, so
//! that many gates do not come back at once; chance decides nothing else.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Seek as _, Write as _};
use std::time::Duration;

use reqwest::{Client, Response, Url, redirect};
use tidegate_platform::step;

use super::shown;

/// How often something is asked for before it counts as unknown.
const TRIES: u32 = 5;

/// The time for one answer, or for a large one to begin.
const LIMIT: Duration = Duration::from_secs(30);

/// What a large answer has to come with on the whole, in bytes a second. Slower ones would hold a run for days.
const SLOWEST: u64 = 128 << 10;

/// The pause after the first try; each one after it is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// A server that did not answer as it should, as often as it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {why}{}", if *.tries == 1 { String::new() } else { format!(", at the last of {tries} tries") })]
pub struct HttpError {
    /// The URL without credentials.
    pub url: String,
    /// What happened.
    pub why: String,
    /// How often it was asked.
    pub tries: u32,
    /// Whether this says nothing about other questions to the same server: it did answer.
    pub is_answer: bool,
}

/// What is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Every failure.
    Always,
    /// A server that is busy: no answer in time, 502, 503.
    Busy,
}

/// A try without a usable answer.
#[derive(Debug)]
struct Failure {
    why: String,
    is_busy: bool,
    is_answer: bool,
}

impl Failure {
    fn local(error: &io::Error) -> Self {
        Self { why: error.to_string(), is_busy: false, is_answer: true }
    }
}

/// Where the body of an answer goes.
pub(super) trait Sink: Send {
    /// Forgets what an earlier try left.
    fn restart(&mut self) -> io::Result<()>;
    /// Takes the next piece.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl Sink for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

/// A client of web servers.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    patience: Patience,
}

impl Http {
    /// A client that trusts what the machine trusts.
    pub(super) fn new(patience: Patience) -> io::Result<Self> {
        // Another part of the program may have said so before, and then in the same words.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(step::limit(LIMIT))
            .build();
        client.map(|client| Self { client, patience }).map_err(|error| io::Error::other(reasons(&error)))
    }

    /// The status and the body of an answer. A status outside of `answers` is a failure and tried again.
    pub(super) async fn get(&self, url: &Url, answers: &[u16], most: usize) -> Result<(u16, Vec<u8>), HttpError> {
        let mut body = Vec::new();
        let whole = Some(LIMIT);
        let status = self.fetch(url, answers, most as u64, whole, &mut body).await?;
        Ok((status, body))
    }

    /// Puts a large answer into a file. The time that it may take grows with what has come, for nobody knows how large it is.
    pub(super) async fn download(&self, url: &Url, most: u64, file: &mut File) -> Result<(), HttpError> {
        self.fetch(url, &[200], most, None, file).await.map(|_| ())
    }

    async fn fetch(
        &self,
        url: &Url,
        answers: &[u16],
        most: u64,
        whole: Option<Duration>,
        sink: &mut dyn Sink,
    ) -> Result<u16, HttpError> {
        let mut tries = 1;
        loop {
            let answer = self.once(url, answers, most, whole.is_none(), sink);
            let answer = match whole {
                Some(limit) => within(limit, answer).await.and_then(|answer| answer),
                None => answer.await,
            };
            let failure = match answer {
                Ok(status) => return Ok(status),
                Err(failure) => failure,
            };
            if tries == TRIES || self.patience == Patience::Busy && !failure.is_busy {
                let Failure { why, is_answer, .. } = failure;
                return Err(HttpError { url: shown(url), why, tries, is_answer });
            }
            tokio::time::sleep(step::limit(pause(tries))).await;
            tries += 1;
        }
    }

    /// One try. With `large` the body may take longer the more has come; else whoever calls limits the whole.
    async fn once(
        &self,
        url: &Url,
        answers: &[u16],
        most: u64,
        large: bool,
        sink: &mut dyn Sink,
    ) -> Result<u16, Failure> {
        sink.restart().map_err(|error| Failure::local(&error))?;
        let failed = |error: reqwest::Error| {
            let (is_busy, is_answer) = (error.is_timeout(), !error.is_timeout() && !error.is_connect());
            Failure { why: reasons(&error), is_busy, is_answer }
        };
        let mut response: Response = within(LIMIT, self.client.get(url.clone()).send()).await?.map_err(failed)?;
        let status = response.status();
        if !answers.contains(&status.as_u16()) {
            let is_busy = [502, 503].contains(&status.as_u16());
            return Err(Failure { why: format!("the server answers {status}"), is_busy, is_answer: !is_busy });
        }
        let too_large = || Failure {
            why: format!("the answer has more than the {most} bytes that are taken"),
            is_busy: false,
            is_answer: true,
        };
        if response.content_length().is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let begin = tokio::time::Instant::now();
        let mut came = 0_u64;
        loop {
            let piece = if large {
                let limit = step::limit(LIMIT + Duration::from_secs(came / SLOWEST));
                let piece = tokio::time::timeout_at(begin + limit, response.chunk()).await;
                piece.map_err(|_| too_slow(came))?
            } else {
                response.chunk().await
            };
            let Some(piece) = piece.map_err(failed)? else { break };
            came += piece.len() as u64;
            if came > most {
                return Err(too_large());
            }
            sink.take(&piece).map_err(|error| Failure::local(&error))?;
        }
        Ok(status.as_u16())
    }
}

fn too_slow(came: u64) -> Failure {
    let why = format!("the answer does not come to an end: {came} bytes, and then too slowly");
    Failure { why, is_busy: true, is_answer: false }
}

async fn within<T>(limit: Duration, answer: impl Future<Output = T>) -> Result<T, Failure> {
    let answer = tokio::time::timeout(step::limit(limit), answer).await;
    answer.map_err(|_| Failure {
        why: format!("no answer within {} seconds", limit.as_secs()),
        is_busy: true,
        is_answer: false,
    })
}

/// The pause after that many tries, between three quarters and five quarters of its length.
fn pause(tries: u32) -> Duration {
    let percent = 75 + u32::try_from(RandomState::new().build_hasher().finish() % 51).unwrap_or(25);
    PAUSE * 2_u32.pow(tries - 1) * percent / 100
}

/// An error with its causes. Its URL, which may hold a password, is left out.
fn reasons(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    if error.is_connect() {
        format!("no connection: {text}")
    } else if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("the answer breaks off: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_near_their_length() {
        for tries in 1..TRIES {
            let length = PAUSE * 2_u32.pow(tries - 1);
            for _ in 0..100 {
                let pause = pause(tries);
                assert!(pause >= length * 3 / 4 && pause <= length * 126 / 100, "{pause:?} after {tries} tries");
            }
        }
    }

    /// A server that never stops, with and without saying how much it has.
    #[test]
    fn no_more_is_taken_than_there_is_room_for() {
        use std::io::Read as _;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        std::thread::spawn(move || {
            for (connection, length) in listener.incoming().zip(["", "Content-Length: 99999999\r\n"]) {
                let mut connection = connection.unwrap();
                let _ = connection.read(&mut [0; 1024]);
                let _ = connection.write_all(format!("HTTP/1.1 200 OK\r\n{length}\r\n").as_bytes());
                while connection.write_all(&[b'x'; 1 << 14]).is_ok() {}
            }
        });
        let room = super::super::waiting_room().unwrap();
        for _ in 0..2 {
            let (mut file, http) = (tempfile::tempfile().unwrap(), Http::new(Patience::Always).unwrap());
            let failure = room.block_on(http.once(&url, &[200], 100_000, true, &mut file)).unwrap_err();
            assert!(failure.why.contains("more than the 100000 bytes"), "{}", failure.why);
            assert!(file.metadata().unwrap().len() <= 100_000);
        }
    }

    #[test]
    fn a_shown_url_has_no_credentials() {
        let url = Url::parse("https://user:secret@results.example.org/a?b=c").unwrap();
        assert_eq!(shown(&url), "https://results.example.org/a?b=c");
    }
}
