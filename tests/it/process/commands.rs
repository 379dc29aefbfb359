//! What an operator does at the command line while people are registering.

use std::{io::Read, process::Stdio};

use chrono::TimeDelta;
use serde_json::Value;

use super::{
    CHEAP_HASHING,
    keys::age,
    operator::{refused, said},
    program::{Engine, Person, Server, Visitor},
    runtime,
};

/// Drops the first data key, some time after the rotation.
pub fn retire_first_key(server: &Server) {
    age(server, TimeDelta::minutes(11));
    assert_eq!(said(server, &["keys", "retire", "1"]), "Key 1 is dropped.\n");
}

#[test]
fn keys_are_rotated_while_people_register() {
    let mut server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let half = Visitor::new(&server.base);
    runtime.block_on(async {
        let early = Visitor::new(&server.base);
        early.introduce(&Person::new(0)).await.unwrap();
        early.register(&Person::new(0), "citizen0").await.unwrap();
        let start = half.start_body("in-the-middle").await.unwrap();
        half.post("/api/v1/registrations", &start).await.unwrap().ok(201);
    });
    let in_use = refused(&server, &["keys", "retire", "1"]);
    assert!(in_use.contains("sealed with key 1"), "{in_use}");
    let mut rotation = server.command(&["keys", "rotate"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut people = 1;
    let rotated = runtime.block_on(async {
        loop {
            let (visitor, person) = (Visitor::new(&server.base), Person::new(people));
            visitor.introduce(&person).await.unwrap();
            visitor.register(&person, &format!("citizen{people}")).await.unwrap();
            people += 1;
            if let Some(status) = rotation.try_wait().unwrap() {
                break status;
            }
        }
    });
    assert!(rotated.success());
    assert!(people > 10, "people registered meanwhile");
    let mut told = String::new();
    rotation.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("\"keys retire 1\" drops it"), "{told}");
    assert!(refused(&server, &["keys", "retire", "1"]).contains("younger than 10 minutes"));
    assert!(refused(&server, &["keys", "retire", "2"]).contains("sealed with key 2"));
    assert!(refused(&server, &["keys", "retire", "3"]).contains("no data key 3"));
    retire_first_key(&server);
    assert!(refused(&server, &["keys", "retire", "1"]).contains("no data key 1"));
    // With no key in memory but those of the file.
    server.kill();
    server.run();
    runtime.block_on(async {
        for number in 0..people {
            let visitor = Visitor::new(&server.base);
            let login = visitor.login_body(&format!("citizen{number}")).await.unwrap();
            visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
            let account = visitor.get("/api/v1/account").await.unwrap().ok(200);
            assert_eq!(account["name"], "欧***");
        }
        let draft = half.get("/api/v1/registrations/current").await.unwrap().ok(200);
        assert_eq!(draft["username"], "in-the-middle");
    });
}

#[test]
fn the_interface_is_printed_without_any_settings() {
    let server = Server::prepare(Engine::Sqlite, &[]);
    let printed = server.command(&["openapi"]).env_clear().output().unwrap();
    assert!(printed.status.success());
    let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
