//! The program, started, killed and started again.

use std::{
    env, fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use tempfile::TempDir;

/// Which database the program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The one that `TEST_DATABASE` names.
    pub fn of_tests() -> Self {
        match env::var("TEST_DATABASE").as_deref() {
            Ok("postgres") => Self::Postgres,
            _ => Self::Sqlite,
        }
    }
}

/// A running program with a folder and a database of its own.
#[derive(Debug)]
pub struct Server {
    pub base: String,
    pub folder: TempDir,
    pub database_url: String,
    settings: Vec<(String, String)>,
    postgres_name: Option<String>,
    child: Option<Child>,
}

/// What every test would otherwise run into, for all requests come from here.
const WIDE_LIMITS: [(&str, &str); 7] = [
    ("SHIMING__LIMITS__SMS_PER_ADDRESS_HOUR", "1000000"),
    ("SHIMING__LIMITS__REGISTRATIONS_PER_ADDRESS_HOUR", "1000000"),
    ("SHIMING__LIMITS__RECOVERIES_PER_ADDRESS_HOUR", "1000000"),
    ("SHIMING__LIMITS__BANK_FAILURES_PER_ADDRESS_HOUR", "1000000"),
    ("SHIMING__LIMITS__AUTHORIZATIONS_PER_ADDRESS_HOUR", "1000000"),
    ("SHIMING__CAPTCHA__PER_ADDRESS_HOUR", "10000000"),
    ("SHIMING__PASSWORD__FAILURES__PER_ADDRESS", "1000000"),
];

/// The cheapest hashing that the settings allow, and a longer queue for it: a
/// busy machine must not fail a test.
pub const CHEAP_HASHING: [(&str, &str); 3] = [
    ("SHIMING__PASSWORD__MEMORY_KIB", "7168"),
    ("SHIMING__PASSWORD__PASSES", "1"),
    ("SHIMING__PASSWORD__QUEUE_MILLISECONDS", "4000"),
];

fn postgres_server() -> String {
    env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL is set, see scripts/with-postgres.sh")
}

fn execute(sql: &str) -> Result<(), diesel::result::Error> {
    PgConnection::establish(&postgres_server()).expect("PostgreSQL answers").batch_execute(sql)
}

/// A port that nothing else takes, also while the program that has it is dead:
/// none of those that the system gives out by itself.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (number % 12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Server {
    /// Everything but the process: folder, database, settings.
    pub fn prepare(engine: Engine, settings: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = TempDir::with_prefix("shiming-").unwrap();
        let (database_url, postgres_name) = match engine {
            Engine::Sqlite => (format!("sqlite://{}/test.db", folder.path().display()), None),
            Engine::Postgres => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let name = format!("shiming_process_{}_{number}", std::process::id());
                execute(&format!("CREATE DATABASE {name}")).unwrap();
                let server = postgres_server();
                let (base, rest) = server.rsplit_once('/').expect("a URL with a database");
                let query = rest.split_once('?').map_or(String::new(), |(_, q)| format!("?{q}"));
                (format!("{base}/{name}{query}"), Some(name))
            }
        };
        let key_file = folder.path().join("keyring.json").display().to_string();
        let own = [("DATABASE_URL", database_url.clone()), ("SHIMING__KEYS__FILE", key_file)];
        let pairs = WIDE_LIMITS.iter().chain(settings);
        let settings = pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain(own.map(|(name, value)| (name.to_owned(), value)))
            .collect();
        let server = Self {
            base: String::new(),
            folder,
            database_url,
            settings,
            postgres_name,
            child: None,
        };
        let mut server = server.at_a_free_port();
        let public = ("SHIMING__SERVER__PUBLIC_URL".to_owned(), server.base.clone());
        server.settings.push(public);
        server
    }

    /// Another process for the same database and keys, which people reach by
    /// the same address, as behind a proxy.
    pub fn sibling(&self) -> Self {
        let server = Self {
            base: String::new(),
            folder: TempDir::with_prefix("shiming-").unwrap(),
            database_url: self.database_url.clone(),
            settings: self.settings.clone(),
            postgres_name: None,
            child: None,
        };
        server.at_a_free_port()
    }

    fn at_a_free_port(mut self) -> Self {
        let port = free_port();
        self.base = format!("http://127.0.0.1:{port}");
        self.settings.push(("PORT".to_owned(), port.to_string()));
        self
    }

    /// A running program.
    pub fn start(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let mut server = Self::prepare(engine, settings);
        super::keys::copy_to(&server.key_file());
        server.run();
        server
    }

    /// The program with other arguments, on the same database and keys.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shiming"));
        command.env_clear().args(arguments).envs(self.settings.iter().cloned());
        command
    }

    /// Starts the program and waits until it is ready; returns how long that
    /// took.
    pub fn run(&mut self) -> Duration {
        self.spawn();
        self.await_ready()
    }

    /// Starts the program.
    pub fn spawn(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        let child = self.command(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.child = Some(child);
    }

    /// Waits until the program is ready.
    pub fn await_ready(&mut self) -> Duration {
        let started = Instant::now();
        while !self.is_ready() {
            assert!(started.elapsed() < Duration::from_secs(30), "not ready: {}", self.log());
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "ended: {}", self.log());
            thread::sleep(Duration::from_millis(1));
        }
        started.elapsed()
    }

    fn is_ready(&self) -> bool {
        let address = self.base.trim_start_matches("http://");
        let Ok(mut stream) = TcpStream::connect(address) else { return false };
        let ask = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        stream.write_all(ask).is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    /// The process id while it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// SIGKILL: no goodbye.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until the process has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.take().expect("it runs").wait().unwrap()
    }

    /// Where the keys are.
    pub fn key_file(&self) -> std::path::PathBuf {
        let (_, path) = self.settings.iter().find(|(n, _)| n == "SHIMING__KEYS__FILE").unwrap();
        path.into()
    }

    /// Everything that the program wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    /// The highest memory use of the running process, in KiB.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Some(name) = &self.postgres_name {
            let _ = execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}
