//! Captchas: one use, five minutes.

use std::time::Duration;

use actix_web::web;
use serde_json::json;
use shiming::capabilities::captcha::Studio;

use crate::support::{PASSWORD, TestApp, count, person};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_captcha_is_a_picture_and_a_sound_of_the_same_digits() {
    let app = TestApp::start();
    let client = app.client();
    let captcha = client.new_captcha().await;
    let picture = client.get(captcha["image_url"].as_str().unwrap()).await;
    picture.ok_status(200);
    assert_eq!(picture.header("content-type"), "image/png");
    assert!(picture.body.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(picture.header("cache-control"), "no-store");
    let again = client.get(captcha["image_url"].as_str().unwrap()).await;
    assert_eq!(again.body, picture.body, "the same drawing, however often it is asked for");

    let audio = captcha["audio_url"].as_str().unwrap();
    let mut sounds = Vec::new();
    for query in ["", "?language=zh-CN", "?language=en", "?language=xx"] {
        let sound = client.get(&format!("{audio}{query}")).await;
        sound.ok_status(200);
        assert_eq!(sound.header("content-type"), "audio/wav");
        assert!(sound.body.starts_with(b"RIFF") && &sound.body[8..12] == b"WAVE");
        sounds.push(sound.body);
    }
    assert_eq!(sounds[0], sounds[1], "Mandarin is the default");
    assert_ne!(sounds[0], sounds[2]);
    assert_eq!(sounds[0], sounds[3]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_captcha_that_does_not_exist_has_no_picture() {
    let app = TestApp::start();
    let client = app.client();
    for id in ["0193e0c0-0000-7000-8000-000000000000", "nonsense", "%00", "..%2f"] {
        for what in ["image", "audio"] {
            client.get(&format!("/api/v1/captchas/{id}/{what}")).await.problem(404, "not_found");
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn pictures_wait_their_turn_and_keep_nobody_else_waiting() {
    let full = Studio::new(0, Duration::from_millis(10));
    let app = TestApp::assembled(|_| {}, |app| app.studio = web::Data::new(full));
    let client = app.client();
    let captcha = client.new_captcha().await;
    for what in ["image_url", "audio_url"] {
        let answer = client.get(captcha[what].as_str().unwrap()).await;
        answer.problem(503, "overloaded");
        assert!(answer.retry_after().is_some());
    }
    client.get("/api/v1/captchas/x/image").await.problem(404, "not_found");
    client.start("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_captcha_is_good_for_one_request() {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    let client = app.client();
    let body = client.login_body("zhangsan", PASSWORD).await;
    client.post("/api/v1/sessions", body.clone()).await.ok(201);
    let again = client.post("/api/v1/sessions", body).await;
    again.fields(&[("/captcha/answer", "captcha_expired")]);
    let picture = client.get("/api/v1/captchas/x/image").await;
    picture.problem(404, "not_found");
    assert_eq!(count!(app, captchas), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_wrong_answer_burns_it() {
    let app = TestApp::start();
    let client = app.client();
    let right = client.start_body("zhangsan").await;
    let mut wrong = right.clone();
    wrong["captcha"]["answer"] = json!("0000");
    client.start_with(wrong).await.fields(&[("/captcha/answer", "captcha_wrong")]);
    client.start_with(right).await.fields(&[("/captcha/answer", "captcha_expired")]);
    assert_eq!(count!(app, flows), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_wrong_password_burns_it_too() {
    let app = TestApp::start();
    let client = app.client();
    let body = client.login_body("nobody", PASSWORD).await;
    client.post("/api/v1/sessions", body.clone()).await.problem(401, "login_failed");
    let again = client.post("/api/v1/sessions", body).await;
    again.fields(&[("/captcha/answer", "captcha_expired")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn it_lasts_five_minutes() {
    let app = TestApp::start();
    let client = app.client();
    let captcha = client.new_captcha().await;
    let expires_at = captcha["expires_at"].as_str().unwrap();
    let left = chrono::DateTime::parse_from_rfc3339(expires_at).unwrap().to_utc() - app.now();
    assert_eq!(left.num_seconds(), 299);
    let in_time = client.start_body("zhangsan").await;
    let late = client.start_body("lisi").await;
    app.pass(299);
    client.start_with(in_time).await.ok(201);
    app.pass(1);
    client.start_with(late).await.fields(&[("/captcha/answer", "captcha_expired")]);
    client.get(captcha["image_url"].as_str().unwrap()).await.problem(404, "not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn mistakes_in_the_form_alone_do_not_use_it_up() {
    let app = TestApp::start();
    let client = app.client();
    let right = client.start_body("zhangsan").await;
    let mut mistaken = right.clone();
    mistaken["username"] = json!("zs");
    client.start_with(mistaken).await.fields(&[("/username", "too_short")]);
    client.start_with(right).await.ok(201);

    let right = client.login_body("zhangsan", PASSWORD).await;
    let mut mistaken = right.clone();
    mistaken["password"] = json!("");
    let answer = client.post("/api/v1/sessions", mistaken).await;
    answer.fields(&[("/password", "required")]);
    client.post("/api/v1/sessions", right).await.problem(401, "login_failed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_answer_is_needed_and_an_unknown_captcha_has_expired() {
    let app = TestApp::start();
    let client = app.client();
    for (captcha, code) in [
        (json!({}), "required"),
        (json!({ "id": "", "answer": " " }), "required"),
        (json!({ "id": "", "answer": "12345" }), "captcha_expired"),
        (json!({ "id": "\u{0}", "answer": "\u{0}" }), "captcha_expired"),
        (json!({ "id": "0193e0c0-0000-7000-8000-000000000000", "answer": "1" }), "captcha_expired"),
    ] {
        let mut body = client.start_body("zhangsan").await;
        body["captcha"] = captcha;
        client.start_with(body).await.fields(&[("/captcha/answer", code)]);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn full_width_digits_and_spaces_are_the_same_answer() {
    let app = TestApp::start();
    let client = app.client();
    let mut body = client.start_body("zhangsan").await;
    let answer = body["captcha"]["answer"].as_str().unwrap();
    let typed: Vec<String> = answer
        .chars()
        .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap().to_string())
        .collect();
    body["captcha"]["answer"] = json!(typed.join(" "));
    client.start_with(body).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_address_gets_only_so_many() {
    let app = TestApp::with(|settings| settings.captcha.per_address_hour = 2);
    let client = app.client_at("203.0.113.1");
    client.new_captcha().await;
    client.new_captcha().await;
    let answer = client.send(client.request(reqwest::Method::POST, "/api/v1/captchas")).await;
    answer.problem(429, "too_many_requests");
    assert!(answer.retry_after().is_some());
    app.client_at("203.0.113.2").new_captcha().await;
}
