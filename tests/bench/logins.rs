//! Logins: how close they come to what hashing alone allows, and what happens
//! when three times as many people come.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::{task::JoinSet, time};

use crate::{
    MEMORY_KIB, PASSES,
    report::{Goal, Report, p99},
    support::{Engine, Person, Reply, Server, Visitor},
};

const MEASURED: Duration = Duration::from_secs(10);
/// A machine's speed changes by the minute: hashes and logins take turns.
const TURNS: u32 = 4;
const TURN: Duration = Duration::from_secs(5);
/// The setting `password.queue_milliseconds`.
const QUEUE_DEADLINE_MS: f64 = 1000.0;

/// Bare hashes a second, one thread for each core: with memory that is reused,
/// as the server does it, or asked for each time, as the library does by
/// itself.
fn bare_hashes(reuse: bool) -> f64 {
    let cores = thread::available_parallelism().unwrap().get();
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let threads: Vec<_> = (0..cores)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || hash_until(&stop, reuse))
        })
        .collect();
    thread::sleep(TURN);
    stop.store(true, Ordering::Relaxed);
    let done: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    done as f64 / started.elapsed().as_secs_f64()
}

fn hash_until(stop: &AtomicBool, reuse: bool) -> usize {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).unwrap();
    let mut memory = vec![Block::default(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut hash, mut done) = ([0; 32], 0_usize);
    while !stop.load(Ordering::Relaxed) {
        let (password, salt) = (b"lychee park", done.to_le_bytes());
        if reuse {
            argon.hash_password_into_with_memory(password, &salt, &mut hash, &mut memory).unwrap();
        } else {
            argon.hash_password_into(password, &salt, &mut hash).unwrap();
        }
        done += 1;
    }
    done
}

/// People enough that none logs in twice at the same time, which would slow
/// them down as guessing does.
const PEOPLE: usize = 1000;

fn username(number: usize) -> String {
    format!("citizen{}", number % PEOPLE)
}

/// Everybody registers, eight at a time.
async fn populate(base: &str) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let (next, base) = (Arc::clone(&next), base.to_owned());
        all.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= PEOPLE {
                    break;
                }
                let (visitor, person) = (Visitor::new(&base), Person::new(number as u32));
                visitor.introduce(&person).await.unwrap();
                visitor.register(&person, &username(number)).await.unwrap();
            }
        });
    }
    all.join_all().await;
}

/// Bodies of logins with captchas that are solved beforehand: solving them is
/// no part of a login.
async fn bodies(visitor: &Visitor, count: usize) -> Vec<Value> {
    let mut bodies = Vec::with_capacity(count);
    for number in 0..count {
        bodies.push(visitor.login_body(&username(number)).await.unwrap());
    }
    bodies
}

/// One login after the other by so many people, each in a browser of his own,
/// until the time or the bodies run out: logins a second. The requests are made
/// beforehand and nothing is kept of the answers: what the browsers do takes the
/// server's cores.
async fn closed_loop(base: &str, people: usize, bodies: Vec<Value>) -> f64 {
    let visitors: Vec<_> = (0..people).map(|_| Visitor::new(base)).collect();
    let mut logins: Vec<Vec<_>> = (0..people).map(|_| Vec::new()).collect();
    for (number, body) in bodies.iter().enumerate() {
        let visitor = &visitors[number % people];
        let login = visitor.request(Method::POST, "/api/v1/sessions").json(body);
        logins[number % people].push(login);
    }
    let started = Instant::now();
    let mut all = JoinSet::new();
    for logins in logins {
        all.spawn(async move {
            let mut done = 0_usize;
            for login in logins {
                if started.elapsed() >= TURN {
                    break;
                }
                let answer = login.send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::CREATED);
                answer.bytes().await.unwrap();
                done += 1;
            }
            done
        });
    }
    let done: usize = all.join_all().await.into_iter().sum();
    done as f64 / started.elapsed().as_secs_f64()
}

/// A request now and then, whatever the others do: milliseconds of each.
async fn probe(visitor: Visitor, path: &'static str, stop: Arc<AtomicBool>) -> Vec<f64> {
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        visitor.get(path).await.unwrap().ok(200);
        latencies.push(milliseconds(started));
        time::sleep(Duration::from_millis(20)).await;
    }
    latencies
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// What came of the overload.
#[derive(Default)]
struct Flood {
    accepted: Vec<f64>,
    refused: usize,
    without_retry_after: usize,
    other: usize,
}

