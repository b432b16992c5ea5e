//! Small questions to web services: a service that fails is not asked again in a run.

use std::collections::BTreeSet;

use reqwest::Url;
use tokio::runtime::Runtime;

use super::http::{Http, Patience};
use super::{shown, waiting_room};

/// No answer is longer, in bytes.
const MOST: usize = 4 << 20;

/// Who answers questions: the web, or a test.
pub(super) trait Web {
    /// The text at a URL; none if there is none.
    fn get(&mut self, url: &str) -> Result<Option<String>, String>;
}

/// The web.
pub(super) struct Services {
    http: Http,
    runtime: Runtime,
    /// Hosts that failed in this run.
    down: BTreeSet<String>,
}

impl Services {
    pub(super) fn new() -> Result<Self, String> {
        let made = Http::new(Patience::Busy).and_then(|http| Ok((http, waiting_room()?)));
        let (http, runtime) = made.map_err(|error| format!("cannot ask the web: {error}"))?;
        Ok(Self { http, runtime, down: BTreeSet::new() })
    }
}

impl Web for Services {
    fn get(&mut self, url: &str) -> Result<Option<String>, String> {
        let url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        if self.down.contains(&host) {
            return Err(format!("{host} failed before in this run"));
        }
        match self.runtime.block_on(self.http.get(&url, &[200, 404, 410], MOST)) {
            Ok((200, body)) => {
                let text = String::from_utf8(body).map_err(|_| format!("{} answers no UTF-8", shown(&url)))?;
                Ok(Some(text))
            }
            Ok(_) => Ok(None),
            Err(error) => {
                if !error.is_answer {
                    self.down.insert(host);
                }
                Err(error.to_string())
            }
        }
    }
}
