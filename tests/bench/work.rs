//! What one request costs PostgreSQL: statements, commits, and flushes and bytes
//! of its log, as PostgreSQL itself counts them.
//!
//! Everything counts that the program sends: `BEGIN`, `COMMIT`, the worker's
//! statements, a captcha and its picture. The sandbox stands in the place of a
//! bank and an SMS gateway; what it keeps in its own tables is counted apart, and
//! so is the look at the solution of a captcha.

use std::{fs, path::Path};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};
use reqwest::Client;
use serde_json::Value;

use crate::{
    oauth::{self, Ask},
    report::{Goal, Report},
    support::{Engine, Person, Server, Visitor, keys, server::CHEAP_HASHING},
};

/// Requests of each kind.
const TIMES: u32 = 40;

#[derive(QueryableByName)]
struct Statement {
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = Text)]
    query: String,
}

#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = BigInt)]
    flushes: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// A server, and a connection to its PostgreSQL as its administrator.
struct Counted {
    server: Server,
    administrator: PgConnection,
    database: String,
}

/// What a kind of request may cost.
struct Allowed {
    statements: f64,
    flushes: Option<f64>,
}

impl Counted {
    fn start(url: &str) -> Self {
        let mut administrator = PgConnection::establish(url).unwrap();
        administrator
            .batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            .expect("with-postgres.sh has loaded it: STATEMENTS=1");
        let settings = [("SHIMING__LOG__FILTER", "warn")];
        let mut server =
            Server::prepare(Engine::Postgres, &[&CHEAP_HASHING[..], &settings].concat());
        let name = server.database_url.rsplit('/').next().unwrap().split('?').next().unwrap();
        let database = name.to_owned();
        let track = format!("ALTER DATABASE {database} SET pg_stat_statements.track = 'top'");
        administrator.batch_execute(&track).unwrap();
        keys::copy_to(&server.key_file());
        server.run();
        Self { server, administrator, database }
    }

    /// PostgreSQL's processes tell what they have counted when they end; the
    /// program connects anew.
    fn settle(&mut self) {
        let end = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'",
            self.database
        );
        self.administrator.batch_execute(&end).unwrap();
    }

    fn begin(&mut self) {
        self.administrator
            .batch_execute("SELECT pg_stat_statements_reset(), pg_stat_reset_shared('wal')")
            .unwrap();
    }

    fn statements(&mut self) -> Vec<Statement> {
        let all = "SELECT s.calls, s.query FROM pg_stat_statements s \
                   JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1 ORDER BY s.calls DESC";
        sql_query(all).bind::<Text, _>(&self.database).load(&mut self.administrator).unwrap()
    }

    fn log(&mut self) -> Log {
        self.settle();
        let all = "SELECT wal_sync AS flushes, wal_bytes::bigint AS bytes FROM pg_stat_wal";
        sql_query(all).get_result(&mut self.administrator).unwrap()
    }

    /// Adds what `TIMES` requests have cost since [`begin`](Self::begin); for each
    /// of them `solved` captchas were looked up in the sandbox.
    fn finish(&mut self, report: &mut Report, (name, allowed): (&str, Allowed), solved: i64) {
        let mut statements = self.statements();
        // A new connection's: this very count has ended the old ones.
        statements.retain(|one| {
            let query = one.query.to_lowercase();
            !query.starts_with("set ") || query.starts_with("set local")
        });
        let log = self.log();
        let count = |wanted: &dyn Fn(&str) -> bool| -> i64 {
            let found = statements.iter().filter(|one| wanted(&one.query.to_lowercase()));
            found.map(|one| one.calls).sum()
        };
        // To a tenth: meanwhile the worker asks now and then whether it has work.
        let each = |count: i64| (count as f64 / f64::from(TIMES) * 10.0).round() / 10.0;
        let sandbox = count(&|query| query.contains("sandbox_")) + solved * i64::from(TIMES);
        let name = format!("work of a {name}");
        let mut row = |what: &str, value, unit, goal| {
            report.figure(&format!("{name}: {what}"), (value, unit), goal);
        };
        row("statements", each(count(&|_| true) - sandbox), "", Goal::AtMost(allowed.statements));
        row("statements of the sandbox", each(sandbox), "", Goal::None);
        row("commits", each(count(&|query| query.starts_with("commit"))), "", Goal::None);
        let flushes = allowed.flushes.map_or(Goal::None, Goal::AtMost);
        row("flushes of the log", each(log.flushes), "", flushes);
        row("log", each(log.bytes / 1024), "KiB", Goal::None);
        write(&name, &statements);
    }
}

