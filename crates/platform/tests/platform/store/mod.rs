//! What the store promises, on a small harbour.

mod durability;
mod migrating;
mod writing;

use tidegate_platform::statements;
use tidegate_platform::store::{Migration, Migrations, Reads, Result, Tx};

/// Ships in a harbour.
pub(crate) const HARBOUR: &[Migrations] = &[Migrations {
    krate: "harbour",
    list: &[Migration {
        number: 1,
        name: "ships",
        sqlite: "CREATE TABLE harbour_ship (name TEXT PRIMARY KEY, tons INTEGER NOT NULL) STRICT;",
        postgres: "CREATE TABLE harbour_ship (name TEXT COLLATE \"C\" PRIMARY KEY, tons BIGINT NOT NULL);",
    }],
}];

statements! {
    /// All of them.
    pub(crate) STATEMENTS;

    MOOR = "INSERT INTO harbour_ship (name, tons) VALUES ($1, $2)";
    LOAD = "UPDATE harbour_ship SET tons = tons + $2 WHERE name = $1";
    SHIPS = "SELECT name, tons FROM harbour_ship ORDER BY name";
    TONS = "SELECT CAST(COALESCE(SUM(tons), 0) AS BIGINT) FROM harbour_ship";
}

async fn moor(tx: &mut Tx, name: &str, tons: i64) -> Result<u64> {
    tx.query(MOOR).bind(name).bind(tons).execute().await
}

async fn load(tx: &mut Tx, name: &str, tons: i64) -> Result<u64> {
    tx.query(LOAD).bind(name).bind(tons).execute().await
}

async fn ships(reader: &mut impl Reads) -> Result<Vec<(String, i64)>> {
    reader.query(SHIPS).fetch_all().await
}

async fn tons(reader: &mut impl Reads) -> Result<i64> {
    Ok(reader.query(TONS).fetch_one::<(i64,)>().await?.0)
}
