//! Telling business systems what happened, at addresses that they chose.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::{
    db::{
        DbFault, rotation,
        schema::{outbox, webhook_endpoints},
    },
    events::{self, EventKind},
    kernel::{Entropy, OsEntropy, ids::AccountId},
    worker,
};
use tokio::{join, sync::watch};

use crate::support::{
    Answer, TestApp, count,
    hr::{ALL_SCOPES, Hr},
    person,
    receiver::{Behaviour, Received, Receiver},
};

const WEBHOOKS: &str = "/api/v1/webhooks";
const HOUR: u64 = 3600;

/// A server that may reach this machine.
fn app() -> TestApp {
    TestApp::with(|all| {
        all.webhooks.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
        all.webhooks.timeout_milliseconds = 1000;
    })
}

/// Somebody whom the system sees, and the name by which it knows him.
async fn user(app: &TestApp, hr: &Hr<'_>) -> (Value, String) {
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    let sub = app.consent(hr, &account, "openid profile phone realname").await;
    (account, sub)
}

async fn webhook(hr: &Hr<'_>, url: &str) -> (String, String) {
    let body = json!({ "url": url, "kinds": ["name.changed", "account.closed"] });
    let made = hr.post(WEBHOOKS, body).await.ok(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

/// Something happens to an account.
async fn emit(app: &TestApp, account: &Value, kind: EventKind) {
    let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    let (core, now) = (app.core.clone(), app.now());
    app.core.db.write(move |conn| events::emit(&core, conn, (account, kind), now)).await.unwrap();
}

/// Whether a message bears the signature of a secret, as the reference library
/// of Standard Webhooks makes it.
fn is_signed(request: &Received, secret: &str) -> bool {
    let reference = standardwebhooks::Webhook::new(secret).unwrap();
    let seconds = request.header("webhook-timestamp").parse().unwrap();
    let body = request.body.as_bytes();
    let right = reference.sign(request.header("webhook-id"), seconds, body).unwrap();
    request.header("webhook-signature").split(' ').any(|one| one == right)
}

async fn deliveries(hr: &Hr<'_>, webhook: &str, filter: &str) -> Vec<Value> {
    let list = hr.get(&format!("{WEBHOOKS}/{webhook}/deliveries{filter}")).await.ok(200);
    list["items"].as_array().unwrap().clone()
}

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
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

#[actix_web::test]
async fn an_address_that_is_gone_is_disabled() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, _) = webhook(&hr, &receiver.url("/")).await;
    receiver.behave(Behaviour::Status(410));
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let shown = hr.get(&format!("{WEBHOOKS}/{id}")).await.ok(200);
    assert_eq!(shown["state"], "disabled");
    assert_eq!(deliveries(&hr, &id, "?state=dead").await[0]["last_status"], 410);
    assert_eq!(count!(app, outbox), 0);
    emit(&app, &account, EventKind::NameChanged).await;
    assert_eq!(count!(app, webhook_deliveries), 1);
}

#[actix_web::test]
async fn a_disabled_address_a_removed_one_and_a_disabled_system_are_told_nothing() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, _) = webhook(&hr, &receiver.url("/")).await;
    let path = format!("{WEBHOOKS}/{id}");
    emit(&app, &account, EventKind::NameChanged).await;
    hr.patch(&path, json!({ "state": "disabled" })).await.ok(200);
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let dead = deliveries(&hr, &id, "").await;
    assert_eq!((dead.len(), &dead[0]["state"]), (1, &json!("dead")));
    assert_eq!((&dead[0]["last_error"], &dead[0]["attempts"]), (&json!("disabled"), &json!(0)));
    hr.patch(&path, json!({ "state": "enabled" })).await.ok(200);
    emit(&app, &account, EventKind::NameChanged).await;
    hr.delete(&path).await.ok_status(204);
    app.run_outbox().await;
    assert_eq!(count!(app, webhook_deliveries), 0);
    hr.get(&path).await.problem(404, "webhook_not_found");
    webhook(&hr, &receiver.url("/")).await;
    emit(&app, &account, EventKind::NameChanged).await;
    let (client, now) = (hr.id, app.now());
    let disabled = shiming::clients::ClientState::Disabled;
    let set = move |conn: &mut _| shiming::clients::set_state(conn, (client, disabled), now);
    assert!(app.core.db.write(set).await.unwrap());
    app.run_outbox().await;
    assert!(receiver.received().is_empty());
}

