//! The database: one code for SQLite and PostgreSQL.
//!
//! Work reaches it through [`Db::read`] and [`Db::write`] only, and one step
//! through [`Db::write_unflushed`]. They take a *synchronous* closure and run it
//! on a blocking thread, so nobody can wait for a bank inside a transaction: it
//! would not compile.

mod connection;
mod fault;
pub mod inventory;
mod migrate;
mod repeated;
pub mod rotation;
#[expect(missing_docs, reason = "one line a column, named by the migrations")]
pub mod schema;

use std::{path::PathBuf, sync::Arc, time::Duration};

use connection::{Manager, Target};
use diesel::{
    Connection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub use connection::Conn;
pub use fault::{DbFault, claimed, savepoint};
pub use repeated::Repeat;

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// A handle to the database; clones share the connections.
#[derive(Clone, Debug)]
pub struct Db {
    readers: Lane,
    writers: Lane,
}

/// Some connections and the queue in front of them.
#[derive(Clone, Debug)]
struct Lane {
    pool: r2d2::Pool<Manager>,
    /// As many permits as connections: waiting is first come, first served and
    /// happens without blocking a thread.
    queue: Arc<Semaphore>,
}

impl Lane {
    fn new(target: &Target, connections: u32) -> Result<Self, DbFault> {
        let pool = r2d2::Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .test_on_check_out(matches!(target, Target::Postgres(_)))
            .error_handler(Box::new(connection::LogErrors))
            .build(Manager(target.clone()))?;
        Ok(Self { pool, queue: Arc::new(Semaphore::new(connections as usize)) })
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit, DbFault> {
        tokio::time::timeout(PATIENCE, Arc::clone(&self.queue).acquire_owned())
            .await
            .map_err(|_| DbFault::Overloaded)?
            .map_err(|_| DbFault::Stopped)
    }

    /// Runs `work` with a connection on a blocking thread.
    async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        let permit = self.enter().await?;
        let pool = self.pool.clone();
        let (tell, told) = oneshot::channel();
        // Boxed: what runs it is compiled once, and not for each piece of work.
        let job: Box<dyn FnOnce() + Send> = Box::new(move || {
            let result = match pool.get() {
                Ok(mut pooled) => pooled.run(work),
                Err(error) => Err(DbFault::from(error).into()),
            };
            drop(permit);
            // Whoever waited may be gone.
            let _ = tell.send(result);
        });
        tokio::task::spawn_blocking(job);
        told.await.map_err(|_| DbFault::Stopped)?
    }
}

impl Db {
    /// Refuses what is no address of a database, without connecting.
    pub fn check_url(url: &str) -> Result<(), DbFault> {
        Target::parse(url).map(drop)
    }

    /// Connects to `url`: `sqlite:///path` or `postgres://…`, with
    /// `connections` at most.
    pub fn connect(url: &str, connections: u32) -> Result<Self, DbFault> {
        let target = Target::parse(url)?;
        let readers = Lane::new(&target, connections)?;
        // SQLite has one writer at a time: a lane of one queues fairly instead
        // of letting connections fight over the file lock.
        let writers = match target {
            Target::Sqlite(_) => Lane::new(&target, 1)?,
            Target::Postgres(_) => readers.clone(),
        };
        Ok(Self { readers, writers })
    }

    /// Brings the tables up to date; returns the names of what was applied.
    pub async fn migrate(&self) -> Result<Vec<String>, DbFault> {
        self.writers.run(migrate::run).await
    }

    /// Whether the database answers and its tables are up to date.
    pub async fn ready(&self) -> Result<bool, DbFault> {
        self.readers.run(migrate::is_current).await
    }

    /// The locale of the database's words, when it is one whose faults we cannot
    /// read.
    pub async fn foreign_locale(&self) -> Result<Option<String>, DbFault> {
        self.readers.run(fault::foreign_locale).await
    }

    /// Runs queries that change nothing.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs `work` in one transaction: committed when it returns `Ok` or an
    /// error that keeps ([`Ending::keeps`]), rolled back otherwise.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        self.writers.run(move |conn| in_transaction(conn, Commit::Flushed, work)).await
    }

    /// As [`Db::write`], but without waiting for the disk: for a step that
    /// nobody is told of before a later `write` has flushed it with itself, as
    /// both databases flush in order, or whose loss costs nobody more than asking
    /// again. It survives the end of the process; only that of the machine or of
    /// PostgreSQL can lose it.
    pub async fn write_unflushed<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        self.writers.run(move |conn| in_transaction(conn, Commit::Unflushed, work)).await
    }
}

