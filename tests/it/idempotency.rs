//! `Idempotency-Key`: the same request twice has one effect and one answer.

use diesel::{QueryDsl, RunQueryDsl};
use serde_json::json;
use shiming::tools::db::schema::idempotency_keys;

use crate::{
    cases::letter,
    support::{PASSWORD, TestApp, count, person},
};

const KEY: &str = "0193e0c0-one-action-of-one-person";
const OTHER_KEY: &str = "0193e0c0-another-action-altogether";

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn starting_twice_with_one_key_opens_one_draft() {
    let app = TestApp::start();
    let client = app.client();
    let body = client.start_body("zhangsan").await;
    let path = "/api/v1/registrations";
    let first = client.post_once(KEY, path, body.clone()).await;
    let cookie = client.cookie("shiming_flow");
    client.clear_cookies();
    let again = client.post_once(KEY, path, body.clone()).await;
    assert_eq!(again.ok(201), first.ok(201), "though the captcha is used up");
    assert_eq!(client.cookie("shiming_flow"), cookie, "the lost cookie comes again");
    assert_eq!(count!(app, flows), 1);
    app.pass(86_401);
    shiming::compose::worker::forget(&app.core).await;
    client.post_once(KEY, path, body).await.fields(&[("/captcha/answer", "captcha_expired")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_key_belongs_to_one_body() {
    let app = TestApp::start();
    let client = app.client();
    let path = "/api/v1/registrations";
    client.post_once(KEY, path, client.start_body("zhangsan").await).await.ok(201);
    let other = client.post_once(KEY, path, client.start_body("lisi").await).await;
    other.problem(422, "idempotency_key_reused");
    assert_eq!(count!(app, flows), 1);
    client.post_once(OTHER_KEY, path, client.start_body("lisi").await).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_repeated_bank_check_is_paid_for_once() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    let path = client.step("bank-verification");
    let first = client.post_once(KEY, &path, person.bank()).await.ok(200);
    for _ in 0..3 {
        assert_eq!(client.post_once(KEY, &path, person.bank()).await.ok(200), first);
    }
    assert_eq!((count!(app, bank_checks), count!(app, otp_challenges)), (1, 1));
    assert_eq!(app.run_outbox().await, 1, "one message");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refused_bank_check_is_refused_again_without_asking() {
    let app = TestApp::start();
    let client = app.client();
    let right = person("王小明");
    client.up_to_bank(&right, "zhangsan").await;
    let path = client.step("bank-verification");
    let wrong = person("张伟").bank();
    let first = client.post_once(KEY, &path, wrong.clone()).await.problem(422, "bank_mismatch");
    let again = client.post_once(KEY, &path, wrong).await.problem(422, "bank_mismatch");
    assert_eq!((&first["remaining"], &again["remaining"]), (&json!(4), &json!(4)));
    assert_ne!(first["request_id"], again["request_id"]);
    assert_eq!(count!(app, bank_checks), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_may_pass_is_not_remembered() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    let path = client.step("bank-verification");
    client.behaviour("bank", json!({ "mode": "error", "remaining": 1 })).await;
    client.post_once(KEY, &path, person.bank()).await.problem(503, "bank_unavailable");
    client.post_once(KEY, &path, person.bank()).await.ok(200);
    let too_soon = client.post_once(OTHER_KEY, &path, person.bank()).await;
    too_soon.problem(429, "sms_resend_too_soon");
    app.pass(61);
    client.post_once(OTHER_KEY, &path, person.bank()).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn finishing_twice_creates_one_account_and_answers_alike() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    let path = client.step("confirmation");
    let body = json!({ "code": code });
    let account = client.post_once(KEY, &path, body.clone()).await.ok(201);
    assert_eq!(client.post_once(KEY, &path, body.clone()).await.ok(201), account);
    // Even when the draft is long gone.
    app.pass(7200);
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(client.post_once(KEY, &path, body).await.ok(201), account);
    assert_eq!(count!(app, accounts), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_wrong_code_repeated_is_one_attempt() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    let wrong = json!({ "code": if code == "111111" { "222222" } else { "111111" } });
    let path = client.step("confirmation");
    for _ in 0..6 {
        let problem = client.post_once(KEY, &path, wrong.clone()).await.problem(422, "code_wrong");
        assert_eq!(problem["attempts_left"], 4);
    }
    client.confirm(&code).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_has_no_captcha_and_no_token_leaves_nothing() {
    let app = TestApp::start();
    let client = app.client();
    let captcha = json!({ "id": "0193e0c0-0000-7000-8000-000000000000", "answer": "12345" });
    let mut registration = client.start_body("zhangsan").await;
    registration["captcha"] = captcha.clone();
    let requests = [
        ("/api/v1/registrations", registration),
        ("/api/v1/recoveries/password", json!({ "username": "zhangsan", "captcha": captcha })),
        ("/api/v1/support-cases", letter(&client, json!({ "captcha": captcha })).await),
    ];
    for (path, body) in requests {
        let expired = client.post_once(KEY, path, body).await;
        expired.fields(&[("/captcha/answer", "captcha_expired")]);
    }
    let token = json!({ "refresh_token": "nonsense" });
    let refused = client.post_once(KEY, "/api/v1/tokens/refresh", token).await;
    refused.problem(401, "refresh_token_invalid");
    assert_eq!(count!(app, idempotency_keys), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_request_is_remembered_by_a_hash_that_its_key_salts() {
    let app = TestApp::start();
    let client = app.client();
    let wrong = json!({ "code": "000000" });
    client.up_to_code(&person("王小明"), "zhangsan").await;
    let path = client.step("confirmation");
    for key in [KEY, OTHER_KEY] {
        client.post_once(key, &path, wrong.clone()).await;
    }
    let hashes: Vec<String> = app
        .query(|conn| idempotency_keys::table.select(idempotency_keys::request_hash).load(conn))
        .await;
    assert_eq!(hashes.len(), 2);
    assert_ne!(hashes[0], hashes[1], "one body under two keys");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_strangers_key_tells_nothing() {
    let app = TestApp::start();
    let (one, other) = (app.client(), app.client());
    let (mine, his) = (person("王小明"), person("张伟"));
    one.up_to_bank(&mine, "zhangsan").await;
    other.up_to_bank(&his, "zhangwei").await;
    let answer = one.post_once(KEY, &one.step("bank-verification"), mine.bank()).await.ok(200);
    let own = other.post_once(KEY, &other.step("bank-verification"), his.bank()).await.ok(200);
    assert_ne!(own["id"], answer["id"]);
    let nobody = app.client();
    let stolen = nobody.post_once(KEY, &one.step("bank-verification"), mine.bank()).await;
    stolen.problem(404, "flow_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn keys_are_sixteen_to_a_hundred_and_twenty_eight_visible_characters() {
    let app = TestApp::start();
    let client = app.client();
    let (shortest, longest) = ("k".repeat(16), "k".repeat(128));
    for key in [
        "",
        "short",
        &"k".repeat(15),
        &"k".repeat(129),
        "with a space in it",
        "\u{e9}".repeat(16).as_str(),
    ] {
        let path = "/api/v1/registrations";
        let answer = client.post_once(key, path, client.start_body("zhangsan").await).await;
        answer.problem(400, "idempotency_key_invalid");
    }
    for (key, username) in [(&shortest, "zhangsan"), (&longest, "lisi")] {
        let body = client.start_body(username).await;
        client.post_once(key, "/api/v1/registrations", body).await.ok(201);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn answers_are_kept_sealed_and_for_a_day() {
    let app = TestApp::start();
    let client = app.client();
    let body = client.start_body("zhangsan").await;
    client.post_once(KEY, "/api/v1/registrations", body).await.ok(201);
    let rows = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::idempotency_keys::dsl;
            let kept = dsl::idempotency_keys.select((dsl::key_hash, dsl::reply_sealed));
            kept.load::<(String, Option<Vec<u8>>)>(conn)
        })
        .await;
    let [(key, Some(reply))] = rows.as_slice() else { panic!("{rows:?}") };
    assert!(!key.contains("one-action"));
    assert!(!reply.windows(8).any(|part| part == b"zhangsan"));
    app.pass(86_401);
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, idempotency_keys), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn signing_in_makes_a_new_session_each_time_and_its_answer_is_stored_nowhere() {
    let app = TestApp::start();
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    for path in ["/api/v1/sessions", "/api/v1/tokens"] {
        let body = client.login_body("zhangsan", PASSWORD).await;
        client.post_once(KEY, path, body.clone()).await.ok(201);
        let again = client.post_once(KEY, path, body).await;
        again.fields(&[("/captcha/answer", "captcha_expired")]);
        // A browser that is signed in would keep its session.
        client.clear_cookies();
        client.post_once(KEY, path, client.login_body("zhangsan", PASSWORD).await).await.ok(201);
    }
    assert_eq!((count!(app, sessions), count!(app, idempotency_keys)), (4, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_captcha_is_another_one() {
    let app = TestApp::start();
    let client = app.client();
    let one = client.post_once(KEY, "/api/v1/captchas", json!({})).await.ok(201);
    let other = client.post_once(KEY, "/api/v1/captchas", json!({})).await.ok(201);
    assert_ne!(one["id"], other["id"]);
}
