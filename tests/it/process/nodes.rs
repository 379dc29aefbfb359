//! Two nodes with one database: what works once works once, though it comes to
//! both at the same moment.

use serde_json::Value;
use tokio::join;

use super::{
    CHEAP_HASHING,
    partner::{CALLBACK, Partner, code_for},
    program::{Engine, Person, Reply, Server, Visitor},
    runtime,
};

const ROUNDS: usize = 20;

/// Two nodes, a system at both of them, and somebody who is signed in.
fn prepared() -> ([Server; 2], [Partner; 2], Visitor) {
    let one = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let mut other = one.sibling();
    other.run();
    let scope = ["--redirect-uri", CALLBACK, "--scope", "openid offline_access"];
    let system = Partner::register(&one, &scope);
    let systems = [system.clone(), system.at(&other)];
    let visitor = Visitor::new(&one.base);
    runtime().block_on(async {
        let person = Person::new(1);
        visitor.introduce(&person).await.unwrap();
        visitor.register(&person, "somebody").await.unwrap();
        let login = visitor.login_body("somebody").await.unwrap();
        visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
    });
    ([one, other], systems, visitor)
}

async fn code(visitor: &Visitor, system: &Partner) -> String {
    code_for(visitor, (&system.id, "openid offline_access")).await.unwrap().unwrap()
}

/// One success and one refusal; the tokens of the success.
fn of_one(replies: [Reply; 2]) -> Value {
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|one| one.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 1));
    assert_eq!((lost[0].status, &lost[0].body["error"]), (400, &"invalid_grant".into()));
    won[0].body.clone()
}

#[test]
fn a_code_and_a_refresh_token_work_once_at_two_nodes() {
    let (_servers, [here, there], visitor) = prepared();
    runtime().block_on(async {
        for _ in 0..ROUNDS {
            let code = code(&visitor, &here).await;
            let (a, b) = join!(here.exchange(&code), there.exchange(&code));
            let tokens = of_one([a.unwrap(), b.unwrap()]);
            // Somebody has a copy: nothing that came of it is any good.
            assert!(!here.sees(&tokens).await && !there.sees(&tokens).await);
        }
        for _ in 0..ROUNDS {
            let code = self::code(&visitor, &here).await;
            let first = here.exchange(&code).await.unwrap().ok(200);
            assert!(there.sees(&first).await);
            let (a, b) = join!(here.refresh(&first), there.refresh(&first));
            let tokens = of_one([a.unwrap(), b.unwrap()]);
            assert!(!here.sees(&tokens).await && !there.sees(&tokens).await);
            assert_eq!(here.refresh(&tokens).await.unwrap().status, 400);
        }
    });
}
