//! The platform on both databases.

mod auth;
mod blockers;
mod codes;
mod config;
mod events;
mod http;
mod inbox;
#[cfg(feature = "steps")]
mod killed;
mod notices;
mod outbox;
mod relay;
mod retention;
mod schema;
mod store;
mod trail;
mod wake;
mod writes;

/// Compares a file of this crate with what it is made from, or writes it with `TIDEGATE_BLESS=1`.
pub(crate) fn checked_in(name: &str, expected: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("TIDEGATE_BLESS").is_some() {
        std::fs::write(&path, expected).expect("the crate's folder can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} is not what the code says: bless it and review the change", path.display());
}
