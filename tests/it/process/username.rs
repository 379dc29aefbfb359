//! SIGKILL at random moments while people look for their usernames: what was
//! acknowledged stands, each username that was found is told once, nobody gets
//! a code that was not asked for, and the accounts stay as they are.

use std::{
    thread,
    time::{Duration, Instant},
};

use chrono::NaiveDateTime;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    CHEAP_HASHING,
    crash::{SHORT_WAITS, drained, random_below},
    maintain::events,
    program::{Engine, Person, Server, Visitor, visitor::Lost},
    recovery::{MANY_MESSAGES, accept, code_sent_since, pace},
    rows, runtime,
};

/// People who look for it again and again.
const PEOPLE: u32 = 30;
const TIMES: u32 = 5;
/// People who leave at the first lost connection.
const LEAVERS: u32 = 60;
const KILLS: u32 = 25;
const PATIENCE: Duration = Duration::from_secs(240);

/// One search for a username.
struct Search {
    visitor: Visitor,
    person: Person,
    username: String,
    /// Whether the server has said that it began.
    began: bool,
    /// Whether the server has said that the username was sent.
    found: bool,
}

impl Search {
    fn new(base: &str, number: u32) -> Self {
        Self {
            visitor: Visitor::new(base),
            person: Person::new(number),
            username: username(number),
            began: false,
            found: false,
        }
    }

    /// Goes on after each loss, to the end.
    async fn finish(&mut self) {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{} never came to an end", self.username);
            match self.next_step().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Goes on until the first loss.
    async fn leave(&mut self) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(self.next_step().await, Ok(false)) {}
    }

    /// Looks where the recovery stands and does what comes next; `true` when
    /// all is done.
    async fn next_step(&mut self) -> Result<bool, Lost> {
        let recovery = self.visitor.get("/api/v1/recoveries/current").await?;
        if recovery.status == 404 {
            assert!(!self.began, "{}: a recovery that began is gone", self.username);
            self.begin().await?;
            return Ok(false);
        }
        let recovery = recovery.ok(200);
        self.began = true;
        if recovery["stage"] == "done" {
            return Ok(true);
        }
        assert!(!self.found, "{}: a username that was sent is not", self.username);
        let (phone, asked) = (&self.person.phone, &recovery["code"]);
        match code_sent_since(&self.visitor, (phone, asked), "username_recovery").await? {
            Some(code) => {
                let body = json!({ "code": code });
                self.found = self.step(&recovery, "confirmation", &body).await? == 200;
            }
            None => {
                self.step(&recovery, "code", &json!({})).await?;
            }
        }
        Ok(false)
    }

    async fn begin(&mut self) -> Result<(), Lost> {
        let body = json!({
            "name": self.person.name, "user_type": "person", "document_type": "RESIDENT_ID",
            "document_number": self.person.document_number, "issuing_country": null,
            "captcha": self.visitor.captcha().await?,
        });
        let reply = self.visitor.post("/api/v1/recoveries/username", &body).await?;
        self.began = reply.status == 201;
        accept(reply).await;
        Ok(())
    }

    async fn step(&self, recovery: &Value, step: &str, body: &Value) -> Result<u16, Lost> {
        let path = format!("/api/v1/recoveries/{}/{step}", recovery["id"].as_str().unwrap());
        let reply = self.visitor.send((Method::POST, &path), Some(body), None).await?;
        let status = reply.status;
        accept(reply).await;
        Ok(status)
    }

    /// Messages in the phone: codes of a recovery, and usernames.
    async fn messages(&self) -> (usize, usize) {
        let path = format!("/sandbox/v1/sms?phone={}", self.person.phone);
        let inbox = self.visitor.get(&path).await.unwrap().ok(200);
        let items = inbox["items"].as_array().unwrap();
        let codes = items.iter().filter(|one| one["purpose"] == "username_recovery").count();
        let news = items.iter().filter(|one| one["purpose"] == "notice");
        let told = news.filter(|one| {
            let text = one["text"].as_str().unwrap();
            assert!(text.contains("您的用户名是"), "{text}");
            text.contains(&format!(" {}。", self.username))
        });
        (codes, told.count())
    }

