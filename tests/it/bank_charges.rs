//! What a bank check is charged to, whatever becomes of the connection, the
//! bank and the process.

use std::{fmt::Write, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use shiming::{compose::worker, tools::crypto::Purpose};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::support::{Client, Person, TestApp, count, person};

const KEY: &str = "0193e0c0-one-check-of-one-person";

/// The questions that were put to the bank, in order: id and outcome.
async fn checks(app: &TestApp) -> Vec<(String, String)> {
    app.query(|conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::bank_checks::dsl;
        dsl::bank_checks.order(dsl::started_at).select((dsl::id, dsl::outcome)).load(conn)
    })
    .await
}

/// How often a rule has been used for a subject.
async fn used(app: &TestApp, rule: &str, subject: &str) -> i64 {
    let key = app.core.keyring.blind_parts(Purpose::Limit, &[rule, subject]).as_str().to_owned();
    app.query(move |conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::limits::dsl;
        dsl::limits.find(key).select(dsl::used).first(conn).optional()
    })
    .await
    .unwrap_or_default()
}

/// Failures that the card and the document of a person are charged with.
async fn charged(app: &TestApp, person: &Person) -> (i64, i64) {
    let card = used(app, "bank_card_day", &person.card_number).await;
    let document = format!("NUMBER_18:{}", person.document_number);
    (card, used(app, "bank_document_day", &document).await)
}

async fn wait_for(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} never came");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Sends a request, and once the bank is asked resets the connection (RST), as
/// a phone does that loses its network for good.
async fn ask_and_vanish(app: &TestApp, client: &Client<'_>, person: &Person, key: Option<&str>) {
    let request = client.request(Method::POST, &client.step("bank-verification"));
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    let request = request.json(&person.bank()).build().unwrap();
    let body = request.body().and_then(|body| body.as_bytes()).unwrap();
    let host = app.base.trim_start_matches("http://");
    let mut text = format!("POST {} HTTP/1.1\r\nHost: {host}\r\n", request.url().path());
    for (name, value) in request.headers() {
        write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    write!(text, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    wait_for("the question", async || count!(app, bank_checks) == 1).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_connection_reset_while_the_bank_thinks_loses_no_answer() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 2500, "remaining": 1 })).await;
    ask_and_vanish(&app, &client, &person, Some(KEY)).await;
    let path = client.step("bank-verification");
    // At once: it is still being worked on.
    let early = client.post_once(KEY, &path, person.bank()).await;
    early.problem(409, "request_in_progress");
    wait_for("the answer", async || checks(&app).await[0].1 == "match").await;
    wait_for("the draft", async || client.draft().await["stage"] == "code").await;
    let mut again = client.post_once(KEY, &path, person.bank()).await;
    while again.status == 409 {
        again = client.post_once(KEY, &path, person.bank()).await;
    }
    let view = again.ok(200);
    assert_eq!((&view["stage"], &view["remaining"]["bank_checks"]), (&json!("code"), &json!(5)));
    assert_eq!(client.post_once(KEY, &path, person.bank()).await.ok(200), view);
    assert_eq!((count!(app, bank_checks), count!(app, otp_challenges)), (1, 1));
    assert_eq!(charged(&app, &person).await, (0, 0));
    let code = client.last_sms(&person.phone).await;
    client.confirm(&code).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_connection_reset_without_a_key_loses_no_answer_either() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 300, "remaining": 1 })).await;
    ask_and_vanish(&app, &client, &person, None).await;
    wait_for("the code", async || client.draft().await["stage"] == "code").await;
    assert_eq!(checks(&app).await.len(), 1);
    assert_eq!(charged(&app, &person).await, (0, 0));
    assert_eq!(client.draft().await["remaining"]["bank_checks"], 5);
    client.bank(&person).await.problem(429, "sms_resend_too_soon");
    let code = client.last_sms(&person.phone).await;
    client.confirm(&code).await.ok(201);
}

/// A server whose bank gives up soon, with somebody at the bank step.
async fn at_bank<'a>(app: &'a TestApp, person: &Person) -> Client<'a> {
    let client = app.client();
    client.up_to_bank(person, "zhangsan").await;
    client
}

/// Not so soon that on a busy machine it would take an answer for none.
fn impatient() -> TestApp {
    TestApp::with(|settings| settings.bank.timeout_milliseconds = 1000)
}

