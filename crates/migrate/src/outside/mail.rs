//! Mails over SMTP. One connection serves many.
//!
//! A mail is handed over in two exchanges with a point between them: first the server takes or refuses the recipients, then
//! the caller writes down that the mail is as good as sent, and only then the text goes out. The talking is done by a thread
//! of its own, so that a server that trickles or falls silent costs the run no more than `LIMIT` an exchange.
//!
//! The connection is not encrypted: it is meant for the machine's own mail server, and what it carries is public.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message};
use lettre::transport::smtp;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use tidegate_platform::step;

use crate::files::FileError;
use crate::policy::email::text::Words;

/// The time for one exchange.
const LIMIT: Duration = Duration::from_secs(30);

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server has it. These recipients it refused.
    Delivered {
        /// Each with the server's words.
        refused: Vec<String>,
    },
    /// The server refuses it for good.
    Refused(String),
    /// The server surely does not have it; another time it may take it.
    Later(String),
    /// The text went out, and nobody knows whether it arrived.
    Uncertain(String),
}

/// A mail in its final form.
#[derive(Debug, Clone)]
pub struct Sealed {
    from: Address,
    to: Vec<Address>,
    text: Vec<u8>,
}

/// Marks our mails for filters.
#[derive(Debug, Clone)]
struct Notice;

impl Header for Notice {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("X-Proposed-Migration")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "notice".to_owned())
    }
}

/// Nobody's holiday answers it.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Puts a letter into its envelope.
///
/// # Errors
/// One sentence: there is no recipient, or the letter cannot be written as a mail.
pub fn seal(words: &Words, from: &Mailbox, to: &[Address], now: i64) -> Result<Sealed, String> {
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
    let mut builder = Message::builder()
        .from(from.clone())
        .subject(&words.subject)
        .date(date)
        .message_id(Some(words.id.clone()))
        .header(Notice)
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN);
    for address in to {
        builder = builder.to(Mailbox::new(None, address.clone()));
    }
    // Plain text stays plain where it can, so that links and names are not broken by an encoding.
    let plain = words.body.is_ascii() && words.body.lines().all(|line| line.len() < 998);
    let body = if plain {
        let text = words.body.replace('\n', "\r\n").into_bytes();
        Body::dangerous_pre_encoded(text, ContentTransferEncoding::SevenBit)
    } else {
        let body = Body::new_with_encoding(words.body.clone(), ContentTransferEncoding::QuotedPrintable);
        body.map_err(|_| "its text cannot be encoded".to_owned())?
    };
    let message = builder.body(body).map_err(|error| error.to_string())?;
    Ok(Sealed { from: from.email.clone(), to: to.to_vec(), text: message.formatted() })
}

/// What is asked of the thread that talks.
enum Order {
    Envelope { from: Address, to: Vec<Address> },
    Begin,
    Text(Vec<u8>),
    Forget,
}

enum Answer {
    Envelope(Result<Vec<String>, Delivery>),
    Begun(Result<(), Delivery>),
    Text(Delivery),
}

/// A mail server.
#[derive(Debug)]
pub struct MailServer {
    name: String,
    limit: Duration,
    talk: Option<(Sender<Order>, Receiver<Answer>)>,
    host: String,
    port: u16,
    /// It let a limit pass; it is not waited for again.
    silent: bool,
}

impl MailServer {
    /// A server; nothing is connected before the first mail.
    pub fn new(host: &str, port: Option<u16>) -> Self {
        let port = port.unwrap_or(smtp::SMTP_PORT);
        let name = format!("the mail server {host}, port {port}");
        let limit = step::limit(LIMIT);
        Self { name, limit, talk: None, host: host.to_owned(), port, silent: false }
    }

