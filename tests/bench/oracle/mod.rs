//! No oracle: how long an answer takes does not tell whether there is such a
//! person or client, whether somebody has a phone, or how near a guess was.
//!
//! For each step, requests of two sides (about somebody and about nobody, say)
//! take turns, in an order that a coin decides. The two samples of latencies
//! are compared by the two-sample Kolmogorov–Smirnov statistic D, the largest
//! distance between their distributions: it sees a difference of any form, not
//! only of the mean.
//!
//! The goal is to stay below the critical value for a significance of 1 % of
//! all comparisons together, divided among them as Bonferroni does: a server
//! without any difference misses any of its goals once in a hundred runs at
//! most. Were each comparison held to a significance of its own, with fifty of
//! them some would fail every now and then for nothing.

mod change;
mod questions;
mod recoveries;
mod systems;
mod walk;

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::RunQueryDsl;
use shiming::tools::db::{Db, DbFault, schema::limits};
use tokio::task::JoinSet;

use crate::{
    report::{Goal, Report},
    support::{Engine, Person, Server, Visitor, server::CHEAP_HASHING},
};

/// Requests of each step on either side.
const SAMPLES: u32 = 300;
/// Pairs at the beginning that are not counted.
const WARM_UP: u32 = 20;
const PAIRS: u32 = SAMPLES + WARM_UP;

/// How often a server without any difference may miss any of the goals.
const SIGNIFICANCE: f64 = 0.01;

/// Cheap hashes hide less; every message, bank check and guess is allowed.
const SETTINGS: [(&str, &str); 9] = [
    ("SHIMING__LIMITS__SMS_PER_PHONE_HOUR", "1000"),
    ("SHIMING__LIMITS__SMS_PER_PHONE_DAY", "1000"),
    ("SHIMING__LIMITS__BANK_FAILURES_PER_CARD_DAY", "1000"),
    ("SHIMING__LIMITS__BANK_FAILURES_PER_DOCUMENT_DAY", "1000"),
    ("SHIMING__SMS__RESEND_SECONDS", "0"),
    ("SHIMING__OAUTH__FAILURES_PER_ADDRESS_HOUR", "1000000"),
    ("SHIMING__INTEGRATION__REQUESTS_PER_CLIENT_MINUTE", "1000000"),
    ("SHIMING__INTEGRATION__IDENTITY_CHECKS_PER_CLIENT_DAY", "1000000"),
    ("SHIMING__LOG__FILTER", "warn"),
];

/// The critical value of D for two samples of this size:
/// c(α)·√((n+m)/(n·m)) with c(α) = √(−½·ln(α/2)).
fn critical(size: f64, significance: f64) -> f64 {
    (-0.5 * (significance / 2.0).ln()).sqrt() * (2.0 / size).sqrt()
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

/// Latencies of each step, by side.
type Samples = BTreeMap<&'static str, [Vec<f64>; 2]>;

/// Names and latencies of steps that were walked.
type Took = Vec<(&'static str, f64)>;

/// A server whose people are number 0 up to and with `PAIRS`.
struct World {
    server: Server,
    system: systems::System,
    database: Db,
    samples: Samples,
}

fn username(known: bool, number: u32) -> String {
    // Of one length: longer names take longer.
    format!("{}{number:04}", if known { "citizen" } else { "nowhere" })
}

fn coin() -> bool {
    RandomState::new().build_hasher().finish().is_multiple_of(2)
}

/// Both sides, in an order that nobody knows before.
fn sides() -> [bool; 2] {
    let first = coin();
    [first, !first]
}

impl World {
    async fn new(engine: Engine) -> Self {
        let server = Server::start(engine, &[&CHEAP_HASHING[..], &SETTINGS[..]].concat());
        populate(&server.base).await;
        let system = systems::register(&server);
        let database = Db::connect(&server.database_url, 1).unwrap();
        forget_the_day(&database).await;
        Self { server, system, database, samples: Samples::new() }
    }

    /// Keeps what a pair took on one side.
    fn keep(&mut self, (number, side): (u32, bool), took: Took) {
        if number >= WARM_UP {
            for (step, took) in took {
                self.samples.entry(step).or_default()[usize::from(side)].push(took);
            }
        }
    }
}

async fn populate(base: &str) {
    let next = Arc::new(AtomicU32::new(0));
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let (next, base) = (Arc::clone(&next), base.to_owned());
        all.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number > PAIRS {
                    break;
                }
                let (visitor, person) = (Visitor::new(&base), Person::new(number));
                visitor.introduce(&person).await.unwrap();
                visitor.register(&person, &username(true, number)).await.unwrap();
            }
        });
    }
    all.join_all().await;
}

/// They registered before today. On the same day PostgreSQL is a tenth of a
/// millisecond quicker in counting somebody's document once more than in
/// counting one for the first time: that tells of a bank check on this day,
/// whoever asked for it, and not of an account.
async fn forget_the_day(database: &Db) {
    let all = database.write(|conn| -> Result<usize, DbFault> {
        Ok(diesel::delete(limits::table).execute(conn)?)
    });
    assert!(all.await.unwrap() > 0);
}

async fn compare(engine: Engine) -> Samples {
    let mut world = World::new(engine).await;
    for number in 0..PAIRS {
        recoveries::pair(&mut world, number).await;
    }
    for number in 0..PAIRS {
        systems::pair(&mut world, number).await;
    }
    for number in 0..PAIRS {
        let owner = change::pair(&mut world, number).await;
        questions::pair(&mut world, number, &owner).await;
    }
    questions::use_up(&world).await;
    for number in 0..PAIRS {
        questions::pair_used_up(&mut world, number).await;
    }
    world.samples
}

/// Compares on all of these at once: they share the significance.
pub async fn measure(report: &mut Report, engines: &[Engine]) {
    let mut distances = Vec::new();
    for engine in engines {
        for (step, [one, other]) in &mut compare(*engine).await {
            assert_eq!((one.len(), other.len()), (SAMPLES as usize, SAMPLES as usize), "{step}");
            distances.push((format!("KS on {engine:?}, {step}"), distance(one, other)));
        }
    }
    let significance = SIGNIFICANCE / distances.len() as f64;
    let most = (critical(f64::from(SAMPLES), significance) * 1000.0).round() / 1000.0;
    for (name, distance) in distances {
        report.figure(&name, (distance, ""), Goal::AtMost(most));
    }
}
