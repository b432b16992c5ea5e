//! Many who follow what happens, beside a few: how often the feed is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tidegate_testkit::OwnPostgres;
use tidegate_testkit::figures::Row;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::house::{Service, Store};

const FEW: usize = 10;
const MANY: usize = 1_000;
/// One address may have so many open.
const OF_AN_ADDRESS: usize = 63;
/// So many results are posted, each of which makes two messages.
const RESULTS: usize = 125;
const MESSAGES: usize = 2 * RESULTS;
const RATE: u32 = 25;

pub(crate) async fn measure(postgres: &OwnPostgres) -> Vec<Row> {
    let mut reads = Vec::new();
    for clients in [FEW, MANY] {
        let name = format!("streams_{clients}");
        let url = postgres.database(&name).await;
        postgres.log_statements(&name).await;
        let service = Service::start(&Store::at(url));
        reads.push(followed(postgres, &service, clients).await);
    }
    let work = format!("reads of the feed for {MESSAGES} messages, {MANY} streams, beside {FEW}");
    vec![Row::counts(&work, reads[1], reads[0], "≤ 1 a batch")]
}

/// How often the feed was read until all of them had heard of everything.
async fn followed(postgres: &OwnPostgres, service: &Service, clients: usize) -> usize {
    let (heard, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut following = JoinSet::new();
    for client in 0..clients {
        following.spawn(follow(service.authority(), client, Arc::clone(&open), Arc::clone(&heard)));
    }
    until(&open, clients).await;
    let reads =
        || postgres.log().lines().filter(|line| line.contains("FROM platform_feed f JOIN platform_outbox o")).count();
    let before = reads();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / RATE);
    let posting = service.poster();
    for number in 0..RESULTS {
        pace.tick().await;
        posting.post(number).await;
    }
    until(&heard, clients * MESSAGES).await;
    following.shutdown().await;
    reads() - before
}

async fn until(count: &AtomicUsize, wanted: usize) {
    while count.load(Ordering::Relaxed) < wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Opens a stream from an address of its own, and counts what comes.
async fn follow(authority: String, client: usize, open: Arc<AtomicUsize>, heard: Arc<AtomicUsize>) {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    let own = format!("127.0.0.{}:0", 1 + client / OF_AN_ADDRESS);
    socket.bind(own.parse().expect("an address")).expect("loopback has many addresses");
    let mut stream = socket.connect(authority.parse().expect("an address")).await.expect("the service listens");
    let request = format!("GET /api/v1/events HTTP/1.1\r\nhost: {authority}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the service listens");
    let mut is_open = false;
    let mut rest = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    while let Ok(size) = stream.read(&mut piece).await {
        if size == 0 {
            return;
        }
        if !std::mem::replace(&mut is_open, true) {
            open.fetch_add(1, Ordering::Relaxed);
        }
        rest.extend_from_slice(&piece[..size]);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if line.starts_with(b"data:") {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