    /// Hands a mail over. `intent` is called when the server has accepted recipients; unless it succeeds the text does
    /// not go out.
    ///
    /// # Errors
    /// What `intent` says.
    pub fn send(
        &mut self,
        mail: &Sealed,
        intent: &mut dyn FnMut() -> Result<(), FileError>,
    ) -> Result<Delivery, FileError> {
        if self.silent {
            return Ok(Delivery::Later(format!("{} did not answer before", self.name)));
        }
        let (from, to) = (mail.from.clone(), mail.to.clone());
        let envelope = Order::Envelope { from, to };
        point("mail.recipients.before")?;
        let refused = match self.ask(envelope) {
            Some(Answer::Envelope(Ok(refused))) => refused,
            Some(Answer::Envelope(Err(delivery))) => return Ok(delivery),
            _ => return Ok(Delivery::Later(self.silence())),
        };
        point("mail.recipients.after")?;
        if let Err(error) = intent() {
            self.ask(Order::Forget);
            return Err(error);
        }
        match self.ask(Order::Begin) {
            Some(Answer::Begun(Ok(()))) => {}
            Some(Answer::Begun(Err(delivery))) => return Ok(delivery),
            _ => return Ok(Delivery::Later(self.silence())),
        }
        point("mail.text.before")?;
        let delivery = match self.ask(Order::Text(mail.text.clone())) {
            Some(Answer::Text(Delivery::Delivered { .. })) => Delivery::Delivered { refused },
            Some(Answer::Text(delivery)) => delivery,
            _ => Delivery::Uncertain(self.silence()),
        };
        point("mail.text.after")?;
        Ok(delivery)
    }

    fn silence(&self) -> String {
        format!("{} does not answer within {} seconds", self.name, LIMIT.as_secs())
    }

    /// One exchange; none if the limit passed.
    fn ask(&mut self, order: Order) -> Option<Answer> {
        let (orders, answers) = self.talk.get_or_insert_with(|| {
            let (orders, taken) = channel();
            let (given, answers) = channel();
            let talker = Talker {
                name: self.name.clone(),
                host: self.host.clone(),
                port: self.port,
                // Its own limit is only there so that it ends some time.
                limit: self.limit + Duration::from_secs(1),
                connection: None,
            };
            thread::spawn(move || talker.run(&taken, &given));
            (orders, answers)
        });
        let asks_back = !matches!(order, Order::Forget);
        let sent = orders.send(order).is_ok();
        if !asks_back {
            return None;
        }
        let answer = if sent { answers.recv_timeout(self.limit) } else { Err(RecvTimeoutError::Disconnected) };
        if answer.is_err() {
            self.silent = true;
            self.talk = None;
        }
        answer.ok()
    }

    /// Takes leave of the server, and waits a little for it.
    pub fn close(&mut self) {
        if let Some((orders, answers)) = self.talk.take() {
            drop(orders);
            // It ends with the thread: nothing more is answered.
            let _ = answers.recv_timeout(step::limit(Duration::from_secs(2)));
        }
    }
}

/// The thread that talks.
struct Talker {
    name: String,
    host: String,
    port: u16,
    limit: Duration,
    connection: Option<SmtpConnection>,
}

impl Talker {
    fn run(mut self, orders: &Receiver<Order>, answers: &Sender<Answer>) {
        for order in orders {
            let answer = match order {
                Order::Envelope { from, to } => Answer::Envelope(self.envelope(&from, &to)),
                Order::Begin => Answer::Begun(self.begin()),
                Order::Text(text) => Answer::Text(self.text(&text)),
                Order::Forget => {
                    self.forget();
                    continue;
                }
            };
            if answers.send(answer).is_err() {
                return;
            }
        }
        if let Some(mut connection) = self.connection.take() {
            // The mails are out; how it takes leave does not matter.
            let _ = connection.command(Quit);
        }
    }

    fn connect(&self) -> Result<SmtpConnection, smtp::Error> {
        let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let plain =
            |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let hello = name.filter(plain).map_or_else(ClientId::default, ClientId::Domain);
        SmtpConnection::connect((self.host.as_str(), self.port), Some(self.limit), &hello, None, None)
    }

