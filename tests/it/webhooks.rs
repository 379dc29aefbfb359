//! Telling business systems what happened, at addresses that they chose.

use base64::{Engine, prelude::BASE64_STANDARD};
use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::{
    capabilities::events::{self, EventKind},
    compose::worker,
    kernel::ids::AccountId,
    tools::db::{
        DbFault,
        schema::{outbox, webhook_endpoints},
    },
};
use tokio::join;

use crate::support::{
    TestApp, count,
    hr::{ALL_SCOPES, Hr},
    person,
    receiver::{Behaviour, Received, Receiver},
};

pub(crate) const WEBHOOKS: &str = "/api/v1/webhooks";
const HOUR: u64 = 3600;

/// A server that may reach this machine.
pub(crate) fn app() -> TestApp {
    TestApp::with(|all| {
        all.webhooks.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
        all.webhooks.timeout_milliseconds = 1000;
    })
}

/// Somebody whom the system sees, and the name by which it knows him.
pub(crate) async fn user(app: &TestApp, hr: &Hr<'_>) -> (Value, String) {
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    let sub = app.consent(hr, &account, "openid profile phone realname").await;
    (account, sub)
}

pub(crate) async fn webhook(hr: &Hr<'_>, url: &str) -> (String, String) {
    let body = json!({ "url": url, "kinds": ["name.changed", "account.closed"] });
    let made = hr.post(WEBHOOKS, body).await.ok(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

/// Something happens to an account.
pub(crate) async fn emit(app: &TestApp, account: &Value, kind: EventKind) {
    let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    app.ctx().write(move |tx| events::emit(tx, account, kind)).await.unwrap();
}

/// Whether a message bears the signature of a secret, as the reference library
/// of Standard Webhooks makes it.
pub(crate) fn is_signed(request: &Received, secret: &str) -> bool {
    let reference = standardwebhooks::Webhook::new(secret).unwrap();
    let seconds = request.header("webhook-timestamp").parse().unwrap();
    let body = request.body.as_bytes();
    let right = reference.sign(request.header("webhook-id"), seconds, body).unwrap();
    request.header("webhook-signature").split(' ').any(|one| one == right)
}

pub(crate) async fn deliveries(hr: &Hr<'_>, webhook: &str, filter: &str) -> Vec<Value> {
    let list = hr.get(&format!("{WEBHOOKS}/{webhook}/deliveries{filter}")).await.ok(200);
    list["items"].as_array().unwrap().clone()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_event_arrives_signed_and_without_personal_data() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, sub) = user(&app, &hr).await;
    let (id, secret) = webhook(&hr, &receiver.url("/hook?of=hr")).await;
    assert_eq!(BASE64_STANDARD.decode(&secret["whsec_".len()..]).unwrap().len(), 32);
    emit(&app, &account, EventKind::NameChanged).await;
    // It did not ask for this one.
    emit(&app, &account, EventKind::PhoneChanged).await;
    app.run_outbox().await;
    let request = receiver.one();
    assert_eq!(request.line, "POST /hook?of=hr");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("webhook-timestamp"), app.now().timestamp().to_string());
    assert!(is_signed(&request, &secret));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["type"], "name.changed");
    assert_eq!(body["data"]["sub"], sub);
    let members = |value: &Value| value.as_object().unwrap().len();
    assert_eq!((members(&body), members(&body["data"])), (3, 2), "{body}");
    let mut tampered = request.clone();
    tampered.body = tampered.body.replace("name.changed", "account.closed");
    assert!(!is_signed(&tampered, &secret));
    let sent = deliveries(&hr, &id, "").await;
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (&sent[0]["state"], &sent[0]["attempts"], &sent[0]["last_status"]),
        (&json!("delivered"), &json!(1), &json!(204))
    );
    assert_eq!(sent[0]["event_id"], request.header("webhook-id"));
    assert_eq!(count!(app, outbox), 0);
    // The list of changes tells of it under the same id.
    app.pass(16);
    let changes = hr.get("/api/v1/changes").await.ok(200);
    let listed = changes["items"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["id"] == sent[0]["event_id"]));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_can_never_be_prepared_is_dead_in_the_end_and_can_be_sent_again() {
    let (app, receiver) = (app(), Receiver::start());
    let mut hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, _) = webhook(&hr, &receiver.url("/hook")).await;
    emit(&app, &account, EventKind::NameChanged).await;
    let sealed: Vec<u8> = app
        .query(|conn| {
            let sealed = webhook_endpoints::table.select(webhook_endpoints::secret_sealed);
            sealed.first(conn)
        })
        .await;
    let seal = async |secret: Vec<u8>| {
        app.query(move |conn| {
            let secret = webhook_endpoints::secret_sealed.eq(secret);
            diesel::update(webhook_endpoints::table).set(secret).execute(conn)
        })
        .await
    };
    seal(vec![1]).await;
    app.run_outbox().await;
    assert_eq!(deliveries(&hr, &id, "").await[0]["state"], "waiting");
    app.pass(72 * HOUR);
    app.run_outbox().await;
    hr.renew().await;
    let dead = deliveries(&hr, &id, "").await[0].clone();
    assert_eq!((&dead["state"], &dead["last_error"]), (&json!("dead"), &json!("internal")));
    seal(sealed).await;
    let path = format!("/api/v1/webhook-deliveries/{}/replay", dead["id"].as_str().unwrap());
    hr.post(&path, json!({})).await;
    app.run_outbox().await;
    assert_eq!(deliveries(&hr, &id, "").await[0]["state"], "delivered");
}

