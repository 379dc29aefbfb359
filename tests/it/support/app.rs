//! A whole server for one test, in this process, on a port of its own.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use actix_web::{dev::ServerHandle, rt::System, web};
use shiming::{
    capabilities::core::{Core, Ctx, Origin},
    compose::{
        app::{Ambient, App},
        server, worker,
    },
    kernel::{Clock, Timestamp},
    tools::{
        config::Settings,
        db::{Conn, DbFault},
    },
};
use tempfile::TempDir;

use crate::process::program::keys;

use super::{client::Client, clock::MovableClock, database::Database, entropy::RiggedEntropy};

/// Prepares the folder of a test, its database and its clock.
type Begin<'a> = Box<dyn FnOnce(&Path) -> (Database, MovableClock) + 'a>;

/// A running server. The worker does not run: tests send the outbox by hand.
pub struct TestApp {
    pub base: String,
    pub core: Arc<Core>,
    pub entropy: Arc<RiggedEntropy>,
    clock: Arc<MovableClock>,
    // Dropped in this order: the server lets go of the database first.
    server: Running,
    _database: Database,
    _folder: TempDir,
}

/// The thread that serves.
struct Running {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent by the call; nobody waits for the answer here.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Files of a test: in memory where the machine offers it, because SQLite
/// waits for the disk at every commit.
fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix("shiming-test-");
    if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() }.unwrap()
}

/// Quick hashes, a short queue of threads, and clients that may choose their
/// address by `X-Forwarded-For`.
fn settings(folder: &Path, database: &Database) -> Settings {
    let keys = folder.join("keyring.json").display().to_string();
    let variables = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORT", "0"),
        ("SHIMING__KEYS__FILE", &keys),
        ("SHIMING__SERVER__WORKERS", "2"),
        ("SHIMING__SERVER__TRUSTED_PROXIES", "127.0.0.1/32"),
        ("SHIMING__DATABASE__CONNECTIONS", "4"),
        ("SHIMING__PASSWORD__MEMORY_KIB", "7168"),
        ("SHIMING__PASSWORD__PASSES", "1"),
        ("SHIMING__PASSWORD__PERMITS", "2"),
        // A busy machine must not fail a test.
        ("SHIMING__PASSWORD__QUEUE_MILLISECONDS", "60000"),
    ];
    let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Settings::load(None, owned).unwrap()
}

impl TestApp {
    /// The context of work that the operator does now.
    pub fn ctx(&self) -> Ctx {
        Ctx::new(&self.core, Origin::Operator)
    }

    /// One that nobody asks too often.
    pub fn unlimited() -> Self {
        Self::with(|all| {
            all.integration.requests_per_client_minute = 1_000_000;
            all.oauth.failures_per_address_hour = 1_000_000;
            all.captcha.per_address_hour = 1_000_000;
            all.limits.authorizations_per_address_hour = 1_000_000;
            all.limits.registrations_per_address_hour = 1_000_000;
            all.limits.recoveries_per_address_hour = 1_000_000;
            all.limits.support_cases_per_address_hour = 1_000_000;
        })
    }

    /// With the defaults of the product.
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// With changed settings.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::assembled(change, |_| {})
    }

    /// With changed settings and changed parts.
    pub fn assembled(
        change: impl FnOnce(&mut Settings),
        assemble: impl FnOnce(&mut App) + Send + 'static,
    ) -> Self {
        let begin = |folder: &Path| {
            keys::copy_to(&folder.join("keyring.json"));
            (Database::create(folder), MovableClock::default())
        };
        Self::run(Box::new(begin), Box::new(change), Box::new(assemble))
    }

    /// With a database, a key file and a start time of its own: `begin` gets the
    /// folder of the test and writes `keyring.json` to it.
    pub fn begun(
        begin: impl FnOnce(&Path) -> (Database, MovableClock),
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::run(Box::new(begin), Box::new(change), Box::new(|_| {}))
    }

    /// Compiled once, and not for each test.
    fn run(
        begin: Begin<'_>,
        change: Box<dyn FnOnce(&mut Settings) + '_>,
        assemble: Box<dyn FnOnce(&mut App) + Send>,
    ) -> Self {
        let folder = temporary_folder();
        let (database, clock) = begin(folder.path());
        let mut settings = settings(folder.path(), &database);
        change(&mut settings);
        let clock = Arc::new(clock);
        let entropy = Arc::new(RiggedEntropy::default());
        let ambient = Ambient { clock: clock.clone(), entropy: entropy.clone() };
        let (ready, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let mut app = App::build(settings, ambient).await.unwrap();
                assemble(&mut app);
                let running = server::start(&app).unwrap();
                let core = web::Data::clone(&app.core).into_inner();
                ready.send((running.address, running.server.handle(), core)).unwrap();
                running.server.await.unwrap();
            });
        });
        let (address, handle, core) = started.recv().expect("the server starts");
        let server = Running { handle, thread: Some(thread) };
        Self {
            base: format!("http://{address}"),
            core,
            entropy,
            clock,
            server,
            _database: database,
            _folder: folder,
        }
    }

    /// Somebody with a browser and no cookies.
    pub fn client(&self) -> Client<'_> {
        Client::new(self)
    }

    /// Somebody at another address.
    pub fn client_at(&self, address: &str) -> Client<'_> {
        let mut client = Client::new(self);
        client.address = Some(address.to_owned());
        client
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sends what waits; returns how many messages were taken on.
    pub async fn run_outbox(&self) -> usize {
        worker::run_outbox(&self.core).await.unwrap()
    }

    /// Asks the database.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Conn) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.core.db.read(move |conn| query(conn).map_err(DbFault::from)).await.unwrap()
    }
}

/// How many rows a table of the schema has.
macro_rules! count {
    ($app:expr, $table:ident) => {
        $app.query(|conn| {
            use diesel::prelude::*;
            shiming::tools::db::schema::$table::table.count().get_result::<i64>(conn)
        })
        .await
    };
}
pub(crate) use count;

impl std::fmt::Debug for TestApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TestApp({}, {:?})", self.base, self.server.handle)
    }
}
