//! Connections to PostgreSQL are kept, and tested only when there is a reason.

use diesel::{
    PgConnection,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};
use shiming::tools::db::{Conn, Db, DbFault};

use super::{
    program::{Engine, Server},
    runtime,
};

diesel::define_sql_function! {
    fn pg_backend_pid() -> Integer;
}
diesel::define_sql_function! {
    /// Waits until the process is gone, and with it its end of the connection.
    fn pg_terminate_backend(pid: Integer, milliseconds: BigInt) -> Bool;
}

#[derive(QueryableByName)]
struct Activity {
    #[diesel(sql_type = Text)]
    query: String,
}

/// The last statement that the server was sent on a connection.
fn last_statement(administrator: &mut PgConnection, pid: i32) -> String {
    sql_query(format!("SELECT query FROM pg_stat_activity WHERE pid = {pid}"))
        .get_result::<Activity>(administrator)
        .unwrap()
        .query
}

async fn pid(db: &Db) -> i32 {
    let ask = |conn: &mut Conn| diesel::select(pg_backend_pid()).get_result::<i32>(conn);
    db.read(move |conn| ask(conn).map_err(DbFault::from)).await.unwrap()
}

/// Takes a connection and gives it back.
async fn borrow(db: &Db, result: Result<(), DbFault>) {
    let expected = result.is_ok();
    assert_eq!(db.read(|_| result).await.is_ok(), expected);
}

#[test]
fn a_connection_is_tested_after_a_failure_only_and_replaced_when_the_server_has_ended_it() {
    if Engine::of_tests() == Engine::Sqlite {
        return;
    }
    let server = Server::prepare(Engine::Postgres, &[]);
    let mut administrator = PgConnection::establish(&server.database_url).unwrap();
    runtime().block_on(async {
        let db = Db::connect(&server.database_url, 1).unwrap();
        let first = pid(&db).await;
        let asked = last_statement(&mut administrator, first);
        assert!(asked.contains("pg_backend_pid"), "{asked}");
        borrow(&db, Ok(())).await;
        assert_eq!(last_statement(&mut administrator, first), asked, "tested while fresh");

        borrow(&db, Err(DbFault::Overloaded)).await;
        borrow(&db, Ok(())).await;
        assert_eq!(last_statement(&mut administrator, first), "SELECT 1");
        assert_eq!(pid(&db).await, first);

        for _ in 0..3 {
            let doomed = pid(&db).await;
            let ended = diesel::select(pg_terminate_backend(doomed, 5000));
            assert!(ended.get_result::<bool>(&mut administrator).unwrap());
            assert_ne!(pid(&db).await, doomed);
        }
    });
}
