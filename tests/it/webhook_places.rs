//! Business systems that are slow keep themselves waiting, and nobody else.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use shiming::{capabilities::events::EventKind, compose::worker, tools::db::schema::outbox};
use tokio::sync::watch;

use crate::{
    support::{
        TestApp,
        hr::ALL_SCOPES,
        person,
        receiver::{Behaviour, Receiver},
    },
    webhooks::{app, emit, user, webhook},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_slow_address_holds_up_no_code() {
    let (app, receiver) = (app(), Receiver::start());
    receiver.behave(Behaviour::Silence(Duration::from_secs(30)));
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    for _ in 0..10 {
        let hr = app.hr(ALL_SCOPES).await;
        app.consent(&hr, &account, "openid profile phone realname").await;
        webhook(&hr, &receiver.url("/")).await;
    }
    for _ in 0..10 {
        emit(&app, &account, EventKind::NameChanged).await;
    }
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(worker::run(app.core.clone(), stopped));
    let began = Instant::now();
    while receiver.received().len() < 32 {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", receiver.received().len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Every place for systems is taken; the code leaves at once.
    let began = Instant::now();
    let candidate = app.client();
    let somebody = person("张伟");
    candidate.up_to_bank(&somebody, "zhangwei").await;
    candidate.bank(&somebody).await.ok(200);
    let inbox = format!("/sandbox/v1/sms?phone={}", somebody.phone);
    while candidate.get(&inbox).await.ok(200)["items"].as_array().unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "no code came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let waiting = app
        .query(|conn| {
            let systems = outbox::table.filter(outbox::kind.eq("webhook"));
            systems.count().get_result::<i64>(conn)
        })
        .await;
    assert!(waiting >= 40, "the code came after the webhooks: {waiting} left");
    stop.send(true).unwrap();
    working.abort();
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_address_that_hangs_takes_a_few_places_and_holds_up_no_other_system() {
    let app = TestApp::with(|all| {
        all.webhooks.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
        all.webhooks.timeout_milliseconds = 20_000;
    });
    let (hangs, works) = (Receiver::start(), Receiver::start());
    hangs.behave(Behaviour::Silence(Duration::from_secs(30)));
    let (slow, quick) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let (account, _) = user(&app, &slow).await;
    // However many addresses it has.
    for _ in 0..3 {
        webhook(&slow, &hangs.url("/")).await;
    }
    for _ in 0..20 {
        emit(&app, &account, EventKind::NameChanged).await;
    }
    // Sixty lie before the first one for the other system.
    app.consent(&quick, &account, "openid profile phone realname").await;
    webhook(&quick, &works.url("/")).await;
    for _ in 0..10 {
        emit(&app, &account, EventKind::NameChanged).await;
    }
    let began = Instant::now();
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(worker::run(app.core.clone(), stopped));
    while works.received().len() < 10 {
        assert!(began.elapsed() < Duration::from_secs(10), "{}", works.received().len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    // None of these has been answered, so they are all there at once.
    assert_eq!(hangs.received().len(), shiming::capabilities::outbox::PER_SYSTEM);
    stop.send(true).unwrap();
    working.abort();
}
