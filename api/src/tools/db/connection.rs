//! Connections of both kinds, chosen by the scheme of the URL.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::PathBuf};

use diesel::{
    Connection, PgConnection, SqliteConnection, connection::SimpleConnection,
    connection::TransactionManager,
};

use super::DbFault;

/// A connection to either database.
///
/// Its derived `establish` tries one kind after the other, so that a
/// PostgreSQL that is down would become an SQLite file: never call it.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Postgres(_) => "Conn::Postgres",
            Self::Sqlite(_) => "Conn::Sqlite",
        })
    }
}

/// Where the data is.
#[derive(Clone)]
pub(super) enum Target {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its URL (which may hold a password: not printed).
    Postgres(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

impl Target {
    pub fn parse(url: &str) -> Result<Self, DbFault> {
        if let Some(path) = super::sqlite_path(url).filter(|path| path.is_absolute()) {
            return Ok(Self::Sqlite(path));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(DbFault::BadUrl)
    }
}

/// Makes connections for the pool.
#[derive(Clone, Debug)]
pub(super) struct Manager(pub Target);

/// WAL lets readers work beside the writer; FULL makes an acknowledged
/// registration survive a power cut.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = DbFault;

    fn connect(&self) -> Result<Conn, DbFault> {
        match &self.0 {
            Target::Sqlite(path) => {
                make_private(path).map_err(|error| DbFault::File(path.clone(), error))?;
                let mut inner = SqliteConnection::establish(&path.to_string_lossy())?;
                inner.batch_execute(SQLITE_PRAGMAS)?;
                Ok(Conn::Sqlite(inner))
            }
            Target::Postgres(url) => {
                let mut inner = PgConnection::establish(url)?;
                inner.batch_execute(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '15s'; SET lock_timeout = '5s';",
                )?;
                Ok(Conn::Postgres(inner))
            }
        }
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), DbFault> {
        Ok(conn.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking()
            || <Conn as Connection>::TransactionManager::is_broken_transaction_manager(conn)
    }
}

/// Creates the database file readable by its owner only.
fn make_private(path: &std::path::Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Tells of a connection that the pool could not make.
#[derive(Debug)]
pub(super) struct LogErrors;

impl r2d2::HandleError<DbFault> for LogErrors {
    fn handle_error(&self, error: DbFault) {
        tracing::warn!(%error, "no database connection");
    }
}
