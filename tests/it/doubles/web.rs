//! A web server on loopback that answers from memory, remembers what it was asked, and can be told to fail.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, body: Vec::new() }
    }
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Another answer.
    Answer(Answer),
    /// Another place, which it names.
    Redirect(String),
    /// No answer, and the connection stays open.
    Hang,
    /// The answer says that it has a thousand bytes more than it has.
    Cut,
    /// The body never ends.
    Endless,
    /// The body never ends, and comes by the byte.
    Drip,
}

/// What the server has under a path, with the query of the question.
type Site = dyn Fn(&str, &BTreeMap<String, String>) -> Answer + Send + Sync;

struct State {
    asked: Vec<String>,
    faults: Vec<(String, Fault, u32)>,
}

/// The server. It ends with the process.
#[derive(Clone)]
pub(crate) struct Web {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Web {
    /// Starts a server that answers so.
    pub(crate) fn start(site: impl Fn(&str, &BTreeMap<String, String>) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it has an address").to_string();
        let state = Arc::new(Mutex::new(State { asked: Vec::new(), faults: Vec::new() }));
        let web = Self { address, state };
        let (server, site): (Self, Arc<Site>) = (web.clone(), Arc::new(site));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (server, site) = (server.clone(), Arc::clone(&site));
                thread::spawn(move || server.answer(connection, &*site));
            }
        });
        web
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Spoils the next answers to questions in which `part` occurs.
    pub(crate) fn spoil(&self, part: &str, fault: Fault, times: u32) {
        self.state().faults.push((part.to_owned(), fault, times));
    }

    /// What was asked since the last time that this was called, decoded and in the order in which it came.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_for(&self, question: &str) -> Option<Fault> {
        let mut state = self.state();
        state.asked.push(question.to_owned());
        let (_, fault, times) =
            state.faults.iter_mut().find(|(part, _, times)| *times > 0 && question.contains(part.as_str()))?;
        *times -= 1;
        Some(fault.clone())
    }

    fn answer(&self, mut connection: TcpStream, site: &Site) {
        let Some(target) = read_target(&connection) else { return };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query: BTreeMap<String, String> = pairs.map(|(key, value)| (decode(key), decode(value))).collect();
        // Only in a query a plus is a space.
        let path = decode(&path.replace('+', "%2B"));
        let words: Vec<String> = query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let question = if words.is_empty() { path.clone() } else { format!("{path}?{}", words.join("&")) };
        let (answer, missing) = match self.fault_for(&question) {
            None => (site(&path, &query), 0),
            Some(Fault::Answer(answer)) => (answer, 0),
            Some(Fault::Cut) => (site(&path, &query), 1000),
            Some(Fault::Redirect(to)) => {
                let head =
                    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = connection.write_all(head.as_bytes());
                return;
            }
            Some(Fault::Hang) => {
                // Until the other side has had enough.
                let _ = connection.read(&mut [0; 1]);
                return;
            }
            Some(Fault::Endless) => {
                let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                while connection.write_all(&[b'x'; 1 << 13]).is_ok() {}
                return;
            }
            Some(Fault::Drip) => {
                let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                while connection.write_all(b"x").is_ok() {
                    thread::park_timeout(Duration::from_millis(10));
                }
                return;
            }
        };
        let Answer { status, body } = answer;
        let head = format!(
            "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            if status == 204 { 0 } else { body.len() + missing }
        );
        let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&body));
    }
}

/// The target of a request, after all of its head was read.
fn read_target(connection: &TcpStream) -> Option<String> {
    connection.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let mut reader = BufReader::new(connection);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 2 {
        line.clear();
    }
    first.split(' ').nth(1).map(str::to_owned)
}

/// A text of a URL without its escapes.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (first, escaped) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            (&byte, _) => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
