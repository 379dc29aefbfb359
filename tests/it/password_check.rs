//! The password once more, in a session.

use serde_json::json;
use tokio::join;

use crate::support::{Client, PASSWORD, TestApp, person};

async fn with_account() -> TestApp {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

const CLOSURE: &str = "/api/v1/account/closure";

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_needs_a_password_asks_for_it_after_ten_minutes() {
    let app = with_account().await;
    let client = app.client();
    client.sign_in("zhangsan").await;
    app.pass(9 * 60 + 59);
    client.post(CLOSURE, json!({})).await.ok(200);
    app.pass(2);
    for (method, path) in [
        ("POST", "/api/v1/account/change"),
        ("PUT", "/api/v1/account/password"),
        ("PUT", "/api/v1/account/security-questions"),
        ("DELETE", "/api/v1/account/security-questions"),
        ("POST", "/api/v1/account/export"),
        ("POST", CLOSURE),
    ] {
        let request = client.request(method.parse().unwrap(), path).json(&json!({}));
        client.send(request).await.problem(403, "password_needed");
    }
    let fresh = client.check_password(PASSWORD).await.ok(200);
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["password_fresh_until"], fresh["password_fresh_until"]);
    client.post("/api/v1/account/export", json!({})).await.ok(200);
    app.pass(10 * 60);
    client.post("/api/v1/account/export", json!({})).await.problem(403, "password_needed");
    // Keeping the account needs no password.
    client.delete(CLOSURE).await.ok(204);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_password_is_entered_for_one_session_only() {
    let app = with_account().await;
    let (one, other) = (app.client(), app.client());
    one.sign_in("zhangsan").await;
    other.sign_in("zhangsan").await;
    app.pass(601);
    one.check_password(PASSWORD).await.ok(200);
    one.post(CLOSURE, json!({})).await.ok(200);
    other.post(CLOSURE, json!({})).await.problem(403, "password_needed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_enters_its_password_as_well() {
    let app = with_account().await;
    let mut client = app.client();
    let tokens = client.tokens("zhangsan").await;
    client.bearer = tokens["access_token"].as_str().map(str::to_owned);
    client.origin = None;
    app.pass(599);
    client.check_password(PASSWORD).await.ok(200);
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let tokens = client.post("/api/v1/tokens/refresh", refresh).await.ok(200);
    client.bearer = tokens["access_token"].as_str().map(str::to_owned);
    app.pass(300);
    client.post(CLOSURE, json!({})).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nothing_is_no_password() {
    let app = with_account().await;
    let client = app.client();
    client.sign_in("zhangsan").await;
    client.check_password("").await.fields(&[("/password", "required")]);
    client.check_password("wrong password").await.problem(422, "password_wrong");
    client.check_password(PASSWORD).await.ok(200);
}

/// Wrong passwords as fast as the growing delay allows, up to the lock.
async fn fail_until_locked(app: &TestApp, client: &Client<'_>) {
    for wait in [0, 0, 0, 3, 6] {
        app.pass(wait);
        client.check_password("wrong password").await.problem(422, "password_wrong");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_stolen_session_has_five_guesses_from_wherever() {
    let app = with_account().await;
    let owner = app.client_at("203.0.113.1");
    owner.sign_in("zhangsan").await;
    let cookie = owner.cookie("shiming_session").unwrap();
    for (number, wait) in [0, 0, 0, 3, 6].into_iter().enumerate() {
        app.pass(wait);
        let thief = app.client_at(&format!("198.51.100.{number}"));
        thief.set_cookie("shiming_session", &cookie);
        thief.check_password("wrong password").await.problem(422, "password_wrong");
    }
    let thief = app.client_at("198.51.100.99");
    thief.set_cookie("shiming_session", &cookie);
    thief.check_password(PASSWORD).await.problem(429, "login_locked");
    // The owner is not kept out: not from another session.
    let elsewhere = app.client_at("203.0.113.2");
    elsewhere.sign_in("zhangsan").await;
    elsewhere.check_password(PASSWORD).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn wrong_passwords_of_a_session_count_as_those_of_a_login() {
    let app = with_account().await;
    let client = app.client_at("203.0.113.1");
    client.sign_in("zhangsan").await;
    let device = client.cookie("shiming_device").unwrap();
    let session = client.cookie("shiming_session").unwrap();
    client.clear_cookies();
    client.set_cookie("shiming_session", &session);
    fail_until_locked(&app, &client).await;
    client.check_password(PASSWORD).await.problem(429, "login_locked");
    let neighbour = app.client_at("203.0.113.1");
    neighbour.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    // A device that has signed in before counts for itself.
    let known = app.client_at("203.0.113.1");
    known.set_cookie("shiming_device", &device);
    known.sign_in("zhangsan").await;
    app.pass(901);
    client.check_password(PASSWORD).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn guesses_at_once_are_all_counted() {
    let app = with_account().await;
    let client = app.client();
    client.sign_in("zhangsan").await;
    for _ in 0..4 {
        let guess = || client.check_password("wrong password");
        join!(guess(), guess(), guess(), guess());
        app.pass(6);
    }
    client.check_password(PASSWORD).await.problem(429, "login_locked");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_site_cannot_enter_a_password() {
    let app = with_account().await;
    let mut client = app.client();
    client.sign_in("zhangsan").await;
    for origin in [None, Some("https://evil.example".to_owned())] {
        client.origin = origin;
        client.check_password(PASSWORD).await.problem(403, "cross_site_request");
        for (method, path) in [
            ("POST", "/api/v1/account/change"),
            ("DELETE", "/api/v1/account/change"),
            ("POST", "/api/v1/account/change/confirmation"),
            ("PUT", "/api/v1/account/password"),
            ("PUT", "/api/v1/account/security-questions"),
            ("DELETE", "/api/v1/account/security-questions"),
            ("POST", "/api/v1/account/export"),
            ("POST", CLOSURE),
            ("DELETE", CLOSURE),
        ] {
            let request = client.request(method.parse().unwrap(), path).json(&json!({}));
            client.send(request).await.problem(403, "cross_site_request");
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_full_hashing_queue_costs_no_try() {
    let app = TestApp::with(|settings| {
        settings.password.permits = 1;
        settings.password.queue_milliseconds = 1;
    });
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let ticket = app.core.hasher.admit().expect("one place");
    for _ in 0..9 {
        let answer = client.check_password("wrong password").await;
        answer.problem(503, "overloaded");
        assert!(answer.retry_after().is_some());
    }
    drop(ticket);
    client.check_password(PASSWORD).await.ok(200);
}