#[actix_web::test]
async fn secrets_follow_each_other_and_for_a_while_both_sign() {
    let (app, receiver) = (app(), Receiver::start());
    let mut hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let (id, old) = webhook(&hr, &receiver.url("/")).await;
    let path = format!("{WEBHOOKS}/{id}/secret");
    let rotated = hr.post(&path, json!({ "overlap_seconds": 3600 })).await.ok(201);
    let new = rotated["secret"].as_str().unwrap();
    let shown = hr.get(&format!("{WEBHOOKS}/{id}")).await;
    assert_eq!(shown.ok(200)["previous_secret_until"], rotated["previous_secret_until"]);
    assert!(!shown.text().contains("whsec_"));
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let both = receiver.one();
    assert!(is_signed(&both, &old) && is_signed(&both, new));
    app.pass(3601);
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let one = receiver.received()[1].clone();
    assert!(!is_signed(&one, &old) && is_signed(&one, new));
    hr.renew().await;
    let refused = hr.post(&path, json!({ "overlap_seconds": 604_801 })).await;
    refused.fields(&[("/overlap_seconds", "out_of_range")]);
    // The keys that seal secrets rotate, too.
    hr.post(&path, json!({})).await.ok(201);
    let core = app.core.clone();
    core.keyring.add_data_key(app.now(), &OsEntropy).unwrap();
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    assert!(rotation::reseal_all(&core.db, &core.keyring, &entropy).await.unwrap() >= 2);
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    assert!(is_signed(&receiver.received()[2], new));
}

#[actix_web::test]
async fn nobody_makes_us_call_this_machine_or_its_neighbours() {
    let app = TestApp::with(|all| all.webhooks.timeout_milliseconds = 1000);
    let receiver = Receiver::start();
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    let port = receiver.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fd00::1]",
    ] {
        let body = json!({ "url": format!("https://{host}:{port}/"), "kinds": ["name.changed"] });
        hr.post(WEBHOOKS, body).await.fields(&[("/url", "uri_address")]);
    }
    for (url, code) in [
        (format!("http://localhost:{port}/"), "uri_scheme"),
        ("ftp://hr.example.gov.cn/".to_owned(), "uri_scheme"),
        ("https://user:secret@hr.example.gov.cn/".to_owned(), "uri_format"),
        ("https://hr.example.gov.cn/#here".to_owned(), "uri_fragment"),
        ("hr.example.gov.cn".to_owned(), "uri_format"),
        (String::new(), "required"),
    ] {
        let body = json!({ "url": url, "kinds": ["name.changed"] });
        hr.post(WEBHOOKS, body).await.fields(&[("/url", code)]);
    }
    let body = json!({ "url": "https://hr.example.gov.cn/", "kinds": [] });
    hr.post(WEBHOOKS, body).await.fields(&[("/kinds", "required")]);
    // By a name that leads here, it is found out when it is connected to.
    let (id, _) = webhook(&hr, &format!("https://localhost:{port}/")).await;
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let refused = deliveries(&hr, &id, "").await[0].clone();
    assert_eq!(
        (&refused["state"], &refused["last_error"]),
        (&json!("waiting"), &json!("address_refused"))
    );
    assert!(receiver.received().is_empty());
}

#[actix_web::test]
async fn a_slow_address_holds_up_no_code() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    receiver.behave(Behaviour::Silence(Duration::from_secs(30)));
    for _ in 0..4 {
        webhook(&hr, &receiver.url("/")).await;
    }
    for _ in 0..20 {
        emit(&app, &account, EventKind::NameChanged).await;
    }
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(worker::run(app.core.clone(), stopped));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(receiver.received().len() >= 16, "{}", receiver.received().len());
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

