//! Tokens for business systems, beside npm's `oidc-provider` on the same
//! machine in the same run.
//!
//! Eight clients ask one after the other; what is measured is a whole request
//! over HTTP. Codes are made beforehand. The load comes from this machine, too,
//! and takes its share of it from all of them alike.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::{Connection, PgConnection, RunQueryDsl, dsl::sql, sql_types::Text};
use reqwest::{Client, Method, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    report::{Goal, Report, p99},
    support::{Engine, Person, Server, Visitor, server::CHEAP_HASHING},
};

const MEASURED: Duration = Duration::from_secs(5);
const CLIENTS: usize = 8;
/// Codes made beforehand, more than are exchanged in that time.
const CODES: usize = 4000;
/// They live for a minute by default.
const SETTINGS: [(&str, &str); 2] =
    [("SHIMING__OAUTH__CODE_SECONDS", "600"), ("SHIMING__LOG__FILTER", "warn")];
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-indeed";
const REDIRECT_URI: &str = "https://client.example/callback";

/// A provider, ours or the other one.
struct Provider {
    name: String,
    token: String,
    userinfo: String,
    introspection: String,
    keys: String,
    credentials: (String, String),
    codes: Vec<String>,
}

impl Provider {
    async fn discover(name: &str, base: &str, credentials: (&str, &str)) -> Self {
        let found = Client::builder().no_proxy().build().unwrap();
        let url = format!("{base}/.well-known/openid-configuration");
        let about: Value = found.get(url).send().await.unwrap().json().await.unwrap();
        let member = |name: &str| about[name].as_str().unwrap().to_owned();
        Self {
            name: name.to_owned(),
            token: member("token_endpoint"),
            userinfo: member("userinfo_endpoint"),
            introspection: member("introspection_endpoint"),
            keys: member("jwks_uri"),
            credentials: (credentials.0.to_owned(), credentials.1.to_owned()),
            codes: Vec::new(),
        }
    }
}

/// One request of a measure.
#[derive(Clone)]
pub enum Ask {
    /// With the client's secret.
    Form {
        url: String,
        body: String,
        credentials: (String, String),
    },
    Bearer {
        url: String,
        token: String,
    },
    Get {
        url: String,
    },
}

/// Asks, and returns the milliseconds and the answer.
pub async fn send(http: &Client, ask: Ask) -> (f64, Value) {
    let request = match ask {
        Ask::Form { url, body, credentials: (id, secret) } => http
            .request(Method::POST, url)
            .basic_auth(id, Some(secret))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body),
        Ask::Bearer { url, token } => http.get(url).bearer_auth(token),
        Ask::Get { url } => http.get(url),
    };
    let started = Instant::now();
    let response = request.send().await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{status} {body}");
    (started.elapsed().as_secs_f64() * 1000.0, body)
}

/// Asks until the time or the questions run out: answers a second, the latency
/// of 99 of 100, and the answers. A question is made from the client's number,
/// a running number and the answer before.
async fn closed_loop(
    question: impl Fn(usize, usize, Option<&Value>) -> Option<Ask> + Send + Sync + 'static,
) -> (f64, f64, Vec<Value>) {
    let (question, next) = (Arc::new(question), Arc::new(AtomicUsize::new(0)));
    let latencies = Arc::new(Mutex::new(Vec::new()));
    let started = Instant::now();
    let mut all = JoinSet::new();
    for client in 0..CLIENTS {
        let (question, next) = (Arc::clone(&question), Arc::clone(&next));
        let latencies = Arc::clone(&latencies);
        all.spawn(async move {
            let http = Client::builder().no_proxy().build().unwrap();
            let mut last = None;
            let mut answers = Vec::new();
            while started.elapsed() < MEASURED {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(ask) = question(client, number, last.as_ref()) else { break };
                let (took, answer) = send(&http, ask).await;
                latencies.lock().unwrap().push(took);
                answers.push(answer.clone());
                last = Some(answer);
            }
            answers
        });
    }
    let answers: Vec<Value> = all.join_all().await.into_iter().flatten().collect();
    let rate = answers.len() as f64 / started.elapsed().as_secs_f64();
    let p99 = p99(&mut latencies.lock().unwrap());
    (rate, p99, answers)
}

