//! An operator registers a business system at the command line, the system asks
//! to be told, and the program is killed again and again while it tells.

use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

use diesel::prelude::*;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shiming::tools::db::{
    Db, DbFault,
    schema::{client_consents, client_events, outbox, webhook_deliveries},
};

use super::{
    CHEAP_HASHING,
    crash::{SHORT_WAITS, drained},
    operator::{refused, said},
    program::{Engine, Person, Server, Visitor},
    query, rows, runtime,
};
use crate::support::{
    CREDIT_CODES,
    receiver::{Behaviour, Received, Receiver},
    unit,
};

/// Decisions about one unit, each of which is told.
const DECISIONS: usize = 24;
const KILLS: usize = 8;
/// Nothing takes longer than this.
const PATIENCE: Duration = Duration::from_secs(180);

/// Into this machine, and never by the proxy that the environment names.
pub const INTO_THIS_MACHINE: [(&str, &str); 3] = [
    ("SHIMING__WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"),
    ("HTTP_PROXY", "http://127.0.0.1:9"),
    ("http_proxy", "http://127.0.0.1:9"),
];
const SETTINGS: [(&str, &str); 1] = [("SHIMING__WEBHOOKS__TIMEOUT_MILLISECONDS", "500")];

fn create(server: &Server, more: &[&str]) -> Value {
    let arguments = [&["clients", "create", "--name", "人事系统", "--owner", "市人社局"], more];
    serde_json::from_str(&said(server, &arguments.concat())).unwrap()
}

