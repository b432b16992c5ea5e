//! A web server with fixed pages.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The answers to one path: the first for the first time that it is asked for, and so on; the last for all later ones.
type Answers = Vec<(u16, String)>;

/// A server; it ends with this. What it has no page for is 404.
pub(crate) struct PageServer {
    address: SocketAddr,
    pages: Arc<Mutex<BTreeMap<String, Answers>>>,
    asked: Arc<Mutex<Vec<String>>>,
    ends: Arc<AtomicBool>,
}

impl PageServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let server = Self { address, pages: Arc::default(), asked: Arc::default(), ends: Arc::default() };
        let (pages, asked, over) = (Arc::clone(&server.pages), Arc::clone(&server.asked), Arc::clone(&server.ends));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                // Who hangs up in the middle gets no answer.
                let _ = stream.and_then(|stream| answer(stream, &pages, &asked));
            }
        });
        server
    }

    /// Adds an answer to a path, which may have a query.
    pub(crate) fn page(&self, path: &str, status: u16, text: &str) -> &Self {
        let mut pages = self.pages.lock().expect("nobody panics with it");
        pages.entry(path.to_owned()).or_default().push((status, text.to_owned()));
        self
    }

    /// The beginning of its URLs.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // It waits for one more connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(
    stream: TcpStream,
    pages: &Mutex<BTreeMap<String, Answers>>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().expect("nobody panics with it").push(path.clone());
    let (status, text) = match pages.lock().expect("nobody panics with it").get_mut(&path) {
        Some(answers) if answers.len() > 1 => answers.remove(0),
        Some(answers) => answers.first().cloned().unwrap_or((404, String::new())),
        None => (404, String::new()),
    };
    let mut stream = stream;
    let head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
    stream.write_all((head + &text).as_bytes())
}
