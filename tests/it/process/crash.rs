//! SIGKILL at random moments: nothing acknowledged is lost, nothing is done
//! twice, and nobody gets a code for a step that did not happen.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    thread,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{runtime::Runtime, task::JoinHandle, time::sleep};

use super::{
    CHEAP_HASHING,
    program::{Engine, Person, Reply, Server, Visitor, visitor::Lost},
    rows, runtime,
};

/// People who finish, whatever happens.
const PEOPLE: u32 = 200;
/// People who ask for a code once and leave.
const LEAVERS: u32 = 40;
const KILLS: u32 = 30;
/// Nobody waits longer than this.
const PATIENCE: Duration = Duration::from_secs(240);

/// Whoever sends a code may die each time; one that is given up never comes.
pub const NEVER_GIVE_UP: (&str, &str) = ("SHIMING__SMS__GIVE_UP_SECONDS", "600");

/// Short waits for what a dead process has left behind, however many there are.
pub const SHORT_WAITS: [(&str, &str); 4] = [
    ("SHIMING__SMS__TIMEOUT_MILLISECONDS", "3000"),
    ("SHIMING__MAIL__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__BANK__TIMEOUT_MILLISECONDS", "3000"),
    NEVER_GIVE_UP,
];

/// Somebody who registers, and goes on after each loss of the connection.
struct Candidate {
    visitor: Visitor,
    person: Person,
    username: String,
    /// Whether he repeats a request with its key, as the web client does.
    keyed: bool,
    /// The first request: its body and key, until it is settled.
    start: Option<Value>,
    /// Whether a confirmation may have arrived.
    confirmed: bool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// He has read that he is registered.
    Acknowledged,
    /// The answer was lost, but he can sign in.
    Found,
}

impl Candidate {
    fn new(base: &str, number: u32) -> Self {
        Self {
            visitor: Visitor::new(base),
            person: Person::new(number),
            username: format!("citizen{number}"),
            keyed: number.is_multiple_of(2),
            start: None,
            confirmed: false,
        }
    }

