//! `events`: what happens, line by line as it comes, and what messages there are.

use std::time::Duration;

use clap::{Args, Subcommand};
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::backoff::Backoff;
use tidegate_platform::chance::SystemRng;

use super::desk::{Desk, part, query};
use super::server::Server;
use super::shown::word;
use super::sse::{Event, Events};
use crate::failure::{Failure, of_output};

/// What happens
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Say what happens as it comes, and go on after a lost connection
    Follow(FollowArgs),
    /// List the topics, or show the schema and an example of one
    Topics {
        /// The topic
        topic: Option<String>,
    },
}

/// Which messages
#[derive(Debug, Args)]
pub(crate) struct FollowArgs {
    /// A topic, whole words and .*, or *; may be repeated
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// What they are about, such as build:nethack-9-1.fc44; may be repeated
    #[arg(long = "subject", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// A gate's name; may be repeated
    #[arg(long = "gate", value_name = "GATE")]
    gates: Vec<String>,
    /// Begin behind this number of the feed; with what comes, without it
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
}

const EVENTS: &str = "/api/v1/events";
/// A server says every 15 s that it is there.
const SILENCE: Duration = Duration::from_secs(60);
const PAUSES: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));

/// How a stream ended.
enum End {
    /// It broke off, or was ended: the next one goes on where it stopped.
    Lost(Failure),
    /// The server does not have what came next.
    Reset,
}

/// A reader that knows where it is.
struct Follower<'a, 'c> {
    server: &'a Server,
    console: &'a mut Console<'c>,
    target: String,
    /// The number of the feed behind which it goes on.
    last: Option<String>,
    /// Connections in a row that brought nothing.
    failures: u32,
}

/// Carries it out.
pub(super) fn execute(command: &EventsCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    match command {
        EventsCommand::Topics { topic: None } => desk.list("/api/v1/events/topics", &["topic", "version"]),
        EventsCommand::Topics { topic: Some(topic) } => {
            let shape = desk.client.get(&format!("/api/v1/events/topics/{}", part(topic)))?.body;
            if desk.console.voice.json {
                return super::shown::object(desk.console, &shape);
            }
            let text = serde_json::to_string_pretty(&shape).map_err(|error| Failure::fault(error.to_string()))?;
            desk.console.answer(&text).map(|()| Exit::Yes).map_err(|error| of_output(&error))
        }
        EventsCommand::Follow(args) => {
            let all = |name: &'static str, values: &[String]| (!values.is_empty()).then(|| (name, values.join(",")));
            let given = [all("topic", &args.topics), all("subject", &args.subjects), all("gate", &args.gates)];
            let given: Vec<_> = given.into_iter().flatten().collect();
            let target = query(EVENTS, given.iter().map(|(name, values)| (*name, Some(values.as_str()))));
            let last = args.after.map(|after| after.to_string());
            let server = desk.client.server()?;
            let follower = Follower { server, console: desk.console, target, last, failures: 0 };
            desk.client.wait(follower.follow())
        }
    }
}

impl Follower<'_, '_> {
    /// Goes on for ever, or until the server refuses.
    async fn follow(mut self) -> Result<Exit, Failure> {
        let mut was_connected = false;
        loop {
            match self.stream(&mut was_connected).await? {
                End::Reset => {
                    let begin = "the server no longer has what came next: this begins anew with what comes now";
                    self.say(begin)?;
                    self.last = None;
                }
                // a server that was never reached is named at once
                End::Lost(failure) if !was_connected => return Err(failure),
                End::Lost(failure) => {
                    if self.failures == 0 {
                        self.say(&format!("the connection is lost, and tried again: {}", failure.text))?;
                    }
                    self.failures += 1;
                    tokio::time::sleep(PAUSES.jittered(self.failures, &SystemRng)).await;
                }
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn stream(&mut self, was_connected: &mut bool) -> Result<End, Failure> {
        let mut request = self.server.request(Method::GET, &self.target, &[]).header(ACCEPT, "text/event-stream");
        if let Some(last) = &self.last {
            request = request.header("last-event-id", last);
        }
        let mut response = match self.server.answered(request).await {
            Ok(response) => response,
            Err(failure) if failure.exit == Failure::UNKNOWN => return Ok(End::Lost(failure)),
            Err(failure) => return Err(failure),
        };
        if *was_connected && self.failures > 0 {
            self.say("the connection is there again")?;
        }
        (*was_connected, self.failures) = (true, 0);
        let mut events = Events::default();
        loop {
            let lost = |why: &str| Ok(End::Lost(Failure::unknown(format!("{} {why}", self.server.url))));
            let bytes = match tokio::time::timeout(SILENCE, response.chunk()).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => return lost("ended the stream"),
                Ok(Err(error)) => return Ok(End::Lost(self.server.away(&error))),
                Err(_) => return lost("is silent"),
            };
            let found = events.push(&bytes);
            let found =
                found.map_err(|_| Failure::fault("an event is longer than 8 MiB: this is no stream of ours"))?;
            for event in found {
                if event.name == "reset" {
                    return Ok(End::Reset);
                }
                self.tell(event)?;
            }
        }
    }

    fn tell(&mut self, event: Event) -> Result<(), Failure> {
        let message: Value = serde_json::from_str(&event.data)
            .map_err(|error| Failure::fault(format!("event {:?} is no JSON: {error}", event.id)))?;
        let number = event.id.parse::<u64>().ok();
        let told = if self.console.voice.json {
            self.console.json(&json!({"no": number, "message": message}))
        } else {
            self.console.answer(&line(&message))
        };
        told.and_then(|()| self.console.prompt("")).map_err(|error| of_output(&error))?;
        self.last = Some(event.id);
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.console.say(text).map_err(|error| of_output(&error))
    }
}

/// When, what, about what, and what came of it where a message says so.
fn line(message: &Value) -> String {
    let outcome = &message["body"]["outcome"];
    let words = [&message["at"], &message["topic"], &message["subjects"], outcome];
    let words: Vec<String> = words.into_iter().filter(|value| !value.is_null()).map(word).collect();
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_line() {
        let message = json!({
            "at": "2026-11-21T08:04:12.847042Z", "topic": "results.result.changed",
            "subjects": ["build:nethack-9-1.fc44", "item:a"], "body": {"outcome": "FAILED"},
        });
        let shown = "2026-11-21T08:04:12.847042Z  results.result.changed  build:nethack-9-1.fc44,item:a  FAILED";
        assert_eq!(line(&message), shown);
        let message = json!({"at": "t", "topic": "platform.sink.down", "subjects": [], "body": {}});
        assert_eq!(line(&message), "t  platform.sink.down  -");
    }
}
