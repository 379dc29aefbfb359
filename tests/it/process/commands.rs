//! What an operator does at the command line while people are registering.

use std::fs;

use serde_json::Value;

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Server, Visitor},
    runtime,
};

/// Leaves only the active key in the file, as an operator does in the end.
pub fn drop_old_keys(server: &Server) -> usize {
    let path = server.key_file();
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let active = file["active_data_key"].clone();
    let keys = file["data_keys"].as_array_mut().unwrap();
    let before = keys.len();
    keys.retain(|key| key["id"] == active);
    let dropped = before - keys.len();
    fs::write(&path, file.to_string()).unwrap();
    dropped
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
    let mut rotation = server.command(&["keys", "rotate"]).spawn().unwrap();
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
    server.kill();
    assert_eq!(drop_old_keys(&server), 1);
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
