//! A database for each test: a file in memory-backed storage, or with
//! `TEST_DATABASE=postgres` a database of the server `TEST_POSTGRES_URL`.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    process,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use shiming::db::Db;

/// A database that is gone when the test is.
#[derive(Debug)]
pub struct Database {
    pub url: String,
    postgres_name: Option<String>,
}

/// Whether the tests run on PostgreSQL.
fn on_postgres() -> bool {
    match env::var("TEST_DATABASE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("TEST_DATABASE is {other}: sqlite or postgres"),
    }
}

fn server() -> String {
    env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL is set, see scripts/with-postgres.sh")
}

/// The URL of another database of the server.
fn url_of(name: &str) -> String {
    let server = server();
    let (base, old) = server.rsplit_once('/').expect("TEST_POSTGRES_URL ends with /database");
    let query = old.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    format!("{base}/{name}{query}")
}

fn execute(sql: &str) {
    let mut admin = PgConnection::establish(&server()).expect("TEST_POSTGRES_URL answers");
    admin.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A name that no other process and no other test of this one uses.
fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("shiming_test_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// On a thread of its own, because a test runs in a runtime already.
fn migrate(url: String) {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Db::connect(&url, 1).unwrap().migrate().await.unwrap() });
    };
    thread::spawn(work).join().expect("the migrations apply");
}

/// A migrated database of PostgreSQL to copy. It is named after the migrations, so that runs
/// on one server share it and a changed migration makes a new one.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/postgres");
        let mut hasher = DefaultHasher::new();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        for name in names {
            fs::read(name.join("up.sql")).unwrap().hash(&mut hasher);
        }
        let template = format!("shiming_test_template_{:016x}", hasher.finish());
        if PgConnection::establish(&url_of(&template)).is_ok() {
            return template;
        }
        let unfinished = fresh_name();
        execute(&format!("CREATE DATABASE {unfinished}"));
        migrate(url_of(&unfinished));
        let mut admin = PgConnection::establish(&server()).unwrap();
        let ours = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{unfinished}'"
        );
        admin.batch_execute(&ours).unwrap();
        let rename = format!("ALTER DATABASE {unfinished} RENAME TO {template}");
        if admin.batch_execute(&rename).is_err() {
            // Another run made it meanwhile.
            PgConnection::establish(&url_of(&template)).expect("the template exists");
            admin.batch_execute(&format!("DROP DATABASE {unfinished} WITH (FORCE)")).unwrap();
        }
        template
    })
}

/// A migrated file to copy.
fn migrated_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("template.db");
        migrate(format!("sqlite://{}", file.display()));
        let log = folder.path().join("template.db-wal");
        assert!(!log.exists(), "the last connection is closed, and all is in one file");
        fs::read(&file).unwrap()
    })
}

impl Database {
    /// A new one; a file lies in `folder`.
    pub fn create(folder: &Path) -> Self {
        if !on_postgres() {
            let file = folder.join("test.db");
            fs::write(&file, migrated_file()).unwrap();
            return Self { url: format!("sqlite://{}", file.display()), postgres_name: None };
        }
        let name = fresh_name();
        // Copied as files: through the log, which nobody needs here, it takes longer.
        execute(&format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY FILE_COPY", template()));
        Self { url: url_of(&name), postgres_name: Some(name) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(name) = &self.postgres_name else { return };
        // Not `execute`: a second panic would hide why the test failed.
        if let Ok(mut admin) = PgConnection::establish(&server()) {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}
