//! SIGKILL at random moments of recoveries: the account is as before or as
//! after, never between, and its owner is told of what happened, once.

use std::{
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};

use super::{
    CHEAP_HASHING,
    crash::{SHORT_WAITS, drained, random_below},
    program::{Engine, PASSWORD, Person, Reply, Server, Visitor, visitor::Lost},
    runtime,
};

/// People who go on until their password is set anew.
const PEOPLE: u32 = 40;
/// People who leave at the first lost connection.
const LEAVERS: u32 = 30;
const KILLS: u32 = 15;
const PATIENCE: Duration = Duration::from_secs(240);
const NEW: &str = "mango bridge rain 42";

/// Many messages to one phone: each lost answer may cost one.
pub const MANY_MESSAGES: [(&str, &str); 4] = [
    ("SHIMING__LIMITS__SMS_PER_PHONE_HOUR", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_DAY", "1000"),
    ("SHIMING__LIMITS__SMS_PER_FLOW", "1000"),
    ("SHIMING__SMS__RESEND_SECONDS", "1"),
];

/// Somebody with an account, signed in elsewhere, who forgot the password.
struct Candidate {
    /// With the session from before.
    signed_in: Visitor,
    visitor: Visitor,
    person: Person,
    /// With another phone, if the one of the registration is lost.
    moved: Option<Person>,
    username: String,
}

fn login(username: &str, password: &str, captcha: &Value) -> Value {
    json!({ "username": username, "password": password, "captcha": captcha })
}

impl Candidate {
    /// Registers and signs in.
    async fn new(base: &str, number: u32) -> Self {
        let (signed_in, person) = (Visitor::new(base), Person::new(number));
        let username = format!("citizen{number}");
        signed_in.introduce(&person).await.unwrap();
        signed_in.register(&person, &username).await.unwrap();
        let body = signed_in.login_body(&username).await.unwrap();
        signed_in.post("/api/v1/sessions", &body).await.unwrap().ok(201);
        let moved = number.is_multiple_of(2).then(|| person.moved(&Person::new(number + 5000)));
        if let Some(moved) = &moved {
            signed_in.introduce(moved).await.unwrap();
        }
        Self { signed_in, visitor: Visitor::new(base), person, moved, username }
    }

    /// Goes on after each loss.
    async fn recover(self) -> Self {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{} never came to an end", self.username);
            match self.next_step().await {
                Ok(true) => return self,
                Ok(false) => {}
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Goes on until the first loss.
    async fn leave(self) -> Self {
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(self.next_step().await, Ok(false)) {}
        self
    }

    /// Looks where the recovery stands and does what comes next; `true` when
    /// all is done.
    async fn next_step(&self) -> Result<bool, Lost> {
        let recovery = self.visitor.get("/api/v1/recoveries/current").await?;
        if recovery.status == 404 {
            let captcha = self.visitor.captcha().await?;
            let body = json!({ "username": self.username, "captcha": captcha });
            accept(self.visitor.post("/api/v1/recoveries/password", &body).await?).await;
            return Ok(false);
        }
        let recovery = recovery.ok(200);
        let replaced = recovery["phone_replacement"]["done"] == true;
        match (recovery["stage"].as_str().unwrap(), &self.moved) {
            ("method", _) => {
                let body = json!({ "method": "document_and_sms" });
                self.step(&recovery, (Method::PUT, "method"), &body).await?;
            }
            ("identity", Some(moved)) if !replaced => self.replace_phone(&recovery, moved).await?,
            ("identity", _) => self.ask_code(&recovery).await?,
            ("code", _) => {
                let code = &recovery["code"];
                match code_sent_since(
                    &self.visitor,
                    (self.phone(&recovery), code),
                    "password_recovery",
                )
                .await?
                {
                    Some(code) => {
                        let body = json!({ "code": code });
                        self.step(&recovery, (Method::POST, "confirmation"), &body).await?;
                    }
                    None => self.ask_code(&recovery).await?,
                }
            }
            ("reset", _) => {
                let body = json!({ "password": NEW, "password_confirmation": NEW });
                let set = self.step(&recovery, (Method::PUT, "password"), &body).await?;
                return Ok(set == 200);
            }
            ("done", _) => return Ok(true),
            (other, _) => panic!("a recovery at {other}"),
        }
        Ok(false)
    }

    /// The phone that the account has where the recovery stands.
    fn phone(&self, recovery: &Value) -> &str {
        match &self.moved {
            Some(moved) if recovery["phone_replacement"]["done"] == true => &moved.phone,
            _ => &self.person.phone,
        }
    }

    async fn ask_code(&self, recovery: &Value) -> Result<(), Lost> {
        let mut claim = self.person.claim();
        claim["phone"] = json!(self.phone(recovery));
        self.step(recovery, (Method::POST, "code"), &claim).await?;
        Ok(())
    }

    async fn replace_phone(&self, recovery: &Value, moved: &Person) -> Result<(), Lost> {
        let code = &recovery["phone_replacement"]["code"];
        if let Some(code) =
            code_sent_since(&self.visitor, (&moved.phone, code), "phone_replacement").await?
        {
            let to = (Method::POST, "phone-replacement/confirmation");
            self.step(recovery, to, &json!({ "code": code })).await?;
            return Ok(());
        }
        let mut body = moved.bank();
        for name in ["name", "document_type", "document_number", "issuing_country"] {
            body[name] = moved.identity()[name].clone();
        }
        self.step(recovery, (Method::POST, "phone-replacement"), &body).await?;
        Ok(())
    }

    async fn step(
        &self,
        recovery: &Value,
        (method, step): (Method, &str),
        body: &Value,
    ) -> Result<u16, Lost> {
        let path = format!("/api/v1/recoveries/{}/{step}", recovery["id"].as_str().unwrap());
        let reply = self.visitor.send((method, &path), Some(body), None).await?;
        let status = reply.status;
        accept(reply).await;
        Ok(status)
    }

    async fn opens(&self, password: &str) -> bool {
        let visitor = Visitor::new(self.visitor.base());
        let body = login(&self.username, password, &visitor.captcha().await.unwrap());
        let reply = visitor.post("/api/v1/sessions", &body).await.unwrap();
        assert!([201, 401].contains(&reply.status), "{}", reply.body);
        reply.status == 201
    }

    /// News in a phone that hold these words.
    async fn told(&self, phone: &str, words: &str) -> usize {
        let path = format!("/sandbox/v1/sms?phone={phone}");
        let inbox = self.signed_in.get(&path).await.unwrap().ok(200);
        let items = inbox["items"].as_array().unwrap();
        let news = items.iter().filter(|one| one["purpose"] == "notice");
        news.filter(|one| one["text"].as_str().unwrap().contains(words)).count()
    }

    /// As before or as after: password, sessions, phone and news agree.
    /// Returns whether the password was set anew.
    async fn whole(&self) -> bool {
        let (new, old) = (self.opens(NEW).await, self.opens(PASSWORD).await);
        assert!(new != old, "{}: one password opens, new: {new}", self.username);
        let session = self.signed_in.get("/api/v1/account").await.unwrap();
        assert_eq!(session.status, if new { 401 } else { 200 }, "{}", self.username);
        let mut resets = self.told(&self.person.phone, "密码已重置").await;
        if let Some(moved) = &self.moved {
            resets += self.told(&moved.phone, "密码已重置").await;
        }
        assert_eq!(resets, usize::from(new), "{}", self.username);
        let visitor = Visitor::new(self.visitor.base());
        let password = if new { NEW } else { PASSWORD };
        let body = login(&self.username, password, &visitor.captcha().await.unwrap());
        visitor.post("/api/v1/sessions", &body).await.unwrap().ok(201);
        let account = visitor.get("/api/v1/account").await.unwrap().ok(200);
        let shows = |person: &Person| {
            let last = |text: &str| text[text.len() - 4..].to_owned();
            let ends = |name: &str, full: &str| last(account[name].as_str().unwrap()) == last(full);
            (ends("phone", &person.phone), ends("card_number", &person.card_number))
        };
        let replaced = self.told(&self.person.phone, "手机号码已更换").await;
        match &self.moved {
            Some(moved) if replaced == 1 => assert_eq!(shows(moved), (true, true)),
            _ => assert_eq!((replaced, shows(&self.person)), (0, (true, true))),
        }
        assert!(!new || replaced == usize::from(self.moved.is_some()));
        new
    }
}

/// The code that was sent to a phone since it was asked for, if it comes soon.
pub async fn code_sent_since(
    visitor: &Visitor,
    (phone, asked): (&str, &Value),
    purpose: &str,
) -> Result<Option<String>, Lost> {
    let Some(asked) = asked["requested_at"].as_str() else { return Ok(None) };
    let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    for _ in 0..60 {
        let inbox = visitor.get(&format!("/sandbox/v1/sms?phone={phone}")).await?.ok(200);
        let newest =
            inbox["items"].as_array().unwrap().iter().find(|one| one["purpose"] == purpose);
        if let Some(one) = newest
            && time(one["created_at"].as_str().unwrap()) >= time(asked)
        {
            return Ok(one["code"].as_str().map(str::to_owned));
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(None)
}

/// When somebody arrives.
pub fn pace(number: usize) -> Duration {
    Duration::from_millis(number as u64 * 40)
}

/// A server that is killed may be slow or busy, but is never wrong.
pub async fn accept(reply: Reply) {
    let code = reply.body["code"].as_str().unwrap_or_default();
    let passing = [
        "request_in_progress",
        "overloaded",
        "stage_conflict",
        "sms_resend_too_soon",
        // The captcha or the code of a request whose answer was lost.
        "validation_failed",
        "recovery_code_wrong",
        "code_wrong",
        "code_dead",
        "flow_not_found",
    ];
    assert!(reply.status < 300 || passing.contains(&code), "{}", reply.body);
    if reply.status >= 400 {
        sleep(Duration::from_millis(300)).await;
    }
}

#[test]
fn a_recovery_leaves_the_account_as_before_or_as_after() {
    let settings = [&CHEAP_HASHING[..], &SHORT_WAITS[..], &MANY_MESSAGES[..]].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let runtime = runtime();
    let all: Vec<Candidate> = runtime.block_on(async {
        let mut all = Vec::new();
        for number in 0..PEOPLE + LEAVERS {
            all.push(Candidate::new(&server.base, number).await);
        }
        drained(&server.database_url).await;
        all
    });
    let walks: Vec<JoinHandle<Candidate>> = all
        .into_iter()
        .enumerate()
        .map(|(number, candidate)| {
            runtime.spawn(async move {
                sleep(pace(number)).await;
                let stays = number < PEOPLE as usize;
                if stays { candidate.recover().await } else { candidate.leave().await }
            })
        })
        .collect();
    let killer = thread::spawn(move || {
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(50 + random_below(250)));
            server.kill();
            server.run();
        }
        server
    });
    let walked = runtime.block_on(async {
        let mut walked = Vec::new();
        for walk in walks {
            walked.push(walk.await.unwrap());
        }
        walked
    });
    let server = killer.join().unwrap();
    runtime.block_on(async {
        drained(&server.database_url).await;
        for (number, candidate) in walked.iter().enumerate() {
            let new = candidate.whole().await;
            assert!(new || number >= PEOPLE as usize, "{} gave up", candidate.username);
        }
    });
}
