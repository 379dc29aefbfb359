//! Signing in with a password, and failing to.

use diesel::prelude::*;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use shiming::tools::db::schema::accounts;

use crate::support::{Answer, Client, PASSWORD, TestApp, person};

/// A server with one account, `zhangsan`.
async fn with_account() -> TestApp {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

/// Wrong passwords as fast as the growing delay allows, up to the lock.
async fn fail_until_locked(app: &TestApp, client: &Client<'_>, username: &str) {
    for wait in [0, 0, 0, 3, 6] {
        app.pass(wait);
        client.try_sign_in(username, "wrong password").await.problem(401, "login_failed");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn signing_in_sets_a_guarded_cookie() {
    let app = with_account().await;
    let client = app.client();
    let answer = client.try_sign_in("zhangsan", PASSWORD).await;
    let session = answer.ok(201)["session"].clone();
    assert_eq!(session["kind"], "browser");
    assert_eq!(session["current"], true);
    assert_eq!(session["ip_prefix"], "127.0.0.0/24");
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("shiming_session=")).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Expires"), "{cookie}");
    client.get("/api/v1/account").await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn under_https_cookies_are_bound_to_the_host() {
    let app = TestApp::with(|settings| {
        settings.server.public_url = "https://id.example.gov.cn".into();
    });
    let mut client = app.client();
    client.origin = Some("https://id.example.gov.cn".into());
    let answer = client.start_with(client.start_body("zhangsan").await).await;
    answer.ok(201);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-shiming_flow=") && cookie.contains("Secure"), "{cookie}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    client.identity(&person("王小明")).await.ok(200);
    // Not even a page of this very host that came without https.
    for origin in ["http://id.example.gov.cn", app.base.as_str()] {
        client.origin = Some(origin.into());
        client.identity(&person("王小明")).await.problem(403, "cross_site_request");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn usernames_sign_in_whatever_their_case() {
    let app = with_account().await;
    for same in ["zhangsan", "ZhangSan", " ｚｈａｎｇｓａｎ "] {
        app.client().try_sign_in(same, PASSWORD).await.ok(201);
    }
    app.client()
        .try_sign_in("zhangsan", &PASSWORD.to_uppercase())
        .await
        .problem(401, "login_failed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_unknown_user_and_a_wrong_password_look_alike() {
    let app = with_account().await;
    let comparable = |answer: Answer| -> (u16, HeaderMap, Value) {
        let mut problem = answer.problem(401, "login_failed");
        problem["request_id"].take();
        let mut headers = answer.headers;
        headers.remove("x-request-id");
        headers.remove("date");
        (answer.status, headers, problem)
    };
    let known = comparable(app.client().try_sign_in("zhangsan", "wrong password").await);
    for unknown in ["nobody", "x", "13800138000", "王小明", "\u{0}", &"x".repeat(5000)] {
        let answer = app.client().try_sign_in(unknown, "wrong password").await;
        assert_eq!(comparable(answer), known, "{unknown}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn both_kinds_of_login_answer_alike_when_they_fail() {
    let app = with_account().await;
    let client = app.client();
    for path in ["/api/v1/sessions", "/api/v1/tokens"] {
        let empty = json!({ "username": " ", "password": "", "captcha": {} });
        client.post(path, empty).await.fields(&[
            ("/username", "required"),
            ("/password", "required"),
            ("/captcha/answer", "required"),
        ]);
        let body = client.login_body("zhangsan", "wrong password").await;
        client.post(path, body).await.problem(401, "login_failed");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn wrong_passwords_slow_down_and_then_lock_for_a_while() {
    let app = with_account().await;
    let client = app.client();
    let wrong = async || client.try_sign_in("zhangsan", "wrong password").await;
    for _ in 0..3 {
        wrong().await.problem(401, "login_failed");
    }
    for wait in [2, 5] {
        let answer = client.try_sign_in("zhangsan", PASSWORD).await;
        answer.problem(429, "login_too_soon");
        assert!(answer.retry_after().is_some_and(|seconds| (1..=wait + 1).contains(&seconds)));
        app.pass(u64::try_from(wait).unwrap() + 1);
        wrong().await.problem(401, "login_failed");
    }
    let answer = client.try_sign_in("zhangsan", PASSWORD).await;
    answer.problem(429, "login_locked");
    assert!(answer.retry_after().is_some_and(|seconds| (890..=901).contains(&seconds)));
    app.pass(890);
    client.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    app.pass(11);
    client.sign_in("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_unknown_user_is_slowed_down_and_locked_alike() {
    let app = with_account().await;
    let client = app.client();
    fail_until_locked(&app, &client, "nobody").await;
    client.try_sign_in("NOBODY", PASSWORD).await.problem(429, "login_locked");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_lock_holds_for_one_account_from_one_address() {
    let app = with_account().await;
    app.client().register(&person("张伟"), "zhangwei").await;
    let attacker = app.client_at("203.0.113.1");
    fail_until_locked(&app, &attacker, "zhangsan").await;
    attacker.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    attacker.sign_in("zhangwei").await;
    app.client_at("203.0.113.2").sign_in("zhangsan").await;
    app.client_at("2001:db8::1").sign_in("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_device_that_signed_in_before_is_not_locked_out_by_its_neighbours() {
    let app = with_account().await;
    let owner = app.client_at("203.0.113.1");
    owner.sign_in("zhangsan").await;
    owner.delete("/api/v1/sessions/current").await.ok(204);
    let neighbour = app.client_at("203.0.113.1");
    fail_until_locked(&app, &neighbour, "zhangsan").await;
    neighbour.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    owner.sign_in("zhangsan").await;
    // A device cookie of one's own making is worth nothing.
    let device = owner.cookie("shiming_device").unwrap();
    let (id, _) = device.split_once('.').unwrap();
    neighbour.set_cookie("shiming_device", &format!("{id}.0000"));
    neighbour.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    // Nor is that of somebody else's account.
    app.client_at("203.0.113.7").register(&person("张伟"), "zhangwei").await;
    let other = app.client_at("203.0.113.7");
    other.sign_in("zhangwei").await;
    neighbour.set_cookie("shiming_device", &other.cookie("shiming_device").unwrap());
    neighbour.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_right_password_starts_the_count_anew() {
    let app = with_account().await;
    let client = app.client();
    for _ in 0..3 {
        for _ in 0..2 {
            client.try_sign_in("zhangsan", "wrong password").await.problem(401, "login_failed");
        }
        client.sign_in("zhangsan").await;
        client.clear_cookies();
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_address_that_tries_many_accounts_must_wait() {
    let app = TestApp::with(|settings| settings.password.failures.per_address = 3);
    let client = app.client_at("203.0.113.1");
    for number in 0..3 {
        let username = format!("nobody{number}");
        client.try_sign_in(&username, PASSWORD).await.problem(401, "login_failed");
    }
    client.try_sign_in("nobody9", PASSWORD).await.problem(429, "login_locked");
    let elsewhere = app.client_at("203.0.113.2").try_sign_in("nobody9", PASSWORD).await;
    elsewhere.problem(401, "login_failed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_device_that_signed_in_before_passes_an_address_that_must_wait() {
    let app = TestApp::with(|settings| settings.password.failures.per_address = 3);
    app.client().register(&person("王小明"), "zhangsan").await;
    let owner = app.client_at("203.0.113.1");
    owner.sign_in("zhangsan").await;
    owner.delete("/api/v1/sessions/current").await.ok(204);
    // His own mistakes are counted for his device, and lock no neighbour out.
    for _ in 0..3 {
        owner.try_sign_in("zhangsan", "wrong password").await.problem(401, "login_failed");
    }
    let neighbour = app.client_at("203.0.113.1");
    for number in 0..3 {
        let username = format!("nobody{number}");
        neighbour.try_sign_in(&username, PASSWORD).await.problem(401, "login_failed");
    }
    neighbour.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    app.pass(3);
    owner.sign_in("zhangsan").await;
    // The device is his, not the address: guesses with it are counted.
    fail_until_locked(&app, &owner, "zhangsan").await;
    owner.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_campus_behind_one_address_can_sign_in() {
    let app = with_account().await;
    for number in 0..20 {
        let somebody = app.client_at("203.0.113.1");
        let username = format!("student{number}");
        somebody.try_sign_in(&username, PASSWORD).await.problem(401, "login_failed");
    }
    app.client_at("203.0.113.1").sign_in("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_hash_follows_the_setting_at_the_next_login() {
    for (before, after) in [(7168, 8192), (8192, 7168)] {
        let at = |memory| TestApp::with(move |settings| settings.password.memory_kib = memory);
        let (yesterday, app) = (at(before), at(after));
        for one in [&yesterday, &app] {
            one.client().register(&person("王小明"), "zhangsan").await;
        }
        let old = hash(&yesterday).await;
        let stored = old.clone();
        app.query(|conn| {
            let hash = accounts::password_hash.eq(stored);
            diesel::update(accounts::table).set(hash).execute(conn)
        })
        .await;
        app.client().try_sign_in("zhangsan", "wrong password").await.problem(401, "login_failed");
        assert_eq!(hash(&app).await, old, "a wrong password changes nothing");
        app.client().sign_in("zhangsan").await;
        let new = hash(&app).await;
        assert!(new.contains(&format!("m={after},")), "{new}");
        app.client().sign_in("zhangsan").await;
        assert_eq!(hash(&app).await, new, "of today's cost: kept");
    }
}

async fn hash(app: &TestApp) -> String {
    app.query(|conn| accounts::table.select(accounts::password_hash).first(conn)).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn tries_at_once_after_a_lock_was_forgotten_are_all_counted() {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    for _ in 0..5 {
        app.client().try_sign_in("zhangsan", "wrong password").await;
        app.pass(6);
    }
    for _ in 0..6 {
        app.pass(3600);
        let client = app.client();
        let mut bodies = Vec::new();
        for _ in 0..4 {
            bodies.push(client.login_body("zhangsan", "wrong password").await);
        }
        let mut tries = bodies.into_iter().map(|body| client.post("/api/v1/sessions", body));
        let mut next = || tries.next().unwrap();
        let (a, b, c, d) = tokio::join!(next(), next(), next(), next());
        let looked_at = [a, b, c, d].iter().filter(|answer| answer.status == 401).count();
        let counted = app
            .query(|conn| {
                use shiming::tools::db::schema::password_failures::dsl;
                dsl::password_failures.select(dsl::failures).load::<i64>(conn)
            })
            .await;
        let looked_at = i64::try_from(looked_at).unwrap();
        assert!(counted.iter().all(|counted| *counted >= looked_at), "{looked_at}: {counted:?}");
    }
}
