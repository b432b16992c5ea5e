//! A mail server on loopback that takes or refuses recipients as the test says.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The server. Dropping it ends it.
pub struct Smtp {
    port: u16,
    letters: Arc<Mutex<Vec<Letter>>>,
    task: JoinHandle<()>,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The recipient of its envelope.
    pub to: String,
    /// Header and body.
    pub text: String,
}

impl Smtp {
    /// Starts one that answers to each recipient with that code, given how many asked before: 250 takes it.
    ///
    /// # Panics
    ///
    /// Loopback has no free port.
    pub async fn start(answer: impl Fn(&str, usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let letters: Arc<Mutex<Vec<Letter>>> = Arc::default();
        let (kept, answer, asked) = (Arc::clone(&letters), Arc::new(answer), Arc::new(Mutex::new(0)));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answer, asked) = (Arc::clone(&kept), Arc::clone(&answer), Arc::clone(&asked));
                tokio::spawn(async move {
                    let _ = serve(stream, &kept, &asked, &*answer).await;
                });
            }
        });
        Self { port, letters, task }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What was taken so far, in order.
    ///
    /// # Panics
    ///
    /// An answer panicked.
    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().expect("nobody panicked").clone()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    kept: &Mutex<Vec<Letter>>,
    asked: &Mutex<usize>,
    answer: &(dyn Fn(&str, usize) -> u16 + Send + Sync),
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut to = String::new();
    stream.write_all(b"220 double\r\n").await?;
    loop {
        stream.flush().await?;
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let reply = match line.split_whitespace().next().unwrap_or_default().to_uppercase().as_str() {
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                let mut asked = asked.lock().expect("nobody panicked");
                *asked += 1;
                format!("{} as the test says\r\n", answer(&to, *asked - 1))
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                stream.flush().await?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut text).await? == 0 {
                        return Ok(());
                    }
                }
                kept.lock().expect("nobody panicked").push(Letter { to: to.clone(), text });
                "250 taken\r\n".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return stream.flush().await;
            }
            _ => "250 yes\r\n".to_owned(),
        };
        stream.write_all(reply.as_bytes()).await?;
    }
}
