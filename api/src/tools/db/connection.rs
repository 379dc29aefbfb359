//! Connections of both kinds, chosen by the scheme of the URL.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use diesel::{
    Connection, PgConnection, SqliteConnection, connection::SimpleConnection,
    connection::TransactionManager,
};

use super::{DbFault, Ending, is_committed};

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

/// A connection that was not used for this long is tested before its next use: a
/// firewall may have forgotten it without a word to either end.
const TRUSTED: Duration = Duration::from_secs(5);

/// A connection of the pool, and whether it is known to work.
pub(super) struct Pooled {
    pub conn: Conn,
    /// When work on it succeeded last; `None` after a failure.
    proved: Option<Instant>,
}

impl Pooled {
    fn new(conn: Conn) -> Self {
        Self { conn, proved: Some(Instant::now()) }
    }

    /// Runs `work`, and notes whether the connection has proved itself.
    pub fn run<T, E: Ending>(
        &mut self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(&mut self.conn);
        self.proved = is_committed(&done).then(Instant::now);
        done
    }

    fn is_trusted(&self) -> bool {
        self.proved.is_some_and(|at| at.elapsed() < TRUSTED)
    }

    /// Refuses a connection that the server has closed, without a statement.
    ///
    /// A server that ends a connection sends a last message and closes its side.
    /// libpq sees either only when it reads: the first time it reads the message,
    /// the second time the end. On a live connection there is nothing to read, and
    /// neither call waits.
    fn look_for_end(&mut self) -> Result<(), DbFault> {
        if let Conn::Postgres(inner) = &mut self.conn {
            for _ in 0..2 {
                inner.notifications_iter().next().transpose()?;
            }
        }
        Ok(())
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
    type Connection = Pooled;
    type Error = DbFault;

    fn connect(&self) -> Result<Pooled, DbFault> {
        let conn = match &self.0 {
            Target::Sqlite(path) => {
                make_private(path).map_err(|error| DbFault::File(path.clone(), error))?;
                let mut inner = SqliteConnection::establish(&path.to_string_lossy())?;
                inner.batch_execute(SQLITE_PRAGMAS)?;
                Conn::Sqlite(inner)
            }
            Target::Postgres(url) => {
                let mut inner = PgConnection::establish(url)?;
                inner.batch_execute(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '15s'; SET lock_timeout = '5s';",
                )?;
                Conn::Postgres(inner)
            }
        };
        Ok(Pooled::new(conn))
    }

    /// Asked before each use. A question to the server costs as much as a query,
    /// so that it is asked only when there is a reason.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), DbFault> {
        if pooled.is_trusted() {
            return pooled.look_for_end();
        }
        Ok(pooled.conn.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        type Manager = <Conn as Connection>::TransactionManager;
        std::thread::panicking() || Manager::is_broken_transaction_manager(&mut pooled.conn)
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
