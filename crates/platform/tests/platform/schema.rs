//! The tables and statements of the platform on both databases.

use tidegate_platform::{MIGRATIONS, STATEMENTS};
use tidegate_testkit::{Kind, TestDb, assert_same_schema, assert_statements_fit};

#[test]
fn both_databases_get_the_same_tables() {
    assert_same_schema(
        &[MIGRATIONS],
        &["platform_feed", "platform_horizon", "platform_outbox.xid", "platform_outbox (xid"],
    );
}

#[test]
fn both_databases_take_every_statement() {
    assert_statements_fit(&[MIGRATIONS], STATEMENTS);
}

/// Tables that stay small, whatever happens, and what is made of others by an index.
const SMALL: [&str; 11] = [
    "platform_pause",
    "platform_sink",
    "platform_worker",
    "s",
    "acts",
    "ahead",
    "few",
    "found",
    "near",
    "who",
    "wishes",
];

/// What is asked while the tables are large is answered by an index.
#[test]
fn no_statement_walks_through_a_table_that_grows() {
    TestDb::on(Kind::Sqlite, &[MIGRATIONS], async |t| {
        let mut walks = Vec::new();
        for statement in STATEMENTS.iter().copied().flatten().filter(|statement| !statement.sqlite.is_empty()) {
            for row in t.rows(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite)).await {
                let step = row.last().expect("a step has a text");
                let Some(walk) = step.strip_prefix("SCAN ") else { continue };
                let table = walk.split(' ').next().unwrap_or_default();
                let is_list = walk.contains("VIRTUAL TABLE") || walk.starts_with("CONSTANT") || walk.starts_with('(');
                // tests empty the outbox as a whole
                let is_for_tests = statement.name.starts_with("ERASE");
                if !is_list && !is_for_tests && !walk.contains("USING") && !SMALL.contains(&table) {
                    walks.push(format!("{}: {step}", statement.name));
                }
            }
        }
        assert_eq!(walks, Vec::<String>::new());
    });
}
