//! Migrations, embedded, the same folder names for both databases.

use diesel::{RunQueryDsl, backend::Backend, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, DbFault};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Any number that nothing else on the server uses: it names our lock.
const ADVISORY_LOCK: &str = "7239160011";

fn text(error: impl std::fmt::Display) -> DbFault {
    DbFault::Migration(error.to_string())
}

/// Applies what is pending. Nodes that start together take turns.
pub(super) fn run(conn: &mut Conn) -> Result<Vec<String>, DbFault> {
    match conn {
        // Takes the file's write lock before it looks what is pending.
        Conn::Sqlite(inner) => inner.immediate_transaction(|inner| apply(inner, SQLITE)),
        Conn::Postgres(inner) => {
            sql_query(format!("SELECT pg_advisory_lock({ADVISORY_LOCK})")).execute(inner)?;
            let applied = apply(inner, POSTGRES);
            sql_query(format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})")).execute(inner)?;
            applied
        }
    }
}

fn apply<B: Backend>(
    conn: &mut impl MigrationHarness<B>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, DbFault> {
    let versions = conn.run_pending_migrations(migrations).map_err(text)?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

/// Whether nothing is pending.
pub(super) fn is_current(conn: &mut Conn) -> Result<bool, DbFault> {
    let pending = match conn {
        Conn::Sqlite(inner) => inner.has_pending_migration(SQLITE),
        Conn::Postgres(inner) => inner.has_pending_migration(POSTGRES),
    };
    Ok(!pending.map_err(text)?)
}
