//! A network on loopback that fails as the test says: a TCP proxy in front of a server.

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The server behind the proxy.
#[derive(Debug, Clone)]
pub enum Target {
    /// `127.0.0.1:5672`
    Tcp(String),
    /// The path of a socket.
    Unix(PathBuf),
}

/// The proxy. Dropping it ends every connection.
pub struct Proxy {
    port: u16,
    way: watch::Sender<Way>,
    task: JoinHandle<()>,
}

/// What becomes of what goes through.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    holds_questions: bool,
    holds_answers: bool,
    drops: bool,
    cuts: u64,
}

impl Proxy {
    /// A proxy through which everything passes, for now.
    ///
    /// # Panics
    ///
    /// Loopback has no free port.
    pub async fn to(target: Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let (way, told) = watch::channel(Way::default());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if !told.borrow().drops {
                    connections.spawn(connect(client, target.clone(), told.clone()));
                }
            }
        });
        Self { port, way, task }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on nothing goes through in either direction, and no connection ends; what comes is held back.
    pub fn stall(&self) {
        self.way.send_modify(|way| (way.holds_questions, way.holds_answers) = (true, true));
    }

    /// From now on what the server says is held back; what it is told still reaches it.
    pub fn stall_answers(&self) {
        self.way.send_modify(|way| way.holds_answers = true);
    }

    /// Ends all connections at once, with what was held back; from now on new ones end as soon as they begin.
    pub fn drop_connections(&self) {
        self.way.send_modify(|way| (way.drops, way.cuts) = (true, way.cuts + 1));
    }

    /// Ends all connections at once, with what was held back; new ones are let through.
    pub fn cut(&self) {
        self.way.send_modify(|way| way.cuts += 1);
    }

    /// Lets everything through again, and first what was held back.
    pub fn pass(&self) {
        self.way.send_modify(|way| *way = Way { cuts: way.cuts, ..Way::default() });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(client: TcpStream, target: Target, way: watch::Receiver<Way>) {
    let _ = match target {
        Target::Tcp(address) => match TcpStream::connect(address).await {
            Ok(server) => join(client.into_split(), server.into_split(), way).await,
            Err(error) => Err(error),
        },
        Target::Unix(path) => match UnixStream::connect(path).await {
            Ok(server) => join(client.into_split(), server.into_split(), way).await,
            Err(error) => Err(error),
        },
    };
}

/// Carries both directions until one of them fails or the connection is cut.
async fn join(
    client: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    server: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    way: watch::Receiver<Way>,
) -> io::Result<()> {
    let cuts = way.borrow().cuts;
    let mut watched = way.clone();
    let questions = carry(client.0, server.1, way.clone(), |way| way.holds_questions);
    let answers = carry(server.0, client.1, way, |way| way.holds_answers);
    tokio::select! {
        // what was held back when the connection was cut never arrives
        biased;
        _ = watched.wait_for(|way| way.cuts != cuts) => Ok(()),
        carried = async { tokio::try_join!(questions, answers) } => carried.map(drop),
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    holds: fn(&Way) -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if way.wait_for(|way| !holds(way)).await.is_err() {
            return Ok(());
        }
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A server that sends back what it gets, and counts it.
    async fn echo() -> (String, watch::Receiver<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (count, counted) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let count = count.clone();
                tokio::spawn(async move {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).await.is_ok() {
                        count.send_modify(|count| *count += 1);
                        stream.write_all(&byte).await.unwrap();
                    }
                });
            }
        });
        (address, counted)
    }

    #[tokio::test]
    async fn it_holds_back_lets_go_and_cuts() {
        let (address, mut counted) = echo().await;
        let proxy = Proxy::to(Target::Tcp(address)).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let mut byte = [0];
        stream.write_all(b"a").await.unwrap();
        stream.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"a");

        proxy.stall_answers();
        stream.write_all(b"b").await.unwrap();
        counted.wait_for(|count| *count == 2).await.unwrap();
        let held = tokio::time::timeout(Duration::from_millis(20), stream.read_exact(&mut byte)).await;
        assert!(held.is_err(), "the server has it, and its answer is held back");
        proxy.pass();
        stream.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"b");

        proxy.stall();
        stream.write_all(b"c").await.unwrap();
        proxy.cut();
        assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0, "the connection is gone");
        proxy.pass();
        assert_eq!(*counted.borrow(), 2, "what was held back never arrived");
        let mut another = TcpStream::connect(proxy.address()).await.unwrap();
        another.write_all(b"d").await.unwrap();
        another.read_exact(&mut byte).await.unwrap();
        proxy.drop_connections();
        assert_eq!(another.read(&mut byte).await.unwrap_or(0), 0);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(refused.read(&mut byte).await.unwrap_or(0), 0);
    }
}