impl Flood {
    fn count(&mut self, reply: &Reply, latency: f64) {
        match reply.status {
            201 => self.accepted.push(latency),
            503 => {
                self.refused += 1;
                self.without_retry_after += usize::from(!reply.headers.contains_key("Retry-After"));
            }
            _ => self.other += 1,
        }
    }
}

/// Logins arrive at a fixed rate, whether or not earlier ones are answered.
async fn flood(base: &str, rate: f64, bodies: Vec<Value>) -> Flood {
    let visitor = Arc::new(Visitor::new(base));
    let mut all = JoinSet::new();
    let mut arrivals = time::interval(Duration::from_secs_f64(1.0 / rate));
    for body in bodies {
        arrivals.tick().await;
        let visitor = Arc::clone(&visitor);
        all.spawn(async move {
            let started = Instant::now();
            let login = (Method::POST, "/api/v1/sessions");
            let reply = visitor.send(login, Some(&body), None).await.unwrap();
            visitor.forget_cookies();
            (reply, milliseconds(started))
        });
    }
    let mut flood = Flood::default();
    while let Some(joined) = all.join_next().await {
        let (reply, latency) = joined.unwrap();
        flood.count(&reply, latency);
    }
    flood
}

pub async fn measure(report: &mut Report) {
    let server = Server::start(Engine::Sqlite, &[]);
    let visitor = Visitor::new(&server.base);
    populate(&server.base).await;
    let cores = thread::available_parallelism().unwrap().get();
    let warm = bodies(&visitor, cores * 4).await;
    closed_loop(&server.base, cores, warm).await;
    let (mut fresh, mut hashes, mut logins) = (0.0, 0.0, 0.0);
    for _ in 0..TURNS {
        let bare = bare_hashes(true);
        let enough = (bare * TURN.as_secs_f64() * 1.5) as usize;
        let prepared = bodies(&visitor, enough).await;
        hashes += bare / f64::from(TURNS);
        logins += closed_loop(&server.base, cores * 8, prepared).await / f64::from(TURNS);
        fresh += bare_hashes(false) / f64::from(TURNS);
    }
    report.figure("bare Argon2id hashes (19 MiB, 2 passes)", (fresh, "1/s"), Goal::None);
    report.figure("bare Argon2id hashes, memory reused", (hashes, "1/s"), Goal::None);
    report.figure("logins", (logins, "1/s"), Goal::None);
    report.figure("logins / bare hashes", (logins / fresh, ""), Goal::None);
    let goal = Goal::AtLeast(0.90);
    report.figure("logins / bare hashes, memory reused", (logins / hashes, ""), goal);

    let rate = logins * 3.0;
    let prepared = bodies(&visitor, (rate * MEASURED.as_secs_f64()) as usize).await;
    let draft = Visitor::new(&server.base);
    let start = draft.start_body("draft-reader").await.unwrap();
    draft.post("/api/v1/registrations", &start).await.unwrap().ok(201);
    let stop = Arc::new(AtomicBool::new(false));
    let banks = Visitor::new(&server.base);
    let banks = tokio::spawn(probe(banks, "/api/v1/banks", Arc::clone(&stop)));
    let drafts = tokio::spawn(probe(draft, "/api/v1/registrations/current", Arc::clone(&stop)));
    let mut came = flood(&server.base, rate, prepared).await;
    stop.store(true, Ordering::Relaxed);

    report.figure("overload: logins offered", (rate, "1/s"), Goal::None);
    report.figure("overload: accepted", (came.accepted.len() as f64, ""), Goal::None);
    report.figure("overload: 503", (came.refused as f64, ""), Goal::AtLeast(1.0));
    let silent = came.without_retry_after as f64;
    report.figure("overload: 503 without Retry-After", (silent, ""), Goal::AtMost(0.0));
    report.figure("overload: other answers", (came.other as f64, ""), Goal::AtMost(0.0));
    let deadline = Goal::AtMost(2.0 * QUEUE_DEADLINE_MS);
    report.figure("overload: p99 of accepted logins", (p99(&mut came.accepted), "ms"), deadline);
    for (name, probe) in [("banks", banks), ("draft read", drafts)] {
        let mut latencies = probe.await.unwrap();
        let name = format!("overload: p99 of {name}");
        report.figure(&name, (p99(&mut latencies), "ms"), Goal::AtMost(50.0));
    }
    let peak = server.peak_memory_kib() as f64 / 1024.0;
    let most = 64.0 + cores as f64 * 19.0;
    report.figure("overload: peak memory of the server", (peak, "MiB"), Goal::AtMost(most));
}
