//! SIGKILL while people change, guard and close their accounts, and while an
//! operator decides: each is as before or as after, never between.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use chrono::NaiveDateTime;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    CHEAP_HASHING,
    crash::{NEVER_GIVE_UP, drained, random_below},
    program::{Engine, Person, Reply, Server, Visitor, visitor::Lost},
    rows, runtime,
};
use crate::support::{CREDIT_CODES, unit};

const PEOPLE: u32 = 20;
/// People whose accounts are erased: more, because one takes a moment only.
const CLOSING: u32 = 40;
const KILLS: u32 = 20;
/// Nobody waits longer than this.
const PATIENCE: Duration = Duration::from_secs(240);

pub const SETTINGS: [(&str, &str); 9] = [
    // What a dead process has left behind is not waited for long.
    ("SHIMING__MAIL__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__SMS__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__BANK__TIMEOUT_MILLISECONDS", "1000"),
    NEVER_GIVE_UP,
    ("SHIMING__SMS__RESEND_SECONDS", "1"),
    ("SHIMING__LIMITS__SMS_PER_FLOW", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_HOUR", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_DAY", "1000"),
    // Accounts that are to be closed are looked for when the process starts.
    ("SHIMING__ACCOUNT__CLOSING_DAYS", "0"),
];

const CHANGE: &str = "/api/v1/account/change";
const CONFIRMATION: &str = "/api/v1/account/change/confirmation";

/// A person with another card and another phone.
fn moved(number: u32) -> Person {
    let card_number = Person::new(100_000 + number).card_number;
    Person { card_number, phone: format!("137{number:08}"), ..Person::new(number) }
}

pub fn username(number: u32) -> String {
    format!("citizen{number}")
}

/// Somebody signed in who changes card and phone together.
pub struct Mover {
    pub visitor: Visitor,
    pub number: u32,
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

