//! The command line.

mod accounts;
mod cases;
mod clients;
mod units;

use std::{
    io::{IsTerminal, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{
    capabilities::core::{Ctx, Origin},
    compose::{
        app::{Ambient, App},
        openapi, server,
    },
    kernel::{Clock, Entropy, OsEntropy, SystemClock},
    tools::{
        config::{LogFormat, Settings},
        crypto::Keyring,
        db::{Db, rotation},
    },
};

/// Real-name identity platform: one account per person, proved against a bank card.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Settings file (TOML); `api/data/defaults.toml` explains every setting.
    #[arg(long, env = "SHIMING_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default).
    Serve,
    /// Bring the database up to date.
    Migrate,
    /// Read the settings and say whether they can be used.
    CheckConfig,
    /// Work with the key file.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Help the owner of an account.
    Accounts {
        #[command(subcommand)]
        command: accounts::AccountsCommand,
    },
    /// Decide about units (单位用户) that have registered.
    Units {
        #[command(subcommand)]
        command: units::UnitsCommand,
    },
    /// Register business systems (OpenID Connect and API clients).
    Clients {
        #[command(subcommand)]
        command: clients::ClientsCommand,
    },
    /// Read what people wrote to the operator.
    Cases {
        #[command(subcommand)]
        command: cases::CasesCommand,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Ask the server on this machine whether it is ready (for containers).
    Healthcheck,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Add a data key and seal every field anew, while the service runs.
    Rotate,
    /// Drop a data key that no field is sealed with any more.
    Retire {
        /// Its number, as `keys rotate` says it.
        id: u32,
    },
    /// Publish the next signing keys, which sign once everybody has had time to
    /// fetch them, and drop those whose tokens have all expired.
    RotateSigning,
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&mut std::io::stderr(), &format!("shiming: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes a line for the person at the terminal.
/// A number and what it counts, one of it or several.
fn counted(number: impl TryInto<u64>, (one, several): (&str, &str)) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { several })
}

fn say(to: &mut dyn Write, line: &str) {
    // Nobody is left to tell when the terminal is gone.
    let _ = writeln!(to, "{line}");
}

fn run(arguments: Arguments) -> Outcome {
    if let Some(Command::Openapi) = arguments.command {
        say(&mut std::io::stdout(), &openapi::json()?);
        return Ok(());
    }
    let settings = Settings::load(arguments.config.as_deref(), std::env::vars())?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            start_log(&settings)?;
            server::run(settings)
        }
        Command::Migrate => {
            start_log(&settings)?;
            block_on(migrate(&settings))
        }
        Command::CheckConfig => {
            log_filter(&settings)?;
            Db::check_url(settings.database.url.expose())?;
            App::smtp(&settings)?;
            App::spa(&settings)?;
            say(&mut std::io::stdout(), "The settings can be used.");
            Ok(())
        }
        Command::Keys { command: KeysCommand::Rotate } => {
            start_log(&settings)?;
            block_on(rotate(&settings))
        }
        Command::Keys { command: KeysCommand::Retire { id } } => {
            start_log(&settings)?;
            block_on(retire(&settings, id))
        }
        Command::Keys { command: KeysCommand::RotateSigning } => {
            start_log(&settings)?;
            rotate_signing(&settings)
        }
        Command::Accounts { command } => {
            start_log(&settings)?;
            block_on(async move { accounts::run(operator(settings).await?, command).await })
        }
        Command::Units { command } => {
            start_log(&settings)?;
            block_on(async move { units::run(operator(settings).await?, command).await })
        }
        Command::Clients { command } => {
            start_log(&settings)?;
            block_on(async move { clients::run(operator(settings).await?, command).await })
        }
        Command::Cases { command } => {
            start_log(&settings)?;
            block_on(async move { cases::run(operator(settings).await?, command).await })
        }
        Command::Openapi => Ok(()),
        Command::Healthcheck => healthcheck(settings.server.port),
    }
}

/// Writes a line to the standard output.
fn print(line: &str) {
    say(&mut std::io::stdout(), line);
}