/// Keeps the statements, for who wants to know which there are.
fn write(name: &str, statements: &[Statement]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    fs::create_dir_all(&folder).unwrap();
    let lines: Vec<String> = statements
        .iter()
        .map(|one| format!("{:>8.2}  {}\n", one.calls as f64 / f64::from(TIMES), one.query))
        .collect();
    fs::write(folder.join(format!("{}.txt", name.replace(' ', "-"))), lines.concat()).unwrap();
}

/// The picture of a captcha: whose it is makes no difference.
struct Picture(String);

impl Picture {
    async fn prepare(visitor: &Visitor) -> Self {
        let captcha = visitor.captcha().await.unwrap();
        Self(format!("/api/v1/captchas/{}/image", captcha["id"].as_str().unwrap()))
    }

    async fn look(&self, visitor: &Visitor) {
        assert_eq!(visitor.get(&self.0).await.unwrap().status, 200);
    }
}

async fn registrations(report: &mut Report, counted: &mut Counted) {
    let base = counted.server.base.clone();
    let visitor = Visitor::new(&base);
    for number in 0..=TIMES {
        visitor.introduce(&Person::new(number)).await.unwrap();
    }
    counted.settle();
    let picture = Picture::prepare(&visitor).await;
    // The first one connects, and has every statement prepared.
    visitor.register(&Person::new(TIMES), "somebody").await.unwrap();
    counted.begin();
    for number in 0..TIMES {
        let visitor = Visitor::new(&base);
        picture.look(&visitor).await;
        visitor.register(&Person::new(number), &format!("citizen{number}")).await.unwrap();
    }
    let allowed = Allowed { statements: 50.0, flushes: Some(6.0) };
    counted.finish(report, ("registration", allowed), 1);
}

async fn sign_in(visitor: &Visitor, username: &str) {
    let body = visitor.login_body(username).await.unwrap();
    visitor.post("/api/v1/sessions", &body).await.unwrap().ok(201);
}

async fn logins(report: &mut Report, counted: &mut Counted) {
    let base = counted.server.base.clone();
    let visitor = Visitor::new(&base);
    let picture = Picture::prepare(&visitor).await;
    sign_in(&visitor, "somebody").await;
    counted.begin();
    for number in 0..TIMES {
        let visitor = Visitor::new(&base);
        picture.look(&visitor).await;
        sign_in(&visitor, &format!("citizen{number}")).await;
    }
    let allowed = Allowed { statements: 14.0, flushes: Some(1.0) };
    counted.finish(report, ("login", allowed), 1);
}

async fn repeat(report: &mut Report, counted: &mut Counted, (name, ask): (&str, Ask)) -> Value {
    let http = Client::builder().no_proxy().build().unwrap();
    let (_, first) = oauth::send(&http, ask.clone()).await;
    counted.begin();
    for _ in 0..TIMES {
        oauth::send(&http, ask.clone()).await;
    }
    let allowed = Allowed { statements: 2.0, flushes: None };
    counted.finish(report, (name, allowed), 0);
    first
}

async fn tokens(report: &mut Report, counted: &mut Counted) {
    let base = counted.server.base.clone();
    let credentials = oauth::register(&counted.server, "RS256");
    let form = |path: &str, body: String| Ask::Form {
        url: format!("{base}/oauth2/{path}"),
        body,
        credentials: credentials.clone(),
    };
    let own = "grant_type=client_credentials&scope=users%3Aread".to_owned();
    repeat(report, counted, ("client credentials request", form("token", own))).await;

    let visitor = Visitor::new(&base);
    sign_in(&visitor, "somebody").await;
    let code = oauth::code(&visitor, &oauth::start(&credentials.0)).await;
    let http = Client::builder().no_proxy().build().unwrap();
    let (_, tokens) = oauth::send(&http, form("token", oauth::exchange_form(&code))).await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let about = form("introspect", format!("token={access}"));
    let told = repeat(report, counted, ("introspection", about)).await;
    assert_eq!(told["active"], true);
    let userinfo = Ask::Bearer { url: format!("{base}/oauth2/userinfo"), token: access };
    repeat(report, counted, ("userinfo request", userinfo)).await;
}

pub async fn measure(report: &mut Report) {
    let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
        report.note("work per request: TEST_POSTGRES_URL is not set");
        return;
    };
    let mut counted = Counted::start(&url);
    registrations(report, &mut counted).await;
    logins(report, &mut counted).await;
    tokens(report, &mut counted).await;
}
