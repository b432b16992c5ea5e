//! One SQL text for two databases, and how it is run.
//!
//! A store module declares its statements with [`statements!`](crate::statements), which also lists them, so that a test
//! prepares every one on both databases and compares their columns. Where the two differ, both texts stand side by side.
//! A [`Query`] binds its values for whichever database it runs on; the compiler demands that both can take them.

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, Encode, FromRow, Postgres, Sqlite, Type};

use super::error::{Result, is_transient};
use super::trouble::{self, Trouble};

/// A fixed statement with its text for each database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// How the code calls it.
    pub name: &'static str,
    /// The text for SQLite; empty where only PostgreSQL needs it.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
}

/// Declares statements, and a list of all of them for the tests.
///
/// ```
/// tidegate_platform::statements! {
///     /// The statements of this store.
///     pub STATEMENTS;
///
///     /// The newest tide.
///     NEWEST = "SELECT height FROM harbour_tide ORDER BY id DESC LIMIT 1";
///     /// The next tide to be told, for whoever comes first.
///     NEXT = sqlite "SELECT id FROM harbour_tide WHERE told = 0 ORDER BY id LIMIT 1",
///         postgres "SELECT id FROM harbour_tide WHERE told = 0 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
/// }
/// assert_eq!(STATEMENTS.len(), 2);
/// assert_eq!(NEWEST.sqlite, NEWEST.postgres);
/// ```
#[macro_export]
macro_rules! statements {
    (
        $(#[$list_documentation:meta])* $visibility:vis $list:ident;
        $($(#[$documentation:meta])* $name:ident = $first:tt $($second:expr $(, $third:ident $fourth:expr)?)?;)*
    ) => {
        $(
            $(#[$documentation])*
            const $name: $crate::store::Statement =
                $crate::statements!(@one $name $first $($second $(, $third $fourth)?)?);
        )*
        $(#[$list_documentation])*
        $visibility const $list: &[$crate::store::Statement] = &[$($name),*];
    };
    (@one $name:ident sqlite $sqlite:expr, postgres $postgres:expr) => {
        $crate::store::Statement { name: stringify!($name), sqlite: $sqlite, postgres: $postgres }
    };
    (@one $name:ident sqlite $sqlite:expr) => {
        $crate::store::Statement { name: stringify!($name), sqlite: $sqlite, postgres: "" }
    };
    (@one $name:ident postgres $postgres:expr) => {
        $crate::store::Statement { name: stringify!($name), sqlite: "", postgres: $postgres }
    };
    (@one $name:ident $both:literal) => {
        $crate::store::Statement { name: stringify!($name), sqlite: $both, postgres: $both }
    };
}

/// A value that both databases take.
pub trait Value: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> {}

impl<T> Value for T where T: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + for<'q> Encode<'q, Postgres> + Type<Postgres> {}

/// A row that both databases give: a tuple, or a struct with `#[derive(sqlx::FromRow)]`.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A connection to one of the two.
pub(crate) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

enum Bound<'c> {
    Sqlite(&'c mut SqliteConnection, SqliteArguments),
    Postgres(&'c mut PgConnection, PgArguments),
}

/// A statement with the values bound so far.
#[must_use = "a query does nothing until it is run"]
pub struct Query<'c> {
    statement: Statement,
    bound: Bound<'c>,
    failed: Option<sqlx::Error>,
    failures: &'c mut Failures,
}

/// What is remembered of the statements of a connection that failed, whatever their callers make of the errors.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// Whether one failed only because another writer came between.
    pub(crate) transient: bool,
    /// Whether one failed because the store takes no writes, and what it said.
    pub(crate) trouble: Option<(Trouble, String)>,
}

impl Failures {
    pub(crate) fn note(&mut self, error: &sqlx::Error) {
        self.transient |= is_transient(error);
        if let Some(what) = trouble::of(error) {
            self.trouble = Some((what, error.to_string()));
        }
    }
}

impl<'c> Query<'c> {
    pub(crate) fn new(statement: Statement, connection: Connection<'c>, failures: &'c mut Failures) -> Self {
        let bound = match connection {
            Connection::Sqlite(connection) => Bound::Sqlite(connection, SqliteArguments::default()),
            Connection::Postgres(connection) => Bound::Postgres(connection, PgArguments::default()),
        };
        Self { statement, bound, failed: None, failures }
    }

    /// Binds the next value. A text is bound as a reference, an absent value as `None`.
    pub fn bind<'v, T>(mut self, value: T) -> Self
    where
        T: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres>,
    {
        let added = match &mut self.bound {
            Bound::Sqlite(_, arguments) => arguments.add(value),
            Bound::Postgres(_, arguments) => arguments.add(value),
        };
        self.failed = self.failed.or(added.err().map(sqlx::Error::Encode));
        self
    }

    /// Binds a last value that only SQLite's text has: PostgreSQL finds it by itself.
    pub(crate) fn bind_on_sqlite(self, value: i64) -> Self {
        match self.bound {
            Bound::Sqlite(..) => self.bind(value),
            Bound::Postgres(..) => self,
        }
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// The database refuses or is away, or a row has another shape.
    pub async fn fetch_all<T: Row>(self) -> Result<Vec<T>> {
        let Self { statement, bound, failed, failures } = self;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let rows = match bound {
            Bound::Sqlite(connection, arguments) => {
                sqlx::query_as_with(statement.sqlite, arguments).fetch_all(connection).await
            }
            Bound::Postgres(connection, arguments) => {
                sqlx::query_as_with(statement.postgres, arguments).fetch_all(connection).await
            }
        };
        rows.inspect_err(|error| failures.note(error)).map_err(Into::into)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`Self::fetch_all`].
    pub async fn fetch_optional<T: Row>(self) -> Result<Option<T>> {
        Ok(self.fetch_all().await?.into_iter().next())
    }

    /// The one row of a statement that always has one.
    ///
    /// # Errors
    ///
    /// As for [`Self::fetch_all`], and if there is none.
    pub async fn fetch_one<T: Row>(self) -> Result<T> {
        self.fetch_optional().await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Runs it, and says how many rows it changed.
    ///
    /// # Errors
    ///
    /// The database refuses or is away.
    pub async fn execute(self) -> Result<u64> {
        let Self { statement, bound, failed, failures } = self;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let changed = match bound {
            Bound::Sqlite(connection, arguments) => sqlx::query_with(statement.sqlite, arguments)
                .execute(connection)
                .await
                .map(|result| result.rows_affected()),
            Bound::Postgres(connection, arguments) => sqlx::query_with(statement.postgres, arguments)
                .execute(connection)
                .await
                .map(|result| result.rows_affected()),
        };
        changed.inspect_err(|error| failures.note(error)).map_err(Into::into)
    }
}
