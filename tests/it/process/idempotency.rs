//! SIGKILL while business systems are registered and say where they want to be
//! told: a request with its `Idempotency-Key`, repeated until there is an
//! answer, has had one effect, and its answer is there at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use diesel::prelude::*;
use serde_json::json;
use shiming::tools::db::schema::audit_events;

use super::{
    CHEAP_HASHING,
    crash::random_below,
    partner::Partner,
    program::{Engine, Server},
    query, rows, runtime,
};

const TOOLS: u32 = 6;
const KILLS: u32 = 30;
const MANY_REQUESTS: [(&str, &str); 1] =
    [("SHIMING__INTEGRATION__REQUESTS_PER_CLIENT_MINUTE", "1000000")];

const CLIENTS: &str = "/api/v1/clients";
const WEBHOOKS: &str = "/api/v1/webhooks";

/// Registers systems until it is over, each with a second secret and with an
/// address that is told of events; returns how many.
async fn register(tool: Partner, number: u32, over: Arc<AtomicBool>) -> i64 {
    let token = tool.own_token().await;
    let system = json!({
        "client_name": "人事系统", "owner": "市人社局", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "scope": "webhooks:manage",
    });
    let address = json!({ "url": "https://hr.example.gov.cn/hook", "kinds": ["name.changed"] });
    let nothing = json!({});
    let mut round = 0;
    while !over.load(Ordering::Relaxed) {
        let key = |action: &str| format!("{number}-{round}-{action}-a-key-of-its-own");
        // Nothing else will do: not even that the first one is still at it.
        let made = tool.once(&token, (CLIENTS, &system), &key("register")).await.ok(201);
        let id = &made["client"]["id"];
        let path = format!("{CLIENTS}/{}/secret", id.as_str().unwrap());
        let at_once = json!({ "overlap_seconds": 0 });
        let rotated = tool.once(&token, (&path, &at_once), &key("rotate")).await.ok(201);
        let partner = tool.as_another(id, rotated["client_secret"].as_str().unwrap());
        let own = partner.own_token().await;
        let hook = partner.once(&own, (WEBHOOKS, &address), &key("webhook")).await.ok(201);
        let path = format!("{WEBHOOKS}/{}/secret", hook["webhook"]["id"].as_str().unwrap());
        partner.once(&own, (&path, &nothing), &key("signature")).await.ok(201);
        let again = tool.once(&token, (CLIENTS, &system), &key("register")).await.ok(201);
        assert_eq!(again, made, "another answer to the same request");
        round += 1;
    }
    round
}

#[test]
fn a_repetition_finds_effect_and_answer_or_neither() {
    let settings = [&CHEAP_HASHING[..], &MANY_REQUESTS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let (runtime, over) = (runtime(), Arc::new(AtomicBool::new(false)));
    let tool = Partner::register(&server, &["--scope", "clients:manage"]);
    let tools: Vec<_> = (0..TOOLS)
        .map(|number| runtime.spawn(register(tool.clone(), number, over.clone())))
        .collect();
    let killer = thread::spawn(move || {
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(20 + random_below(150)));
            server.kill();
            server.run();
        }
        over.store(true, Ordering::Relaxed);
        server
    });
    let registered = runtime.block_on(async {
        let mut registered = 0;
        for one in tools {
            registered += one.await.unwrap();
        }
        registered
    });
    let server = killer.join().unwrap();
    assert!(registered >= i64::from(TOOLS), "{registered}");
    runtime.block_on(async {
        let url = server.database_url.as_str();
        assert_eq!(rows!(url, clients), registered + 1, "and the tool");
        assert_eq!(rows!(url, webhook_endpoints), registered);
        let rotated: i64 = query(url, |conn| {
            let rotations = audit_events::kind.eq("client_secret_rotated");
            audit_events::table.filter(rotations).count().get_result(conn)
        })
        .await;
        assert_eq!(rotated, registered);
    });
}
