//! A web server on loopback that answers as the test says, remembers what it was asked, and can be told to fail.
//!
//! It runs on threads of its own, so that tests of commands and of futures use the same one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How many came before.
    pub before: usize,
    /// `POST`.
    pub method: String,
    /// Decoded, without the query.
    pub path: String,
    /// Decoded.
    pub query: BTreeMap<String, String>,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// With status 200 and that body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    /// With that status and nothing else.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// With that header too.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum WebFault {
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

/// What is answered.
type Site = dyn Fn(&Request) -> Answer + Send + Sync;

struct State {
    requests: Vec<Request>,
    asked: Vec<String>,
    faults: Vec<(String, WebFault, u32)>,
}

/// The server. It ends with the process.
#[derive(Clone)]
pub struct Web {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Web {
    /// Starts a server that answers so.
    ///
    /// # Panics
    ///
    /// Loopback has no free port.
    pub fn start(site: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it has an address").to_string();
        let state = Arc::new(Mutex::new(State { requests: Vec::new(), asked: Vec::new(), faults: Vec::new() }));
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
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Spoils the next answers to questions in which `part` occurs.
    pub fn spoil(&self, part: &str, fault: WebFault, times: u32) {
        self.state().faults.push((part.to_owned(), fault, times));
    }

    /// What was asked since the last time that this was called, decoded and in the order in which it came.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// All that came so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_for(&self, question: &str) -> Option<WebFault> {
        let mut state = self.state();
        state.asked.push(question.to_owned());
        let (_, fault, times) =
            state.faults.iter_mut().find(|(part, _, times)| *times > 0 && question.contains(part.as_str()))?;
        *times -= 1;
        Some(fault.clone())
    }

    /// Keeps what came, and says what it asked, in the words of [`Self::asked`].
    fn note(&self, request: &mut Request) -> String {
        let words: Vec<String> = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mut state = self.state();
        request.before = state.requests.len();
        state.requests.push(request.clone());
        if words.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, words.join("&")) }
    }

    fn answer(&self, mut connection: TcpStream, site: &Site) {
        let Some(mut request) = read(&connection) else { return };
        let question = self.note(&mut request);
        let (answer, missing) = match self.fault_for(&question) {
            None => (site(&request), 0),
            Some(WebFault::Answer(answer)) => (answer, 0),
            Some(WebFault::Cut) => (site(&request), 1000),
            Some(WebFault::Redirect(to)) => {
                let head =
                    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = connection.write_all(head.as_bytes());
                return;
            }
            Some(WebFault::Hang) => {
                // Until the other side has had enough.
                let _ = connection.read(&mut [0; 1]);
                return;
            }
            Some(WebFault::Endless) => {
                let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                while connection.write_all(&[b'x'; 1 << 13]).is_ok() {}
                return;
            }
            Some(WebFault::Drip) => {
                let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                while connection.write_all(b"x").is_ok() {
                    thread::park_timeout(Duration::from_millis(10));
                }
                return;
            }
        };
        let Answer { status, headers, body } = answer;
        let length = if status == 204 { 0 } else { body.len() + missing };
        let headers: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let head =
            format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
        let _ = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&body));
    }
}

/// One request, after all of it was read; none if it breaks off.
fn read(connection: &TcpStream) -> Option<Request> {
    connection.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let mut reader = BufReader::new(connection);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 2 {
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_owned());
        line.clear();
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(key, value)| (decode(key), decode(value))).collect();
    // Only in a query a plus is a space.
    Some(Request { before: 0, method, path: decode(&path.replace('+', "%2B")), query, headers, body })
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
