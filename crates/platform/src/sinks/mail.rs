//! Mail, by SMTP or into a folder.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::file::AsyncFileTransport;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Tokio1Executor};
use serde::{Deserialize, Serialize};
use tidegate_kernel::{Actor, OrderKey};

use crate::outbox::{Act, Deed, Entry, Post};
use crate::relay::{Policy, Sent, Sink, Takes, Trouble};
use crate::secret::Secret;

/// A mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address, perhaps with a name.
    pub to: String,
    /// On one line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Further headers.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

/// How mails go out.
#[derive(Debug, Clone)]
pub struct MailOptions {
    /// The sender's address, perhaps with a name.
    pub from: String,
    /// Where to.
    pub way: MailWay,
}

/// Where mails go.
#[derive(Debug, Clone)]
pub enum MailWay {
    /// To a server: `smtp://user:password@host:port`, `smtps://…`, `smtp://…?tls=required`.
    Smtp(Secret),
    /// As files into a folder.
    Folder(PathBuf),
}

/// Settings by which no mail can be sent.
#[derive(Debug, thiserror::Error)]
pub enum BadMail {
    /// The sender's address.
    #[error("{0:?} is no address of a sender")]
    From(String),
    /// The server's address, which is not shown as it may have a password in it.
    #[error("the mail server's address is none: expected smtp://… or smtps://…")]
    Server,
}

/// The sink of mails.
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

enum Transport {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(AsyncFileTransport<Tokio1Executor>),
}

const TIMEOUT: Duration = Duration::from_secs(60);

impl Mail {
    /// The deed of sending it. Mails to one address keep their order.
    ///
    /// # Errors
    ///
    /// The address has a control character.
    pub fn deed(&self, message_id: &str, actor: Actor) -> Result<Deed, tidegate_kernel::message::NotAKey> {
        let key = OrderKey::new("platform", &format!("mail/{}", self.to))?;
        let payload = serde_json::to_value(self).expect("texts have a JSON form");
        Ok(Deed { sink: "mail".to_owned(), key, mark: message_id.to_owned(), actor, payload })
    }
}

impl Mailer {
    /// The sink with those settings.
    ///
    /// # Errors
    ///
    /// One of the addresses is none.
    pub fn new(options: &MailOptions) -> Result<Self, BadMail> {
        let from = options.from.parse().map_err(|_| BadMail::From(options.from.clone()))?;
        let transport = match &options.way {
            MailWay::Folder(folder) => Transport::Folder(AsyncFileTransport::new(folder)),
            MailWay::Smtp(url) => {
                let builder =
                    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).map_err(|_| BadMail::Server)?;
                Transport::Smtp(Box::new(builder.timeout(Some(TIMEOUT)).build()))
            }
        };
        Ok(Self { from, transport })
    }

    async fn deliver(&self, act: &Act) -> Result<(), Trouble> {
        let mail: Mail =
            serde_json::from_value(act.payload.clone()).map_err(|error| Trouble::Refused(error.to_string()))?;
        let message = self.message(act, mail)?;
        match &self.transport {
            Transport::Folder(folder) => folder.send(message).await.map(drop).map_err(Trouble::gone),
            Transport::Smtp(server) => server.send(message).await.map(drop).map_err(|error| judge(&error)),
        }
    }

    fn message(&self, act: &Act, mail: Mail) -> Result<Message, Trouble> {
        let never = |error: &dyn std::fmt::Display| Trouble::Refused(error.to_string());
        let to: Mailbox = mail.to.parse().map_err(|_| Trouble::Refused(format!("{:?} is no address", mail.to)))?;
        let since_epoch = Duration::from_micros(u64::try_from(act.at.as_microseconds()).unwrap_or(0));
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(one_line(&mail.subject))
            .message_id(Some(act.mark.clone()))
            .date(SystemTime::UNIX_EPOCH + since_epoch)
            .header(ContentType::TEXT_PLAIN);
        for (name, value) in mail.headers {
            let name = HeaderName::new_from_ascii(name).map_err(|error| never(&error))?;
            builder = builder.raw_header(HeaderValue::new(name, one_line(&value)));
        }
        builder.body(mail.text).map_err(|error| never(&error))
    }
}

impl Sink for Mailer {
    fn name(&self) -> String {
        "mail".to_owned()
    }

    fn takes(&self) -> Takes {
        Takes::Acts
    }

    fn policy(&self) -> Policy {
        Policy::MAIL
    }

    async fn send(&self, entries: &[Entry]) -> Sent {
        for (through, entry) in entries.iter().enumerate() {
            let Post::Act(act) = &entry.post else { continue };
            if let Err(trouble) = self.deliver(act).await {
                return Sent { through, trouble: Some(trouble) };
            }
        }
        Sent::all(entries.len())
    }
}

/// A server that answers says something about the recipient, one that does not is gone.
fn judge(error: &lettre::transport::smtp::Error) -> Trouble {
    let text = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    if error.is_permanent() {
        Trouble::Refused(text)
    } else if error.is_transient() {
        Trouble::Later(text)
    } else {
        Trouble::gone(text)
    }
}

/// Nothing in a header can begin another one.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
