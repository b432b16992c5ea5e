//! The tables and statements of the gate on both databases.

use tidegate_platform::store::Statement;
use tidegate_results::store::{MIGRATIONS, STATEMENTS};
use tidegate_testkit::{Kind, TestDb, assert_same_schema, assert_statements_fit};

use crate::checked_in;
use crate::gate::TABLES;

#[test]
fn both_databases_get_the_same_tables() {
    assert_same_schema(&[MIGRATIONS], &[]);
}

#[test]
fn both_databases_take_every_statement() {
    assert_statements_fit(TABLES, STATEMENTS);
}

/// A statement with numbers instead of parameters, and with a list where it takes one.
fn with_values(statement: &str) -> String {
    let mut text = statement.replace("json_each($1)", "json_each('[1]')").replace("json_each($2)", "json_each('[1]')");
    for parameter in (1..=9).rev() {
        let list = format!("jsonb_array_elements_text(${parameter})");
        text = text.replace(&list, "jsonb_array_elements_text('[\"1\"]')").replace(&format!("${parameter}"), "'1'");
    }
    text
}

fn reading() -> impl Iterator<Item = &'static Statement> {
    STATEMENTS.iter().copied().flatten().filter(|statement| statement.sqlite.starts_with("SELECT"))
}

#[test]
fn every_list_goes_down_an_index_on_sqlite() {
    TestDb::on(Kind::Sqlite, TABLES, async |t| {
        for statement in reading() {
            let plan = t.rows(&format!("EXPLAIN QUERY PLAN {}", with_values(statement.sqlite))).await;
            for step in plan.iter().filter_map(|row| row.last()) {
                let is_scan = step.starts_with("SCAN ") && !step.contains("USING") && !step.contains("json_each");
                // what a bounded walk down an index found
                let is_scan = is_scan && step != "SCAN few";
                // the walk from test case to test case looks at all of them, and sorts one result of each
                let is_known = statement.name == "OF_TESTCASES" && (is_scan || step.contains("ORDER BY"))
                    // by its number a row lies in the table itself, which is counted down until the page
                    || statement.name == "GROUPS_AT" && step == "SCAN results_group";
                assert!(!is_scan || is_known, "{}: {step}", statement.name);
                let is_walk = statement.name.ends_with("_DOWN") || statement.name.ends_with("_UP");
                assert!(!(is_walk && step.contains("TEMP B-TREE")), "{}: {step}", statement.name);
            }
        }
    });
}

#[test]
fn every_list_goes_down_an_index_on_postgres() {
    TestDb::on(Kind::Postgres, TABLES, async |t| {
        for statement in reading() {
            let text = with_values(statement.postgres).replace(" FOR UPDATE", "");
            let plan = t.rows(&format!("SET enable_seqscan = off; EXPLAIN {text}")).await;
            let plan: Vec<_> = plan.iter().filter_map(|row| row.last()).map(String::as_str).collect();
            let plan = plan.join("\n");
            assert!(!plan.contains("Seq Scan"), "{}:\n{plan}", statement.name);
            let is_walk = statement.name.ends_with("_DOWN") || statement.name.ends_with("_UP");
            assert!(!(is_walk && plan.contains("Sort")), "{}:\n{plan}", statement.name);
        }
    });
}

/// What reads, with its plan on SQLite, which plans by the tables' shapes alone. A walk is what a filter of a list is
/// looked up by.
#[test]
fn the_plans_are_those_that_were_reviewed() {
    TestDb::on(Kind::Sqlite, TABLES, async |t| {
        let mut shown = String::new();
        for statement in reading() {
            let plan = t.rows(&format!("EXPLAIN QUERY PLAN {}", with_values(statement.sqlite))).await;
            let steps = plan.iter().filter_map(|row| row.last()).filter(|step| !step.contains("json_each"));
            shown = steps.fold(shown + statement.name + "\n", |shown, step| shown + "  " + step + "\n");
        }
        checked_in("plans.txt", &shown);
    });
}
