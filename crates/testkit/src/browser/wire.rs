//! One command to the driver: a request with a JSON body, and its answer.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// No command takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the driver answers.
///
/// # Panics
///
/// It refuses the command, or is gone.
pub(super) fn ask(port: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
    let answer = try_ask(port, method, path, body).expect("the driver answers");
    assert!(answer["value"]["error"].is_null(), "{method} {path}: {}", answer["value"]);
    answer["value"].clone()
}

/// The same; nothing where it is gone.
pub(super) fn try_ask(port: u16, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n");
    let head = format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).ok()?;
    // the driver keeps the connection open whatever it is asked, so its length says where the answer ends
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(stated) = line.strip_prefix("content-length:") {
            length = stated.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
