//! Told to stop: what has begun is finished.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Server, Visitor},
    rows, runtime,
};

#[test]
fn requests_and_messages_under_way_are_finished() {
    let mut server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let (person, visitor) = (Person::new(1), Visitor::new(&server.base));
    let mut under_way = tokio::task::JoinSet::new();
    runtime.block_on(async {
        visitor.introduce(&person).await.unwrap();
        let start = visitor.start_body("somebody").await.unwrap();
        let draft = visitor.post("/api/v1/registrations", &start).await.unwrap().ok(201);
        let flow = format!("/api/v1/registrations/{}", draft["id"].as_str().unwrap());
        visitor.put(&format!("{flow}/identity"), &person.identity()).await.unwrap().ok(200);
        let slow = json!({ "mode": "slow", "delay_ms": 800, "remaining": 1 });
        visitor.put("/sandbox/v1/bank/behaviour", &slow).await.unwrap().ok(200);
        let path = format!("{flow}/bank-verification");
        let body = person.bank();
        under_way.spawn(async move {
            let reply = visitor.send((Method::POST, &path), Some(&body), None).await;
            (visitor, reply)
        });
        // The bank is being asked.
        while rows!(&server.database_url, bank_checks) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    server.terminate();
    let (visitor, reply) = runtime.block_on(under_way.join_next()).unwrap().unwrap();
    assert_eq!(reply.unwrap().ok(200)["stage"], "code");
    assert!(server.wait().success());
    runtime.block_on(async {
        assert_eq!(rows!(&server.database_url, outbox), 0, "the message left before the end");
    });
    server.run();
    runtime.block_on(async {
        let code = json!({ "code": visitor.code(&person.phone).await.unwrap() });
        let draft = visitor.get("/api/v1/registrations/current").await.unwrap().ok(200);
        let path = format!("/api/v1/registrations/{}/confirmation", draft["id"].as_str().unwrap());
        visitor.post(&path, &code).await.unwrap().ok(201);
    });
}

#[test]
fn too_many_logins_are_told_to_come_back_and_lose_nothing() {
    let settings =
        [("SHIMING__PASSWORD__PERMITS", "1"), ("SHIMING__PASSWORD__QUEUE_MILLISECONDS", "1")];
    let server = Server::start(Engine::of_tests(), &settings);
    runtime().block_on(async {
        let (person, visitor) = (Person::new(1), Visitor::new(&server.base));
        visitor.introduce(&person).await.unwrap();
        visitor.register(&person, "somebody").await.unwrap();
        let mut logins = Vec::new();
        for _ in 0..24 {
            logins.push(visitor.login_body("somebody").await.unwrap());
        }
        let mut tries = tokio::task::JoinSet::new();
        for login in logins {
            let visitor = Visitor::new(&server.base);
            tries.spawn(async move {
                let reply = visitor.post("/api/v1/sessions", &login).await.unwrap();
                (reply, login)
            });
        }
        let (mut accepted, mut refused) = (0, Vec::new());
        while let Some(tried) = tries.join_next().await {
            let (reply, login) = tried.unwrap();
            visitor.get("/api/v1/banks").await.unwrap().ok(200);
            if reply.status == 201 {
                accepted += 1;
                continue;
            }
            assert!(reply.headers.contains_key("Retry-After"));
            if reply.status == 429 {
                // Of two tries that are counted at the same instant one waits.
                assert_eq!(reply.body["code"], "login_too_soon");
                continue;
            }
            assert_eq!(reply.ok(503)["code"], "overloaded");
            refused.push(login);
        }
        assert!(accepted > 0 && refused.len() > 1, "{accepted} and {}", refused.len());
        for login in refused {
            // Neither the captcha nor a try was used up.
            visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
        }
    });
}
