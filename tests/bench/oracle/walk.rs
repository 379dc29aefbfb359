//! Somebody's way through some steps, with the time of each.

use std::time::{Duration, Instant};

use diesel::{QueryDsl, RunQueryDsl};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shiming::tools::db::{Db, DbFault, schema::outbox};
use tokio::time::sleep;

use super::{Took, World};
use crate::support::Visitor;

pub(super) struct Walk<'a> {
    pub visitor: Visitor,
    database: &'a Db,
    /// Id of the recovery begun last.
    recovery: String,
    pub took: Took,
}

impl<'a> Walk<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self {
            visitor: Visitor::new(&world.server.base),
            database: &world.database,
            recovery: String::new(),
            took: Vec::new(),
        }
    }

    /// Sends a request, and waits until what it caused is over.
    pub(super) async fn step(
        &mut self,
        name: &'static str,
        (method, path): (Method, &str),
        (body, status): (Value, u16),
    ) {
        let started = Instant::now();
        let reply = self.visitor.send((method, path), Some(&body), None).await.unwrap();
        self.took.push((name, started.elapsed().as_secs_f64() * 1000.0));
        let view = reply.ok(status);
        if status == 201 {
            view["id"].as_str().unwrap().clone_into(&mut self.recovery);
        }
        self.settled().await;
    }

    /// The same with a request of any form; returns what is answered.
    pub(super) async fn send(
        &mut self,
        name: &'static str,
        request: RequestBuilder,
        status: u16,
    ) -> Value {
        let started = Instant::now();
        let reply = self.visitor.exchange(request).await.unwrap();
        self.took.push((name, started.elapsed().as_secs_f64() * 1000.0));
        assert_eq!(reply.status, status, "{}", reply.text);
        self.settled().await;
        reply.body
    }

    /// Waits until nothing is to be sent.
    pub(super) async fn settled(&self) {
        while self.waiting().await > 0 {
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn waiting(&self) -> i64 {
        let count = self
            .database
            .read(|conn| outbox::table.count().get_result::<i64>(conn).map_err(DbFault::from));
        count.await.unwrap()
    }

    /// A step of the recovery begun last.
    pub(super) fn at(&self, step: &str) -> String {
        format!("/api/v1/recoveries/{}/{step}", self.recovery)
    }

    /// Begins 找回密码.
    pub(super) async fn forget_password(&mut self, name: &'static str, username: &str) {
        let captcha = self.visitor.captcha().await.unwrap();
        let body = json!({ "username": username, "captcha": captcha });
        self.step(name, (Method::POST, "/api/v1/recoveries/password"), (body, 201)).await;
    }
}

/// Another code than this one.
pub(super) fn wrong(code: &str) -> Value {
    json!({ "code": if code == "000000" { "111111" } else { "000000" } })
}
