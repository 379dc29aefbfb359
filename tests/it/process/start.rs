//! What the program needs to start, and what it says when that is missing.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Server, Visitor},
    rows, runtime,
};

/// Runs a program that must give up by itself, and returns what it said.
fn refused(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

fn files(server: &Server) -> usize {
    fs::read_dir(server.folder.path()).unwrap().count()
}

#[test]
fn the_key_file_is_for_its_owner_only() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let mode = fs::metadata(server.key_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_english_database_is_no_reason_for_a_warning() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let log = server.log();
    assert!(log.contains("the sandbox is on") && !log.contains("lc_messages"), "{log}");
}

#[test]
fn settings_that_cannot_be_meant_are_refused_before_anything_is_made() {
    let server = Server::prepare(Engine::Sqlite, &[]);
    let cases = [
        ("SHIMING__SMS__VALID_SECOND", "60", "valid_second"),
        ("SHIMING__SMS__VALID_SECONDS", "soon", "valid_seconds"),
        ("SHIMING__PASSWORD__MEMORY_KIB", "8", "7168"),
        ("SHIMING__PROFILE", "production", "sandbox"),
        ("SHIMING__SERVER__PUBLIC_URL", "shiming.example", "public_url"),
        ("SHIMING__MAIL__ADAPTER", "smtp", "mail.smtp.host"),
        ("SHIMING__MAIL__SUPPORT_TO", "nobody", "support_to"),
        ("SHIMING__MAIL__SMTP__SECURITY", "maybe", "security"),
        ("SHIMING__RETENTION__SUPPORT_DAYS", "0", "support_days"),
        ("SHIMING__SESSIONS__IDLE_MINUTES", "0", "sessions.idle_minutes is 0, and must be from 1"),
        ("SHIMING__LOG__FILTER", "shiming=loud", "log.filter"),
        ("SHIMING__SERVER__SPA_DIR", "/nowhere/dist", "server.spa_dir"),
        ("SHIMING__NOTHING", "1", "nothing"),
        ("DATABASE_URL", "mysql://host/name", "sqlite://"),
        ("DATABASE_URL_FILE", "/nowhere/url", "DATABASE_URL_FILE"),
    ];
    for (name, value, said) in cases {
        for command in ["check-config", "serve"] {
            let error = refused(server.command(&[command]).env(name, value));
            assert!(error.contains(said), "{name}={value}: {error}");
            assert_eq!(files(&server), 0, "{name}={value}");
        }
    }
    assert!(server.command(&["check-config"]).output().unwrap().status.success());
    // What the mail server's settings name is looked at, too.
    let smtp = [
        ("SHIMING__MAIL__ADAPTER", "smtp"),
        ("SHIMING__MAIL__SMTP__HOST", "localhost"),
        ("SHIMING__MAIL__SMTP__FROM", "noreply@example.com"),
    ];
    let with_mail = |command: &str| {
        let mut command = server.command(&[command]);
        command.envs(smtp);
        command
    };
    assert!(with_mail("check-config").output().unwrap().status.success());
    for (name, value, said) in [
        ("SHIMING__MAIL__SMTP__FROM", "nobody", "mail.smtp.from"),
        ("SHIMING__MAIL__SMTP__CA_PATH", "/nowhere/ca.pem", "mail.smtp.ca_path"),
    ] {
        for command in ["check-config", "serve"] {
            let error = refused(with_mail(command).env(name, value));
            assert!(error.contains(said), "{name}={value}: {error}");
        }
    }
    let mut in_clear = with_mail("check-config");
    in_clear.env("SHIMING__MAIL__SMTP__SECURITY", "none").env("SHIMING__MAIL__SMTP__USERNAME", "u");
    assert!(refused(&mut in_clear).contains("mail.smtp.username"));
    assert_eq!(files(&server), 0, "checking makes nothing");
}

#[test]
fn a_settings_file_is_named_by_an_argument_or_by_the_environment() {
    let server = Server::prepare(Engine::Sqlite, &[]);
    let path = server.folder.path().join("shiming.toml");
    let by_argument = |command: &str| {
        let mut command = server.command(&[command, "--config"]);
        command.arg(&path);
        command
    };
    let by_environment = |command: &str| {
        let mut command = server.command(&[command]);
        command.env("SHIMING_CONFIG", &path);
        command
    };
    // Makes tables in a database that only the file names.
    let migrate = |mut command: Command, name: &str| {
        let database = server.folder.path().join(name);
        fs::write(&path, format!("[database]\nurl = \"sqlite://{}\"\n", database.display()))
            .unwrap();
        assert!(command.status().unwrap().success());
        database.is_file()
    };
    let mut alone = [by_argument("migrate"), by_environment("migrate")];
    for command in &mut alone {
        command.env_remove("DATABASE_URL");
    }
    let [argument, environment] = alone;
    assert!(migrate(argument, "argument.db"));
    assert!(migrate(environment, "environment.db"));
    assert!(!migrate(by_argument("migrate"), "overridden.db"), "the environment is over the file");
    for (wrong, said) in [
        ("[sms]\nvalid_second = 60\n", "valid_second"),
        ("[sms]\nvalid_seconds = 0\n", "sms.valid_seconds is 0"),
        ("[sms\n", "shiming.toml: TOML parse error at line 1"),
    ] {
        fs::write(&path, wrong).unwrap();
        for mut command in [by_argument("check-config"), by_environment("serve")] {
            let error = refused(&mut command);
            assert!(error.contains(said), "{error}");
        }
    }
    fs::remove_file(&path).unwrap();
    assert!(refused(&mut by_argument("serve")).contains("shiming.toml"));
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let server = Server::prepare(Engine::Sqlite, &[]);
    let url = "postgres://shiming:keep-this-quiet@127.0.0.1:1/shiming";
    let error = refused(server.command(&["serve"]).env("DATABASE_URL", url));
    assert!(error.contains("127.0.0.1"), "{error}");
    assert!(!error.contains("keep-this-quiet"), "{error}");
    assert_eq!(files(&server), 0);
}

#[test]
fn a_secret_is_read_from_a_file() {
    let server = Server::prepare(Engine::of_tests(), &[]);
    let path = server.folder.path().join("url");
    fs::write(&path, format!("{}\n", server.database_url)).unwrap();
    let mut migrate = server.command(&["migrate"]);
    migrate.env_remove("DATABASE_URL").env("DATABASE_URL_FILE", &path);
    assert!(migrate.status().unwrap().success());
    let again = server.command(&["migrate"]).output().unwrap();
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "0 migrations applied.\n");
}

#[test]
fn two_programs_that_start_at_once_share_keys_and_tables() {
    let mut one = Server::prepare(Engine::of_tests(), &CHEAP_HASHING);
    let mut other = one.sibling();
    one.spawn();
    other.spawn();
    one.await_ready();
    other.await_ready();
    runtime().block_on(async {
        let person = Person::new(1);
        let visitor = Visitor::new(&one.base);
        visitor.introduce(&person).await.unwrap();
        visitor.register(&person, "somebody").await.unwrap();
        assert_eq!(rows!(&one.database_url, accounts), 1);
        // A cookie of one is good at the other, and what one sealed the other
        // opens.
        let visitor = Visitor::new(&other.base);
        let login = visitor.login_body("somebody").await.unwrap();
        visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
        let account = visitor.get("/api/v1/account").await.unwrap().ok(200);
        assert_eq!(account["username"], "somebody");
    });
}
