//! What is too large, too deep, too long or too much is refused, and the service goes on.

use std::io::Write as _;

use reqwest::Method;
use serde_json::json;
use tidegate_platform::http::{Access, Endpoint, Mounts, Routes};
use tidegate_testkit::{Kind, TestDb};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Service, sent, settings};
use crate::wake::PLATFORM;

const TEAMS: &str = "/api/v1/platform/teams";

#[test]
fn bodies_have_limits() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let service = Service::start(t).await;
        let body = |bytes: Vec<u8>| {
            let request = service.request(Method::POST, TEAMS).bearer_auth(&service.admin);
            request.header("content-type", "application/json").body(bytes)
        };
        let code = async |request| {
            let (status, problem) = sent(request).await;
            (status, problem["code"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(code(body(vec![b' '; 70_000])).await, (413, "platform.too-large".to_owned()));
        let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(
            (0..100).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_000])),
        ));
        let chunked = service.request(Method::POST, TEAMS).bearer_auth(&service.admin);
        let chunked = chunked.header("content-type", "application/json").body(stream);
        assert_eq!(code(chunked).await.0, 413, "without a stated length too");

        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![b' '; 10_000_000]).unwrap();
        let bomb = body(packer.finish().unwrap()).header("content-encoding", "gzip");
        assert_eq!(code(bomb).await, (413, "platform.too-large".to_owned()));
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(br#"{"name": "packed"}"#).unwrap();
        assert_eq!(code(body(packer.finish().unwrap()).header("content-encoding", "gzip")).await.0, 201);

        assert_eq!(code(body("[".repeat(1_000).into_bytes())).await, (400, "platform.too-deep".to_owned()));
        assert_eq!(code(body(br#"{"name": "a\u0000b"}"#.to_vec())).await, (400, "platform.bad-value".to_owned()));
        assert_eq!(code(body(br#"{"name": "\ud800"}"#.to_vec())).await, (400, "platform.bad-json".to_owned()));
        let text = service.request(Method::POST, TEAMS).bearer_auth(&service.admin).body("name=crew");
        assert_eq!(code(text).await.0, 415);
        assert_eq!(sent(service.get("/readyz")).await.0, 200);
        service.end().await;
    });
}

async fn raw(service: &Service, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(service.at).await.expect("the service listens");
    // it may answer and close before it has read all
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn heads_have_limits() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let service = Service::start(t).await;
        let head =
            |extra: &str| format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{extra}\r\n").into_bytes();
        assert_eq!(raw(&service, &head("")).await, "HTTP/1.1 200 OK");
        let long = format!("x-a: {}\r\n", "a".repeat(40_000));
        assert_eq!(raw(&service, &head(&long)).await, "HTTP/1.1 431 Request Header Fields Too Large");
        let many = "x-a: a\r\n".repeat(300);
        assert_eq!(raw(&service, &head(&many)).await, "HTTP/1.1 431 Request Header Fields Too Large");
        let target = format!("/api/v1/platform/me?{}", "a".repeat(9_000));
        assert_eq!(sent(service.get(&target)).await.0, 414);
        assert!(raw(&service, b"\x16\x03\x01 what?\r\n\r\n").await.starts_with("HTTP/1.1 400"));
        service.end().await;
    });
}

#[test]
fn a_handler_has_a_time() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let mut settings = settings();
        settings.handler_timeout = std::time::Duration::from_millis(50);
        let endless = async || -> &'static str { std::future::pending().await };
        let routes = Routes::new().route(Endpoint::get("/endless", Access::Open), endless);
        let service = Service::with(t, settings, routes, Mounts::default()).await;
        let response = service.get("/endless").send().await.unwrap();
        assert!(response.status() == 503 && response.headers().contains_key("retry-after"));
        assert_eq!(super::json_of(response).await["code"], "platform.timeout");
        service.end().await;
    });
}

/// Whoever sends a body by the byte does not keep the connection, whatever reads it first.
#[test]
fn a_body_has_a_time() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let mut settings = settings();
        settings.handler_timeout = std::time::Duration::from_millis(50);
        let service = Service::with(t, settings, Routes::new(), Mounts::default()).await;
        let head = |more: &str| {
            format!(
                "POST {TEAMS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
                 content-type: application/json\r\ncontent-length: 100\r\n{more}\r\n{{",
                service.admin
            )
        };
        for more in ["", "idempotency-key: k\r\n"] {
            let answer = raw(&service, head(more).as_bytes()).await;
            assert_eq!(answer, "HTTP/1.1 503 Service Unavailable", "{more}");
        }
        service.end().await;
    });
}

/// Each mistake is told, but a small body does not make a large answer.
#[test]
fn mistakes_have_a_number() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let service = Service::start(t).await;
        let many = |value: &str| {
            let fields: Vec<_> = (0..2_000).map(|number| format!("\"f{number}\": {value}")).collect();
            let request = service.request(Method::POST, TEAMS).bearer_auth(&service.admin);
            request.header("content-type", "application/json").body(format!("{{{}}}", fields.join(", ")))
        };
        for value in ["1", r#""\u0000""#] {
            let (status, problem) = sent(many(value)).await;
            assert_eq!((status, problem["errors"].as_array().unwrap().len()), (400, 100), "{value}");
        }
        service.end().await;
    });
}

#[test]
fn no_path_brings_the_store_into_trouble() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let long = "a".repeat(5_000);
        for (name, status) in
            [("a%00b", 400), ("%ff%fe", 400), ("%F0%9F%8C%8A", 404), (long.as_str(), 404), ("a%2Fb", 404)]
        {
            let (found, problem) = sent(service.get(&format!("/api/v1/platform/users/{name}"))).await;
            assert_eq!(found, status, "{name}: {problem}");
            assert!(problem["request_id"].is_string(), "{name}: {problem}");
        }
        let key = format!("/api/v1/platform/jobs/harbour.haul/{long}/runs");
        assert_eq!(sent(service.get(&key)).await.0, 404);
        service.end().await;
    });
}

#[test]
fn strangers_have_a_rate() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let mut settings = settings();
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.anonymous_rate = 1;
        let service = Service::with(t, settings, Routes::new(), Mounts::default()).await;
        let ask = |address: &str| service.request(Method::GET, "/healthz").header("x-forwarded-for", address);
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(sent(ask("192.0.2.7")).await.0);
        }
        assert_eq!(&statuses[..10], &[200; 10]);
        assert!(statuses.contains(&429), "{statuses:?}");
        assert_eq!(sent(ask("192.0.2.8")).await.0, 200, "another address has its own bucket");
        let refused = ask("192.0.2.7").send().await.unwrap();
        if refused.status() == 429 {
            assert!(refused.headers().contains_key("retry-after"));
        }
        let known = ask("192.0.2.7").bearer_auth(&service.admin);
        assert_eq!(sent(known).await.0, 200, "who has a login is no stranger");
        let body = json!({"name": "x", "password": "y"});
        let _ = sent(service.request(Method::POST, "/api/v1/platform/session").json(&body)).await;
        service.end().await;
    });
}
