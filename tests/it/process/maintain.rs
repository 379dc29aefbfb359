//! SIGKILL while people change and close their accounts: each is as before or
//! as after, never between.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    thread,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Server, Visitor, visitor::Lost},
    rows, runtime,
};

const PEOPLE: u32 = 40;
const KILLS: u32 = 20;
/// Nobody waits longer than this.
const PATIENCE: Duration = Duration::from_secs(240);

const SETTINGS: [(&str, &str); 8] = [
    // What a dead process has left behind is not waited for long.
    ("SHIMING__MAIL__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__SMS__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__BANK__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__SMS__RESEND_SECONDS", "1"),
    ("SHIMING__LIMITS__SMS_PER_FLOW", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_HOUR", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_DAY", "1000"),
    // Accounts that are to be closed are looked for when the process starts.
    ("SHIMING__ACCOUNT__CLOSING_DAYS", "0"),
];

const CHANGE: &str = "/api/v1/account/change";
const CONFIRMATION: &str = "/api/v1/account/change/confirmation";

fn random_below(most: u64) -> u64 {
    RandomState::new().build_hasher().finish() % most
}

/// A person with another card and another phone.
fn moved(number: u32) -> Person {
    let card_number = Person::new(100_000 + number).card_number;
    Person { card_number, phone: format!("137{number:08}"), ..Person::new(number) }
}

fn username(number: u32) -> String {
    format!("citizen{number}")
}

/// Somebody signed in who changes card and phone together.
struct Mover {
    visitor: Visitor,
    number: u32,
}

impl Mover {
    /// Whether the account has the new card and phone; it must not have one of
    /// them.
    async fn has_moved(&self) -> Result<bool, Lost> {
        let account = self.visitor.get("/api/v1/account").await?.ok(200);
        let of = |person: &Person| {
            let card = &person.card_number[person.card_number.len() - 4..];
            (format!("**** {card}"), format!("{}****{}", &person.phone[..3], &person.phone[7..]))
        };
        let text = |member: &str| account[member].as_str().unwrap().to_owned();
        let shown = (text("card_number"), text("phone"));
        assert!(shown == of(&Person::new(self.number)) || shown == of(&moved(self.number)));
        Ok(shown == of(&moved(self.number)))
    }

    /// Looks where the change stands and does what comes next; `true` at the
    /// end.
    async fn next_step(&self) -> Result<bool, Lost> {
        let change = self.visitor.get(CHANGE).await?;
        let reply = if change.body["stage"] == "code" {
            let code = json!({ "code": self.visitor.code(&moved(self.number).phone).await? });
            self.visitor.post(CONFIRMATION, &code).await?
        } else if self.has_moved().await? {
            return Ok(true);
        } else {
            let new = moved(self.number);
            let body = json!({ "card_number": new.card_number, "phone": new.phone });
            self.visitor.post(CHANGE, &body).await?
        };
        // A server that is killed may be slow or busy, but is never wrong. A
        // code that was sent before another one is.
        let code = reply.body["code"].as_str().unwrap_or_default();
        let passing = [
            "request_in_progress",
            "overloaded",
            "bank_unavailable",
            "stage_conflict",
            "sms_resend_too_soon",
            "code_wrong",
            "flow_not_found",
        ];
        assert!(reply.status < 300 || passing.contains(&code), "{}", reply.body);
        if reply.status >= 400 {
            sleep(Duration::from_millis(300)).await;
        }
        Ok(false)
    }