    pub async fn walk(self) -> Self {
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
pub async fn settle(server: &Server, people: u32) -> Vec<Mover> {
    let numbers = 0..people;
    let mut people = Vec::new();
    for number in numbers {
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
pub async fn events(database_url: &str, kind: &'static str) -> i64 {
    super::query(database_url, move |conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::audit_events::dsl;
        dsl::audit_events.filter(dsl::kind.eq(kind)).count().get_result(conn)
    })
    .await
}

#[test]
fn an_account_is_changed_whole_or_not_at_all() {
    let settings = [CHEAP_HASHING.as_slice(), &SETTINGS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let runtime = runtime();
    let people = runtime.block_on(settle(&server, PEOPLE));
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
        for one in settle(&server, CLOSING).await {
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
        assert_eq!(events(&url, "account_closed").await, i64::from(CLOSING) - left);
        left
    };
    let mut seen = vec![i64::from(CLOSING)];
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
    let between = seen.iter().any(|left| (1..i64::from(CLOSING)).contains(left));
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
        for number in 0..CLOSING {
            let told = notices(&visitor, &Person::new(number).phone).await;
            let closed = told.iter().filter(|one| one["text"].as_str().unwrap().contains("已注销"));
            assert!(closed.count() >= 1, "{number}");
        }
        // Username and document are free again.
        visitor.register(&Person::new(0), &username(0)).await.unwrap();
    });
    assert!(between, "it was never killed in the middle: {seen:?}");
}

/// People who do small things again and again, and how often.
const BUSY: u32 = 6;
const TIMES: u32 = 8;

/// What small things need: nobody is told to wait.
const BUSY_SETTINGS: [(&str, &str); 1] =
    [("SHIMING__LIMITS__SUPPORT_CASES_PER_ADDRESS_HOUR", "10000")];

impl Mover {
    /// New questions, a new password and a letter, over and over, until all
    /// three were answered often enough.
    async fn bustle(self) {
        let began = Instant::now();
        let (mut round, mut answered) = (0, 0);
        while answered < TIMES {
            assert!(began.elapsed() < PATIENCE, "{} was never answered", self.number);
            round += 1;
            match self.small_things(round).await {
                Ok(()) => answered += 1,
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn small_things(&self, round: u32) -> Result<(), Lost> {
        let answers = json!({ "answers": [
            { "question": "childhood_toy", "answer": format!("布老虎{round}") },
            { "question": "family_dish", "answer": "外婆的红烧肉" },
            { "question": "places_lost", "answer": "罗湖口岸" },
        ]});
        self.visitor.put("/api/v1/account/security-questions", &answers).await?.may_be();
        let password = format!("harbour mist {} {round}", self.number);
        let password = json!({ "password": password, "password_confirmation": password });
        self.visitor.put("/api/v1/account/password", &password).await?.may_be();
        let letter = json!({
            "topic": "other", "reply_to": "someone@example.com", "message": "请回复",
            "captcha": self.visitor.captcha().await?,
        });
        self.visitor.post("/api/v1/support-cases", &letter).await?.may_be();
        Ok(())
    }
}

impl Reply {
    /// A server that is killed may be slow or busy, but is never wrong.
    fn may_be(self) {
        assert!(self.status < 500 || self.status == 503, "{}", self.body);
    }
}

/// When something was done last to each account, by its row.
type Times = BTreeMap<String, NaiveDateTime>;

/// The latest event of these kinds about each account.
async fn latest(database_url: &str, kinds: &'static [&'static str]) -> Times {
    let events: Vec<(Option<String>, NaiveDateTime)> = super::query(database_url, move |conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::audit_events::dsl;
        let of_kinds = dsl::audit_events.filter(dsl::kind.eq_any(kinds)).order(dsl::at);
        of_kinds.select((dsl::account_id, dsl::at)).load(conn)
    })
    .await;
    events.into_iter().map(|(account, at)| (account.unwrap(), at)).collect()
}

/// Every row is as the trail tells: there is no change without its event and
/// no event without its change.
async fn as_the_trail_tells(url: &str) -> [usize; 3] {
    use diesel::prelude::*;
    use shiming::tools::db::schema::{accounts, security_answers, units};
    let questions: Vec<(String, NaiveDateTime)> = super::query(url, |conn| {
        security_answers::table
            .select((security_answers::account_id, security_answers::set_at))
            .load(conn)
    })
    .await;
    let questions: Times = questions.into_iter().collect();
    assert_eq!(questions, latest(url, &["questions_set"]).await);
    let passwords: Vec<(String, NaiveDateTime)> = super::query(url, |conn| {
        let changed = accounts::table.filter(accounts::password_set_at.ne(accounts::created_at));
        changed.select((accounts::id, accounts::password_set_at)).load(conn)
    })
    .await;
    let passwords: Times = passwords.into_iter().collect();
    assert_eq!(passwords, latest(url, &["password_changed"]).await);
    let decided: Vec<(String, Option<NaiveDateTime>)> = super::query(url, |conn| {
        let decided = units::table.filter(units::decided_at.is_not_null());
        decided.select((units::account_id, units::decided_at)).load(conn)
    })
    .await;
    let decided: Times = decided.into_iter().filter_map(|(id, at)| Some((id, at?))).collect();
    assert_eq!(decided, latest(url, &["unit_approved", "unit_rejected"]).await);
    assert_eq!(rows!(url, support_cases), events(url, "support_case_opened").await);
    [questions.len(), passwords.len(), decided.len()]
}

#[test]
fn questions_passwords_cases_and_decisions_are_whole_or_not_at_all() {
    let settings = [CHEAP_HASHING.as_slice(), &SETTINGS, &BUSY_SETTINGS].concat();
    let mut server = Server::start(Engine::of_tests(), &settings);
    let runtime = runtime();
    let (people, unit) = runtime.block_on(async {
        let visitor = Visitor::new(&server.base);
        let agent = Person::new(90_000);
        visitor.introduce(&agent).await.unwrap();
        let body = unit(CREDIT_CODES[0]);
        let company = visitor.register_unit(&body, &agent, "company").await.unwrap();
        let company = company["account"]["id"].as_str().unwrap().to_owned();
        (settle(&server, BUSY).await, company)
    });
    let walks: Vec<_> = people.into_iter().map(|one| runtime.spawn(one.bustle())).collect();
    let killer = thread::spawn(move || {
        for round in 0..KILLS / 3 {
            // The operator's command is killed, too.
            let reject = ["units", "reject", &unit, "--reason", "材料不全"];
            let approve = ["units", "approve", &unit];
            let decision = if round % 2 == 0 { &reject[..] } else { &approve[..] };
            let mut command = server.command(decision).spawn().unwrap();
            thread::sleep(Duration::from_millis(20 + random_below(200)));
            let _ = command.kill();
            command.wait().unwrap();
            server.kill();
            super::runtime().block_on(as_the_trail_tells(&server.database_url));
            server.run();
        }
        (server, unit)
    });
    runtime.block_on(async {
        for walk in walks {
            walk.await.unwrap();
        }
        let (server, unit) = killer.join().unwrap();
        let _ = server.command(&["units", "approve", &unit]).status().unwrap();
        let url = server.database_url.clone();
        drained(&url).await;
        let [questions, passwords, decided] = as_the_trail_tells(&url).await;
        assert_eq!(decided, 1);
        assert!(questions > 0 && passwords > 0 && rows!(&url, support_cases) > 0);
        let visitor = Visitor::new(&server.base);
        let mails = visitor.get("/sandbox/v1/mail").await.unwrap().ok(200);
        assert!(!mails["items"].as_array().unwrap().is_empty());
    });
}
