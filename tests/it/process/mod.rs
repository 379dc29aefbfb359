//! The program as a process: killed, stopped, started twice, misconfigured.

mod authorize;
mod commands;
mod connections;
mod crash;
mod idempotency;
mod keys;
mod maintain;
mod nodes;
mod operator;
mod outage;
mod partner;
mod recovery;
mod secrets;
mod start;
mod stop;
mod system_secrets;
mod tokens;
mod username;
mod webhooks;

#[path = "../../support/mod.rs"]
#[allow(dead_code, reason = "the load test uses the rest")]
pub mod program;

use program::server::CHEAP_HASHING;
use shiming::tools::db::{Conn, Db, DbFault};

/// A runtime for the people, apart from the thread that kills the process.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Asks the database of a program behind its back.
async fn query<T: Send + 'static>(
    database_url: &str,
    query: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
) -> T {
    let db = Db::connect(database_url, 1).unwrap();
    db.read(move |conn| query(conn).map_err(DbFault::from)).await.unwrap()
}

/// How many rows a table has.
macro_rules! rows {
    ($database_url:expr, $table:ident) => {
        super::query($database_url, |conn| {
            use diesel::prelude::*;
            shiming::tools::db::schema::$table::table.count().get_result::<i64>(conn)
        })
        .await
    };
}
use rows;