/// The error of work in a transaction.
pub trait Ending: From<DbFault> {
    /// Whether what the work did so far is committed all the same.
    fn keeps(&self) -> bool {
        false
    }
}

impl Ending for DbFault {}

/// Whether what work has come to leaves its transaction committed.
pub fn is_committed<T, E: Ending>(done: &Result<T, E>) -> bool {
    done.as_ref().map_or_else(Ending::keeps, |_| true)
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    Flushed,
    Unflushed,
}

fn in_transaction<T, E: Ending>(
    conn: &mut Conn,
    commit: Commit,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        Conn::Sqlite(inner) if commit == Commit::Unflushed => {
            // SQLite has this setting for a connection, not for a transaction.
            inner.batch_execute("PRAGMA synchronous = NORMAL").map_err(DbFault::from)?;
            let done = run_transaction(conn, commit, work);
            if conn.batch_execute("PRAGMA synchronous = FULL").is_err() {
                // What is done is done, but nobody may have this connection.
                <Conn as Connection>::TransactionManager::transaction_manager_status_mut(conn)
                    .set_in_error();
            }
            done
        }
        _ => run_transaction(conn, commit, work),
    }
}

fn run_transaction<T, E: Ending>(
    conn: &mut Conn,
    commit: Commit,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        // Takes the write lock at once: a transaction that reads first and
        // writes later would fail instead of waiting.
        Conn::Sqlite(inner) => {
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")
        }
        Conn::Postgres(inner) if commit == Commit::Unflushed => {
            let begin = "BEGIN; SET LOCAL synchronous_commit = off";
            AnsiTransactionManager::begin_transaction_sql(inner, begin)
        }
        Conn::Postgres(inner) => AnsiTransactionManager::begin_transaction(inner),
    }
    .map_err(DbFault::from)?;
    let done = work(conn);
    if is_committed(&done) {
        <Conn as Connection>::TransactionManager::commit_transaction(conn)
            .map_err(DbFault::from)?;
    } else {
        // The first error is the one to tell; a connection whose rollback
        // failed is thrown away by the pool.
        let _ = <Conn as Connection>::TransactionManager::rollback_transaction(conn);
    }
    done
}

/// Raw SQL with placeholders as PostgreSQL writes them, `$1`, for either database.
/// A placeholder may stand in several places.
pub fn with_placeholders(conn: &Conn, sql: &str) -> String {
    match conn {
        Conn::Postgres(_) => sql.to_owned(),
        Conn::Sqlite(_) => sql.replace('$', "?"),
    }
}

/// The file of an SQLite url, for messages and for the file's mode.
fn sqlite_path(url: &str) -> Option<PathBuf> {
    url.strip_prefix("sqlite://").map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Integer};

    use super::*;

    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Integer)]
        synchronous: i32,
    }

    /// 1 is NORMAL, 2 is FULL.
    fn synchronous(conn: &mut Conn) -> Result<i32, DbFault> {
        Ok(sql_query("PRAGMA synchronous").get_result::<Setting>(conn)?.synchronous)
    }

    /// Whatever becomes of a transaction that does not wait for the disk, the
    /// next one does.
    #[tokio::test]
    async fn only_an_unflushed_write_does_not_wait_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::connect(&url, 2).unwrap();
        assert_eq!(db.write(synchronous).await.unwrap(), 2);
        assert_eq!(db.write_unflushed(synchronous).await.unwrap(), 1);
        assert_eq!(db.write(synchronous).await.unwrap(), 2);
        let refused = |_: &mut Conn| Err::<(), _>(DbFault::Overloaded);
        db.write_unflushed(refused).await.unwrap_err();
        assert_eq!(db.write(synchronous).await.unwrap(), 2);
        let panics = |_: &mut Conn| -> Result<(), DbFault> { panic!("in a transaction") };
        db.write_unflushed(panics).await.unwrap_err();
        assert_eq!(db.write(synchronous).await.unwrap(), 2);
    }
}
