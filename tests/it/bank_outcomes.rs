//! Every answer that a bank may give: what the person reads, and what it costs.

use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, count, person};

/// Somebody at the bank step, whose bank says `outcome` so often.
async fn answered(app: &TestApp, outcome: &str, times: u32) -> Answer {
    let client = app.client();
    client.up_to_bank(&person("王小明"), "zhangsan").await;
    let said = json!({ "mode": "normal", "outcome": outcome, "remaining": times });
    client.behaviour("bank", said).await;
    let answer = client.bank(&person("王小明")).await;
    assert_eq!(client.draft().await["bank"]["card_number"], "**** 0004", "what was typed is kept");
    assert_eq!(left(&client).await + failures(&answer), 5);
    answer
}

/// Bank checks that the registration may still fail.
async fn left(client: &Client<'_>) -> u64 {
    client.draft().await["remaining"]["bank_checks"].as_u64().unwrap()
}

/// Whether the answer says that an attempt was used.
fn failures(answer: &Answer) -> u64 {
    answer.json()["remaining"].as_u64().map_or(0, |remaining| 5 - remaining)
}

/// How the checks ended, in order.
async fn recorded(app: &TestApp) -> Vec<String> {
    app.query(|conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::bank_checks::dsl;
        dsl::bank_checks.order(dsl::started_at).select(dsl::outcome).load(conn)
    })
    .await
}

/// Whether another failure of card and document is charged already: with one
/// a day, another answer of the bank cannot be had.
async fn is_charged(app: &TestApp) -> bool {
    let client = app.client();
    client.up_to_bank(&person("王小明"), "lisi").await;
    let answer = client.bank(&person("王小明")).await;
    if answer.status == 200 {
        return false;
    }
    answer.problem(429, "bank_attempts_exceeded");
    true
}

fn one_failure_a_day() -> TestApp {
    TestApp::with(|settings| {
        settings.limits.bank_failures_per_card_day = 1;
        settings.limits.bank_failures_per_document_day = 1;
    })
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn each_no_has_its_own_message_and_counts() {
    for (outcome, status, code) in [
        ("mismatch", 422, "bank_mismatch"),
        ("card_invalid", 422, "card_unusable"),
        ("card_abnormal", 422, "card_unusable"),
        ("not_enabled", 422, "card_unusable"),
        ("issuer_unsupported", 422, "issuer_unsupported"),
        ("cert_unsupported", 422, "document_unsupported_by_bank"),
        ("phone_not_reserved", 422, "phone_not_reserved"),
        ("name_too_long", 422, "name_too_long_for_bank"),
        ("attempts_exceeded", 429, "bank_attempts_exceeded"),
    ] {
        let app = one_failure_a_day();
        let answer = answered(&app, outcome, 1).await;
        assert_eq!(answer.problem(status, code)["remaining"], 4, "{outcome}");
        assert_eq!(recorded(&app).await, [outcome]);
        assert!(is_charged(&app).await, "{outcome}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_the_provider_rejects_is_the_fields_fault_and_costs_nothing() {
    for (outcome, pointer) in [
        ("input_rejected_name", "/name"),
        ("input_rejected_document_number", "/document_number"),
        ("input_rejected_card_number", "/card_number"),
        ("input_rejected_phone", "/phone"),
    ] {
        let app = one_failure_a_day();
        let answer = answered(&app, outcome, 1).await;
        answer.fields(&[(pointer, "bank_rejected")]);
        assert_eq!(recorded(&app).await, [outcome]);
        assert!(!is_charged(&app).await, "{outcome}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_provider_that_refuses_us_is_no_fault_of_the_person() {
    let app = one_failure_a_day();
    let answer = answered(&app, "config_error", 1).await;
    answer.problem(503, "bank_unavailable");
    assert!(answer.retry_after().is_some());
    assert_eq!(recorded(&app).await, ["config_error"]);
    assert!(!is_charged(&app).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_busy_provider_is_asked_once_more_and_no_more() {
    let app = one_failure_a_day();
    answered(&app, "busy", 1).await.ok(200);
    assert_eq!(recorded(&app).await, ["match"]);

    let app = one_failure_a_day();
    answered(&app, "busy", 2).await.problem(503, "bank_unavailable");
    assert_eq!(recorded(&app).await, ["busy"], "both answers are used up");
    assert!(!is_charged(&app).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_match_may_be_had_for_anybody() {
    let app = TestApp::start();
    let client = app.client();
    let unknown =
        crate::support::Person { card_number: "6217000000000000012".into(), ..person("王小明") };
    client.up_to_bank(&unknown, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 1, "outcome": "match" })).await;
    client.bank(&unknown).await.ok(200);
    client.behaviour("bank", json!({ "mode": "normal" })).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn outcomes_are_named_as_the_document_says() {
    let app = TestApp::start();
    let client = app.client();
    let path = "/sandbox/v1/bank/behaviour";
    for (body, pointer) in [
        (json!({ "mode": "normal", "outcome": "MATCH" }), "/outcome"),
        (json!({ "mode": "normal", "outcome": "" }), "/outcome"),
        (json!({ "mode": "error", "outcome": "match" }), "/outcome"),
        (json!({ "mode": "timeout", "outcome": "busy" }), "/outcome"),
        (json!({ "mode": "broken" }), "/mode"),
    ] {
        client.put(path, body).await.fields(&[(pointer, "invalid")]);
    }
    let sms =
        client.put("/sandbox/v1/sms/behaviour", json!({ "mode": "normal", "outcome": "busy" }));
    sms.await.problem(422, "validation_failed");
    let set = json!({ "mode": "normal", "delay_ms": null, "remaining": 3, "outcome": "busy" });
    assert_eq!(client.put(path, set.clone()).await.ok(200), set);
    let plain: Value = client.put(path, json!({ "mode": "normal" })).await.ok(200);
    assert_eq!(plain["outcome"], Value::Null);
    assert_eq!(count!(app, bank_checks), 0);
}
