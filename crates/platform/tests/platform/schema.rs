//! The tables and statements of the platform on both databases.

use tidegate_platform::{MIGRATIONS, STATEMENTS};
use tidegate_testkit::{assert_same_schema, assert_statements_fit};

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
