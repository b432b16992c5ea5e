//! Small questions to web services: bounded answers, few tries, and a service that fails is not asked again in a run.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Client, Url, redirect};
use tidegate_platform::step;
use tokio::runtime::{Builder, Runtime};

/// How often something is asked for.
const TRIES: u32 = 5;

/// The time for one whole answer.
const LIMIT: Duration = Duration::from_secs(30);

/// The pause after the first try; each one after it is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// No answer is longer, in bytes.
const MOST: usize = 4 << 20;

/// Who answers questions: the web, or a test.
pub(super) trait Web {
    /// The text at a URL; none if there is none.
    fn get(&mut self, url: &str) -> Result<Option<String>, String>;
}

/// The web.
pub(super) struct Services {
    client: Client,
    runtime: Runtime,
    /// Hosts that failed in this run.
    down: BTreeSet<String>,
}

/// How a try ended without an answer.
enum Failed {
    /// Another try may do better.
    Busy(String),
    /// Nothing there takes questions.
    Gone(String),
    /// There is an answer, and none that can be used.
    Final(String),
}

impl Services {
    pub(super) fn new() -> Result<Self, String> {
        // Another part of the program may have said so before, and then in the same words.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(step::limit(LIMIT))
            .build();
        let runtime = Builder::new_current_thread().enable_all().build();
        let cannot = |error: &dyn std::fmt::Display| format!("cannot ask the web: {error}");
        Ok(Self {
            client: client.map_err(|error| cannot(&error))?,
            runtime: runtime.map_err(|error| cannot(&error))?,
            down: BTreeSet::new(),
        })
    }

    async fn once(&self, url: &Url) -> Result<Option<String>, Failed> {
        let failed = |error: reqwest::Error| {
            let text = error.to_string();
            if error.is_timeout() {
                Failed::Busy(text)
            } else if error.is_connect() {
                Failed::Gone(text)
            } else {
                Failed::Final(text)
            }
        };
        let mut response = self.client.get(url.clone()).send().await.map_err(failed)?;
        let status = response.status();
        match status.as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            502 | 503 => return Err(Failed::Busy(format!("{url} answers {status}"))),
            _ => return Err(Failed::Final(format!("{url} answers {status}"))),
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > MOST {
                return Err(Failed::Final(format!("{url} answers more than {MOST} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        String::from_utf8(body).map(Some).map_err(|_| Failed::Final(format!("{url} answers no UTF-8")))
    }
}

impl Web for Services {
    fn get(&mut self, url: &str) -> Result<Option<String>, String> {
        let url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        if self.down.contains(&host) {
            return Err(format!("{host} failed before in this run"));
        }
        let mut pause = step::limit(PAUSE);
        let mut tries = 1;
        let why = loop {
            match self.runtime.block_on(self.once(&url)) {
                Ok(answer) => return Ok(answer),
                Err(Failed::Busy(_)) if tries < TRIES => {
                    self.runtime.block_on(tokio::time::sleep(pause));
                    pause *= 2;
                    tries += 1;
                }
                Err(Failed::Busy(why)) => break format!("{why}, at the last of {TRIES} tries"),
                Err(Failed::Gone(why)) => break why,
                Err(Failed::Final(why)) => return Err(why),
            }
        };
        self.down.insert(host);
        Err(why)
    }
}