/// Writes a value to the standard output, as JSON.
fn print_json(value: &impl serde::Serialize) -> Outcome {
    print(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// The context of the operator's work beside the service. The key file must
/// exist: a new one cannot open what was sealed.
async fn operator(settings: Settings) -> Result<Ctx, Box<dyn std::error::Error>> {
    require_key_file(&settings)?;
    let ambient = Ambient { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy) };
    let app = App::build(settings, ambient).await?;
    Ok(Ctx::new(&app.core, Origin::Operator))
}

fn require_key_file(settings: &Settings) -> Result<(), String> {
    let file = &settings.keys.file;
    if Path::new(file).is_file() { Ok(()) } else { Err(format!("keys.file: there is no {file}")) }
}

fn block_on(work: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// What is logged.
fn log_filter(settings: &Settings) -> Result<EnvFilter, String> {
    EnvFilter::try_new(&settings.log.filter)
        .map_err(|error| format!("settings: log.filter: {error}"))
}

fn start_log(settings: &Settings) -> Outcome {
    let log = tracing_subscriber::fmt()
        .with_env_filter(log_filter(settings)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

async fn migrate(settings: &Settings) -> Outcome {
    let db = Db::connect(settings.database.url.expose(), 1)?;
    let applied = db.migrate().await?;
    say(
        &mut std::io::stdout(),
        &format!("{} applied.", counted(applied.len(), ("migration", "migrations"))),
    );
    Ok(())
}

/// How long running nodes may take to notice a new key: they look every two
/// seconds.
const NODES_FOLLOW: Duration = Duration::from_secs(5);

async fn rotate(settings: &Settings) -> Outcome {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let keyring = Arc::new(App::open_keyring(settings, SystemClock.now(), &*entropy)?);
    let db = Db::connect(settings.database.url.expose(), 2)?;
    let id = keyring.add_data_key(SystemClock.now(), &*entropy)?;
    say(&mut std::io::stdout(), &format!("Key {id} is active; sealing every field anew."));
    tokio::time::sleep(NODES_FOLLOW).await;
    loop {
        let changed = rotation::reseal_all(&db, &keyring, &entropy).await?;
        say(
            &mut std::io::stdout(),
            &format!("{} sealed anew.", counted(changed, ("field", "fields"))),
        );
        // A request that was under way may have used the old key once more.
        if changed == 0 {
            break;
        }
    }
    for older in keyring.older_data_keys() {
        print(&format!(
            "Nothing is sealed with key {older} any more: in ten minutes \"keys retire {older}\" drops it."
        ));
    }
    Ok(())
}

async fn retire(settings: &Settings, id: u32) -> Outcome {
    let keyring = existing_keyring(settings)?;
    let db = Db::connect(settings.database.url.expose(), 1)?;
    let sealed = rotation::sealed_with(&db, id).await?;
    if sealed > 0 {
        let fields = counted(sealed, ("field is", "fields are"));
        let advice = "\"keys rotate\" seals them with another one";
        return Err(format!("{fields} sealed with key {id}: {advice}").into());
    }
    keyring.retire_data_key(id, SystemClock.now())?;
    print(&format!("Key {id} is dropped."));
    Ok(())
}

/// The keys of an installation; the key file must be there.
fn existing_keyring(settings: &Settings) -> Result<Keyring, Box<dyn std::error::Error>> {
    require_key_file(settings)?;
    Ok(App::open_keyring(settings, SystemClock.now(), &OsEntropy)?)
}

fn rotate_signing(settings: &Settings) -> Outcome {
    let keyring = existing_keyring(settings)?;
    let (now, entropy) = (SystemClock.now(), OsEntropy);
    let minutes = settings.oauth.key_ahead_minutes;
    let times = (TimeDelta::minutes(minutes.into()), longest_token(settings));
    let (added, dropped) = keyring.rotate_signing(times, now, &entropy)?;
    print(&format!(
        "{added} signing keys are published and sign in {minutes} minutes; {dropped} dropped."
    ));
    Ok(())
}

/// The longest that any token that we sign lives; clients may have up to an
/// hour of their own (RFC 9068 tokens and ID tokens).
fn longest_token(settings: &Settings) -> TimeDelta {
    let longest =
        settings.sessions.access_token_minutes.max(settings.oauth.access_token_minutes).max(60);
    // Another node's clock may be behind.
    TimeDelta::minutes(i64::from(longest) + 1)
}

fn healthcheck(port: u16) -> Outcome {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err("the server is not ready".into()) }
}
