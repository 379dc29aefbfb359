//! Somebody signed in changes his phone to one that another account has, and
//! to one that no account has.

use reqwest::Method;
use serde_json::json;

use super::{
    World, sides, username,
    walk::{Walk, wrong},
};
use crate::support::{Person, Visitor};

/// Returns the visitor, signed in.
pub(super) async fn pair(world: &mut World, number: u32) -> Visitor {
    let owner = Visitor::new(&world.server.base);
    let login = owner.login_body(&username(true, number)).await.unwrap();
    owner.post("/api/v1/sessions", &login).await.unwrap().ok(201);
    let mut walks = Walk::new(world);
    walks.visitor = owner;
    let mut sides_took = Vec::new();
    for held in sides() {
        // The phone of the next account, which has not changed it yet.
        let other = Person::new(if held { number + 1 } else { number + 400_000 });
        let moved = Person { phone: other.phone, ..Person::new(number) };
        walks.change_phone(&moved).await;
        sides_took.push((held, std::mem::take(&mut walks.took)));
    }
    let owner = walks.visitor;
    for (held, took) in sides_took {
        world.keep((number, held), took);
    }
    owner
}

impl Walk<'_> {
    async fn change_phone(&mut self, moved: &Person) {
        const CHANGE: (Method, &str) = (Method::POST, "/api/v1/account/change");
        const CONFIRMATION: (Method, &str) = (Method::POST, "/api/v1/account/change/confirmation");
        let body = json!({ "phone": moved.phone });
        self.step("phone held or free, change: no match", CHANGE, (body.clone(), 422)).await;
        self.visitor.introduce(moved).await.unwrap();
        self.step("phone held or free, change: a match", CHANGE, (body, 200)).await;
        let code = self.visitor.code(&moved.phone).await.unwrap();
        let name = "phone held or free, change: wrong code";
        self.step(name, CONFIRMATION, (wrong(&code), 422)).await;
        let name = "phone held or free, change: confirmation";
        self.step(name, CONFIRMATION, (json!({ "code": code }), 200)).await;
    }
}