    async fn register(mut self) -> Ended {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{} never came to an end", self.username);
            match self.next_step().await {
                Ok(Some(ended)) => return ended,
                Ok(None) => {}
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Looks where he stands and does what comes next.
    async fn next_step(&mut self) -> Result<Option<Ended>, Lost> {
        let draft = self.visitor.get("/api/v1/registrations/current").await?;
        if draft.status == 404 {
            assert!(!self.confirmed, "a draft that could be confirmed is gone");
            self.begin().await?;
            return Ok(None);
        }
        let draft = draft.ok(200);
        let flow = format!("/api/v1/registrations/{}", draft["id"].as_str().unwrap());
        match draft["stage"].as_str().unwrap() {
            "identity" => {
                let path = format!("{flow}/identity");
                accept(&self.visitor.put(&path, &self.person.identity()).await?);
            }
            "bank" => {
                let path = format!("{flow}/bank-verification");
                self.once(&path, &self.person.bank()).await?;
            }
            "code" => {
                let code = json!({ "code": self.visitor.code(&self.person.phone).await? });
                self.confirmed = true;
                if self.once(&format!("{flow}/confirmation"), &code).await? == 201 {
                    return Ok(Some(Ended::Acknowledged));
                }
            }
            "completed" => return self.sign_in().await,
            other => panic!("a draft at {other}"),
        }
        Ok(None)
    }

    /// The answer to the confirmation was lost, but it has done its work: then
    /// there is an account.
    async fn sign_in(&self) -> Result<Option<Ended>, Lost> {
        let login = self.visitor.login_body(&self.username).await?;
        let reply = self.visitor.post("/api/v1/sessions", &login).await?;
        if reply.status == 429 {
            // Logins that died count as wrong ones.
            sleep(Duration::from_secs(1)).await;
            return Ok(None);
        }
        reply.ok(201);
        Ok(Some(Ended::Found))
    }

    /// The first step, with the same captcha until it is used up.
    async fn begin(&mut self) -> Result<(), Lost> {
        if self.start.is_none() {
            self.start = Some(self.visitor.start_body(&self.username).await?);
        }
        let body = self.start.clone().unwrap();
        if self.once("/api/v1/registrations", &body).await? == 422 {
            self.start = None;
        }
        Ok(())
    }

    /// Sends a request, and returns the status if it was settled.
    async fn once(&self, path: &str, body: &Value) -> Result<u16, Lost> {
        let answer = &body["captcha"]["id"].as_str().or(body["code"].as_str()).unwrap_or_default();
        let key = format!("{}-{path}-{answer}", self.username);
        let key = self.keyed.then_some(key.as_str());
        let reply = self.visitor.send((Method::POST, path), Some(body), key).await?;
        accept(&reply);
        if reply.status == 409 {
            // What the dead process was at must first be over.
            sleep(Duration::from_millis(300)).await;
        }
        Ok(reply.status)
    }
}

/// A server that is killed may be slow or busy, but is never wrong.
#[track_caller]
fn accept(reply: &Reply) {
    let code = reply.body["code"].as_str().unwrap_or_default();
    // On a busy machine even the sandbox bank may take longer than a second.
    let passing =
        ["request_in_progress", "overloaded", "stage_conflict", "bank_unavailable"].contains(&code);
    // The captcha of a start, or the code of a confirmation, whose answer was
    // lost.
    let used_up = ["validation_failed", "code_wrong", "flow_not_found"].contains(&code);
    assert!(reply.status < 300 || passing || used_up, "{}", reply.body);
}

type Leaver = (Visitor, Person);

/// Somebody who sends each request once and asks for no code again.
async fn leave(base: String, number: u32) -> Leaver {
    let (visitor, person) = (Visitor::new(&base), Person::new(number));
    let walk = async {
        let start = visitor.start_body(&format!("leaver{number}")).await?;
        let reply = visitor.post("/api/v1/registrations", &start).await?;
        let Some(id) = reply.body["id"].as_str() else { return Ok(()) };
        let flow = format!("/api/v1/registrations/{id}");
        visitor.put(&format!("{flow}/identity"), &person.identity()).await?;
        visitor.post(&format!("{flow}/bank-verification"), &person.bank()).await?;
        Ok::<(), Lost>(())
    };
    // A lost connection is why he left.
    let _ = walk.await;
    (visitor, person)
}

pub fn random_below(most: u64) -> u64 {
    RandomState::new().build_hasher().finish() % most
}

/// People arrive one after the other while the process is killed again and
/// again.
fn arrive(runtime: &Runtime, base: &str) -> (Vec<JoinHandle<Ended>>, Vec<JoinHandle<Leaver>>) {
    let pace = |number: u32| Duration::from_millis(u64::from(number) * 20);
    let people = (0..PEOPLE).map(|number| {
        let candidate = Candidate::new(base, number);
        runtime.spawn(async move {
            sleep(pace(number)).await;
            candidate.register().await
        })
    });
    let leavers = (0..LEAVERS).map(|number| {
        let base = base.to_owned();
        runtime.spawn(async move {
            sleep(pace(number * PEOPLE / LEAVERS)).await;
            leave(base, PEOPLE + number).await
        })
    });
    (people.collect(), leavers.collect())
}

#[test]
fn what_was_acknowledged_survives_the_death_of_the_process() {
    let settings = [&CHEAP_HASHING[..], &SHORT_WAITS[..]].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let runtime = runtime();
    runtime.block_on(async {
        let teller = Visitor::new(&server.base);
        for number in 0..PEOPLE + LEAVERS {
            teller.introduce(&Person::new(number)).await.unwrap();
        }
    });
    let (people, leavers) = arrive(&runtime, &server.base);
    let killer = thread::spawn(move || {
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(20 + random_below(230)));
            server.kill();
            server.run();
        }
        server
    });
    let ended: Vec<Ended> = runtime.block_on(async {
        let mut ended = Vec::new();
        for one in people {
            ended.push(one.await.unwrap());
        }
        ended
    });
    let server = killer.join().unwrap();
    assert!(ended.contains(&Ended::Acknowledged));
    runtime.block_on(async {
        drained(&server.database_url).await;
        everybody_once(&server).await;
        for leaver in leavers {
            no_code_without_its_step(leaver.await.unwrap()).await;
        }
    });
}

/// Nothing waits any more, and nothing was given up.
pub async fn drained(database_url: &str) {
    use diesel::prelude::*;
    use shiming::tools::db::schema::outbox;
    let began = Instant::now();
    loop {
        let left: Vec<(String, String)> = super::query(database_url, |conn| {
            outbox::table.select((outbox::kind, outbox::state)).load(conn)
        })
        .await;
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the outbox does not drain: {left:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Whole accounts, as many as people, and each opens with its password.
async fn everybody_once(server: &Server) {
    let url = server.database_url.as_str();
    let counts = (rows!(url, accounts), rows!(url, username_claims), rows!(url, document_claims));
    let expected = i64::from(PEOPLE);
    assert_eq!(counts, (expected, expected, expected));
    assert_eq!(rows!(url, consents), expected * 3);
    for number in 0..PEOPLE {
        let (visitor, person) = (Visitor::new(&server.base), Person::new(number));
        let login = visitor.login_body(&format!("citizen{number}")).await.unwrap();
        visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
        let account = visitor.get("/api/v1/account").await.unwrap().ok(200);
        let card = account["card_number"].as_str().unwrap();
        assert_eq!(card[card.len() - 4..], person.card_number[person.card_number.len() - 4..]);
    }
}

/// A code was sent to exactly those whose draft waits for one.
async fn no_code_without_its_step((visitor, person): Leaver) {
    let draft = visitor.get("/api/v1/registrations/current").await.unwrap();
    let inbox = visitor.get(&format!("/sandbox/v1/sms?phone={}", person.phone)).await.unwrap();
    let messages = inbox.ok(200)["items"].as_array().unwrap().len();
    assert_eq!(messages > 0, draft.body["stage"] == "code", "{}", draft.body);
}
