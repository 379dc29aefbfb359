//! Step 3, second half: the code from the message.

use serde_json::json;
use shiming::{capabilities::outbox, tools::ports::SmsPurpose};

use crate::support::{Client, TestApp, count, person};

/// A code that is not `right`.
fn wrong(right: &str) -> &'static str {
    if right == "111111" { "222222" } else { "111111" }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_may_be_typed_with_spaces_and_full_width_digits() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    let wide: String =
        code.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    client.confirm(&format!(" {} {} ", &wide[..9], &wide[9..])).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_no_code_is_no_attempt() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    for (typed, error) in [
        ("", "required"),
        ("12345", "code_format"),
        ("1234567", "code_format"),
        ("12345a", "code_format"),
        ("12345\u{0}", "code_format"),
    ] {
        client.confirm(typed).await.fields(&[("/code", error)]);
    }
    assert_eq!(client.draft().await["code"]["attempts_left"], 5);
    client.confirm(&code).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn five_wrong_codes_kill_the_right_one() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let code = client.up_to_code(&person, "zhangsan").await;
    for left in (1..5).rev() {
        let problem = client.confirm(wrong(&code)).await.problem(422, "code_wrong");
        assert_eq!(problem["attempts_left"], left);
        assert_eq!(client.draft().await["code"]["attempts_left"], left);
    }
    client.confirm(wrong(&code)).await.problem(422, "code_dead");
    client.confirm(&code).await.problem(422, "code_dead");
    // When another one may be asked for is still said.
    let dead = client.draft().await["code"].clone();
    assert_eq!(dead["attempts_left"], 0);
    assert!(dead["resend_at"].is_string());
    assert_eq!(count!(app, accounts), 0);
    app.pass(61);
    client.bank(&person).await.ok(200);
    let fresh = client.last_sms(&person.phone).await;
    client.confirm(&fresh).await.ok(201);
    assert_eq!(count!(app, bank_checks), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_is_valid_for_two_minutes_after_it_was_sent() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.bank(&person).await.ok(200);
    // The gateway is slow; the time runs from the moment of sending.
    app.pass(30);
    let code = client.last_sms(&person.phone).await;
    app.pass(119);
    client.confirm(wrong(&code)).await.problem(422, "code_wrong");
    app.pass(1);
    client.confirm(&code).await.problem(422, "code_expired");
    app.run_outbox().await;
    client.bank(&person).await.ok(200);
    let fresh = client.last_sms(&person.phone).await;
    client.confirm(&fresh).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn only_the_newest_code_counts() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let first = client.up_to_code(&person, "zhangsan").await;
    app.pass(61);
    client.bank(&person).await.ok(200);
    // Not even before the second message has left.
    client.confirm(&first).await.problem(422, "code_wrong");
    let second = client.last_sms(&person.phone).await;
    client.confirm(&second).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_of_one_registration_is_worthless_in_another() {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 1);
    let person = person("王小明");
    let (one, other) = (app.client(), app.client());
    let first = one.up_to_code(&person, "zhangsan").await;
    let second = other.up_to_code(&person, "lisi").await;
    // Both codes are in the same phone; only equal digits could be taken.
    if first != second {
        one.confirm(&second).await.problem(422, "code_wrong");
        other.confirm(&first).await.problem(422, "code_wrong");
    }
    one.confirm(&first).await.ok(201);
    other.confirm(&second).await.problem(409, "document_in_use");
    assert_eq!(count!(app, accounts), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_works_once() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    let account = client.confirm(&code).await.ok(201);
    // The same draft answers again what it has answered, and creates nothing.
    assert_eq!(client.confirm(&code).await.ok(201), account);
    assert_eq!(client.confirm(wrong(&code)).await.ok(201), account);
    assert_eq!(count!(app, accounts), 1);
    let used = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::otp_challenges::dsl;
            dsl::otp_challenges.select(dsl::state).load::<String>(conn)
        })
        .await;
    assert_eq!(used, ["used"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_is_nowhere_in_clear() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    let hashes = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::otp_challenges::dsl;
            dsl::otp_challenges.select(dsl::code_hash).load::<Option<String>>(conn)
        })
        .await;
    let [Some(hash)] = hashes.as_slice() else { panic!("{hashes:?}") };
    assert!(hash.len() >= 43 && *hash != code);
    assert!(!client.draft().await.to_string().contains(&code));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_says_what_it_is_for() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let code = client.up_to_code(&person, "zhangsan").await;
    let inbox = client.get("/sandbox/v1/sms").await.ok(200);
    let [message] = inbox["items"].as_array().unwrap().as_slice() else { panic!("{inbox}") };
    assert_eq!(message["phone"], person.phone);
    assert_eq!(message["purpose"], "registration");
    let text = message["text"].as_str().unwrap();
    for part in ["【实名】", &code, "用户注册", "120秒"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let others = client.get("/sandbox/v1/sms?phone=13900139000").await.ok(200);
    assert_eq!(others["items"], json!([]));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_gateway_that_fails_is_tried_again_with_a_code_that_works() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("sms", json!({ "mode": "error", "remaining": 1 })).await;
    client.bank(&person).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    assert_eq!(count!(app, outbox), 0);
    client.confirm(&code).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_waits_while_the_gateway_is_down_and_is_given_up_in_the_end() {
    let app = TestApp::with(|settings| settings.sms.timeout_milliseconds = 30);
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("sms", json!({ "mode": "timeout" })).await;
    client.bank(&person).await.ok(200);
    assert_eq!(app.run_outbox().await, 1);
    assert_eq!(app.run_outbox().await, 0, "not at once again");
    app.pass(4);
    client.behaviour("sms", json!({ "mode": "normal" })).await;
    let code = client.last_sms(&person.phone).await;
    client.confirm(&code).await.ok(201);

    let late = app.client();
    let other = crate::support::person("张伟");
    late.up_to_bank(&other, "zhangwei").await;
    late.behaviour("sms", json!({ "mode": "timeout" })).await;
    late.bank(&other).await.ok(200);
    app.pass(80);
    assert_eq!(app.run_outbox().await, 1);
    late.behaviour("sms", json!({ "mode": "normal" })).await;
    app.pass(60);
    assert_eq!(app.run_outbox().await, 0, "a code that comes too late is not sent");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_sent_twice_by_a_crash_carries_one_code() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let first = client.up_to_code(&person, "zhangsan").await;
    let challenge = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::otp_challenges;
            otp_challenges::table.select(otp_challenges::id).first::<String>(conn)
        })
        .await;
    // As if the worker had died after the gateway took the message.
    let message = outbox::Message::SmsCode {
        challenge: challenge.parse().unwrap(),
        purpose: SmsPurpose::Registration,
        phone: person.phone.clone(),
    };
    app.ctx().write(move |tx| outbox::enqueue(tx, &message)).await.unwrap();
    assert_eq!(app.run_outbox().await, 1);
    assert_eq!(client.last_sms(&person.phone).await, first);
    client.confirm(&first).await.ok(201);
}

/// Sends the code anew after the pause.
async fn resend(app: &TestApp, client: &Client<'_>, name: &str) -> String {
    app.pass(61);
    client.bank(&person(name)).await.ok(200);
    client.last_sms(&person(name).phone).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn each_message_of_a_registration_brings_a_new_code() {
    let app = TestApp::start();
    let client = app.client();
    let mut codes = std::collections::BTreeSet::new();
    codes.insert(client.up_to_code(&person("王小明"), "zhangsan").await);
    for _ in 0..4 {
        codes.insert(resend(&app, &client, "王小明").await);
    }
    // Two of five equal by chance: once in a hundred thousand runs; three
    // never.
    assert!(codes.len() >= 4, "{codes:?}");
}
