//! The gate on both databases.

mod accepting;
mod asking;
mod counting;
mod gate;
mod history;
mod hostile;
mod keeping;
mod lists;
mod native;
mod rehearsal;
mod resultsdb_v2;
mod resultsdb_v3;
mod rights;
mod schema;
mod trail;
mod web;

/// Compares a checked-in list with what the code says: run with `TIDEGATE_BLESS=1` after a change that is meant.
fn checked_in(name: &str, expected: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("TIDEGATE_BLESS").is_some() {
        std::fs::write(&path, expected).expect("the crate's folder can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} is not what the code says: bless it and review the change", path.display());
}
