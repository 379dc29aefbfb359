//! Step 3, first half: the bank's check.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shiming::kernel::Timestamp;

use crate::support::{Answer, Client, Person, TestApp, count, person};

/// Step 3 with some members replaced.
async fn verify(client: &Client<'_>, person: &Person, changes: Value) -> Answer {
    let mut body = person.bank();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    client.post(&client.step("bank-verification"), body).await
}

/// How the checks that were paid for ended, in order.
async fn outcomes(app: &TestApp) -> Vec<String> {
    app.query(|conn| {
        use diesel::prelude::*;
        use shiming::tools::db::schema::bank_checks::dsl;
        dsl::bank_checks.order(dsl::started_at).select(dsl::outcome).load(conn)
    })
    .await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn fields_are_checked_before_the_bank_is_asked() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    for (member, value, code) in [
        ("bank_code", "", "required"),
        ("bank_code", "XYZ", "bank_unknown"),
        ("card_number", "", "required"),
        ("card_number", "6217000000000000005", "card_luhn"),
        ("card_number", "62170000000000", "card_too_short"),
        ("card_number", "62170000000000000040", "card_too_long"),
        ("card_number", "621700000000000000x", "card_format"),
        ("card_number", "6217000000000000\u{0}04", "card_format"),
        ("phone", "", "required"),
        ("phone", "1380013800", "phone_too_short"),
        ("phone", "138001380000", "phone_too_long"),
        ("phone", "23800138000", "phone_format"),
    ] {
        let answer = verify(&client, &person, json!({ member: value })).await;
        let pointer = format!("/{member}");
        answer.fields(&[(&pointer, code)]);
    }
    let answer =
        client.post(&client.step("bank-verification"), json!({ "bank_code": "CCB" })).await;
    answer.fields(&[("/card_number", "required"), ("/phone", "required")]);
    assert_eq!(count!(app, bank_checks), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn numbers_may_be_typed_as_people_write_them() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    let typed = json!({ "card_number": "6217 0000 0000 0000 004", "phone": "+86 138-0013-8000" });
    verify(&client, &person, typed).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_mismatch_never_says_which_element() {
    let app = TestApp::with(|settings| {
        settings.limits.bank_failures_per_card_day = 9;
        settings.limits.bank_failures_per_document_day = 9;
    });
    let client = app.client();
    let right = person("王小明");
    client.up_to_bank(&right, "zhangsan").await;
    let mut answers = Vec::new();
    let mut keep = |answer: Answer| {
        let mut problem = answer.problem(422, "bank_mismatch");
        assert_eq!(problem["title"], "人员姓名或证件名或证件号与银行登记不匹配");
        problem["request_id"].take();
        answers.push(problem);
    };
    keep(verify(&client, &right, json!({ "phone": "13900139000" })).await);
    let other_card = json!({ "card_number": "6210812768426846563" });
    keep(verify(&client, &right, other_card).await);
    let renamed = Person { name: "王大明".into(), ..right.clone() };
    client.identity(&renamed).await.ok(200);
    keep(client.bank(&right).await);
    let other = Person { name: right.name.clone(), ..person("张伟") };
    client.identity(&other).await.ok(200);
    keep(client.bank(&right).await);
    let remaining: Vec<_> = answers.iter_mut().map(|one| one["remaining"].take()).collect();
    assert_eq!(remaining, [4, 3, 2, 1]);
    assert!(answers.iter().all(|one| one == &answers[0]), "{answers:?}");
    assert_eq!(app.run_outbox().await, 0, "nobody is sent a message");
    assert_eq!(client.draft().await["bank"]["card_number"], "**** 0004", "what was typed is kept");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn five_failures_end_a_registration() {
    let app = TestApp::with(|settings| {
        settings.limits.bank_failures_per_card_day = 99;
        settings.limits.bank_failures_per_document_day = 99;
    });
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    for left in (0..5).rev() {
        let answer = verify(&client, &person, json!({ "phone": "13900139000" })).await;
        assert_eq!(answer.problem(422, "bank_mismatch")["remaining"], left);
    }
    let problem = client.bank(&person).await.problem(429, "bank_attempts_exceeded");
    assert_eq!(problem["scope"], "flow");
    assert_eq!(count!(app, bank_checks), 5);
    let again = app.client();
    again.register(&person, "zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn three_failures_of_a_card_end_its_day() {
    let app = TestApp::start();
    let card = person("王小明");
    // Three people try the same card, each with a document of his own.
    for (number, name) in ["张伟", "刘洋", "杨柳青"].into_iter().enumerate() {
        let client = app.client();
        client.up_to_bank(&person(name), &format!("stranger{number}")).await;
        client.bank(&card).await.problem(422, "bank_mismatch");
    }
    let owner = app.client();
    owner.up_to_bank(&card, "zhangsan").await;
    let answer = owner.bank(&card).await;
    assert_eq!(answer.problem(429, "bank_attempts_exceeded")["scope"], "card");
    assert!(answer.retry_after().is_some_and(|seconds| seconds > 86_000));
    assert_eq!(owner.draft().await["remaining"]["bank_checks"], 5, "nothing was asked");
    app.pass(86_400);
    let tomorrow = app.client();
    tomorrow.register(&card, "zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn three_failures_of_a_document_end_its_day() {
    let app = TestApp::start();
    let document = person("王小明");
    for (number, name) in ["张伟", "刘洋", "杨柳青"].into_iter().enumerate() {
        let client = app.client();
        client.up_to_bank(&document, &format!("attempt{number}")).await;
        client.bank(&person(name)).await.problem(422, "bank_mismatch");
    }
    let client = app.client();
    client.up_to_bank(&document, "zhangsan").await;
    let answer = client.bank(&document).await;
    assert_eq!(answer.problem(429, "bank_attempts_exceeded")["scope"], "document");
    assert_eq!(count!(app, bank_checks), 3);
    // The card itself, with its own document, is free.
    let other = app.client();
    other.register(&person("张伟"), "zhangwei").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn cards_of_a_wrong_kind_are_refused_before_a_check_is_paid_for() {
    let app = TestApp::start();
    for (username, name, kind) in [
        ("credit", "钱信用", "credit"),
        ("semicredit", "孔准贷", "semi_credit"),
        ("prepaid", "曹预付", "prepaid"),
    ] {
        let client = app.client();
        let holder = person(name);
        client.up_to_bank(&holder, username).await;
        let problem = client.bank(&holder).await.problem(422, "card_kind_not_accepted");
        assert_eq!(problem["card_kind"], kind);
        assert_eq!(client.draft().await["remaining"]["bank_checks"], 5);
    }
    assert_eq!(count!(app, bank_checks), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_card_of_another_bank_is_noticed_before_a_check_is_paid_for() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    let answer = verify(&client, &person, json!({ "bank_code": "ICBC" })).await;
    assert_eq!(answer.problem(422, "card_bank_mismatch")["bank_code"], "CCB");
    assert_eq!(count!(app, bank_checks), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_card_the_bank_does_not_know_is_unusable() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    let unknown = json!({ "card_number": "6217000000000000012" });
    verify(&client, &person, unknown).await.problem(422, "card_unusable");
    client.bank(&person).await.ok(200);
}

/// The bank fails in one way; then everything is as it was, and works again.
async fn survives(behaviour: Value, settings_timeout: u32) {
    let app = TestApp::with(move |settings| settings.bank.timeout_milliseconds = settings_timeout);
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", behaviour).await;
    // More often than any limit allows failures.
    for _ in 0..4 {
        let answer = client.bank(&person).await;
        answer.problem(503, "bank_unavailable");
        assert!(answer.retry_after().is_some());
    }
    let draft = client.draft().await;
    assert_eq!(draft["stage"], "bank");
    assert_eq!(draft["remaining"], json!({ "documents": 2, "bank_checks": 5, "sms": 5 }));
    assert_eq!(draft["bank"]["card_number"], "**** 0004");
    assert_eq!(app.run_outbox().await, 0);
    client.behaviour("bank", json!({ "mode": "normal" })).await;
    // Nothing has to be typed again.
    let kept = client.post(&client.step("bank-verification"), json!({ "bank_code": "CCB" })).await;
    assert_eq!(kept.ok(200)["stage"], "code");
    let code = client.last_sms(&person.phone).await;
    client.confirm(&code).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_bank_that_answers_with_errors_costs_nothing() {
    survives(json!({ "mode": "error" }), 8000).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_bank_that_does_not_answer_costs_nothing() {
    survives(json!({ "mode": "timeout" }), 500).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_bank_that_answers_too_late_costs_nothing() {
    survives(json!({ "mode": "slow", "delay_ms": 60_000 }), 500).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_slow_bank_is_waited_for() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 80, "remaining": 1 })).await;
    let asked = Instant::now();
    client.bank(&person).await.ok(200);
    assert!(asked.elapsed() >= Duration::from_millis(80));
}

/// The time of the code is what is left of it, however long the bank has thought.
#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_time_of_a_code_begins_when_the_bank_has_answered() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 500, "remaining": 1 })).await;
    let began = app.now();
    let (answer, ()) = tokio::join!(client.bank(&person), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        app.pass(7);
    });
    let code = answer.ok(200)["code"].clone();
    let time = |name: &str| code[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    let left = (time("expires_at") - began).num_seconds();
    assert_eq!(left, 127, "{code}");
    assert_eq!((time("resend_at") - time("requested_at")).num_seconds(), 60);
    // Sent at once, it lasts as long as was said.
    app.run_outbox().await;
    let sent = client.draft().await["code"].clone();
    let again = sent["expires_at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!((again - time("expires_at")).num_seconds() == 0, "{code} {sent}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_same_values_again_send_another_code_without_another_check() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let first = client.up_to_code(&person, "zhangsan").await;
    app.pass(61);
    client.bank(&person).await.ok(200);
    let second = client.last_sms(&person.phone).await;
    assert_eq!(outcomes(&app).await, ["match"]);
    if first != second {
        client.confirm(&first).await.problem(422, "code_wrong");
    }
    client.confirm(&second).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_bank_for_the_same_card_is_another_question() {
    let app = TestApp::start();
    let client = app.client();
    // A card whose first digits no table knows: only the bank can tell.
    let unlisted = Person { card_number: "9999990000000000".into(), ..person("王小明") };
    client.post("/sandbox/v1/cardholders", json!(unlisted)).await.ok(201);
    client.up_to_code(&unlisted, "zhangsan").await;
    app.pass(61);
    let answer = verify(&client, &unlisted, json!({ "bank_code": "ICBC" })).await;
    answer.problem(422, "bank_mismatch");
    assert_eq!(outcomes(&app).await, ["match", "mismatch"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_card_or_phone_swapped_after_the_match_is_checked_anew() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let code = client.up_to_code(&person, "zhangsan").await;
    app.pass(61);
    for swapped in
        [json!({ "phone": "13900139000" }), json!({ "card_number": "6210812768426846563" })]
    {
        verify(&client, &person, swapped).await.problem(422, "bank_mismatch");
        let draft = client.draft().await;
        assert_eq!((&draft["stage"], &draft["code"]), (&json!("bank"), &Value::Null));
        client.confirm(&code).await.problem(409, "stage_conflict");
    }
    assert_eq!(count!(app, accounts), 0);
}
