//! Web hooks: the envelope as JSON, signed.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use sha2::Sha256;

use crate::outbox::{Entry, Post};
use crate::relay::{Policy, Sent, Sink, Takes, Trouble};
use crate::secret::Secret;

/// Where a hook goes.
#[derive(Debug, Clone)]
pub struct HookOptions {
    /// Its name in the configuration.
    pub name: String,
    /// Where messages are posted to. It may have a secret in it, so nobody shows it.
    pub url: Secret,
    /// Which topics: a topic, a beginning of whole words and `.*`, or `*`.
    pub topics: Vec<String>,
    /// What the body is signed with.
    pub secret: Secret,
    /// The first number of the feed that it gets; the next one where nothing is said.
    pub from: Option<i64>,
}

/// The sink of a web hook.
pub struct Hook {
    client: reqwest::Client,
    options: HookOptions,
}

const TIMEOUT: Duration = Duration::from_secs(30);

impl Hook {
    /// A hook that posts by that client, which should follow no redirects.
    pub fn new(client: reqwest::Client, options: HookOptions) -> Self {
        Self { client, options }
    }

    async fn post(&self, entry: &Entry) -> Result<(), Trouble> {
        let Post::Message(message) = &entry.post else { return Ok(()) };
        let body = serde_json::to_vec(message).map_err(|error| Trouble::Refused(error.to_string()))?;
        let request = self
            .client
            .post(self.options.url.expose())
            .timeout(TIMEOUT)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .header("X-Tidegate-Signature", signature(&self.options.secret, &body))
            .header("X-Tidegate-Delivery", message.id.to_string())
            .header("X-Tidegate-Topic", message.topic.as_str())
            .body(body);
        let answer = request.send().await.map_err(|error| trouble(error.without_url()))?;
        judge(answer.status(), answer.headers())
    }
}

impl Sink for Hook {
    fn name(&self) -> String {
        format!("hook:{}", self.options.name)
    }

    fn takes(&self) -> Takes {
        Takes::Messages(self.options.topics.clone())
    }

    fn begins(&self) -> Option<i64> {
        self.options.from
    }

    fn policy(&self) -> Policy {
        Policy::HOOK
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        for (through, entry) in entries.iter().enumerate() {
            if let Err(trouble) = self.post(entry).await {
                return Sent { through, trouble: Some(trouble) };
            }
        }
        Sent::all(entries.len())
    }
}

/// What the receiver compares: `sha256=` and the hex HMAC of the raw body.
fn signature(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", tidegate_kernel::hex(&mac.finalize().into_bytes()))
}

fn trouble(error: reqwest::Error) -> Trouble {
    if error.is_builder() {
        Trouble::Refused(error.to_string())
    } else {
        Trouble::gone(anyhow::Error::from(error).root_cause())
    }
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Trouble> {
    if status.is_success() {
        return Ok(());
    }
    let error = format!("the receiver answered {status}");
    let is_gone =
        status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT;
    if !is_gone {
        return Err(Trouble::Later(error));
    }
    let after =
        headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| text.trim().parse().ok());
    Err(Trouble::Gone { error, after: after.map(Duration::from_secs) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let signed = signature(&Secret::new("Jefe"), b"what do ya want for nothing?");
        assert_eq!(signed, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn answers_are_judged_by_whether_the_receiver_can_take_anything() {
        let mut headers = HeaderMap::new();
        let judged = |status: u16, headers: &HeaderMap| judge(StatusCode::from_u16(status).unwrap(), headers);
        assert_eq!(judged(200, &headers), Ok(()));
        assert_eq!(judged(204, &headers), Ok(()));
        for status in [301, 400, 404, 410, 413] {
            assert!(matches!(judged(status, &headers), Err(Trouble::Later(_))), "{status}");
        }
        for status in [408, 429, 500, 503] {
            assert!(matches!(judged(status, &headers), Err(Trouble::Gone { after: None, .. })), "{status}");
        }
        headers.insert(RETRY_AFTER, "120".parse().unwrap());
        let Err(Trouble::Gone { after, .. }) = judged(503, &headers) else { panic!("it is gone") };
        assert_eq!(after, Some(Duration::from_secs(120)));
    }
}