/// When the only message is due again, in seconds from now.
async fn pause(app: &TestApp) -> i64 {
    let due = app.query(|conn| outbox::table.select(outbox::due_at).first(conn)).await;
    let due: chrono::NaiveDateTime = due;
    (due - app.now().naive_utc()).num_seconds()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_not_taken_is_tried_again_with_growing_pauses_and_the_same_id() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, secret) = webhook(&hr, &receiver.url("/")).await;
    receiver.behave(Behaviour::Status(503));
    emit(&app, &account, EventKind::NameChanged).await;
    let mut pauses = Vec::new();
    for _ in 0..4 {
        app.run_outbox().await;
        pauses.push(pause(&app).await);
        app.pass(u64::try_from(pauses.last().unwrap() + 1).unwrap());
    }
    assert!(pauses.windows(2).all(|pair| pair[0] < pair[1]), "{pauses:?}");
    let waiting = deliveries(&hr, &id, "?state=waiting").await;
    assert_eq!((&waiting[0]["attempts"], &waiting[0]["last_error"]), (&json!(4), &json!("status")));
    receiver.behave(Behaviour::Redirect(receiver.url("/elsewhere")));
    app.run_outbox().await;
    assert_eq!(deliveries(&hr, &id, "").await[0]["last_status"], 307);
    app.pass(100);
    receiver.behave(Behaviour::Status(200));
    app.run_outbox().await;
    let all = receiver.received();
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|one| one.line == "POST /"), "a redirect was followed");
    let same = |one: &Received| one.header("webhook-id") == all[0].header("webhook-id");
    assert!(all.iter().all(|one| same(one) && is_signed(one, &secret)));
    assert!(all[0].header("webhook-timestamp") < all[5].header("webhook-timestamp"));
    assert_eq!(deliveries(&hr, &id, "?state=delivered").await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_given_up_is_listed_and_can_be_sent_again() {
    let (app, receiver) = (app(), Receiver::start());
    let mut hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, _) = webhook(&hr, &receiver.url("/")).await;
    receiver.behave(Behaviour::Status(500));
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let sent = deliveries(&hr, &id, "").await[0].clone();
    // No node runs for days: it is tried once more, and then given up.
    app.pass(73 * HOUR);
    app.run_outbox().await;
    hr.renew().await;
    let dead = deliveries(&hr, &id, "?state=dead").await;
    assert_eq!((dead.len(), &dead[0]["id"], &dead[0]["attempts"]), (1, &sent["id"], &json!(2)));
    app.pass(HOUR);
    app.run_outbox().await;
    assert_eq!(receiver.received().len(), 2);
    hr.renew().await;
    receiver.behave(Behaviour::Status(204));
    let replay = format!("/api/v1/webhook-deliveries/{}/replay", sent["id"].as_str().unwrap());
    let (one, two) = join!(hr.post(&replay, json!({})), hr.post(&replay, json!({})));
    assert_eq!(
        (&one.ok(202)["state"], &two.ok(202)["state"]),
        (&json!("waiting"), &json!("waiting"))
    );
    app.run_outbox().await;
    let all = receiver.received();
    assert_eq!(all.len(), 3, "two replays at once are one");
    assert_eq!(all[0].header("webhook-id"), all[2].header("webhook-id"));
    assert_eq!(deliveries(&hr, &id, "?state=dead").await.len(), 0);
    // What was delivered can be sent again, too; a repeated request does it once.
    for _ in 0..2 {
        hr.post_once(&replay, &json!({}), "0123456789abcdef").await.ok(202);
        app.run_outbox().await;
    }
    assert_eq!(receiver.received().len(), 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_was_sent_is_listed_page_by_page_until_it_is_forgotten() {
    let (app, receiver) = (app(), Receiver::start());
    let mut hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, _) = webhook(&hr, &receiver.url("/")).await;
    for _ in 0..3 {
        emit(&app, &account, EventKind::NameChanged).await;
        app.run_outbox().await;
        app.pass(1);
    }
    let path = format!("{WEBHOOKS}/{id}/deliveries?limit=2");
    let first = hr.get(&path).await.ok(200);
    let next = first["next_cursor"].as_str().unwrap();
    let second = hr.get(&format!("{path}&cursor={next}")).await.ok(200);
    assert_eq!(
        (first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()),
        (2, 1)
    );
    assert_eq!(second["next_cursor"], Value::Null);
    assert!(first["items"][0]["created_at"].as_str() > second["items"][0]["created_at"].as_str());
    hr.get(&format!("{path}&cursor=x")).await.problem(422, "cursor_invalid");
    hr.get(&format!("{path}&state=lost")).await.problem(400, "malformed_request");
    app.pass(31 * 24 * HOUR);
    worker::forget(&app.core).await;
    hr.renew().await;
    assert_eq!(deliveries(&hr, &id, "").await, Vec::<Value>::new());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_that_was_not_committed_is_not_sent() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    webhook(&hr, &receiver.url("/")).await;
    let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    let ctx = app.ctx();
    let undone = ctx.write(move |tx| -> Result<(), DbFault> {
        events::emit(tx, account, EventKind::NameChanged)?;
        Err(DbFault::Overloaded)
    });
    assert!(undone.await.is_err());
    app.run_outbox().await;
    assert!(receiver.received().is_empty());
    assert_eq!((count!(app, client_events), count!(app, webhook_deliveries)), (0, 0));
}
