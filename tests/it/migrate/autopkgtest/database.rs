//! Results in a database.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{queued, tested, update};
use crate::doubles::swift::Swift;
use crate::migrate::case::Case;
use tidegate_testkit::{Answer, Web, WebFault};

/// Source, run id, version, triggers, exit code; all on amd64.
pub(super) type Row<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, i64);

const PASSES: [Row<'_>; 2] =
    [("foo", "20261121_080000@", Some("2"), "foo/2", 0), ("bar", "20261121_080001@", Some("1"), "foo/2", 0)];

/// Writes a database as autopkgtest-web does, with the same rows in every series.
fn write(path: &Path, series: &[&str], rows: &[Row<'_>]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.expect("a database can be made");
        for statement in [
            "BEGIN",
            "CREATE TABLE test (id INTEGER PRIMARY KEY, release CHAR[20], arch CHAR[20], package char[120])",
            "CREATE TABLE result (test_id INTEGER, run_id CHAR[30], version VARCHAR[200], triggers TEXT, duration INTEGER, \
             exitcode INTEGER, requester TEXT, PRIMARY KEY(test_id, run_id), FOREIGN KEY(test_id) REFERENCES test(id))",
            "CREATE UNIQUE INDEX test_package_uix ON test(package, release, arch)",
        ] {
            sqlx::query(statement).execute(&mut connection).await.expect("the statement is well formed");
        }
        for series in series {
            for (source, run_id, version, triggers, exit_code) in rows {
                sqlx::query("INSERT OR IGNORE INTO test (release, arch, package) VALUES (?, 'amd64', ?)")
                    .bind(series)
                    .bind(source)
                    .execute(&mut connection)
                    .await
                    .expect("the statement is well formed");
                sqlx::query(
                    "INSERT INTO result (test_id, run_id, version, triggers, exitcode) \
                     VALUES ((SELECT id FROM test WHERE package = ? AND release = ?), ?, ?, ?, ?)",
                )
                .bind(source)
                .bind(series)
                .bind(run_id)
                .bind(version)
                .bind(triggers)
                .bind(exit_code)
                .execute(&mut connection)
                .await
                .expect("the statement is well formed");
            }
        }
        sqlx::query("COMMIT").execute(&mut connection).await.expect("the statement is well formed");
        connection.close().await.expect("a database can be closed");
    });
}

