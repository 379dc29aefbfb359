//! Step 1: username, password, consents.

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp, count, person};

/// Step 1 with one member replaced; `pointer` is RFC 6901.
async fn start_but(client: &Client<'_>, pointer: &str, value: Value) -> crate::support::Answer {
    let mut body = client.start_body("zhangsan").await;
    *body.pointer_mut(pointer).unwrap() = value;
    client.start_with(body).await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn usernames_that_cannot_be_are_refused() {
    let app = TestApp::start();
    let client = app.client();
    let long = "a".repeat(33);
    for (username, code) in [
        ("", "required"),
        ("   ", "required"),
        ("abc", "too_short"),
        (long.as_str(), "too_long"),
        ("zhang san", "username_charset"),
        ("_zhangsan", "username_charset"),
        ("zhаngsan", "username_charset"),
        ("zhang\u{0}san", "username_charset"),
        ("13800138000", "username_looks_like_document"),
        ("440305199003070014", "username_looks_like_document"),
        ("6217000000000000004", "username_looks_like_document"),
    ] {
        start_but(&client, "/username", json!(username)).await.fields(&[("/username", code)]);
    }
    assert_eq!(count!(app, flows), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn passwords_that_are_easy_to_guess_are_refused() {
    let app = TestApp::start();
    let client = app.client();
    let long = "lychee park fog 7 ".repeat(8);
    for (password, code) in [
        ("", "required"),
        ("short 7", "too_short"),
        (long.as_str(), "too_long"),
        ("Password1", "password_common"),
        ("aaaaaaaaaaaa", "password_weak"),
        ("my-ZhangSan-pass", "password_contains_personal"),
    ] {
        let mut body = client.start_body("zhangsan").await;
        body["password"] = json!(password);
        body["password_confirmation"] = json!(password);
        let expected = match code {
            "required" => vec![("/password", code), ("/password_confirmation", "required")],
            _ => vec![("/password", code)],
        };
        client.start_with(body).await.fields(&expected);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_policy_djbh_asks_for_three_kinds_of_characters() {
    let app = TestApp::with(|settings| {
        settings.password.policy = shiming::tools::identity::PasswordPolicyKind::Djbh;
    });
    let client = app.client();
    let mut body = client.start_body("zhangsan").await;
    body["password"] = json!("lychee park fog");
    body["password_confirmation"] = json!("lychee park fog");
    client.start_with(body).await.fields(&[("/password", "password_classes")]);
    client.start("zhangsan").await;
    let info = client.get("/api/v1/service-info").await.ok(200);
    assert_eq!(info["password"]["policy"], "djbh");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_password_must_be_typed_twice_alike() {
    let app = TestApp::start();
    let client = app.client();
    let answer = start_but(&client, "/password_confirmation", json!("lychee park fog 8")).await;
    answer.fields(&[("/password_confirmation", "mismatch")]);
    let answer = start_but(&client, "/password_confirmation", json!("")).await;
    answer.fields(&[("/password_confirmation", "required")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_consent_is_needed_in_its_version_in_force() {
    let app = TestApp::start();
    let client = app.client();
    for kind in ["user_agreement", "privacy_notice", "bank_check"] {
        let pointer = format!("/consents/{kind}");
        let answer = start_but(&client, &pointer, json!("")).await;
        answer.fields(&[(&pointer, "consent_required")]);
        let answer = start_but(&client, &pointer, json!("2020-01-01")).await;
        answer.fields(&[(&pointer, "consent_outdated")]);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn all_mistakes_are_told_at_once() {
    let app = TestApp::start();
    let empty = json!({ "captcha": {}, "consents": {} });
    app.client().start_with(empty).await.fields(&[
        ("/username", "required"),
        ("/password", "required"),
        ("/password_confirmation", "required"),
        ("/captcha/answer", "required"),
        ("/consents/user_agreement", "consent_required"),
        ("/consents/privacy_notice", "consent_required"),
        ("/consents/bank_check", "consent_required"),
    ]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_username_is_taken_whatever_its_case() {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "WangXiaoMing").await;
    let client = app.client();
    for same in ["WangXiaoMing", "wangxiaoming", "ＷＡＮＧXIAOMING"] {
        let body = client.start_body(same).await;
        client.start_with(body).await.fields(&[("/username", "taken")]);
    }
    client.start("zhangsan").await;
    let body = client.credentials_body("WANGXIAOMING", PASSWORD).await;
    let answer = client.put(&client.step("credentials"), body).await;
    answer.fields(&[("/username", "taken")]);
    assert_eq!(client.draft().await["username"], "zhangsan", "nothing was changed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn credentials_chosen_again_follow_the_same_rules() {
    let app = TestApp::start();
    let client = app.client();
    client.start("zhangsan").await;
    let change = async |member: &str, value: &str| {
        let mut body = client.credentials_body("zhangsan", PASSWORD).await;
        body[member] = json!(value);
        client.put(&client.step("credentials"), body).await
    };
    change("username", "zs").await.fields(&[("/username", "too_short")]);
    change("password", "Password1")
        .await
        .fields(&[("/password", "password_common"), ("/password_confirmation", "mismatch")]);
    let answer = change("password_confirmation", "").await;
    answer.fields(&[("/password_confirmation", "required")]);
    let mut body = client.credentials_body("zhangsan", PASSWORD).await;
    body["captcha"]["answer"] = json!("x");
    let answer = client.put(&client.step("credentials"), body).await;
    answer.fields(&[("/captcha/answer", "captcha_wrong")]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_password_of_any_script_signs_in() {
    let app = TestApp::start();
    let client = app.client();
    let password = "荔枝公园的早晨很安静";
    let mut body = client.start_body("zhangsan").await;
    body["password"] = json!(password);
    body["password_confirmation"] = json!(password);
    client.start_with(body).await.ok(201);
    let person = person("王小明");
    client.identity(&person).await.ok(200);
    client.bank(&person).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    client.confirm(&code).await.ok(201);
    client.try_sign_in("zhangsan", password).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_address_may_start_only_so_many_registrations() {
    let app = TestApp::with(|settings| settings.limits.registrations_per_address_hour = 2);
    let client = app.client_at("203.0.113.1");
    client.start("first").await;
    client.start("second").await;
    let answer = client.start_with(client.start_body("third").await).await;
    answer.problem(429, "too_many_requests");
    assert!(answer.retry_after().is_some_and(|seconds| (1..=3600).contains(&seconds)));
    app.client_at("203.0.113.2").start("third").await;
    app.pass(3601);
    client.start("fourth").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_password_is_stored_as_a_slow_hash_only() {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    let hash = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::accounts;
            accounts::table.select(accounts::password_hash).first::<String>(conn)
        })
        .await;
    assert!(hash.starts_with("$argon2id$v=19$m=7168,t=1,p=1$"), "{hash}");
}