fn figures(report: &mut Report, (provider, what): (&str, &str), (rate, p99): (f64, f64)) {
    report.figure(&format!("{provider}: {what}"), (rate, "1/s"), Goal::None);
    report.figure(&format!("{provider}: {what}, p99"), (p99, "ms"), Goal::None);
}

/// The form that trades a code for tokens.
pub fn exchange_form(code: &str) -> String {
    let redirect_uri = REDIRECT_URI.replace(':', "%3A").replace('/', "%2F");
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}\
         &code_verifier={VERIFIER}"
    )
}

async fn compare(report: &mut Report, provider: Provider) {
    let Provider { name, token, userinfo, introspection, keys, credentials, codes } = provider;
    let form = move |url: &str, body: String| Ask::Form {
        url: url.to_owned(),
        body,
        credentials: credentials.clone(),
    };
    let (ask, url) = (form.clone(), token.clone());
    let own = move |_, _, _: Option<&Value>| {
        Some(ask(&url, "grant_type=client_credentials&scope=users%3Aread".to_owned()))
    };
    let (rate, slowest, _) = closed_loop(own).await;
    figures(report, (&name, "client credentials"), (rate, slowest));

    let (ask, url) = (form.clone(), token.clone());
    let exchange = move |_, number: usize, _: Option<&Value>| {
        Some(ask(&url, exchange_form(codes.get(number)?)))
    };
    let (rate, slowest, exchanged) = closed_loop(exchange).await;
    figures(report, (&name, "code exchange"), (rate, slowest));

    let text = |answer: &Value, member: &str| answer[member].as_str().unwrap().to_owned();
    let refresh: Vec<String> =
        exchanged.iter().map(|answer| text(answer, "refresh_token")).take(CLIENTS).collect();
    let (ask, url) = (form.clone(), token);
    let rotate = move |client: usize, _, last: Option<&Value>| {
        let token = last.map_or_else(
            || refresh[client].clone(),
            |answer| answer["refresh_token"].as_str().unwrap().to_owned(),
        );
        Some(ask(&url, format!("grant_type=refresh_token&refresh_token={token}")))
    };
    let (rate, slowest, refreshed) = closed_loop(rotate).await;
    figures(report, (&name, "refresh"), (rate, slowest));

    let access = text(refreshed.last().unwrap(), "access_token");
    let (ask, body) = (form, format!("token={access}"));
    let introspect = move |_, _, _: Option<&Value>| Some(ask(&introspection, body.clone()));
    let (rate, slowest, answers) = closed_loop(introspect).await;
    assert!(answers.iter().all(|answer| answer["active"] == true));
    figures(report, (&name, "introspection"), (rate, slowest));

    let about = move |_, _, _: Option<&Value>| {
        Some(Ask::Bearer { url: userinfo.clone(), token: access.clone() })
    };
    let (rate, slowest, _) = closed_loop(about).await;
    figures(report, (&name, "userinfo"), (rate, slowest));

    let published = move |_, _, _: Option<&Value>| Some(Ask::Get { url: keys.clone() });
    let (rate, slowest, _) = closed_loop(published).await;
    figures(report, (&name, "key set"), (rate, slowest));
}

/// Registers a client; returns its id and secret.
pub fn register(server: &Server, alg: &str) -> (String, String) {
    let metadata = json!({
        "client_name": "Bench", "owner": "Bench",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid profile phone offline_access users:read",
        "redirect_uris": [REDIRECT_URI], "id_token_signed_response_alg": alg,
    });
    let path = server.folder.path().join(format!("client-{alg}.json"));
    std::fs::write(&path, metadata.to_string()).unwrap();
    let made = server
        .command(&["clients", "create", "--file", &path.display().to_string()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["client"]["id"]), text(&made["client_secret"]))
}

/// Where a sign-in to a client begins.
pub fn start(client: &str) -> String {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    format!(
        "/oauth2/authorize?response_type=code&client_id={client}\
         &redirect_uri={REDIRECT_URI}&scope=openid%20profile%20phone%20offline_access\
         &code_challenge={challenge}&code_challenge_method=S256&nonce=nonce&state=state"
    )
}