async fn next(client: &Client<'_>, behaviour: Value) {
    client.behaviour("bank", behaviour).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_question_that_timed_out_keeps_its_id_and_another_gets_its_own() {
    let app = impatient();
    let person = person("王小明");
    let client = at_bank(&app, &person).await;
    next(&client, json!({ "mode": "timeout", "remaining": 2 })).await;
    client.bank(&person).await.problem(503, "bank_unavailable");
    let first = checks(&app).await;
    assert_eq!((first.len(), first[0].1.as_str()), (1, "timeout"));
    client.bank(&person).await.problem(503, "bank_unavailable");
    assert_eq!(checks(&app).await, first, "asked again under the same id");
    let other = Person { phone: "13900139000".into(), ..person.clone() };
    client.bank(&other).await.problem(422, "bank_mismatch");
    let both = checks(&app).await;
    assert_eq!((both.len(), both[0].clone()), (2, first[0].clone()));
    assert_eq!(both[1].1, "mismatch");
    assert_eq!(charged(&app, &person).await, (1, 1));
    client.bank(&person).await.ok(200);
    assert_eq!(checks(&app).await.len(), 3, "the bank has said something else since");
    assert_eq!(charged(&app, &person).await, (1, 1));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_match_after_a_time_out_is_the_same_question() {
    let app = impatient();
    let person = person("王小明");
    let client = at_bank(&app, &person).await;
    next(&client, json!({ "mode": "timeout", "remaining": 1 })).await;
    client.bank(&person).await.problem(503, "bank_unavailable");
    assert_eq!(charged(&app, &person).await, (0, 0));
    let asked = checks(&app).await[0].0.clone();
    client.bank(&person).await.ok(200);
    assert_eq!(checks(&app).await, [(asked, "match".to_owned())]);
    assert_eq!(charged(&app, &person).await, (0, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_mismatch_after_a_time_out_is_charged_once() {
    let app = impatient();
    let person = person("王小明");
    let client = at_bank(&app, &person).await;
    next(&client, json!({ "mode": "timeout", "remaining": 1 })).await;
    client.bank(&person).await.problem(503, "bank_unavailable");
    next(&client, json!({ "mode": "normal", "outcome": "mismatch", "remaining": 1 })).await;
    let refused = client.bank(&person).await.problem(422, "bank_mismatch");
    assert_eq!(refused["remaining"], 4);
    assert_eq!(charged(&app, &person).await, (1, 1));
    // The answer is known: asking anew is a new question.
    next(&client, json!({ "mode": "timeout", "remaining": 1 })).await;
    client.bank(&person).await.problem(503, "bank_unavailable");
    assert_eq!(charged(&app, &person).await, (1, 1));
    client.bank(&person).await.ok(200);
    let outcomes: Vec<String> = checks(&app).await.into_iter().map(|(_, how)| how).collect();
    assert_eq!(outcomes, ["mismatch", "match"]);
    assert_eq!(charged(&app, &person).await, (1, 1));
    assert_eq!(client.draft().await["remaining"]["bank_checks"], 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_dead_process_was_charged_for_is_given_back_once() {
    let app = TestApp::start();
    let person = person("王小明");
    let client = at_bank(&app, &person).await;
    // Nobody will ever settle this question: a process that died.
    next(&client, json!({ "mode": "timeout", "remaining": 1 })).await;
    ask_and_vanish(&app, &client, &person, None).await;
    let asked = checks(&app).await[0].0.clone();
    assert_eq!(charged(&app, &person).await, (1, 1), "reserved while the bank thinks");
    worker::forget(&app.core).await;
    assert_eq!(charged(&app, &person).await, (1, 1), "it may still answer");
    client.bank(&person).await.problem(409, "request_in_progress");
    app.pass(18);
    for _ in 0..2 {
        worker::forget(&app.core).await;
        assert_eq!(charged(&app, &person).await, (0, 0));
    }
    assert_eq!(checks(&app).await, [(asked.clone(), "abandoned".to_owned())]);
    client.bank(&person).await.ok(200);
    assert_eq!(checks(&app).await, [(asked, "match".to_owned())], "the same question");
    assert_eq!(charged(&app, &person).await, (0, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_comes_back_before_the_worker_pays_nothing_twice() {
    let app = TestApp::start();
    let person = person("王小明");
    let client = at_bank(&app, &person).await;
    next(&client, json!({ "mode": "timeout", "remaining": 1 })).await;
    ask_and_vanish(&app, &client, &person, None).await;
    app.pass(18);
    let other = Person { phone: "13900139000".into(), ..person.clone() };
    client.bank(&other).await.problem(422, "bank_mismatch");
    let outcomes: Vec<String> = checks(&app).await.into_iter().map(|(_, how)| how).collect();
    assert_eq!(outcomes, ["abandoned", "mismatch"]);
    worker::forget(&app.core).await;
    assert_eq!(charged(&app, &person).await, (1, 1));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_answer_that_comes_after_its_process_was_given_up_changes_no_charge() {
    let app = TestApp::start();
    let person = person("王小明");
    let client = at_bank(&app, &person).await;
    next(&client, json!({ "mode": "slow", "delay_ms": 2500, "remaining": 1 })).await;
    ask_and_vanish(&app, &client, &person, None).await;
    app.pass(18);
    worker::forget(&app.core).await;
    assert_eq!(checks(&app).await[0].1, "abandoned");
    wait_for("the late answer", async || client.draft().await["stage"] == "code").await;
    assert_eq!(charged(&app, &person).await, (0, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_bank_that_matched_is_not_asked_again_about_a_document_in_use() {
    let app = TestApp::with(|settings| {
        settings.registration.duplicate_document =
            shiming::tools::config::DuplicateDocument::AfterBankCheck;
    });
    let person = person("王小明");
    app.client().register(&person, "first").await;
    let asked = checks(&app).await.len();
    let client = at_bank(&app, &person).await;
    for _ in 0..12 {
        client.bank(&person).await.problem(409, "document_in_use");
    }
    assert_eq!(checks(&app).await.len(), asked + 1);
    assert_eq!(charged(&app, &person).await, (0, 0));
    assert_eq!(app.run_outbox().await, 0, "and nobody is sent a message");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn failures_from_one_address_are_bounded_whatever_the_cards() {
    let app = TestApp::with(|settings| settings.limits.bank_failures_per_address_hour = 2);
    let ask = async |name: &str, (username, phone): (&str, Option<&str>), address: &str| {
        let client = app.client_at(address);
        client.up_to_bank(&person(name), username).await;
        let mut body = person(name).bank();
        if let Some(phone) = phone {
            body["phone"] = json!(phone);
        }
        client.post(&client.step("bank-verification"), body).await
    };
    let (here, wrong) = ("203.0.113.1", Some("13900139000"));
    // What matches is not counted.
    ask("王小明", ("zhangsan", None), here).await.ok(200);
    ask("张伟", ("zhangwei", wrong), here).await.problem(422, "bank_mismatch");
    ask("刘洋", ("liuyang", wrong), here).await.problem(422, "bank_mismatch");
    let refused = ask("杨柳青", ("yangliu", None), here).await;
    assert_eq!(refused.problem(429, "bank_attempts_exceeded")["scope"], "address");
    assert!(refused.retry_after().is_some_and(|seconds| seconds <= 3601));
    assert_eq!(count!(app, bank_checks), 3);
    ask("杨柳青", ("liuqing", None), "203.0.113.2").await.ok(200);
    app.pass(3601);
    ask("杨柳青", ("qing", None), here).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_campus_that_asks_a_slow_bank_at_once_is_not_refused() {
    let app = TestApp::with(|settings| settings.limits.bank_failures_per_address_hour = 1);
    let clients = [(); 3].map(|()| app.client_at("203.0.113.1"));
    let people = ["王小明", "张伟", "刘洋"].map(person);
    for (number, (client, person)) in clients.iter().zip(&people).enumerate() {
        client.up_to_bank(person, &format!("student{number}")).await;
    }
    let [a, b, c] = &clients;
    a.behaviour("bank", json!({ "mode": "slow", "delay_ms": 700, "remaining": 3 })).await;
    let answers = tokio::join!(a.bank(&people[0]), b.bank(&people[1]), c.bank(&people[2]));
    for answer in [answers.0, answers.1, answers.2] {
        answer.ok(200);
    }
}
