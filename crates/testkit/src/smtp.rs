//! A mail server that remembers all it took, and fails as it is told to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The sender of its envelope.
    pub from: String,
    /// The recipients of its envelope.
    pub to: Vec<String>,
    /// Header and body; each line ends with a line feed alone.
    pub text: String,
}

impl Letter {
    /// A header's value, in one line; empty if there is none.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\n\n").next().unwrap_or_default().replace("\n ", " ");
        let mut lines = head.lines();
        let start = format!("{name}: ");
        lines.find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    }

    /// Its subject.
    pub fn subject(&self) -> String {
        self.header("Subject")
    }

    /// The text behind the headers.
    pub fn body(&self) -> &str {
        self.text.split_once("\n\n").map_or("", |(_, body)| body)
    }
}

/// What a server does instead of what it should.
#[derive(Debug, Clone)]
pub enum MailFault {
    /// Answers this.
    Says(String),
    /// Answers nothing more.
    Hangs,
    /// Closes the connection.
    Closes,
}

/// Whether a command is answered otherwise.
type Script = dyn Fn(&str, usize) -> Option<MailFault> + Send + Sync;

/// What happened at a server.
#[derive(Debug, Default)]
struct Seen {
    taken: Vec<Letter>,
    connections: usize,
    commands: Vec<String>,
}

/// A server; it ends with this.
pub struct MailServer {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    ends: Arc<AtomicBool>,
}

impl MailServer {
    /// One that takes everything.
    pub fn start() -> Self {
        Self::with(|_, _| None)
    }

    /// One that answers some commands otherwise: it is given the command's line (`TEXT` for the mail itself, empty for the
    /// greeting), and how many commands with the same first word came before it.
    ///
    /// # Panics
    ///
    /// Loopback has no free port.
    pub fn with(script: impl Fn(&str, usize) -> Option<MailFault> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let (seen, ends) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let script: Arc<Script> = Arc::new(script);
        let (all, over) = (Arc::clone(&seen), Arc::clone(&ends));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (seen, script) = (Arc::clone(&all), Arc::clone(&script));
                // Who hangs up in the middle has ended the talk.
                thread::spawn(move || talk(stream, &seen, &*script).unwrap_or_default());
            }
        });
        Self { address, seen, ends }
    }

    /// `host:port`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The mails, in the order in which they came.
    ///
    /// # Panics
    ///
    /// A script panicked.
    pub fn taken(&self) -> Vec<Letter> {
        self.seen.lock().expect("nobody panics with it").taken.clone()
    }

    /// The subjects without their first word.
    /// Its subject.
    pub fn subjects(&self) -> Vec<String> {
        let subjects = self.taken().into_iter().map(|mail| mail.subject());
        subjects.map(|subject| subject.replace("[proposed-migration] ", "")).collect()
    }

    /// The commands that came.
    ///
    /// # Panics
    ///
    /// A script panicked.
    pub fn commands(&self) -> Vec<String> {
        self.seen.lock().expect("nobody panics with it").commands.clone()
    }

    /// How many connections came.
    ///
    /// # Panics
    ///
    /// A script panicked.
    pub fn connections(&self) -> usize {
        self.seen.lock().expect("nobody panics with it").connections
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // It waits for one more connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn talk(stream: TcpStream, seen: &Mutex<Seen>, script: &Script) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    seen.lock().expect("nobody panics with it").connections += 1;
    let mut answer = |command: &str, usual: &str| -> std::io::Result<bool> {
        let word = command.split([' ', ':']).next().unwrap_or_default().to_owned();
        let before = {
            let mut seen = seen.lock().expect("nobody panics with it");
            let same = |one: &&String| one.split([' ', ':']).next() == Some(&word);
            let before = seen.commands.iter().filter(same).count();
            seen.commands.push(command.to_owned());
            before
        };
        let text = match script(command, before) {
            None => usual.to_owned(),
            Some(MailFault::Says(text)) => text,
            Some(MailFault::Closes) => return Err(std::io::Error::other("told to close")),
            Some(MailFault::Hangs) => loop {
                thread::park();
            },
        };
        stream.write_all(format!("{text}\r\n").as_bytes())?;
        Ok(text.starts_with(['2', '3']))
    };
    answer("", "220 double")?;
    let mut mail = Letter { from: String::new(), to: Vec::new(), text: String::new() };
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        let address =
            || command.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(it, _)| it.to_owned());
        match command.split([' ', ':']).next().unwrap_or_default() {
            "MAIL" => {
                if answer(&command, "250 ok")? {
                    mail = Letter { from: address().unwrap_or_default(), to: Vec::new(), text: String::new() };
                }
            }
            "RCPT" => {
                if answer(&command, "250 ok")? {
                    mail.to.extend(address());
                }
            }
            "DATA" => {
                if !answer(&command, "354 go on")? {
                    continue;
                }
                mail.text.clear();
                loop {
                    line.clear();
                    if lines.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                    let text = line.trim_end_matches(['\r', '\n']);
                    if text == "." {
                        break;
                    }
                    mail.text.push_str(text.strip_prefix('.').unwrap_or(text));
                    mail.text.push('\n');
                }
                // It has the text, whatever becomes of the answer.
                let kept = mail.clone();
                let refuses =
                    matches!(script("TEXT", usize::MAX), Some(MailFault::Says(text)) if !text.starts_with('2'));
                if !refuses {
                    seen.lock().expect("nobody panics with it").taken.push(kept);
                }
                answer("TEXT", "250 taken")?;
            }
            "QUIT" => {
                answer(&command, "221 bye")?;
                return Ok(());
            }
            "EHLO" => {
                answer(&command, "250 double")?;
            }
            _ => {
                answer(&command, "250 ok")?;
            }
        }
    }
}
