//! The addresses where business systems are told of events: whose they are, what
//! they may be, and when they are told nothing.

use std::sync::Arc;

use serde_json::json;
use shiming::{
    capabilities::events::EventKind,
    kernel::{Entropy, OsEntropy},
    tools::db::rotation,
};

use crate::{
    support::{
        Answer, TestApp, count,
        hr::ALL_SCOPES,
        receiver::{Behaviour, Receiver},
    },
    webhooks::{WEBHOOKS, app, deliveries, emit, is_signed, user, webhook},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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
    let disabled = shiming::capabilities::clients::ClientState::Disabled;
    let set = move |conn: &mut _| {
        shiming::capabilities::clients::set_state(conn, (client, disabled), now)
    };
    assert!(app.core.db.write(set).await.unwrap());
    app.run_outbox().await;
    assert!(receiver.received().is_empty());
}
