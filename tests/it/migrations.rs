//! The two sets of migrations make the same tables, and can be taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    backend::Backend,
    sql_query,
    sql_types::{Bool, Text},
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use shiming::tools::db::rotation::SEALED_COLUMNS;

use crate::{
    process::program::{Engine, Server},
    support::TestApp,
};

const SCHEMA: &str = include_str!("../../api/src/tools/db/schema.rs");

fn folder(engine: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(engine)
}

/// Every migration of an engine: name and the text of `up.sql`.
fn migrations(engine: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder(engine)).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            assert!(path.join("down.sql").is_file(), "{} cannot be taken back", path.display());
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path.join("up.sql")).unwrap())
        })
        .collect()
}

/// A column: its table, its name, and whether it may be empty.
type Column = (String, String, bool);

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

const ON_SQLITE: &str = "SELECT m.name AS table_name, c.name AS column_name, \
     c.\"notnull\" = 0 AS nullable \
     FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
const ON_POSTGRES: &str = "SELECT table_name::text, column_name::text, \
     is_nullable = 'YES' AS nullable \
     FROM information_schema.columns WHERE table_schema = 'public'";

/// The columns of a running database.
async fn columns() -> BTreeSet<Column> {
    let ask = match Engine::of_tests() {
        Engine::Sqlite => ON_SQLITE,
        Engine::Postgres => ON_POSTGRES,
    };
    let found = TestApp::start().query(move |conn| sql_query(ask).load::<Found>(conn)).await;
    found
        .into_iter()
        .filter(|one| !one.table_name.starts_with("__diesel") && !one.table_name.contains("sqlite"))
        .map(|one| (one.table_name, one.column_name, one.nullable))
        .collect()
}

/// The columns that the code knows.
fn columns_in_code() -> BTreeSet<Column> {
    let mut table = "";
    let mut columns = BTreeSet::new();
    for line in SCHEMA.lines().map(str::trim) {
        if let Some((name, kind)) = line.split_once(" -> ") {
            columns.insert((table.to_owned(), name.to_owned(), kind.starts_with("Nullable")));
        } else if let Some((name, _)) = line.split_once(" (") {
            table = name;
        }
    }
    columns
}

#[test]
fn both_engines_have_the_same_migrations_and_indexes() {
    let (sqlite, postgres) = (migrations("sqlite"), migrations("postgres"));
    assert!(sqlite.keys().eq(postgres.keys()));
    for (name, sql) in &sqlite {
        let indexes = |sql: &str| -> Vec<String> {
            sql.lines().filter(|line| line.starts_with("CREATE INDEX")).map(str::to_owned).collect()
        };
        assert_eq!(indexes(sql), indexes(&postgres[name]), "{name}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_tables_are_those_that_the_code_knows() {
    let known = columns_in_code();
    assert!(known.contains(&("accounts".into(), "issuing_country".into(), true)));
    assert_eq!(columns().await, known);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_sealed_column_takes_part_in_key_rotation() {
    let sealed = columns().await.into_iter().filter(|(_, column, _)| column.ends_with("_sealed"));
    let sealed: BTreeSet<(String, String)> =
        sealed.map(|(table, column, _)| (table, column)).collect();
    let rotated = SEALED_COLUMNS.iter().map(|one| (one.table.to_owned(), one.column.to_owned()));
    assert_eq!(sealed, rotated.collect());
}

/// Up, down and up again; returns how many migrations that were.
fn up_and_down<B: Backend>(conn: &mut impl MigrationHarness<B>, engine: &str) -> usize {
    let source = || FileBasedMigrations::from_path(folder(engine)).unwrap();
    let up = conn.run_pending_migrations(source()).unwrap().len();
    assert_eq!(conn.revert_all_migrations(source()).unwrap().len(), up);
    assert_eq!(conn.run_pending_migrations(source()).unwrap().len(), up);
    up
}

#[test]
fn every_migration_can_be_taken_back_and_applied_again() {
    let server = Server::prepare(Engine::of_tests(), &[]);
    let url = server.database_url.as_str();
    let applied = match Engine::of_tests() {
        Engine::Sqlite => {
            let path = url.trim_start_matches("sqlite://");
            up_and_down(&mut SqliteConnection::establish(path).unwrap(), "sqlite")
        }
        Engine::Postgres => up_and_down(&mut PgConnection::establish(url).unwrap(), "postgres"),
    };
    assert_eq!(applied, migrations("sqlite").len());
}
