//! No oracle: how long an answer takes does not tell whether there is such a
//! person.
//!
//! For each step, requests about somebody and about nobody take turns, in an
//! order that a coin decides. The two samples of latencies are compared by the
//! two-sample Kolmogorov–Smirnov statistic D, the largest distance between
//! their distributions: it sees a difference of any form, not only of the
//! mean. The goal is to stay below the critical value for a significance of
//! 0.1 %: a server without any difference misses it once in a thousand
//! comparisons.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{QueryDsl, RunQueryDsl};
use reqwest::Method;
use serde_json::{Value, json};
use shiming::db::{Db, DbFault, schema::outbox};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    report::{Goal, Report},
    support::{Engine, Person, Server, Visitor, server::CHEAP_HASHING},
};

/// Requests of each step about somebody, and as many about nobody.
const SAMPLES: u32 = 300;
/// Pairs at the beginning that are not counted.
const WARM_UP: u32 = 20;

/// Cheap hashes hide less; every message is allowed.
const SETTINGS: [(&str, &str); 3] = [
    ("SHIMING__LIMITS__SMS_PER_PHONE_HOUR", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_DAY", "1000"),
    ("SHIMING__LOG__FILTER", "warn"),
];

/// The critical value of D for two samples of this size and a significance of
/// 0.1 %: c(α)·√((n+m)/(n·m)) with c(α) = √(−½·ln(α/2)).
fn critical(size: f64) -> f64 {
    (-0.5 * (0.001_f64 / 2.0).ln()).sqrt() * (2.0 / size).sqrt()
}

/// The largest distance between two distributions.
fn distance(one: &mut [f64], other: &mut [f64]) -> f64 {
    one.sort_by(f64::total_cmp);
    other.sort_by(f64::total_cmp);
    let share = |sample: &[f64], value: f64| {
        sample.partition_point(|each| *each <= value) as f64 / sample.len() as f64
    };
    one.iter()
        .chain(other.iter())
        .map(|value| (share(one, *value) - share(other, *value)).abs())
        .fold(0.0, f64::max)
}

fn username(known: bool, number: u32) -> String {
    // Of one length: longer names take longer.
    format!("{}{number:04}", if known { "citizen" } else { "nowhere" })
}

fn person(known: bool, number: u32) -> Person {
    Person::new(if known { number } else { number + 100_000 })
}

async fn populate(base: &str) {
    let next = Arc::new(AtomicU32::new(0));
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let (next, base) = (Arc::clone(&next), base.to_owned());
        all.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= SAMPLES + WARM_UP {
                    break;
                }
                let (visitor, person) = (Visitor::new(&base), person(true, number));
                visitor.introduce(&person).await.unwrap();
                visitor.register(&person, &username(true, number)).await.unwrap();
            }
        });
    }
    all.join_all().await;
}

/// Latencies by step, about somebody and about nobody.
type Samples = BTreeMap<&'static str, [Vec<f64>; 2]>;

/// One person's walk, with the time of each step.
struct Walk<'a> {
    visitor: Visitor,
    database: &'a Db,
    /// Id of the recovery begun last.
    recovery: String,
    took: Vec<(&'static str, f64)>,
}

impl Walk<'_> {
    /// Sends a request, and waits until what it caused is over.
    async fn step(
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

    fn at(&self, step: &str) -> String {
        format!("/api/v1/recoveries/{}/{step}", self.recovery)
    }

    async fn find_username(&mut self, person: &Person) {
        let body = json!({
            "name": person.name, "user_type": "person", "document_type": "RESIDENT_ID",
            "document_number": person.document_number, "issuing_country": null,
            "captcha": self.visitor.captcha().await.unwrap(),
        });
        let start = (Method::POST, "/api/v1/recoveries/username");
        self.step("find username: start", start, (body, 201)).await;
        let path = self.at("code");
        self.step("find username: code", (Method::POST, &path), (json!({}), 200)).await;
        let path = self.at("confirmation");
        let wrong = (json!({ "code": "000000" }), 422);
        self.step("find username: confirmation", (Method::POST, &path), wrong).await;
    }

    async fn find_password(&mut self, username: &str, person: &Person) {
        let captcha = self.visitor.captcha().await.unwrap();
        let body = json!({ "username": username, "captcha": captcha });
        let start = (Method::POST, "/api/v1/recoveries/password");
        self.step("find password: start", start, (body, 201)).await;
        let path = self.at("method");
        let method = |name: &str| json!({ "method": name });
        let questions = (method("security_questions"), 409);
        self.step("find password: questions", (Method::PUT, &path), questions).await;
        let by_phone = (method("document_and_sms"), 200);
        self.step("find password: method", (Method::PUT, &path), by_phone).await;
        let path = self.at("code");
        self.step("find password: code", (Method::POST, &path), (person.claim(), 200)).await;
        let path = self.at("confirmation");
        let wrong = (json!({ "code": "000000" }), 422);
        self.step("find password: confirmation", (Method::POST, &path), wrong).await;
    }

    async fn sign_in(&mut self, username: &str) {
        let captcha = self.visitor.captcha().await.unwrap();
        let body =
            json!({ "username": username, "password": "wrong password", "captcha": captcha });
        self.step("login", (Method::POST, "/api/v1/sessions"), (body, 401)).await;
    }
}

/// One walk; the latencies go to their samples.
async fn walk((base, database): (&str, &Db), (known, number): (bool, u32), samples: &mut Samples) {
    let (visitor, recovery) = (Visitor::new(base), String::new());
    let mut walk = Walk { visitor, database, recovery, took: Vec::new() };
    let (username, person) = (username(known, number), person(known, number));
    walk.sign_in(&username).await;
    walk.find_username(&person).await;
    walk.find_password(&username, &person).await;
    if number >= WARM_UP {
        for (step, took) in walk.took {
            samples.entry(step).or_default()[usize::from(known)].push(took);
        }
    }
}

pub async fn measure(report: &mut Report) {
    let server = Server::start(Engine::Sqlite, &[&CHEAP_HASHING[..], &SETTINGS[..]].concat());
    populate(&server.base).await;
    let database = Db::connect(&server.database_url, 1).unwrap();
    let mut samples = Samples::new();
    for number in 0..SAMPLES + WARM_UP {
        let coin = RandomState::new().build_hasher().finish().is_multiple_of(2);
        for known in [coin, !coin] {
            walk((&server.base, &database), (known, number), &mut samples).await;
        }
    }
    for (step, [nobody, somebody]) in &mut samples {
        let d = distance(nobody, somebody);
        let name = format!("somebody or nobody, {step}: KS distance");
        let most = (critical(f64::from(SAMPLES)) * 1000.0).round() / 1000.0;
        report.figure(&name, (d, ""), Goal::AtMost(most));
    }
}