    /// Sender and recipients. An old connection that the server gave up in between is replaced once.
    fn envelope(&mut self, from: &Address, to: &[Address]) -> Result<Vec<String>, Delivery> {
        let mut old = self.connection.take();
        let later = |error: &smtp::Error| Delivery::Later(self.said(error));
        let mut connection = loop {
            let was_open = old.is_some();
            let mut connection = match old.take() {
                Some(connection) => connection,
                None => self.connect().map_err(|error| later(&error))?,
            };
            match connection.command(Mail::new(Some(from.clone()), Vec::new())) {
                Ok(_) => break connection,
                Err(error) if was_open && is_over(&error) => {}
                Err(error) => return Err(later(&error)),
            }
        };
        let mut refused = Vec::new();
        let mut for_good = true;
        for address in to {
            match connection.command(Rcpt::new(address.clone(), Vec::new())) {
                Ok(_) => {}
                Err(error) if error.is_permanent() || error.is_transient() && !is_over(&error) => {
                    for_good &= error.is_permanent();
                    refused.push(format!("{address}: {}", self.said(&error)));
                }
                Err(error) => return Err(later(&error)),
            }
        }
        self.connection = Some(connection);
        if refused.len() < to.len() {
            return Ok(refused);
        }
        self.forget();
        let why = refused.join("; ");
        Err(if for_good { Delivery::Refused(why) } else { Delivery::Later(why) })
    }

    fn gone(&self) -> Delivery {
        Delivery::Later(format!("{} has gone", self.name))
    }

    /// What an answer to the mail itself means.
    fn refused(&self, error: &smtp::Error) -> Delivery {
        let said = self.said(error);
        if error.is_permanent() { Delivery::Refused(said) } else { Delivery::Later(said) }
    }

    fn begin(&mut self) -> Result<(), Delivery> {
        let mut connection = self.connection.take().ok_or_else(|| self.gone())?;
        if let Err(error) = connection.command(Data) {
            let delivery = self.refused(&error);
            self.keep(connection, &error);
            return Err(delivery);
        }
        self.connection = Some(connection);
        Ok(())
    }

    fn text(&mut self, text: &[u8]) -> Delivery {
        let Some(mut connection) = self.connection.take() else { return self.gone() };
        match connection.message(text) {
            Ok(_) => {
                self.connection = Some(connection);
                Delivery::Delivered { refused: Vec::new() }
            }
            Err(error) if error.status().is_some() => {
                let delivery = self.refused(&error);
                self.keep(connection, &error);
                delivery
            }
            Err(error) => Delivery::Uncertain(self.said(&error)),
        }
    }

    /// Keeps a connection on which a mail failed, if it still stands.
    fn keep(&mut self, connection: SmtpConnection, error: &smtp::Error) {
        if !is_over(error) {
            self.connection = Some(connection);
            self.forget();
        }
    }

    /// Has the server forget the mail that was begun.
    fn forget(&mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.command(Rset).is_ok()
        {
            self.connection = Some(connection);
        }
    }

    /// An error in one line. What a server says is short here, and has no control characters.
    fn said(&self, error: &smtp::Error) -> String {
        let mut words = String::new();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            words = error.to_string();
            cause = error.source();
        }
        let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
        match error.status() {
            Some(code) => format!("{} says {code} {words}", self.name).trim_end().to_owned(),
            None if words.is_empty() => format!("{}: {error}", self.name),
            None => format!("{}: {words}", self.name),
        }
    }
}

fn point(name: &str) -> Result<(), FileError> {
    step::reach(name).map_err(|error| FileError::Write { path: name.into(), error })
}

/// Whether the connection is of no use after this error: it broke, or the server closes it.
fn is_over(error: &smtp::Error) -> bool {
    error.status().is_none_or(|code| u16::from(code) == 421)
}
