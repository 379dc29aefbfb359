//! What can go wrong with the database.

use std::path::PathBuf;

use diesel::{
    Connection, QueryableByName, RunQueryDsl,
    query_builder::QueryFragment,
    result::{ConnectionError, DatabaseErrorKind, Error as QueryError},
    sql_query,
    sql_types::Text,
};

use super::{Conn, repeated::UnlessTaken};

/// A fault of the database: not the client's doing, logged once, shown as
/// `internal` or `overloaded`.
#[derive(Debug, thiserror::Error)]
pub enum DbFault {
    /// The URL is neither `sqlite:///absolute/path` nor `postgres://…`.
    #[error("DATABASE_URL must be sqlite:///absolute/path or postgres://user@host/name")]
    BadUrl,
    /// The database file cannot be made or opened.
    #[error("database file {0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// No connection could be made.
    #[error("database connection: {0}")]
    Connection(#[from] ConnectionError),
    /// The pool gave no connection in time.
    #[error("database pool: {0}")]
    Pool(#[from] r2d2::Error),
    /// Too many requests wait for a connection.
    #[error("the queue for a database connection is too long")]
    Overloaded,
    /// The process is stopping.
    #[error("the work was stopped")]
    Stopped,
    /// A query failed.
    #[error("query: {0}")]
    Query(#[source] QueryError),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(String),
    /// A row does not hold what our code writes.
    #[error("corrupt row: {table}.{column} of {id}")]
    CorruptRow {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The primary key.
        id: String,
    },
    /// A sealed field does not open, or the random source failed.
    #[error(transparent)]
    Crypto(#[from] crate::tools::crypto::CryptoError),
}

/// `SQLITE_BUSY`, and SQLSTATE 40P01 and 55P03: diesel has no kind for them.
const LOCKED: [&str; 3] =
    ["database is locked", "deadlock detected", "canceling statement due to lock timeout"];

impl DbFault {
    /// Whether the database cannot be reached or is held by somebody else: the
    /// same work may succeed in a moment.
    pub fn is_passing(&self) -> bool {
        use DatabaseErrorKind::{ClosedConnection, SerializationFailure, UnableToSendCommand};
        match self {
            Self::Overloaded | Self::Pool(_) | Self::Connection(_) => true,
            Self::Query(QueryError::DatabaseError(kind, information)) => {
                matches!(kind, ClosedConnection | SerializationFailure | UnableToSendCommand)
                    || LOCKED.contains(&information.message())
            }
            _ => false,
        }
    }
}

#[derive(QueryableByName)]
struct Locale {
    #[diesel(sql_type = Text)]
    lc_messages: String,
}

/// The locale in which PostgreSQL tells of faults, when it is not one of those
/// whose words [`DbFault::is_passing`] knows.
pub(super) fn foreign_locale(conn: &mut Conn) -> Result<Option<String>, DbFault> {
    match conn {
        Conn::Sqlite(_) => Ok(None),
        Conn::Postgres(inner) => {
            let Locale { lc_messages } = sql_query("SHOW lc_messages").get_result(inner)?;
            Ok(Some(lc_messages).filter(|locale| !is_english(locale)))
        }
    }
}

/// Whether a locale is English: by its language, or because it has none.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
    ["C", "POSIX", "en", "English"].contains(&language)
}

impl From<QueryError> for DbFault {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<crate::kernel::entropy::EntropyError> for DbFault {
    fn from(error: crate::kernel::entropy::EntropyError) -> Self {
        Self::Crypto(error.into())
    }
}

/// Runs `insert`, and tells whether it went in: `false` when the primary key is
/// taken already, and the transaction goes on. This is how uniqueness is decided
/// on both databases, whatever else runs at the same time. PostgreSQL waits for
/// whoever has the same key in an open transaction.
pub fn claimed<I>(conn: &mut Conn, insert: I) -> Result<bool, DbFault>
where
    I: QueryFragment<<Conn as Connection>::Backend>,
{
    Ok(UnlessTaken(insert).execute(conn)? == 1)
}

/// Runs `work` in a savepoint, which is rolled back when `work` returns an
/// error, while the transaction around it goes on.
pub fn savepoint<T, E: From<DbFault>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    /// Either error, as diesel wants one that its own converts to.
    enum Left<E> {
        Work(E),
        Query(QueryError),
    }
    impl<E> From<QueryError> for Left<E> {
        fn from(error: QueryError) -> Self {
            Self::Query(error)
        }
    }
    conn.transaction(|conn| work(conn).map_err(Left::Work)).map_err(|left| match left {
        Left::Work(error) => error,
        Left::Query(error) => DbFault::from(error).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_english_or_not() {
        for locale in ["C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en", "English_United States.1252"] {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["", "zh_CN.UTF-8", "de_DE@euro", "eo", "Chinese (Simplified)_China.936"] {
            assert!(!is_english(locale), "{locale}");
        }
    }

    #[test]
    fn a_lock_that_somebody_else_holds_passes() {
        for message in LOCKED {
            let information = Box::new(message.to_owned());
            let error = QueryError::DatabaseError(DatabaseErrorKind::Unknown, information);
            assert!(DbFault::from(error).is_passing(), "{message}");
        }
    }
}
