//! The queues from which machines take tests: a broker, or a file.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm};
use tidegate_platform::step;

use super::journal::Entry;
use super::message::Message;
use super::waiting_room;
use crate::compat::britney::config::Queue;

/// The time for one answer of a broker.
const LIMIT: Duration = Duration::from_secs(30);

/// So many messages may be on their way without a confirmation.
const AT_ONCE: usize = 256;

/// Told of requests that have reached their queues.
pub(super) type Confirm<'a> = dyn FnMut(&[&str]) -> io::Result<()> + 'a;

/// Publishes requests. What reached a queue is confirmed, whatever happens to the rest. `again` says that an earlier run may
/// have published some of them.
///
/// # Errors
/// Why some were not confirmed, in words that hold no password.
pub(super) fn publish(queue: &Queue, entries: &[&Entry], again: bool, confirm: &mut Confirm<'_>) -> Result<(), String> {
    if entries.is_empty() {
        return Ok(());
    }
    match queue {
        Queue::Amqp(url) => {
            let room = waiting_room().map_err(|error| error.to_string())?;
            room.block_on(to_broker(url, entries, confirm))
        }
        Queue::File(path) => {
            to_file(path, entries, again, confirm).map_err(|error| format!("{}: {error}", path.display()))
        }
    }
}

async fn to_broker(url: &str, entries: &[&Entry], confirm: &mut Confirm<'_>) -> Result<(), String> {
    // The reader's error may repeat the URL, and with it the password.
    let mut uri = AMQPUri::from_str(url)
        .map_err(|_| "ADT_AMQP cannot be read; expected amqp://user:password@host[:port][/vhost]".to_owned())?;
    if uri.vhost.is_empty() {
        "/".clone_into(&mut uri.vhost);
    }
    let broker = format!("the broker at {}:{}", uri.authority.host, uri.authority.port);
    send_all(uri, entries, confirm).await.map_err(|error| format!("{broker}: {error}"))
}

async fn send_all(uri: AMQPUri, entries: &[&Entry], confirm: &mut Confirm<'_>) -> Result<(), String> {
    let properties = ConnectionProperties::default().with_connection_name("tidegate".into());
    let connection = within(Connection::connect_uri(uri, properties)).await?;
    let channel = within(connection.create_channel()).await?;
    within(channel.confirm_select(ConfirmSelectOptions::default())).await?;
    for batch in entries.chunks(AT_ONCE) {
        let mut sent = Sent::default();
        let mut outcome = sent.send(&channel, batch).await;
        let homeless = std::mem::take(&mut sent.homeless);
        if outcome.is_ok() && !homeless.is_empty() {
            outcome = declare(&channel, &homeless).await;
            if outcome.is_ok() {
                outcome = sent.send(&channel, &homeless).await;
            }
        }
        confirm(&sent.reached).map_err(|error| error.to_string())?;
        outcome?;
    }
    // Everything is confirmed; that closing went wrong changes nothing.
    let _ = within(connection.close(200, "done".into())).await;
    Ok(())
}

/// Makes the queues of these requests: nothing has taken a test from them yet.
async fn declare(channel: &Channel, entries: &[&Entry]) -> Result<(), String> {
    let queues: BTreeSet<&str> = entries.iter().map(|entry| entry.queue.as_str()).collect();
    for queue in queues {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        within(channel.queue_declare(queue.into(), options, FieldTable::default())).await?;
    }
    Ok(())
}

/// What became of a batch.
#[derive(Default)]
struct Sent<'a> {
    reached: Vec<&'a str>,
    /// Requests whose queue does not exist.
    homeless: Vec<&'a Entry>,
}

impl<'a> Sent<'a> {
    /// Sends requests, then waits for the broker to say that it has them on its disk.
    async fn send(&mut self, channel: &Channel, batch: &[&'a Entry]) -> Result<(), String> {
        let mut open: Vec<(&'a Entry, PublisherConfirm)> = Vec::new();
        let mut outcome = Ok(());
        for entry in batch {
            match publish_one(channel, entry).await {
                Ok(confirm) => open.push((entry, confirm)),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        for (entry, confirm) in open {
            match within(confirm).await {
                Ok(Confirmation::Ack(None)) => self.reached.push(&entry.id),
                Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => self.homeless.push(entry),
                Ok(Confirmation::Nack(None) | Confirmation::NotRequested) => {
                    outcome = Err(format!("it does not take what goes to {}", entry.queue));
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        outcome
    }
}

async fn publish_one(channel: &Channel, entry: &Entry) -> Result<PublisherConfirm, String> {
    step::reach("requests.publish.before").map_err(|error| error.to_string())?;
    // What no queue takes comes back instead of being dropped.
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let persistent = BasicProperties::default().with_delivery_mode(2).with_message_id(entry.id.as_str().into());
    let publish =
        channel.basic_publish("".into(), entry.queue.as_str().into(), options, entry.body.as_bytes(), persistent);
    let confirm = within(publish).await?;
    step::reach("requests.publish.after").map_err(|error| error.to_string())?;
    Ok(confirm)
}

async fn within<T>(answer: impl Future<Output = lapin::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(step::limit(LIMIT), answer).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", LIMIT.as_secs())),
    }
}

/// Appends a line for each request. A line that an earlier run has appended is not appended again.
fn to_file(path: &Path, entries: &[&Entry], again: bool, confirm: &mut Confirm<'_>) -> io::Result<()> {
    let lines: io::Result<Vec<String>> = entries
        .iter()
        .map(|entry| Message::parse(&entry.body).map(|message| message.line(&entry.queue)).map_err(io::Error::other))
        .collect();
    let lines = lines?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let there = if again { already_there(&file, &lines)? } else { BTreeSet::new() };
    end_line(&mut file)?;
    for line in lines.iter().filter(|line| !there.contains(line.as_str())) {
        step::reach("requests.publish.before")?;
        file.write_all(format!("{line}\n").as_bytes())?;
        step::reach("requests.publish.after")?;
    }
    file.sync_all()?;
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    confirm(&ids)
}

fn already_there<'a>(file: &File, lines: &'a [String]) -> io::Result<BTreeSet<&'a str>> {
    let ours: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    let longest = ours.iter().map(|line| line.len()).max().unwrap_or_default() as u64 + 1;
    let mut there = BTreeSet::new();
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    // Longer lines come in pieces, which are none of ours.
    while reader.by_ref().take(longest).read_until(b'\n', &mut line)? > 0 {
        let text = std::str::from_utf8(&line).unwrap_or_default().trim_end_matches('\n');
        there.extend(ours.get(text).copied());
        line.clear();
    }
    Ok(there)
}

/// Ends a line that breaks off, so that ours begins a new one.
fn end_line(file: &mut File) -> io::Result<()> {
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last == [b'\n'] { Ok(()) } else { file.write_all(b"\n") }
}