    /// Of somebody who left: the phone has what the recovery says. Returns
    /// whether the username was found.
    async fn agrees(&self) -> bool {
        let recovery = self.visitor.get("/api/v1/recoveries/current").await.unwrap();
        assert!(recovery.status == 200 || !self.began, "{}", recovery.body);
        let done = recovery.body["stage"] == "done";
        assert!(done || !self.found, "{}: acknowledged, and not so", self.username);
        let (codes, told) = self.messages().await;
        assert_eq!(told, usize::from(done), "{}: {}", self.username, recovery.body);
        let asked = done || recovery.body["code"].is_object();
        assert!(asked || codes == 0, "{}: a code nobody asked for", self.username);
        assert!(!asked || codes > 0, "{}: no code", self.username);
        done
    }
}

fn username(number: u32) -> String {
    format!("citizen{number}")
}

/// What a recovery of the username must leave as it is.
async fn accounts(url: &str) -> Vec<(String, String, String, Vec<u8>, Vec<u8>, NaiveDateTime)> {
    super::query(url, |conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::accounts::dsl;
        let columns = (
            dsl::id,
            dsl::username,
            dsl::password_hash,
            dsl::phone_sealed,
            dsl::card_number_sealed,
            dsl::verified_at,
        );
        dsl::accounts.order(dsl::id).select(columns).load(conn)
    })
    .await
}

/// Everybody registers and signs in.
async fn settle(server: &Server) {
    for number in 0..PEOPLE + LEAVERS {
        let visitor = Visitor::new(&server.base);
        visitor.introduce(&Person::new(number)).await.unwrap();
        visitor.register(&Person::new(number), &username(number)).await.unwrap();
        let body = visitor.login_body(&username(number)).await.unwrap();
        visitor.post("/api/v1/sessions", &body).await.unwrap().ok(201);
    }
    drained(&server.database_url).await;
}

#[test]
fn a_username_that_was_found_is_told_once_and_nothing_else_happens() {
    let settings = [&CHEAP_HASHING[..], &SHORT_WAITS[..], &MANY_MESSAGES[..]].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let (runtime, base) = (runtime(), server.base.clone());
    let url = server.database_url.clone();
    runtime.block_on(settle(&server));
    let before = runtime.block_on(async { (accounts(&url).await, rows!(&url, sessions)) });
    let people = (0..PEOPLE).map(|number| {
        let base = base.clone();
        runtime.spawn(async move {
            for _ in 0..TIMES {
                Search::new(&base, number).finish().await;
            }
        })
    });
    let people: Vec<_> = people.collect();
    let leavers = (0..LEAVERS).map(|number| {
        let mut search = Search::new(&base, PEOPLE + number);
        runtime.spawn(async move {
            sleep(pace(number as usize)).await;
            search.leave().await;
            search
        })
    });
    let leavers: Vec<_> = leavers.collect();
    let killer = thread::spawn(move || {
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(20 + random_below(200)));
            server.kill();
            server.run();
        }
        server
    });
    runtime.block_on(async {
        for one in people {
            one.await.unwrap();
        }
        let mut left = Vec::new();
        for one in leavers {
            left.push(one.await.unwrap());
        }
        let _server = killer.join().unwrap();
        drained(&url).await;
        let mut found = i64::from(PEOPLE * TIMES);
        for number in 0..PEOPLE {
            let (_, told) = Search::new(&base, number).messages().await;
            assert_eq!(told, TIMES as usize, "citizen{number}");
        }
        for search in &left {
            found += i64::from(search.agrees().await);
        }
        assert_eq!(events(&url, "username_recovered").await, found);
        assert_eq!((accounts(&url).await, rows!(&url, sessions)), before);
    });
}
