//! Who may use which route.

use axum::body::Body;
use axum::http::{Method, Request};
use tidegate_testkit::TestDb;

use crate::gate::TABLES;
use crate::web::Web;

/// Regenerates and compares: run with `TIDEGATE_BLESS=1` after a change that is meant.
fn checked_in(expected: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("routes.txt");
    if std::env::var_os("TIDEGATE_BLESS").is_some() {
        std::fs::write(&path, expected).expect("the crate's folder can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} is not what the code says: bless it and review the change", path.display());
}

/// Each line of the list without a token, with one that opens nothing, without the permission, and with it.
#[test]
fn every_route_asks_for_its_permission() {
    TestDb::both(TABLES, async |t| {
        let web = Web::over(t).await;
        let lines: Vec<_> = web.lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect();
        checked_in(&(lines.join("\n") + "\n"));
        for line in &web.lines {
            let parts = line.path.split('/').map(|part| if part.starts_with('{') { "redhat-modules" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let status = async |who: Option<&str>| {
                let method: Method = line.method.parse().expect("it is a method");
                let request = Request::builder().method(method).uri(&path).header("host", "h");
                let request = request.header("content-type", "application/json");
                let request = match who {
                    Some(who) => request.header("authorization", web.bearer(who)),
                    None => request,
                };
                let body = if line.method == "GET" { Body::empty() } else { Body::from("{}") };
                web.send(request.body(body).expect("a request")).await.status.as_u16()
            };
            let (anonymous, known) = (status(None).await, status(Some("reader")).await);
            let may = status(Some("writer")).await;
            assert!(!matches!(may, 401 | 403) && may < 500, "{line} with the permission: {may}");
            if matches!(line.access.as_str(), "open" | "read") {
                assert_eq!((anonymous, known), (may, may), "{line} is open");
                continue;
            }
            assert_eq!(anonymous, 401, "{line} without a token");
            assert_eq!(status(Some("nobody")).await, 401, "{line} with a token that nobody has");
            if line.access != "signed-in" {
                assert_eq!(known, 403, "{line} without the permission");
            }
        }
    });
}