async fn answer(request: RequestBuilder, status: u16) -> Value {
    let answer = request.send().await.unwrap();
    let (found, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A token of a system for itself.
async fn token(http: &reqwest::Client, server: &Server, system: &Value) -> String {
    let (id, secret) = (system["client"]["id"].as_str(), system["client_secret"].as_str());
    let request = http
        .post(format!("{}/oauth2/token", server.base))
        .basic_auth(id.unwrap(), secret)
        .form(&[("grant_type", "client_credentials")]);
    answer(request, 200).await["access_token"].as_str().unwrap().to_owned()
}

/// Lets a system see a unit, behind the program's back.
async fn consent(server: &Server, account: &str, system: &str) {
    let db = Db::connect(&server.database_url, 1).unwrap();
    let (account, system) = (account.to_owned(), system.to_owned());
    let given = db.write(move |conn| -> Result<usize, DbFault> {
        let at = chrono::DateTime::UNIX_EPOCH.naive_utc();
        Ok(diesel::insert_into(client_consents::table)
            .values((
                client_consents::account_id.eq(account),
                client_consents::client_id.eq(system),
                client_consents::scopes.eq("openid unit"),
                client_consents::given_at.eq(at),
                client_consents::updated_at.eq(at),
            ))
            .execute(conn)?)
    });
    assert_eq!(given.await.unwrap(), 1);
}

/// A unit that has registered; returns its id.
async fn registered(server: &Server) -> String {
    let (visitor, agent) = (Visitor::new(&server.base), Person::new(0));
    visitor.introduce(&agent).await.unwrap();
    let made = visitor.register_unit(&unit(CREDIT_CODES[0]), &agent, "company").await.unwrap();
    made["account"]["id"].as_str().unwrap().to_owned()
}

/// A unit, and a system that sees it and is told of it; returns the unit's id.
async fn told_of_a_unit(server: &Server, receiver: &Receiver) -> String {
    let system = create(
        server,
        &[
            "--redirect-uri",
            "https://hr.example.gov.cn/callback",
            "--scope",
            "openid unit users:read webhooks:manage",
        ],
    );
    let id = registered(server).await;
    consent(server, &id, system["client"]["id"].as_str().unwrap()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = token(&http, server, &system).await;
    let address = json!({ "url": receiver.url("/hook"), "kinds": ["unit.changed"] });
    let request = http.request(Method::POST, format!("{}/api/v1/webhooks", server.base));
    answer(request.bearer_auth(token).json(&address), 201).await;
    id
}

/// Waits until so many messages have come.
fn received(receiver: &Receiver, many: usize) -> Vec<Received> {
    let began = Instant::now();
    loop {
        let all = receiver.received();
        if all.len() >= many {
            return all;
        }
        assert!(began.elapsed() < PATIENCE, "{many} messages do not come: {all:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_message_whose_sender_dies_is_sent_by_another_one() {
    let settings = [&CHEAP_HASHING[..], &SHORT_WAITS, &INTO_THIS_MACHINE, &SETTINGS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let (runtime, receiver) = (runtime(), Receiver::start());
    let unit = runtime.block_on(told_of_a_unit(&server, &receiver));
    receiver.behave(Behaviour::Silence(Duration::from_secs(2)));
    said(&server, &["units", "approve", &unit]);
    // It has come, and nobody has answered yet.
    let first = received(&receiver, 1).remove(0);
    server.kill();
    receiver.behave(Behaviour::Status(204));
    let mut other = server.sibling();
    other.run();
    let again = received(&receiver, 2).remove(1);
    for header in ["webhook-id", "content-type"] {
        assert_eq!(again.header(header), first.header(header));
    }
    assert_eq!(again.body, first.body);
    runtime.block_on(async {
        drained(&server.database_url).await;
        let states: Vec<String> = query(&server.database_url, |conn| {
            webhook_deliveries::table.select(webhook_deliveries::state).load(conn)
        })
        .await;
        assert_eq!(states, ["delivered"]);
    });
    assert_eq!(receiver.received().len(), 2, "once more, and not again");
}

#[test]
fn what_happened_is_told_at_least_once_however_often_the_program_dies() {
    let settings = [&CHEAP_HASHING[..], &SHORT_WAITS, &INTO_THIS_MACHINE, &SETTINGS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let (runtime, receiver) = (runtime(), Receiver::start());
    let unit = runtime.block_on(told_of_a_unit(&server, &receiver));
    for number in 0..DECISIONS {
        receiver.behave(match number % 4 {
            0 => Behaviour::Status(503),
            1 => Behaviour::Silence(Duration::from_secs(2)),
            _ => Behaviour::Status(204),
        });
        let decision = if number % 2 == 0 {
            vec!["units", "approve", &unit]
        } else {
            vec!["units", "reject", &unit, "--reason", "no certificate"]
        };
        said(&server, &decision);
        if number % (DECISIONS / KILLS) == 0 {
            thread::sleep(Duration::from_millis(u64::try_from(number * 7).unwrap()));
            server.kill();
            server.run();
        }
    }
    receiver.behave(Behaviour::Status(204));
    let began = Instant::now();
    runtime.block_on(async {
        while rows!(&server.database_url, outbox) > 0 {
            assert!(began.elapsed() < PATIENCE, "messages are left: {}", server.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let happened: BTreeSet<String> = query(&server.database_url, |conn| {
            client_events::table.select(client_events::id).load::<String>(conn)
        })
        .await
        .into_iter()
        .collect();
        assert_eq!(happened.len(), DECISIONS);
        let came: BTreeSet<String> =
            receiver.received().iter().map(|one| one.header("webhook-id").to_owned()).collect();
        assert_eq!(came, happened, "each event came, and nothing else");
        let states: Vec<String> = query(&server.database_url, |conn| {
            webhook_deliveries::table.select(webhook_deliveries::state).load(conn)
        })
        .await;
        assert!(states.len() == DECISIONS && states.iter().all(|state| state == "delivered"));
        let waiting: i64 =
            query(&server.database_url, |conn| outbox::table.count().get_result(conn)).await;
        assert_eq!(waiting, 0);
    });
}

#[test]
fn systems_are_registered_looked_after_and_disabled_at_the_command_line() {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let redirect = ["--redirect-uri", "https://ks.example.gov.cn/callback"];
    let made = create(&server, &redirect);
    let id = made["client"]["id"].as_str().unwrap();
    assert_eq!(made["client_secret"].as_str().unwrap().len(), 64);
    assert_eq!(made["client"]["metadata"]["grant_types"], json!(["authorization_code"]));
    let shown: Value = serde_json::from_str(&said(&server, &["clients", "show", id])).unwrap();
    assert_eq!(shown, made["client"]);
    // Only here, the registry itself is given away.
    let tool = create(&server, &["--scope", "clients:manage"]);
    assert_eq!(tool["client"]["metadata"]["grant_types"], json!(["client_credentials"]));
    let runtime = runtime();
    let http = {
        Visitor::new(&server.base);
        reqwest::Client::builder().no_proxy().build().unwrap()
    };
    let listed = runtime.block_on(async {
        let token = token(&http, &server, &tool).await;
        answer(http.get(format!("{}/api/v1/clients", server.base)).bearer_auth(token), 200).await
    });
    let list: Value = serde_json::from_str(&said(&server, &["clients", "list"])).unwrap();
    assert_eq!(list, listed["items"]);
    // From a file, which is how it is changed, too.
    let file = server.folder.path().join("metadata.json");
    let path = file.to_str().unwrap();
    let mut metadata = made["client"]["metadata"].clone();
    metadata["client_name"] = json!("考生服务系统");
    fs::write(&file, metadata.to_string()).unwrap();
    let changed = said(&server, &["clients", "update", id, "--file", path]);
    assert!(changed.contains("考生服务系统"));
    said(&server, &["clients", "create", "--file", path]);
    let rotated = said(&server, &["clients", "rotate-secret", id, "--overlap-seconds", "60"]);
    let rotated: Value = serde_json::from_str(&rotated).unwrap();
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    assert!(said(&server, &["clients", "disable", id]).contains("\"disabled\""));
    assert!(said(&server, &["clients", "enable", id]).contains("\"enabled\""));
    // What is wrong is said, and nothing is done.
    metadata["redirect_uris"] = json!(["http://ks.example.gov.cn/"]);
    fs::write(&file, metadata.to_string()).unwrap();
    let why = refused(&server, &["clients", "create", "--file", path]);
    assert!(why.contains("/redirect_uris/0: uri_scheme"), "{why}");
    let nobody = "0193e0c0-0000-7000-8000-000000000000";
    for arguments in [
        &["clients", "show", nobody][..],
        &["clients", "disable", nobody],
        &["clients", "rotate-secret", nobody],
        &["clients", "create", "--file", "/nowhere"],
        &["clients", "create", "--name", "x"],
    ] {
        refused(&server, arguments);
    }
    let count = runtime.block_on(async { rows!(&server.database_url, clients) });
    assert_eq!(count, 3);
}
