//! A database for each test: a file in memory-backed storage, or with
//! `TEST_DATABASE=postgres` a database of the server `TEST_POSTGRES_URL`.

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use shiming::tools::db::Db;

/// A database that is gone when the test is.
#[derive(Debug)]
pub struct Database {
    pub url: String,
    postgres_name: Option<String>,
}

/// Whether the tests run on PostgreSQL.
pub fn on_postgres() -> bool {
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

/// A PostgreSQL database to copy; it is created and filled unless it exists.
fn template(name: String, fill: impl FnOnce(&str)) -> String {
    if PgConnection::establish(&url_of(&name)).is_ok() {
        return name;
    }
    let unfinished = fresh_name();
    execute(&format!("CREATE DATABASE {unfinished}"));
    fill(&url_of(&unfinished));
    let mut admin = PgConnection::establish(&server()).unwrap();
    let ours = format!(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{unfinished}'"
    );
    admin.batch_execute(&ours).unwrap();
    let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
    if admin.batch_execute(&rename).is_err() {
        // Another run made it meanwhile.
        PgConnection::establish(&url_of(&name)).expect("the template exists");
        admin.batch_execute(&format!("DROP DATABASE {unfinished} WITH (FORCE)")).unwrap();
    }
    name
}

/// A migrated database to copy. Its name depends on the migrations, so that runs on
/// one server share it and a changed migration makes a new one.
fn migrated_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/postgres");
        let mut hasher = DefaultHasher::new();
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        for name in names {
            fs::read(name.join("up.sql")).unwrap().hash(&mut hasher);
        }
        let name = format!("shiming_test_template_{:016x}", hasher.finish());
        template(name, |url| migrate(url.to_owned()))
    })
}

/// A restored dump to copy. Its name depends on the content of the dump.
fn restored_template(dump: &Path) -> String {
    static KNOWN: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    // Held meanwhile: a database with an open connection cannot be copied.
    let mut known = KNOWN.lock().unwrap();
    if let Some(name) = known.get(dump) {
        return name.clone();
    }
    let sql = fs::read_to_string(dump).unwrap();
    let mut hasher = DefaultHasher::new();
    sql.hash(&mut hasher);
    let name = format!("shiming_test_restored_{:016x}", hasher.finish());
    let fill = |url: &str| PgConnection::establish(url).unwrap().batch_execute(&sql).unwrap();
    let name = template(name, fill);
    known.insert(dump.to_owned(), name.clone());
    name
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
            return Self::file(&file);
        }
        Self::copied(migrated_template())
    }

    /// Restores `shiming.db` or `shiming.sql` of the folder `saved`. The file in
    /// `folder` has the mode 0600.
    pub fn restore(folder: &Path, saved: &Path) -> Self {
        if !on_postgres() {
            let file = folder.join("test.db");
            fs::copy(saved.join("shiming.db"), &file).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            return Self::file(&file);
        }
        Self::copied(&restored_template(&saved.join("shiming.sql")))
    }

    fn file(file: &Path) -> Self {
        Self { url: format!("sqlite://{}", file.display()), postgres_name: None }
    }

    fn copied(template: &str) -> Self {
        let name = fresh_name();
        // Copied as files: through the log, which nobody needs here, it takes longer.
        execute(&format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"));
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
