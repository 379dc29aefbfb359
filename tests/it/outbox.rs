//! Messages that cannot be read, prepared or sent in time keep nobody waiting.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::json;
use shiming::{
    capabilities::core::Tx,
    capabilities::outbox::{Lane, Message, Room, enqueue, lease},
    kernel::{
        OsEntropy,
        ids::{ClientId, DeliveryId, OutboxId},
    },
    tools::db::{
        Conn, DbFault,
        schema::{outbox, support_cases},
    },
};

use crate::{
    cases::letter,
    support::{TestApp, person},
};

/// States of the messages that are left.
async fn left(app: &TestApp) -> Vec<String> {
    app.query(|conn| outbox::table.order(outbox::id).select(outbox::state).load(conn)).await
}

async fn change(
    app: &TestApp,
    change: impl FnOnce(&mut Conn) -> QueryResult<usize> + Send + 'static,
) {
    let work = move |conn: &mut Conn| change(conn).map_err(DbFault::from);
    assert_eq!(app.core.db.write(work).await.unwrap(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_that_cannot_be_read_stops_no_other_and_ends_one_day() {
    let app = TestApp::start();
    let now = app.now();
    let id = OutboxId::new(now, &OsEntropy).unwrap().to_string();
    change(&app, move |conn| {
        diesel::insert_into(outbox::table)
            .values((
                outbox::id.eq(id),
                outbox::kind.eq("from_a_newer_node"),
                outbox::payload_sealed.eq(vec![1_u8]),
                outbox::state.eq("waiting"),
                outbox::attempts.eq(0),
                outbox::created_at.eq(now.naive_utc()),
                outbox::due_at.eq(now.naive_utc()),
                outbox::give_up_at.eq((now + chrono::TimeDelta::hours(1)).naive_utc()),
            ))
            .execute(conn)
    })
    .await;
    // The code arrives.
    app.client().register(&person("王小明"), "zhangsan").await;
    assert_eq!(left(&app).await, ["waiting"]);
    for _ in 0..3 {
        app.pass(1536);
        app.run_outbox().await;
    }
    assert_eq!(left(&app).await, ["failed"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_that_cannot_be_prepared_is_tried_again_until_its_time_is_over() {
    let app = TestApp::start();
    let client = app.client();
    let body = letter(&client, json!({})).await;
    client.post("/api/v1/support-cases", body).await.ok(201);
    change(&app, |conn| {
        let broken = support_cases::body_sealed.eq(vec![1_u8]);
        diesel::update(support_cases::table).set(broken).execute(conn)
    })
    .await;
    for pause in [3, 6, 12] {
        assert_eq!(app.run_outbox().await, 1);
        app.pass(pause - 1);
        assert_eq!(app.run_outbox().await, 0, "not before {pause} s");
        app.pass(1);
    }
    assert_eq!(left(&app).await, ["waiting"]);
    app.pass(5 * 86_400 - 30);
    app.run_outbox().await;
    assert_eq!(left(&app).await, ["failed"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_that_could_not_be_sent_in_time_is_never_sent() {
    let app = TestApp::start();
    let client = app.client();
    let somebody = person("王小明");
    client.up_to_bank(&somebody, "zhangsan").await;
    client.bank(&somebody).await.ok(200);
    // No node was running.
    app.pass(90);
    assert_eq!(app.run_outbox().await, 0);
    assert!(client.inbox(&somebody.phone).await.is_empty());
    assert_eq!(left(&app).await, ["failed"]);
    // Another one may be asked for.
    client.bank(&somebody).await.ok(200);
    let code = client.last_sms(&somebody.phone).await;
    client.confirm(&code).await.ok(201);
}

fn room(most: i64) -> Room {
    Room { most, taken: BTreeMap::new() }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn however_many_events_there_are_the_end_of_a_session_is_told() {
    let app = TestApp::start();
    let now = app.now();
    let work = move |tx: &mut Tx<'_>| -> Result<[usize; 3], DbFault> {
        for _ in 0..10 {
            let client = ClientId::new(now, &OsEntropy)?;
            for _ in 0..4 {
                let delivery = DeliveryId::new(now, &OsEntropy)?;
                enqueue(tx, &Message::Webhook { delivery, client })?;
            }
        }
        let client = ClientId::new(now, &OsEntropy)?;
        let (subject, session) = ("s".to_owned(), "t".to_owned());
        enqueue(tx, &Message::ClientLogout { client, subject, session })?;
        let mut leased = [0; 3];
        for (lane, count) in Lane::ALL.into_iter().zip(&mut leased) {
            *count = lease(tx, lane, room(16))?.len();
        }
        Ok(leased)
    };
    assert_eq!(app.ctx().write(work).await.unwrap(), [0, 16, 1]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_takes_its_share_of_the_places_and_no_other_ones() {
    let app = TestApp::start();
    let now = app.now();
    let work = move |tx: &mut Tx<'_>| -> Result<(), DbFault> {
        let systems: Vec<_> =
            (0..4).map(|_| ClientId::new(now, &OsEntropy)).collect::<Result<_, _>>()?;
        let [loud, third, fourth, busy] = systems[..] else { panic!("{systems:?}") };
        // What one system is to be told lies before all others.
        let (mut at, later) = (now, now + TimeDelta::seconds(10));
        for (client, messages) in [(loud, 50), (busy, 50), (third, 2), (fourth, 6)] {
            for _ in 0..messages {
                let delivery = DeliveryId::new(now, &OsEntropy)?;
                tx.now = at;
                enqueue(tx, &Message::Webhook { delivery, client })?;
                at += TimeDelta::milliseconds(1);
            }
        }
        tx.now = later;
        let mut take = |most, taken: &[(ClientId, usize)]| {
            let room = Room { most, taken: taken.iter().copied().collect() };
            let leased = lease(tx, Lane::Webhooks, room)?;
            let mut taken = BTreeMap::<ClientId, usize>::new();
            for one in &leased {
                *taken.entry(one.message.system().unwrap()).or_default() += 1;
            }
            Ok::<_, DbFault>([loud, busy, third, fourth].map(|one| taken.get(&one).copied()))
        };
        assert_eq!(take(32, &[(busy, 4)])?, [Some(4), None, Some(2), Some(4)]);
        assert_eq!(take(32, &[(loud, 3), (fourth, 5)])?, [Some(1), Some(4), None, None]);
        assert_eq!(take(3, &[])?, [Some(3), None, None, None]);
        Ok(())
    };
    app.ctx().write(work).await.unwrap();
}