    async fn walk(self) -> Self {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{} never came to an end", self.number);
            match self.next_step().await {
                Ok(true) => return self,
                Ok(false) => {}
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// Everybody registers and signs in.
async fn settle(server: &Server) -> Vec<Mover> {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let visitor = Visitor::new(&server.base);
        visitor.introduce(&Person::new(number)).await.unwrap();
        visitor.introduce(&moved(number)).await.unwrap();
        visitor.register(&Person::new(number), &username(number)).await.unwrap();
        let login = visitor.login_body(&username(number)).await.unwrap();
        visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
        people.push(Mover { visitor, number });
    }
    people
}

async fn notices(visitor: &Visitor, phone: &str) -> Vec<Value> {
    let inbox = visitor.get(&format!("/sandbox/v1/sms?phone={phone}")).await.unwrap().ok(200);
    let items = inbox["items"].as_array().unwrap().iter();
    items.filter(|one| one["purpose"] == "notice").cloned().collect()
}

/// How many audit events of a kind there are.
async fn events(database_url: &str, kind: &'static str) -> i64 {
    super::query(database_url, move |conn| {
        use diesel::prelude::*;
        use shiming::db::schema::audit_events::dsl;
        dsl::audit_events.filter(dsl::kind.eq(kind)).count().get_result(conn)
    })
    .await
}

/// Nothing waits any more.
async fn drained(database_url: &str) {
    let began = Instant::now();
    while rows!(database_url, outbox) > 0 {
        assert!(began.elapsed() < PATIENCE, "the outbox does not drain");
        sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn an_account_is_changed_whole_or_not_at_all() {
    let settings = [CHEAP_HASHING.as_slice(), &SETTINGS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let runtime = runtime();
    let people = runtime.block_on(settle(&server));
    let walks: Vec<_> = people.into_iter().map(|one| runtime.spawn(one.walk())).collect();
    let killer = thread::spawn(move || {
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(20 + random_below(200)));
            server.kill();
            server.run();
        }
        server
    });
    runtime.block_on(async {
        let mut moved_people = Vec::new();
        for walk in walks {
            moved_people.push(walk.await.unwrap());
        }
        let server = killer.join().unwrap();
        let url = server.database_url.as_str();
        drained(url).await;
        for one in &moved_people {
            assert!(one.has_moved().await.unwrap());
            // A gateway that dies with us may have sent one twice.
            let told = notices(&one.visitor, &Person::new(one.number).phone).await;
            assert!(!told.is_empty());
            assert!(notices(&one.visitor, &moved(one.number).phone).await.is_empty());
        }
        assert_eq!(events(url, "profile_changed").await, i64::from(PEOPLE));
    });
}

#[test]
fn an_account_is_erased_whole_or_not_at_all() {
    let settings = [CHEAP_HASHING.as_slice(), &SETTINGS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let runtime = runtime();
    let url = server.database_url.clone();
    runtime.block_on(async {
        for one in settle(&server).await {
            let closure = (Method::POST, "/api/v1/account/closure");
            one.visitor.send(closure, None, None).await.unwrap().ok(200);
        }
    });
    let whole = async || {
        let left = rows!(&url, accounts);
        let claims = (rows!(&url, username_claims), rows!(&url, document_claims));
        assert_eq!(claims, (left, left));
        assert_eq!((rows!(&url, sessions), rows!(&url, consents)), (left, left * 3));
        assert_eq!(rows!(&url, account_closures), left);
        assert_eq!(events(&url, "account_closed").await, i64::from(PEOPLE) - left);
        left
    };
    let mut seen = vec![i64::from(PEOPLE)];
    for _ in 0..KILLS {
        server.kill();
        let left = runtime.block_on(whole());
        seen.push(left);
        server.spawn();
        let began = Instant::now();
        // As soon as it has begun, or some accounts later.
        while left > 0 && runtime.block_on(async { rows!(&url, accounts) }) == left {
            assert!(began.elapsed() < PATIENCE, "nothing is erased: {seen:?}");
        }
        thread::sleep(Duration::from_millis(random_below(10)));
    }
    let between = seen.iter().any(|left| (1..i64::from(PEOPLE)).contains(left));
    server.kill();
    server.run();
    runtime.block_on(async {
        let began = Instant::now();
        while rows!(&url, accounts) > 0 {
            assert!(began.elapsed() < PATIENCE, "accounts are left: {seen:?}");
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(whole().await, 0);
        drained(&url).await;
        let visitor = Visitor::new(&server.base);
        for number in 0..PEOPLE {
            let told = notices(&visitor, &Person::new(number).phone).await;
            let closed = told.iter().filter(|one| one["text"].as_str().unwrap().contains("已注销"));
            assert!(closed.count() >= 1, "{number}");
        }
        // Username and document are free again.
        visitor.register(&Person::new(0), &username(0)).await.unwrap();
    });
    assert!(between, "it was never killed in the middle: {seen:?}");
}
