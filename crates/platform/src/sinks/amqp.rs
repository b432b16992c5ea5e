//! The bus: AMQP 0-9-1 with publisher confirms, in the wire format of fedora-messaging.
//!
//! A batch goes out on one channel, so the broker gets it in order, and what it confirmed without a gap went through. A
//! message that no queue wants is returned and counts as sent: nobody listens, which is no error.

mod wire;

use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::outbox::{Entry, Post};
use crate::relay::{Policy, Sent, Sink, Takes, Trouble};
use crate::secret::Secret;

/// Which broker, and how messages are called there.
#[derive(Debug, Clone)]
pub struct AmqpOptions {
    /// `amqp://user:password@host/vhost`.
    pub url: Secret,
    /// The exchange, which has to be there.
    pub exchange: String,
    /// What stands before every topic in the routing key.
    pub topic_prefix: String,
}

/// The sink of the bus.
pub struct Amqp {
    options: AmqpOptions,
    link: Mutex<Option<Link>>,
    /// Messages that no queue wanted.
    unrouted: Counter,
}

struct Link {
    connection: Connection,
    channel: Channel,
}

const CONNECT: Duration = Duration::from_secs(10);
/// A broker that confirms nothing for so long is away: it is blocked, or the network is.
const CONFIRM: Duration = Duration::from_secs(30);
/// AMQP's code for a message that the broker's rules forbid, such as one that is too big for it.
const PRECONDITION_FAILED: u16 = 406;

impl Amqp {
    /// A sink that connects when there is something to send.
    pub fn new(options: AmqpOptions) -> Self {
        Self { options, link: Mutex::new(None), unrouted: Counter::default() }
    }

    /// Counts there what no queue wants.
    #[must_use]
    pub fn counting(self, unrouted: Counter) -> Self {
        Self { unrouted, ..self }
    }

    async fn connect(&self) -> lapin::Result<Link> {
        let properties = ConnectionProperties::default().with_connection_name("tidegate".into());
        let connection = Connection::connect(self.options.url.expose(), properties).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Link { connection, channel })
    }

    /// Sends on the link that there is, or a new one; a link on which something failed is left.
    async fn send_linked(&self, entries: &[Entry]) -> (usize, Option<Failure>) {
        let mut link = self.link.lock().await;
        if link.as_ref().is_none_or(|link| !link.connection.status().connected() || !link.channel.status().connected())
        {
            *link = None;
            match timeout(CONNECT, self.connect()).await {
                Ok(Ok(connected)) => *link = Some(connected),
                Ok(Err(error)) => return (0, Some(Failure::of(&error))),
                Err(_) => return (0, Some(Failure::Away("the broker does not answer".to_owned()))),
            }
        }
        let Some(Link { channel, .. }) = link.as_ref() else { return (0, None) };
        let (through, failure) = publish(channel, &self.options, entries, &self.unrouted).await;
        let leave = matches!(failure, Some(Failure::Away(_) | Failure::Forbidden(_)));
        if leave && let Some(Link { connection, .. }) = link.take() {
            let _ = timeout(Duration::from_secs(1), connection.close(200, "left".into())).await;
        }
        (through, failure)
    }
}

/// Why a batch did not go through.
#[derive(Debug)]
enum Failure {
    /// The broker, or the way to it.
    Away(String),
    /// The broker says no to one message of the batch, and closed the channel over it.
    Forbidden(String),
    /// The broker says no to this message.
    Refused(String),
    /// It can never be sent.
    Never(String),
}

impl Failure {
    fn of(error: &lapin::Error) -> Self {
        // the address with its password is in none of these texts
        let text = error.to_string();
        match error.kind() {
            lapin::ErrorKind::ProtocolError(protocol) if protocol.get_id() == PRECONDITION_FAILED => {
                Self::Forbidden(text)
            }
            _ => Self::Away(text),
        }
    }
}

impl Sink for Amqp {
    fn name(&self) -> String {
        "amqp".to_owned()
    }

    fn takes(&self) -> Takes {
        Takes::Messages(vec!["*".to_owned()])
    }

    fn policy(&self) -> Policy {
        Policy::AMQP
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        let (mut through, mut failure) = self.send_linked(entries).await;
        // The broker does not say which message it forbids, so what is left goes out one by one.
        if let Some(Failure::Forbidden(_)) = failure {
            failure = None;
            while failure.is_none() && through < entries.len() {
                let (one, failed) = self.send_linked(&entries[through..=through]).await;
                through += one;
                failure = failed;
            }
        }
        let trouble = failure.map(|failure| match failure {
            Failure::Away(error) => Trouble::gone(error),
            Failure::Forbidden(error) | Failure::Refused(error) => Trouble::Later(error),
            Failure::Never(error) => Trouble::Refused(error),
        });
        Sent { through, trouble }
    }
}

/// Publishes all, then waits for the confirmations: how many came without a gap, and why the next one did not.
async fn publish(
    channel: &Channel,
    options: &AmqpOptions,
    entries: &[Entry],
    unrouted: &Counter,
) -> (usize, Option<Failure>) {
    let mut confirms: Vec<PublisherConfirm> = Vec::with_capacity(entries.len());
    let mut failure = None;
    for entry in entries {
        match timeout(CONFIRM, publish_one(channel, options, entry)).await {
            Ok(Ok(confirm)) => confirms.push(confirm),
            Ok(Err(failed)) => failure = Some(failed),
            Err(_) => failure = Some(Failure::Away("the broker takes nothing".to_owned())),
        }
        if failure.is_some() {
            break;
        }
    }
    let published = confirms.len();
    for (through, confirm) in confirms.into_iter().enumerate() {
        let failed = match timeout(CONFIRM, confirm).await {
            Ok(Ok(Confirmation::Ack(returned))) => {
                unrouted.inc_by(u64::from(returned.is_some()));
                continue;
            }
            Ok(Ok(Confirmation::Nack(_))) => Failure::Refused("the broker refused it".to_owned()),
            Ok(Ok(Confirmation::NotRequested)) => Failure::Away("the broker does not confirm".to_owned()),
            Ok(Err(error)) => Failure::of(&error),
            Err(_) => Failure::Away("the broker confirms nothing".to_owned()),
        };
        return (through, Some(failed));
    }
    (published, failure)
}

async fn publish_one(channel: &Channel, options: &AmqpOptions, entry: &Entry) -> Result<PublisherConfirm, Failure> {
    let Post::Message(message) = &entry.post else {
        return Err(Failure::Never("it is no message".to_owned()));
    };
    let key = wire::routing_key(&options.topic_prefix, message).map_err(Failure::Never)?;
    let body = serde_json::to_vec(&message.body).map_err(|error| Failure::Never(error.to_string()))?;
    let how = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let exchange = options.exchange.as_str().into();
    let published = channel.basic_publish(exchange, key, how, &body, wire::properties(message));
    published.await.map_err(|error| Failure::of(&error))
}