#[actix_web::test]
async fn the_webhooks_of_another_system_are_not_found() {
    let (app, receiver) = (app(), Receiver::start());
    let (hr, other) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let (account, _) = user(&app, &hr).await;
    let (id, _) = webhook(&hr, &receiver.url("/")).await;
    emit(&app, &account, EventKind::NameChanged).await;
    app.run_outbox().await;
    let sent = deliveries(&hr, &id, "").await[0]["id"].as_str().unwrap().to_owned();
    let nothing = "0193e0c0-0000-7000-8000-000000000000";
    let mut answers: Vec<Answer> = Vec::new();
    for id in [id.as_str(), nothing, "nonsense"] {
        answers.push(other.get(&format!("{WEBHOOKS}/{id}")).await);
        answers.push(other.patch(&format!("{WEBHOOKS}/{id}"), json!({})).await);
        answers.push(other.delete(&format!("{WEBHOOKS}/{id}")).await);
        answers.push(other.post(&format!("{WEBHOOKS}/{id}/secret"), json!({})).await);
        answers.push(other.get(&format!("{WEBHOOKS}/{id}/deliveries")).await);
    }
    for id in [sent.as_str(), nothing, "nonsense"] {
        let path = format!("/api/v1/webhook-deliveries/{id}/replay");
        answers.push(other.post(&path, json!({})).await);
    }
    for answer in answers {
        answer.problem(404, "webhook_not_found");
    }
    assert_eq!(other.get(WEBHOOKS).await.ok(200)["items"], json!([]));
    assert_eq!(hr.get(WEBHOOKS).await.ok(200)["items"].as_array().unwrap().len(), 1);
    receiver.one();
}

#[actix_web::test]
async fn addresses_are_changed_counted_and_made_once() {
    let (app, receiver) = (app(), Receiver::start());
    let mut hr = app.hr(ALL_SCOPES).await;
    let url = receiver.url("/");
    let body = json!({ "url": url, "kinds": ["name.changed", "name.changed"] });
    let key = "0123456789abcdef";
    let made = hr.post_once(WEBHOOKS, &body, key).await.ok(201);
    assert_eq!(hr.post_once(WEBHOOKS, &body, key).await.ok(201), made);
    assert_eq!(made["webhook"]["kinds"], json!(["name.changed"]));
    let path = format!("{WEBHOOKS}/{}", made["webhook"]["id"].as_str().unwrap());
    let changed = hr.patch(&path, json!({ "kinds": ["account.closed", "phone.changed"] })).await;
    assert_eq!(changed.ok(200)["kinds"], json!(["phone.changed", "account.closed"]));
    assert_eq!(changed.json()["url"], url);
    hr.patch(&path, json!({ "url": "https://10.0.0.1/" })).await.fields(&[("/url", "uri_address")]);
    hr.patch(&path, json!({ "kinds": ["everything"] })).await.fields(&[("/kinds/0", "invalid")]);
    for _ in 1..20 {
        webhook(&hr, &url).await;
    }
    hr.post(WEBHOOKS, body).await.fields(&[("/url", "too_many")]);
    hr.renew_with("users:read").await;
    let answer = hr.get(WEBHOOKS).await;
    assert_eq!(answer.problem(403, "scope_insufficient")["scope"], "webhooks:manage");
}

#[actix_web::test]
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

#[actix_web::test]
async fn a_message_that_was_not_committed_is_not_sent() {
    let (app, receiver) = (app(), Receiver::start());
    let hr = app.hr(ALL_SCOPES).await;
    let (account, _) = user(&app, &hr).await;
    webhook(&hr, &receiver.url("/")).await;
    let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    let (core, now) = (app.core.clone(), app.now());
    let undone = app.core.db.write(move |conn| -> Result<(), DbFault> {
        events::emit(&core, conn, (account, EventKind::NameChanged), now)?;
        Err(DbFault::Overloaded)
    });
    assert!(undone.await.is_err());
    app.run_outbox().await;
    assert!(receiver.received().is_empty());
    assert_eq!((count!(app, client_events), count!(app, webhook_deliveries)), (0, 0));
}