/// Codes of eight people who signed in and consented.
async fn codes(base: &str, client: &str) -> Vec<String> {
    let start = start(client);
    let mut all = JoinSet::new();
    for number in 0..CLIENTS {
        let (visitor, start) = (Visitor::new(base), start.clone());
        all.spawn(async move {
            let body = visitor.login_body(&format!("citizen{number}")).await.unwrap();
            visitor.post("/api/v1/sessions", &body).await.unwrap().ok(201);
            let mut made = Vec::new();
            for _ in 0..CODES / CLIENTS {
                made.push(code(&visitor, &start).await);
            }
            made
        });
    }
    all.join_all().await.into_iter().flatten().collect()
}

/// The code of one sign-in of somebody with a session.
pub async fn code(visitor: &Visitor, start: &str) -> String {
    visitor.get(start).await.unwrap().ok(303);
    let waiting = visitor.get("/api/v1/authorizations/current").await.unwrap().ok(200);
    let path = format!("/api/v1/authorizations/{}/decision", waiting["id"].as_str().unwrap());
    let body = json!({ "decision": "allow", "confirmation": waiting["confirmation"] });
    let decided = visitor.post(&path, &body).await.unwrap().ok(200);
    let back = decided["redirect_to"].as_str().unwrap();
    let (_, query) = back.split_once('?').unwrap();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    code.to_owned()
}

async fn ours(report: &mut Report, engine: Engine) {
    let server = Server::start(engine, &[&CHEAP_HASHING[..], &SETTINGS[..]].concat());
    for number in 0..CLIENTS {
        let (visitor, person) = (Visitor::new(&server.base), Person::new(number as u32));
        visitor.introduce(&person).await.unwrap();
        visitor.register(&person, &format!("citizen{number}")).await.unwrap();
    }
    for alg in ["RS256", "ES256"] {
        let (id, secret) = register(&server, alg);
        let name = format!("Shiming on {engine:?}, {alg}");
        let mut provider = Provider::discover(&name, &server.base, (&id, &secret)).await;
        provider.codes = codes(&server.base, &id).await;
        compare(report, provider).await;
    }
}

/// The other one; it ends with this value.
struct OidcProvider(Child);

impl Drop for OidcProvider {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn theirs(report: &mut Report) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/bench/oidc-provider");
    if !folder.join("node_modules").is_dir() {
        report.note("oidc-provider: not installed, see \"make bench\"");
        return;
    }
    let mut command = Command::new("node");
    command.arg("server.mjs").current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = OidcProvider(command.spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    // It complains about the version of Node before it says where it listens.
    let base = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http"))).unwrap();
    let client = ("bench", "bench-secret-of-the-client-that-is-measured");
    let mut provider = Provider::discover("oidc-provider in memory, RS256", &base, client).await;
    let http = Client::builder().no_proxy().build().unwrap();
    let url = format!("{base}/bench/codes?count={CODES}");
    let made: Value = http.get(url).send().await.unwrap().json().await.unwrap();
    let items = made["items"].as_array().unwrap();
    provider.codes = items.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    compare(report, provider).await;
}

/// What PostgreSQL itself says of how it keeps what it was given.
fn durability(url: &str) -> String {
    let mut conn = PgConnection::establish(url).unwrap();
    let mut said = |name| -> String {
        diesel::select(sql::<Text>(&format!("current_setting('{name}')")))
            .get_result(&mut conn)
            .unwrap()
    };
    ["fsync", "synchronous_commit", "full_page_writes"]
        .map(|name| format!("{name}={}", said(name)))
        .join(", ")
}

pub async fn measure(report: &mut Report) {
    report.note(
        "Durability: on SQLite Shiming answers once its transaction is on disk (synchronous=FULL); \
         oidc-provider keeps everything in the memory of one process and loses it when that ends. \
         Its access tokens of the code exchange are random strings, ours are signed.",
    );
    ours(report, Engine::Sqlite).await;
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        report.note(&format!("PostgreSQL keeps what it was given with {}", durability(&url)));
        ours(report, Engine::Postgres).await;
    } else {
        report.note("tokens on PostgreSQL: TEST_POSTGRES_URL is not set");
    }
    theirs(report).await;
}
