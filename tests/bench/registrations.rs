//! Whole registrations: eight requests and a message each.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    report::{Goal, Report},
    support::{Engine, Person, Server, Visitor, server::CHEAP_HASHING},
};

const MEASURED: Duration = Duration::from_secs(10);
const PEOPLE: u32 = 8;
const PREPARED: u32 = 3000;

async fn run(engine: Engine, settings: &[(&str, &str)]) -> f64 {
    let server = Server::start(engine, settings);
    let teller = Visitor::new(&server.base);
    for number in 0..PREPARED {
        teller.introduce(&Person::new(number)).await.unwrap();
    }
    let next = Arc::new(AtomicU32::new(0));
    let started = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..PEOPLE {
        let (next, base) = (Arc::clone(&next), server.base.clone());
        all.spawn(async move {
            let mut done = 0_u32;
            while started.elapsed() < MEASURED {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= PREPARED {
                    break;
                }
                let visitor = Visitor::new(&base);
                let username = format!("citizen{number}");
                visitor.register(&Person::new(number), &username).await.unwrap();
                done += 1;
            }
            done
        });
    }
    let done: u32 = all.join_all().await.into_iter().sum();
    f64::from(done) / started.elapsed().as_secs_f64()
}

pub async fn measure(report: &mut Report, engine: Engine) {
    let real = run(engine, &[]).await;
    let name = format!("registrations on {engine:?}, hashing as by default");
    report.figure(&name, (real, "1/s"), Goal::None);
    let cheap = run(engine, &CHEAP_HASHING).await;
    let name = format!("registrations on {engine:?}, hashing 7 MiB, 1 pass");
    report.figure(&name, (cheap, "1/s"), Goal::None);
}