fn bytes(rows: &[Row<'_>]) -> Vec<u8> {
    bytes_of_series(&["testing"], rows)
}

fn bytes_of_series(series: &[&str], rows: &[Row<'_>]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write(&folder.path().join("db"), series, rows);
    std::fs::read(folder.path().join("db")).expect("the database was written")
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn with_database(url: &str) -> Case {
    update(tested()).set("ADT_DB_URL", url).set("TIDEGATE_DIALECT", "debian")
}

/// The case with a database that lies on this machine.
fn with_local(rows: &[Row<'_>]) -> Case {
    let case = update(tested());
    write(&case.path("autopkgtest.db"), &["testing"], rows);
    let url = format!("file://{}", case.path("autopkgtest.db").display());
    case.file("autopkgtest.db.sha256", "").set("ADT_DB_URL", &url).set("TIDEGATE_DIALECT", "debian")
}

/// What a server publishes, and can be told to publish instead.
pub(super) struct Published {
    web: Web,
    files: Arc<Mutex<(Vec<u8>, String)>>,
}

impl Published {
    fn new(database: &[u8]) -> Self {
        let files = Arc::new(Mutex::new((database.to_vec(), sum(database))));
        let served = Arc::clone(&files);
        let web = Web::start(move |request| {
            let files = served.lock().unwrap_or_else(PoisonError::into_inner);
            match request.path.as_str() {
                "/autopkgtest.db" => Answer::ok(files.0.clone()),
                "/autopkgtest.db.sha256" => Answer::ok(format!("{}  autopkgtest.db\n", files.1)),
                _ => Answer::status(404),
            }
        });
        Self { web, files }
    }

    /// A database with the same rows in every series.
    pub(super) fn of_series(series: &[&str], rows: &[Row<'_>]) -> Self {
        Self::new(&bytes_of_series(series, rows))
    }

    /// Takes the place of what is published.
    pub(super) fn publish_of_series(&self, series: &[&str], rows: &[Row<'_>]) {
        let database = bytes_of_series(series, rows);
        self.publish(&database, &sum(&database));
    }

    fn publish(&self, database: &[u8], sum: &str) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = (database.to_vec(), sum.to_owned());
    }

    pub(super) fn case(&self) -> Case {
        with_database(&self.web.url("autopkgtest.db"))
    }
}

#[test]
fn a_database_on_this_machine_is_read_where_it_is() {
    let case = with_local(&PASSES);
    assert_eq!(case.run().moved(), "foo 2");
    assert!(!case.path("state/autopkgtest.db").exists());
    let cache: serde_json::Value = serde_json::from_str(&case.text("state/autopkgtest-results.cache")).unwrap();
    assert_eq!(cache["foo/2"]["bar"]["amd64"], serde_json::json!(["PASS", "1", "20261121_080001@", 1_795_248_001]));
}

/// The database counts where a store of results is named too, as in Ubuntu's configuration.
#[test]
fn the_database_comes_before_the_store() {
    let swift = Swift::start();
    let case = with_local(&PASSES).set("ADT_SWIFT_URL", swift.web.url("").trim_end_matches('/'));
    assert_eq!(case.run().moved(), "foo 2");
    assert_eq!(swift.web.asked(), [""; 0]);
}

#[test]
fn rows_without_a_version_count_only_if_the_test_failed() {
    let rows = |code| [("foo", "20261121_080000@", None, "foo/2", code), PASSES[1]];
    let case = with_local(&rows(16));
    case.run();
    assert_eq!(queued(&case), ["debci-testing-amd64:foo foo/2"]);
    let case = with_local(&rows(4));
    let run = case.run();
    assert_eq!(queued(&case), [""; 0]);
    assert!(case.text("state/autopkgtest-results.cache").contains("unknown"));
    assert!(run.verdict("foo").ends_with("autopkgtest") || run.moved() == "foo 2");
}

#[test]
fn odd_rows_are_said_and_do_not_count() {
    let rows =
        [("foo", "yesterday", Some("2"), "foo/2", 0), ("foo", "20261121_080000@", Some("2"), "words", 0), PASSES[1]];
    let case = with_local(&rows);
    let run = case.run();
    run.said(&["W: ", "autopkgtest.db", "yesterday", "no time", "does not count"]);
    run.said(&["W: ", "autopkgtest.db", "20261121_080000@", "no trigger", "does not count"]);
    assert_eq!(queued(&case), ["debci-testing-amd64:foo foo/2"]);
}

#[test]
fn what_is_no_database_ends_the_run() {
    for (bytes, said) in [
        (b"not a database, whatever its name says".repeat(100), "no database of test results"),
        (bytes(&[])[..0].to_vec(), "no such table"),
    ] {
        let case = with_local(&PASSES).bytes("autopkgtest.db", &bytes);
        let run = case.run_with(&[]).failed(3);
        run.said(&["autopkgtest.db", said]);
        assert!(run.files.is_empty());
        assert_eq!(queued(&case), [""; 0]);
    }
    let gone = with_database("file:///nowhere/autopkgtest.db").run_with(&[]).failed(3);
    gone.said(&["/nowhere/autopkgtest.db"]);
}

#[test]
fn a_database_of_a_server_is_fetched_when_its_checksum_changes() {
    let published = Published::new(&bytes(&PASSES[..1]));
    let case = published.case();
    case.run();
    assert_eq!(queued(&case), ["debci-testing-amd64:bar foo/2"]);
    assert_eq!(published.web.asked(), ["/autopkgtest.db.sha256", "/autopkgtest.db"]);
    case.run();
    assert_eq!(published.web.asked(), ["/autopkgtest.db.sha256"]);
    let whole = bytes(&PASSES);
    published.publish(&whole, &sum(&whole));
    assert_eq!(case.run().moved(), "foo 2");
    assert_eq!(published.web.asked(), ["/autopkgtest.db.sha256", "/autopkgtest.db"]);
    assert_eq!(std::fs::read(case.path("state/autopkgtest.db")).unwrap(), whole);
    let names: Vec<String> = std::fs::read_dir(case.path("state"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".tidegate-") && name != ".tidegate-requests")
        .collect();
    assert_eq!(names, [""; 0]);
}

#[test]
fn a_checksum_beside_a_database_on_this_machine_is_checked_too() {
    let case = with_local(&PASSES);
    let good = sum(&std::fs::read(case.path("autopkgtest.db")).unwrap());
    let case = case.file("autopkgtest.db.sha256", &good);
    assert_eq!(case.run().moved(), "foo 2");
    assert!(case.path("state/autopkgtest.db").exists());
    let case = with_local(&PASSES).file("autopkgtest.db.sha256", &sum(b"another"));
    case.run_with(&[]).failed(3).said(&["autopkgtest.db", "differs from its .sha256"]);
}

/// Section 7: fetched once more, then the old one if it is whole.
#[test]
fn a_database_that_does_not_fit_its_checksum_is_not_used() {
    let published = Published::new(&bytes(&PASSES[..1]));
    let case = published.case();
    published.publish(&bytes(&PASSES), &sum(b"another"));
    let run = case.run_with(&[]).failed(3);
    run.said(&["autopkgtest.db", "differs from its .sha256, twice"]);
    assert!(run.files.is_empty());
    assert_eq!(queued(&case), [""; 0]);
    assert_eq!(published.web.asked(), ["/autopkgtest.db.sha256", "/autopkgtest.db", "/autopkgtest.db"]);

    let old = bytes(&PASSES[..1]);
    published.publish(&old, &sum(&old));
    case.run();
    published.publish(&bytes(&PASSES), &sum(b"another"));
    case.run();
    assert_eq!(std::fs::read(case.path("state/autopkgtest.db")).unwrap(), old);
    assert_eq!(queued(&case), ["debci-testing-amd64:bar foo/2"]);

    std::fs::write(case.path("state/autopkgtest.db"), b"spoilt").unwrap();
    case.run_with(&[]).failed(3).said(&["there is no older copy"]);
}

#[test]
fn a_checksum_that_is_none_ends_the_run() {
    let published = Published::new(&bytes(&PASSES));
    published.publish(&bytes(&PASSES), "<html>");
    published.case().run_with(&[]).failed(3).said(&[".sha256 holds no checksum"]);
    published.publish(&bytes(&PASSES), "");
    published.case().run_with(&[]).failed(3).said(&[".sha256 holds no checksum"]);
}

/// Section 7: a feed that never ends, and one that breaks off. The checksum is the right one.
#[test]
fn a_database_that_does_not_come_whole_ends_the_run() {
    let whole = bytes(&PASSES);
    for (fault, said) in
        [(WebFault::Drip, "does not come to an end"), (WebFault::Cut, "breaks off"), (WebFault::Hang, "no answer")]
    {
        let published = Published::new(&whole);
        published.web.spoil(".sha256", WebFault::Answer(Answer::ok(sum(&whole))), 1);
        published.web.spoil("/autopkgtest.db", fault, 5);
        let case = published.case();
        let run = case.run_with(&[]).failed(3);
        run.said(&[&published.web.url("autopkgtest.db"), said, "last of 5 tries"]);
        assert!(run.files.is_empty());
        assert_eq!(queued(&case), [""; 0]);
        assert_eq!(std::fs::read_dir(case.path("state")).unwrap().count(), 0);
        assert_eq!(case.run().moved(), "foo 2");
    }
}

#[test]
fn a_dry_run_keeps_no_copy() {
    let published = Published::new(&bytes(&PASSES));
    let case = published.case();
    case.run_with(&["--dry-run"]).succeeded();
    assert_eq!(std::fs::read_dir(case.path("state")).unwrap().count(), 0);
}
